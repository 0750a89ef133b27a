import type { Axis } from './address';
import type { CurveSet } from './curve_store';
import { movedCurves, withDerived } from './derived';
import { lookOf } from './palette';
import type { Panel } from './panels';
import type { Line } from './scene';

// The lines of a panel, of one run (a colour a curve) or of several (a colour a run).

export interface LineRun {
  readonly id: string;
  readonly name: string;
  readonly number: number; // of its look, where there are several
  readonly set: CurveSet | undefined;
  readonly unit: number | null; // of smoothing
}

export function linesOf(panel: Panel, runs: readonly LineRun[], colour: (index: number) => string): Line[] {
  const several = runs.length > 1;
  return runs.flatMap(({ id, name, number, set, unit }) =>
    panel.curves.flatMap((curve, i): Line[] => {
      const points = set?.curves[curve.name];
      if (points === undefined || points.x.length === 0) return [];
      const look = lookOf(several ? number : i);
      const apart = several && panel.curves.length > 1;
      return [
        {
          key: `${id} ${curve.name}`,
          label: several ? (apart ? `${name}, ${curve.label}` : name) : curve.label,
          colour: colour(look.colour),
          // Of several runs validation is told from training by its dots; of one by its colour, too.
          dash: several && curve.kind === 'validation' && panel.curves.length > 1 ? [5, 3] : look.dash,
          kind: curve.kind,
          curve: points,
          unit,
        },
      ];
    }),
  );
}

// Curves as the axis has them: floating point operations are tokens of a kind; a relative axis begins at zero.
export function onAxis(set: CurveSet, axis: Axis, relative: boolean, flop: number | null): CurveSet {
  let moved = withDerived(set);
  if (axis === 'flop' && flop !== null) moved = movedCurves(moved, (x) => x * flop);
  if (!relative) return moved;
  const firsts = Object.values(moved.curves).flatMap((curve) => curve.x.slice(0, 1));
  const first = firsts.length === 0 ? 0 : Math.min(...firsts);
  return movedCurves(moved, (x) => x - first);
}

// How long a thousandth of a run is on an axis, or one step where it has fewer.
export function unitOf(
  axis: Axis,
  run: { step: number; tokens: number; seconds: number } | undefined,
  flop: number | null,
): number | null {
  if (run === undefined || run.step < 2) return null;
  const whole = {
    step: run.step,
    tokens: run.tokens,
    flop: run.tokens * (flop ?? 1),
    seconds: run.seconds,
    time: run.seconds,
  };
  const unit = whole[axis] / Math.min(run.step, 1000);
  return unit > 0 ? unit : null;
}
