import { signal } from '@preact/signals';

// What somebody calls a run instead of its directory's name. The run is not written to: this browser keeps it.

const kKey = 'cllm.dashboard.names';
const names = signal<Readonly<Record<string, string>>>(stored());

export const givenName = (id: string): string => names.value[id] ?? '';

// An empty name gives the run its own back.
export function nameRun(id: string, name: string): void {
  const { [id]: _, ...others } = names.value;
  names.value = name.trim() === '' ? others : { ...others, [id]: name };
  try {
    localStorage.setItem(kKey, JSON.stringify(names.value));
  } catch {
    // Full or forbidden: it stays until the page is closed.
  }
}

// A run under the name that it was given; its own name is kept beside.
export function named<R extends { id: string; name: string }>(run: R): R & { own_name: string } {
  return { ...run, own_name: run.name, name: givenName(run.id).trim() || run.name };
}

function stored(): Record<string, string> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(kKey) ?? '{}');
    const pairs = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
  } catch {
    return {};
  }
}
