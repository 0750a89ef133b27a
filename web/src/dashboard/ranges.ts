// Which part of an axis is shown.

export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface RangeWish {
  readonly log: boolean;
  readonly zero: boolean; // begins at zero, where that can be
}

// What of the values is shown: all, or without those that lie farther out than the middle 96 % are wide.
export function rangeOf(
  values: readonly number[],
  always: readonly number[], // shown in any case
  wish: RangeWish,
  withOutliers: boolean,
): Range {
  const fits = (value: number): boolean => Number.isFinite(value) && (!wish.log || value > 0);
  const on = wish.log ? Math.log : (value: number): number => value;
  const back = wish.log ? Math.exp : (value: number): number => value;
  const sorted = Float64Array.from(values.filter(fits).map(on)).sort();
  const ends = always.filter(fits);
  if (sorted.length > 0) {
    const [least, greatest] = [sorted[0]!, sorted[sorted.length - 1]!];
    const [low, high] = [quantile(sorted, 0.02), quantile(sorted, 0.98)];
    const cut = !withOutliers && sorted.length >= 20;
    ends.push(back(cut ? Math.max(least, low - (high - low)) : least));
    ends.push(back(cut ? Math.min(greatest, high + (high - low)) : greatest));
  }
  if (ends.length === 0) return wish.log ? { min: 1, max: 10 } : { min: 0, max: 1 };
  return padded(Math.min(...ends), Math.max(...ends), wish);
}

// Linear between neighbours; of a sorted, non-empty array.
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}

function padded(min: number, max: number, wish: RangeWish): Range {
  if (wish.log) {
    const factor = max > min ? (max / min) ** 0.05 : 1.1;
    return { min: min / factor, max: max * factor };
  }
  const from = wish.zero ? Math.min(0, min) : min;
  const gap = max > from ? 0.05 * (max - from) : Math.abs(max) * 0.05 || 1;
  return { min: wish.zero && from === 0 ? 0 : from - gap, max: max + gap };
}

// The x axis: what is asked for, else all of the curves. A logarithmic one begins at the first x above zero.
export function xRangeOf(
  curves: readonly (readonly number[])[],
  asked: { from: number | null; to: number | null },
  log: boolean,
): Range {
  let min = Infinity;
  let max = -Infinity;
  for (const xs of curves) {
    const first = log ? xs.find((x) => x > 0) : xs[0];
    if (first === undefined) continue;
    min = Math.min(min, first);
    max = Math.max(max, xs[xs.length - 1]!);
  }
  min = asked.from ?? min;
  max = asked.to ?? max;
  if (log && min <= 0) min = Math.min(1, max / 1000);
  if (!Number.isFinite(min) || !Number.isFinite(max)) return { min: log ? 1 : 0, max: log ? 10 : 1 };
  if (max > min) return { min, max };
  return log ? { min: min / 1.1, max: min * 1.1 } : { min: min - 0.5, max: min + 0.5 };
}

// Zooms by a factor around a place, given as a share of the range: 0 its beginning, 1 its end.
export function zoomed(range: Range, factor: number, around: number, log: boolean): Range {
  const [a, b] = log ? [Math.log(range.min), Math.log(range.max)] : [range.min, range.max];
  const middle = a + (b - a) * around;
  const from = middle - (middle - a) * factor;
  const to = middle + (b - middle) * factor;
  return log ? { min: Math.exp(from), max: Math.exp(to) } : { min: from, max: to };
}

// Moved by a share of its width.
export function moved(range: Range, share: number, log: boolean): Range {
  if (log) {
    const factor = (range.max / range.min) ** share;
    return { min: range.min * factor, max: range.max * factor };
  }
  const by = (range.max - range.min) * share;
  return { min: range.min + by, max: range.max + by };
}
