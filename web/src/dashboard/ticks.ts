import { amount, short } from './figures';

// Where an axis has its marks, and what they say.

export function linearTicks(min: number, max: number, most: number): number[] {
  const step = roundStep((max - min) / Math.max(1, most));
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => tidy((first + i) * step));
}

// Powers of ten; where the range has few of them, others between.
export function logTicks(min: number, max: number, most: number): number[] {
  const decades = Math.log10(max / min);
  if (decades < 0.7) return linearTicks(min, max, most);
  const factors = decades < 1.5 ? [1, 2, 3, 5, 7] : decades < 4 ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil((decades * factors.length) / (most * factors.length)));
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power += every) {
    for (const factor of factors) {
      const tick = tidy(factor * 10 ** power);
      if (tick >= min * (1 - 1e-12) && tick <= max * (1 + 1e-12)) ticks.push(tick);
    }
  }
  return ticks;
}

const kSteps_s = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

// Of durations and of the time of day: whole seconds, minutes, hours and days.
export function timeTicks(min: number, max: number, most: number): number[] {
  const wanted = (max - min) / Math.max(1, most);
  const step = kSteps_s.find((each) => each >= wanted) ?? 86400 * roundStep(wanted / 86400);
  if (wanted < 0.5) return linearTicks(min, max, most);
  const shift = new Date(min * 1000).getTimezoneOffset() * -60; // so that days begin at midnight
  const first = Math.ceil((min + shift) / step);
  const ticks: number[] = [];
  for (let i = first; i * step - shift <= max; ++i) ticks.push(i * step - shift);
  return ticks;
}

const roundStep = (wanted: number): number => {
  const power = 10 ** Math.floor(Math.log10(wanted));
  const rest = wanted / power;
  return power * (rest <= 1.0001 ? 1 : rest <= 2.0001 ? 2 : rest <= 2.5001 ? 2.5 : rest <= 5.0001 ? 5 : 10);
};

const tidy = (value: number): number => Number(value.toPrecision(12));

// Labels of numbers: as many digits as tell neighbours apart.
export function numberLabels(ticks: readonly number[]): string[] {
  const largest = Math.max(...ticks.map(Math.abs), 0);
  if (largest >= 10_000) return ticks.map(amount);
  const gap = ticks.length > 1 ? Math.min(...ticks.slice(1).map((tick, i) => tick - ticks[i]!)) : largest;
  if (largest > 0 && largest < 1e-3) return ticks.map((tick) => short(tick, 5));
  const digits = Math.min(8, Math.max(0, -Math.floor(Math.log10(gap || 1) + 1e-9)));
  return ticks.map((tick) => tick.toFixed(needed(ticks, digits)));
}

// The fewest digits, from one on, that leave every tick as it is.
function needed(ticks: readonly number[], most: number): number {
  for (let digits = 0; digits < most + 2; ++digits) {
    if (ticks.every((tick) => Math.abs(Number(tick.toFixed(digits)) - tick) < 1e-9 * Math.max(1, Math.abs(tick)))) {
      return digits;
    }
  }
  return most;
}

// "0:45", "12:05", "1:03:00" of seconds since a beginning.
export function durationLabels(ticks: readonly number[]): string[] {
  const two = (value: number): string => String(value).padStart(2, '0');
  return ticks.map((tick) => {
    const whole = Math.round(tick);
    const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
  });
}

// "14:05", and the day where one begins.
export function clockLabels(ticks: readonly number[]): string[] {
  const seconds = ticks.some((tick) => tick % 60 !== 0);
  return ticks.map((tick, i) => {
    const date = new Date(tick * 1000);
    const day = date.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' });
    const before = i > 0 ? new Date(ticks[i - 1]! * 1000).getDate() : -1;
    if (i > 0 && date.getDate() !== before) return day;
    const options: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit' };
    if (seconds) options.second = '2-digit';
    return date.toLocaleTimeString('en-GB', options);
  });
}
