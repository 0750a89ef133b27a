import type { Axis } from './address';
import { amount, clock, duration, short } from './figures';
import { clockLabels, durationLabels, linearTicks, logTicks, numberLabels, timeTicks } from './ticks';

// What an x axis is called, where it has marks, and how one of its places is told.

export const kAxisNames: Record<Axis, string> = {
  step: 'step',
  tokens: 'tokens',
  flop: 'floating point operations',
  seconds: 'time of training',
  time: 'time of day',
};

// A time of day that begins at zero is a duration.
export const shownAxis = (axis: Axis, relative: boolean): Axis => (relative && axis === 'time' ? 'seconds' : axis);

export function xTicks(axis: Axis, min: number, max: number, log: boolean, most: number): number[] {
  if (log) return logTicks(min, max, most);
  return axis === 'time' || axis === 'seconds' ? timeTicks(min, max, most) : linearTicks(min, max, most);
}

export function xLabels(axis: Axis, ticks: readonly number[]): string[] {
  if (axis === 'time') return clockLabels(ticks);
  return axis === 'seconds' ? durationLabels(ticks) : numberLabels(ticks);
}

export const yTicks = (min: number, max: number, log: boolean, most: number): number[] =>
  log ? logTicks(min, max, most) : linearTicks(min, max, most);

export function yLabels(ticks: readonly number[], percent: boolean): string[] {
  if (!percent) return numberLabels(ticks);
  return numberLabels(ticks.map((each) => Number((each * 100).toPrecision(12)))).map((text) => `${text} %`);
}

export function placeText(axis: Axis, at: number): string {
  switch (axis) {
    case 'step':
      return `step ${Math.round(at).toLocaleString('en')}`;
    case 'tokens':
      return `${amount(at)} tokens`;
    case 'flop':
      return `${short(at, 3)} FLOP`;
    case 'seconds':
      return duration(at);
    case 'time':
      return clock(at);
  }
}
