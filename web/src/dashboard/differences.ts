// In what the configurations of runs differ.

export interface Difference {
  readonly name: string;
  readonly values: readonly string[]; // one a run; "" where it has none
}

export function differences(configs: readonly Readonly<Record<string, unknown>>[]): Difference[] {
  if (configs.length < 2) return [];
  const names = [...new Set(configs.flatMap((config) => Object.keys(config)))];
  return names
    .map((name) => ({ name, values: configs.map((config) => (name in config ? written(config[name]) : '')) }))
    .filter(({ values }) => values.some((value) => value !== values[0]));
}

// A value as people write it: lists with commas, texts as they are.
export function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join(', ');
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
