// How numbers are written for people.
const whole = new Intl.NumberFormat('en');

export const count = (value: number): string => whole.format(Math.round(value));

export const counted = (value: number, one: string, many = one + 's'): string =>
  `${count(value)} ${value === 1 ? one : many}`;

// "41 %", "3.2 %", "0.04 %", "under 0.01 %".
export function percent(share: number): string {
  const value = share * 100;
  if (value < 0.01) return 'under 0.01 %';
  const digits = value >= 9.95 ? 0 : value >= 0.995 ? 1 : 2;
  return `${value.toFixed(digits)} %`;
}
