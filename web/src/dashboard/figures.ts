// How the dashboard writes figures for people. What is not finite travels as "nan", "inf" or "-inf".

// A number of the server's JSON; null where there is none.
export function figure(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (value === 'nan') return NaN;
  if (value === 'inf') return Infinity;
  if (value === '-inf') return -Infinity;
  return null;
}

const kMissing = '–';

// "3.519", "0.001434", "12,345", "1.2e-7": four digits that say something.
export function short(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return kMissing;
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 10 ** (digits - 1)) return Math.round(value).toLocaleString('en');
  if (size < 1e-4) return value.toExponential(Math.max(0, digits - 3));
  return trimmed(value.toPrecision(digits));
}

const trimmed = (text: string): string => (text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text);

// "843", "12.3 K", "49.3 M", "1.2 B".
export function amount(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const units = ['', ' K', ' M', ' B', ' T'];
  let unit = 0;
  let rest = value;
  for (; Math.abs(rest) >= 999.95 && unit + 1 < units.length; ++unit) rest /= 1000;
  return unit === 0 ? String(Math.round(rest)) : `${trimmed(rest.toFixed(rest >= 100 ? 0 : 1))}${units[unit]}`;
}

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return kMissing;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  let rest = value;
  for (; rest >= 999.5 && unit + 1 < units.length; ++unit) rest /= 1000;
  return `${unit === 0 || rest >= 100 ? Math.round(rest) : trimmed(rest.toFixed(1))} ${units[unit]}`;
}

// "48 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return kMissing;
  const whole = Math.max(0, Math.round(seconds));
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

// Milliseconds and microseconds, too: of a part of a step.
export function brief(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return kMissing;
  if (seconds >= 1) return `${short(seconds, 3)} s`;
  return seconds >= 1e-3 ? `${short(seconds * 1e3, 3)} ms` : `${short(seconds * 1e6, 3)} µs`;
}

// "14:05", "tomorrow, 03:10", "Sat 3 Oct, 14:05", by the clock of who reads.
export function clock(seconds: number, now = Date.now() / 1000): string {
  const date = new Date(seconds * 1000);
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
  const days = Math.round((midnight(date) - midnight(new Date(now * 1000))) / 86_400_000);
  if (days === 0) return time;
  if (days === 1) return `tomorrow, ${time}`;
  if (days === -1) return `yesterday, ${time}`;
  const year = date.getFullYear() === new Date(now * 1000).getFullYear() ? {} : ({ year: 'numeric' } as const);
  return `${date.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'short', ...year })}, ${time}`;
}

const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();

export const share = (part: number, whole: number): string =>
  whole > 0 && Number.isFinite(part) ? `${Math.round((100 * part) / whole)} %` : kMissing;

// "loss_token" as a file's name; what a name may not have in it is a dash.
export const fileName = (text: string): string =>
  text
    .replace(/[^\p{L}\p{N}._]+/gu, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 80) || 'chart';
