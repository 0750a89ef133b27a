import type { Palette } from './palette';
import type { Mark, Path, Scene } from './scene';

// Draws a scene on a canvas. Places of its data become pixels by `at`, which the chart gives.

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number; // pixels of the canvas to one of the page
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export function paint(context: CanvasRenderingContext2D, scene: Scene, frame: Frame, palette: Palette): void {
  context.save();
  context.beginPath();
  context.rect(frame.left, frame.top, frame.width, frame.height);
  context.clip();
  for (const band of scene.bands) paintBand(context, band, scene, frame);
  paintRules(context, scene, frame, palette);
  for (const path of scene.paths) paintPath(context, path, scene, frame);
  for (const mark of scene.marks) paintMark(context, mark, scene, frame, palette);
  context.restore();
}

const drawable = (y: number, log: boolean): boolean => Number.isFinite(y) && (!log || y > 0);

// Stretches of points that can be drawn one after the other.
export function* stretches(
  xs: readonly number[],
  ys: readonly number[],
  scene: Pick<Scene, 'logX' | 'logY'>,
): Generator<[number, number]> {
  let start = -1;
  for (let i = 0; i <= xs.length; ++i) {
    const drawn = i < xs.length && drawable(ys[i]!, scene.logY) && (!scene.logX || xs[i]! > 0);
    if (drawn && start < 0) start = i;
    if (!drawn && start >= 0) {
      yield [start, i];
      start = -1;
    }
  }
}

function paintPath(context: CanvasRenderingContext2D, path: Path, scene: Scene, frame: Frame): void {
  context.globalAlpha = path.alpha;
  context.strokeStyle = path.colour;
  context.lineWidth = path.width * frame.ratio;
  context.lineJoin = 'round';
  context.setLineDash(path.dash.map((each) => each * frame.ratio));
  context.beginPath();
  // What is not finite is marked; the line goes on behind it, so that a lost point is no lost line.
  let first = true;
  for (const [start, end] of stretches(path.x, path.y, scene)) {
    for (let i = start; i < end; ++i) {
      const [x, y] = [frame.x(path.x[i]!), frame.y(path.y[i]!)];
      if (first) context.moveTo(x, y);
      else context.lineTo(x, y);
      first = false;
    }
  }
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function paintBand(context: CanvasRenderingContext2D, band: Scene['bands'][number], scene: Scene, frame: Frame): void {
  context.globalAlpha = 0.2;
  context.fillStyle = band.colour;
  context.beginPath();
  for (const [start, end] of stretches(band.x, band.low, scene)) {
    const high = (i: number): number => (drawable(band.high[i]!, scene.logY) ? band.high[i]! : band.low[i]!);
    for (let i = start; i < end; ++i) {
      const [x, y] = [frame.x(band.x[i]!), frame.y(high(i))];
      if (i === start) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    for (let i = end - 1; i >= start; --i) context.lineTo(frame.x(band.x[i]!), frame.y(band.low[i]!));
    context.closePath();
  }
  context.fill();
  context.globalAlpha = 1;
}

function paintRules(context: CanvasRenderingContext2D, scene: Scene, frame: Frame, palette: Palette): void {
  const { ratio } = frame;
  context.lineWidth = ratio;
  context.font = `${11 * ratio}px system-ui, sans-serif`;
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillStyle = palette.soft;
  context.strokeStyle = palette.soft;
  for (const at of scene.verticals) {
    const x = Math.round(frame.x(at)) + 0.5;
    rule(context, [x, frame.top, x, frame.top + frame.height], [4 * ratio, 4 * ratio]);
    context.fillText('resumed', x + 4 * ratio, frame.top + 12 * ratio);
  }
  if (scene.clip !== null && scene.clip >= scene.y.min && scene.clip <= scene.y.max) {
    const y = Math.round(frame.y(scene.clip)) + 0.5;
    context.strokeStyle = palette.fault;
    context.fillStyle = palette.fault;
    rule(context, [frame.left, y, frame.left + frame.width, y], [6 * ratio, 4 * ratio]);
    context.fillText('clipped above', frame.left + 6 * ratio, y - 4 * ratio);
  }
}

function rule(context: CanvasRenderingContext2D, ends: [number, number, number, number], dash: number[]): void {
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(ends[0], ends[1]);
  context.lineTo(ends[2], ends[3]);
  context.stroke();
  context.setLineDash([]);
}

function paintMark(
  context: CanvasRenderingContext2D,
  mark: Mark,
  scene: Scene,
  frame: Frame,
  palette: Palette,
): void {
  if (scene.logX && mark.x <= 0) return;
  const { ratio } = frame;
  const [x, y] = markPlace(mark, scene, frame);
  const size = 4 * ratio;
  context.fillStyle = mark.colour;
  context.beginPath();
  if (mark.shape === 'dot') {
    context.arc(x, y, 2.5 * ratio, 0, 2 * Math.PI);
    context.fill();
  } else if (mark.shape === 'spike') {
    context.moveTo(x, y);
    context.lineTo(x - size, y + 1.6 * size);
    context.lineTo(x + size, y + 1.6 * size);
    context.closePath();
    context.fill();
  } else {
    context.strokeStyle = palette.fault;
    context.lineWidth = 2 * ratio;
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x - size, y + size);
    context.lineTo(x + size, y - size);
    context.stroke();
  }
}

// A spike is pointed at from below, at the upper edge where it is beyond; what is not finite stands at the lower edge.
export function markPlace(mark: Mark, scene: Scene, frame: Frame): [number, number] {
  const x = frame.x(mark.x);
  const edge = 6 * frame.ratio;
  if (mark.shape === 'cross') return [x, frame.top + frame.height - edge];
  if (!drawable(mark.y, scene.logY)) return [x, frame.top + frame.height + 100];
  const y = frame.y(mark.y);
  if (mark.shape === 'dot') return [x, y];
  return [x, Math.max(y, frame.top) + 2 * frame.ratio];
}
