import type { CurveSet } from './curve_store';
import { nearest } from './derived';
import type { Line, Scene } from './scene';

// What a chart tells of a place: the point of each curve that is nearest to it, raw and smoothed.

export interface Reading {
  readonly x: number | null;
  readonly raw: number | null;
  readonly smooth: number | null; // null of what is not smoothed
  readonly low: number | null; // of the records that the point stands for, where they are several
  readonly high: number | null;
}

const kNone: Reading = { x: null, raw: null, smooth: null, low: null, high: null };

// at: null: the last point.
export function readingOf(line: Line, scene: Scene, at: number | null): Reading {
  const { curve } = line;
  if (curve.x.length === 0) return kNone;
  const i = at === null ? curve.x.length - 1 : nearest(curve.x, at);
  const smooth = scene.smooth.get(line.key)?.[i] ?? null;
  const spread = curve.min[i]! < curve.max[i]!;
  return {
    x: curve.x[i]!,
    raw: curve.last[i]!,
    smooth,
    low: spread ? curve.min[i]! : null,
    high: spread ? curve.max[i]! : null,
  };
}

export interface PlaceReading {
  readonly step: number | null;
  readonly tokens: number | null;
  readonly seconds: number | null;
  readonly time: number | null;
}

// Step, tokens and times of a place, between the points that the server gave.
export function placeReading(set: CurveSet | undefined, at: number): PlaceReading {
  const of = (name: string): number | null => {
    const curve = set?.curves[name];
    if (curve === undefined || curve.x.length === 0) return null;
    const value = curve.last[nearest(curve.x, at)]!;
    return Number.isFinite(value) ? value : null;
  };
  return { step: of('step'), tokens: of('tokens'), seconds: of('seconds'), time: of('time') };
}
