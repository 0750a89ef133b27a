import type { Curve, CurveSet } from './curve_store';
import { smoothed, smoothingUnit } from './smoothing';

// Curves that the server has not, made of those that it has.

const kNeeds: Record<string, readonly string[]> = {
  train_bits_per_byte: ['loss_token', 'val_nats', 'val_bits_per_byte'],
  gap: ['loss_token', 'val_nats'],
};

// The names to ask the server for.
export const namesFor = (names: readonly string[]): string[] => [
  ...new Set(names.flatMap((name) => kNeeds[name] ?? [name])),
];

// What a pointer at a chart tells beside its curves.
export const kPlaces = ['step', 'tokens', 'seconds', 'time'] as const;

export function withDerived(set: CurveSet): CurveSet {
  const { loss_token: train, val_nats: nats, val_bits_per_byte: bits } = set.curves;
  const curves = { ...set.curves };
  if (train !== undefined && nats !== undefined && bits !== undefined) {
    curves['train_bits_per_byte'] = trainBits(train, nats, bits);
  }
  if (train !== undefined && nats !== undefined) curves['gap'] = gap(train, nats);
  return { ...set, curves };
}

// A token has as many bytes as those of the validation part have on average; that is told by its two scores.
function trainBits(train: Curve, nats: Curve, bits: Curve): Curve {
  const at = nats.last.findLastIndex((value, i) => value > 0 && bits.last[i]! > 0);
  if (at < 0) return { x: [], last: [], min: [], max: [], total: 0, marks: [] };
  const factor = bits.last[at]! / nats.last[at]!;
  const scaled = (values: readonly number[]): number[] => values.map((value) => value * factor);
  return { ...train, last: scaled(train.last), min: scaled(train.min), max: scaled(train.max) };
}

function gap(train: Curve, nats: Curve): Curve {
  const unit = smoothingUnit(train.x[0] ?? 0, train.x.at(-1) ?? 1, train.total);
  const smooth = smoothed(train.x, train.last, 0.95, unit);
  const xs: number[] = [];
  const gaps: number[] = [];
  nats.x.forEach((x, i) => {
    const at = nearest(train.x, x);
    const value = at < 0 ? NaN : nats.last[i]! - smooth[at]!;
    if (!Number.isFinite(value)) return;
    xs.push(x);
    gaps.push(value);
  });
  return { x: xs, last: gaps, min: gaps, max: gaps, total: gaps.length, marks: [] };
}

// The index of the x that is nearest; -1 where there is none.
export function nearest(xs: readonly number[], x: number): number {
  let low = 0;
  let high = xs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  if (low === xs.length) return xs.length - 1;
  if (low === 0) return 0;
  return x - xs[low - 1]! <= xs[low]! - x ? low - 1 : low;
}

// Another unit of x, or another beginning.
export function movedCurves(set: CurveSet, change: (x: number) => number): CurveSet {
  const curves: Record<string, Curve> = {};
  for (const [name, curve] of Object.entries(set.curves)) {
    const marks = curve.marks.map((mark) => ({ ...mark, x: change(mark.x) }));
    curves[name] = { ...curve, x: curve.x.map(change), marks };
  }
  return { curves, sessions: set.sessions.map(change), whole: set.whole };
}

// Floating point operations of training one token (docs/performance.md): forward and backward of the matrices and of
// attention over the whole context. Null where the run does not say its shape.
export function flopPerToken(description: Readonly<Record<string, unknown>> | undefined): number | null {
  const of = (name: string): number => Number(description?.[name] ?? NaN);
  const [layers, width, hidden, context, vocabulary] = [
    of('layers'),
    of('width'),
    of('hidden'),
    of('context'),
    of('vocabulary'),
  ] as const;
  const value =
    6 * (layers * (4 * width * width + 3 * width * hidden) + vocabulary * width) + 12 * layers * context * width;
  return Number.isFinite(value) ? value : null;
}
