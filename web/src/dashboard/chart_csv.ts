import type { Line } from './scene';

// The points of a chart as CSV (RFC 4180), one a line.

export function chartCsv(axis: string, lines: readonly Line[]): string {
  const rows = [['curve', axis, 'last', 'min', 'max']];
  for (const { label, curve } of lines) {
    curve.x.forEach((x, i) => {
      rows.push([label, String(x), written(curve.last[i]!), written(curve.min[i]!), written(curve.max[i]!)]);
    });
  }
  return rows.map((row) => row.map(quoted).join(',') + '\r\n').join('');
}

const written = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';

// A text that a spreadsheet would take for a formula begins with an apostrophe there.
const quoted = (text: string): string => {
  const plain = /^[=+@\t\r]|^-[^\d.i]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
};
