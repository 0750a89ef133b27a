// The exponential moving average of a curve, without bias towards its beginning: each point is the mean of itself and
// all before it, with weights that fall by `strength` for each `unit` of x that they lie back. The first point is
// itself, a constant stays exactly constant, nothing bends at the end, and the same point has the same mean at any zoom
// that keeps the unit. Points that are not finite have no part in it, and none of their own (NaN).
export function smoothed(xs: readonly number[], ys: readonly number[], strength: number, unit: number): number[] {
  const means: number[] = new Array<number>(ys.length);
  let mean = 0;
  let weight = 0; // of all points so far, as seen from the newest
  let before = NaN;
  for (let i = 0; i < ys.length; ++i) {
    const y = ys[i]!;
    if (!Number.isFinite(y)) {
      means[i] = NaN;
      continue;
    }
    const distance = Number.isNaN(before) ? 0 : Math.max(0, xs[i]! - before) / unit;
    weight = 1 + weight * strength ** distance;
    mean += (y - mean) / weight;
    before = xs[i]!;
    means[i] = mean;
  }
  return means;
}

// The unit of a curve that goes over [first, last] with so many records: what lies between two of them, and of more
// than a thousand a thousandth of the whole.
export function smoothingUnit(first: number, last: number, records: number): number {
  const gaps = Math.max(1, Math.min(records, 1000) - 1);
  return last > first ? (last - first) / gaps : 1;
}
