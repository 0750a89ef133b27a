import type { Curve } from './curve_store';
import { quantile, rangeOf, xRangeOf, type Range } from './ranges';
import { smoothed, smoothingUnit } from './smoothing';

// What a chart draws, in units of its data: the canvas and the SVG are drawn from the same.

export interface Line {
  readonly key: string; // of its run and curve
  readonly label: string;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly kind: 'train' | 'validation';
  readonly curve: Curve;
  readonly unit: number | null; // of smoothing; null: as its points lie
}

export interface Look {
  readonly logX: boolean;
  readonly logY: boolean;
  readonly zero: boolean;
  readonly smoothing: number; // of training alone
  readonly outliers: boolean;
  readonly from: number | null;
  readonly to: number | null;
  readonly clip: number | null;
  readonly spikes: boolean; // marked
  readonly sessions: readonly number[];
}

export interface Path {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly colour: string;
  readonly width: number;
  readonly alpha: number;
  readonly dash: readonly number[];
}
export interface Band {
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly colour: string;
}
export interface Mark {
  readonly x: number;
  readonly y: number; // not finite: at the edge of the chart
  readonly shape: 'dot' | 'spike' | 'cross';
  readonly colour: string;
}

export interface Scene {
  readonly x: Range;
  readonly y: Range;
  readonly logX: boolean;
  readonly logY: boolean;
  readonly bands: readonly Band[];
  readonly paths: readonly Path[]; // in the order in which they are drawn: what is smoothed on top
  readonly marks: readonly Mark[];
  readonly verticals: readonly number[];
  readonly clip: number | null;
  readonly smooth: ReadonlyMap<string, readonly number[]>; // by key: the values of the smoothed line
}

const kMostSpikes = 60;
const kFaint = 0.4;

export function sceneOf(lines: readonly Line[], look: Look): Scene {
  const x = xRangeOf(
    lines.map((line) => line.curve.x),
    look,
    look.logX,
  );
  const smooth = new Map<string, readonly number[]>();
  for (const line of lines) {
    const { curve } = line;
    if (line.kind !== 'train' || look.smoothing <= 0 || curve.x.length < 3) continue;
    const own = line.unit ?? smoothingUnit(curve.x[0]!, curve.x.at(-1)!, curve.total);
    smooth.set(line.key, smoothed(curve.x, curve.last, look.smoothing, own));
  }
  const y = yRange(lines, x, look);
  const bands: Band[] = [];
  const faint: Path[] = [];
  const strong: Path[] = [];
  const marks: Mark[] = [];
  for (const line of lines) {
    const { curve, colour, dash } = line;
    const isSmooth = smooth.get(line.key);
    if (curve.min.some((low, i) => low < curve.max[i]!)) {
      bands.push({ x: curve.x, low: curve.min, high: curve.max, colour });
    }
    if (isSmooth !== undefined) {
      faint.push({ x: curve.x, y: curve.last, colour, width: 1, alpha: kFaint, dash: [] });
      strong.push({ x: curve.x, y: isSmooth, colour, width: 2, alpha: 1, dash });
    } else {
      strong.push({ x: curve.x, y: curve.last, colour, width: line.kind === 'train' ? 1.25 : 2, alpha: 1, dash });
    }
    if (line.kind === 'validation' && curve.x.length <= 200) {
      curve.x.forEach((at, i) => marks.push({ x: at, y: curve.last[i]!, shape: 'dot', colour }));
    }
    for (const mark of curve.marks) marks.push({ x: mark.x, y: NaN, shape: 'cross', colour });
    if (look.spikes && line.kind === 'train') {
      for (const i of spikes(curve)) marks.push({ x: curve.x[i]!, y: curve.max[i]!, shape: 'spike', colour });
    }
  }
  const verticals = look.sessions.filter((at) => at > x.min && at < x.max);
  const clip = look.clip !== null && (!look.logY || look.clip > 0) ? look.clip : null;
  const paths = [...faint, ...strong];
  return { x, y, logX: look.logX, logY: look.logY, bands, paths, marks, verticals, clip, smooth };
}

function yRange(lines: readonly Line[], x: Range, look: Look): Range {
  const values: number[] = [];
  const always: number[] = [];
  for (const line of lines) {
    const { curve } = line;
    curve.x.forEach((at, i) => {
      if (at < x.min || at > x.max) return;
      if (line.kind === 'validation') always.push(curve.last[i]!);
      else if (look.outliers) values.push(curve.min[i]!, curve.max[i]!);
      else values.push(curve.last[i]!); // not what is smoothed: a spike stays in that for long
    });
  }
  return rangeOf(values, always, { log: look.logY, zero: look.zero }, look.outliers);
}

// Points that stand far above their neighbours: by eight times what neighbours usually differ, and by a fifth of what
// is there. The steepest first, at most 60.
export function spikes(curve: Curve): number[] {
  const { max, last } = curve;
  if (max.length < 12) return [];
  const over: number[] = [];
  for (let i = 0; i < max.length; ++i) {
    const around: number[] = [];
    for (let j = Math.max(0, i - 4); j <= Math.min(max.length - 1, i + 4); ++j) {
      if (j !== i && Number.isFinite(last[j]!)) around.push(last[j]!);
    }
    const middle = around.length === 0 ? NaN : quantile(around.sort((a, b) => a - b), 0.5);
    over.push(max[i]! - middle);
  }
  const sizes = over.filter(Number.isFinite).map(Math.abs).sort((a, b) => a - b);
  if (sizes.length === 0) return [];
  const bound = 8 * quantile(sizes, 0.5);
  return over
    .map((value, i) => ({ value, i }))
    .filter(({ value, i }) => value > bound && value > 0.2 * Math.abs(max[i]! - value))
    .sort((a, b) => b.value - a.value)
    .slice(0, kMostSpikes)
    .map(({ i }) => i)
    .sort((a, b) => a - b);
}
