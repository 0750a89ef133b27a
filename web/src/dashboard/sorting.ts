import { figure } from './figures';

// Rows by a column: "name", or "-name" for the largest first. Rows without a value come last either way; equal ones
// stay as they were.
export function sorted<T extends object>(rows: readonly T[], column: string): T[] {
  const down = column.startsWith('-');
  const name = column.replace(/^-/, '') as keyof T;
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [x, y] = [keyOf(a[name]), keyOf(b[name])];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    if (typeof x === 'number' && typeof y === 'number') return sign * (x - y);
    return sign * String(x).localeCompare(String(y), 'en', { numeric: true });
  });
}

function keyOf(value: unknown): number | string | null {
  const number = figure(value);
  if (number !== null) return Number.isNaN(number) ? null : number;
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'string' && value !== '' ? value : null;
}

// The column that a click on a head sorts by.
export const nextSort = (now: string, column: string, largestFirst: boolean): string => {
  if (now === column) return `-${column}`;
  if (now === `-${column}`) return column;
  return largestFirst ? `-${column}` : column;
};
