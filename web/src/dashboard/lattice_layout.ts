// Where tokens lie on the spiral of their roots, and which of them a window shows.

export interface Point {
  readonly x: number;
  readonly y: number;
}

const kAngle = 2.399963229728653; // the golden angle
const kFan = 0.7; // how far from the place of its root a token is moved at most; places are 1.77 apart

// All tokens of a root share its place on the spiral: the first keeps it, the others stand around it.
export function fanned(xs: readonly number[], ys: readonly number[]): { x: Float32Array; y: Float32Array } {
  const count = xs.length;
  const x = Float32Array.from(xs);
  const y = Float32Array.from(ys);
  const members = new Map<string, number[]>();
  for (let i = 0; i < count; ++i) {
    const key = `${x[i]} ${y[i]}`;
    const list = members.get(key);
    if (list === undefined) members.set(key, [i]);
    else list.push(i);
  }
  for (const list of members.values()) {
    for (let j = 1; j < list.length; ++j) {
      const far = kFan * Math.sqrt(j / Math.max(4, list.length - 1));
      x[list[j]!]! += far * Math.cos(j * kAngle);
      y[list[j]!]! += far * Math.sin(j * kAngle);
    }
  }
  return { x, y };
}

// A window on the spiral: its middle, and pixels to a unit.
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export const kMostScale = 220;

export function wholeSpiral(radius: number, width: number, height: number): Camera {
  return { x: 0, y: 0, scale: Math.min(width, height) / (2.1 * Math.max(1, radius)) };
}

export const toScreen = (camera: Camera, width: number, height: number, point: Point): Point => ({
  x: (point.x - camera.x) * camera.scale + width / 2,
  y: (point.y - camera.y) * camera.scale + height / 2,
});

export const toSpiral = (camera: Camera, width: number, height: number, pixel: Point): Point => ({
  x: (pixel.x - width / 2) / camera.scale + camera.x,
  y: (pixel.y - height / 2) / camera.scale + camera.y,
});

// Nearer or farther by a factor; what is under the pixel stays there.
export function scaled(
  camera: Camera,
  factor: number,
  pixel: Point,
  size: { width: number; height: number },
  least: number,
): Camera {
  const scale = Math.min(kMostScale, Math.max(least, camera.scale * factor));
  const fixed = toSpiral(camera, size.width, size.height, pixel);
  return {
    x: fixed.x - (pixel.x - size.width / 2) / scale,
    y: fixed.y - (pixel.y - size.height / 2) / scale,
    scale,
  };
}

// The token that is nearest to a place, if any is within `most`; -1: none.
export function tokenAt(x: ArrayLike<number>, y: ArrayLike<number>, place: Point, most: number): number {
  let best = -1;
  let least = most * most;
  for (let i = 0; i < x.length; ++i) {
    const dx = x[i]! - place.x;
    const dy = y[i]! - place.y;
    const distance = dx * dx + dy * dy;
    if (distance < least) {
      least = distance;
      best = i;
    }
  }
  return best;
}

// Values as shares of 0 to 1 on a scale of colours: those at both ends (2 %) share the outermost colours. Null where
// there is no value.
export function shares(
  values: readonly (number | null)[],
  log: boolean,
): { share: (number | null)[]; min: number; max: number } {
  const on = (value: number): number => (log ? Math.log(1 + Math.max(0, value)) : value);
  const finite = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const sorted = Float64Array.from(finite.map(on)).sort();
  if (sorted.length === 0) return { share: values.map(() => null), min: 0, max: 0 };
  const at = (part: number): number => sorted[Math.round(part * (sorted.length - 1))]!;
  const [low, high] = log ? [at(0), at(1)] : [at(0.02), at(0.98)];
  const share = values.map((value) => {
    if (value === null || !Number.isFinite(value)) return null;
    return high > low ? Math.min(1, Math.max(0, (on(value) - low) / (high - low))) : 0.5;
  });
  const back = (value: number): number => (log ? Math.exp(value) - 1 : value);
  return { share, min: back(low), max: back(high) };
}

// Tokens whose text has a search in it: equal ones first, then those that begin with it, then by their place.
export function found(texts: readonly string[], positions: readonly number[], search: string, most: number): number[] {
  const wanted = search.trim().toLowerCase();
  if (wanted === '') return [];
  const id = /^#\d+$/.test(wanted) ? Number(wanted.slice(1)) : -1;
  const ranks: [number, number, number][] = [];
  texts.forEach((text, i) => {
    const lower = text.toLowerCase();
    if (i === id) return void ranks.push([-1, 0, i]);
    const at = lower.indexOf(wanted);
    if (at < 0) return;
    const plain = lower.trim();
    const rank = plain === wanted ? 0 : plain.startsWith(wanted) ? 1 : 2;
    ranks.push([rank, positions[i] ?? i, i]);
  });
  return ranks
    .sort((a, b) => a[0] - b[0] || a[1] - b[1])
    .slice(0, most)
    .map(([, , i]) => i);
}
