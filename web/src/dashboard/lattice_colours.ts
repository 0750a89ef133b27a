import type { Colouring } from './address';
import { figure, short } from './figures';
import { pixelOf } from './lattice_drawing';
import { shares } from './lattice_layout';
import { scaleColour, type Palette } from './palette';
import type { LatticeData } from './server';

// The colours of tokens, and what they mean.

export interface Colours {
  readonly pixels: Uint32Array;
  readonly css: (token: number) => string;
  readonly order: Uint32Array; // the last is on top
  readonly scale: { min: string; max: string; stops: readonly string[] } | null; // null: of families
  readonly missing: string; // why there are no values; "" where there are
}

const kSteps = 64;

const values = (data: LatticeData, colouring: Colouring): (number | null)[] | null => {
  if (colouring === 'family') return null;
  return data[colouring]?.map(figure) ?? null;
};

export function coloursOf(data: LatticeData, colouring: Colouring, palette: Palette, dark: boolean): Colours {
  const count = data.count;
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  if (colouring === 'family') return familyColours(data, palette, order);
  const missing = data[colouring] === null ? missingOf(data, colouring) : '';
  const { share, min, max } = shares(
    values(data, colouring) ?? new Array<null>(count).fill(null),
    colouring === 'frequency',
  );
  const stops = Array.from({ length: kSteps }, (_, i) => scaleColour(i / (kSteps - 1), dark));
  const none = palette.grid;
  const css = (token: number): string => {
    const value = share[token] ?? null;
    return value === null ? none : stops[Math.round(value * (kSteps - 1))]!;
  };
  // The highest values on top, those without any at the bottom.
  order.sort((a, b) => (share[a] ?? -1) - (share[b] ?? -1));
  const pixels = pixelsOf(count, css, [...stops, none]);
  return { pixels, css, order, scale: { min: short(min, 3), max: short(max, 3), stops }, missing };
}

const missingOf = (data: LatticeData, colouring: Colouring): string => {
  if (colouring === 'frequency') return 'The tokens of the training text are not there to be counted.';
  if (colouring === 'norm') return 'No checkpoint is there yet.';
  return data.loss_pending ? 'The loss by token is being computed.' : 'The loss by token is not known yet.';
};

function familyColours(data: LatticeData, palette: Palette, order: Uint32Array): Colours {
  const members = new Map<number, number>();
  for (const root of data.root) members.set(root, (members.get(root) ?? 0) + 1);
  // Families of several have a colour, who stands alone is grey.
  const ids = new Map([...members].filter(([, size]) => size > 1).map(([root], i) => [root, i] as const));
  const css = (token: number): string => {
    const family = ids.get(data.root[token]!);
    return family === undefined ? palette.grid : palette.lines[family % palette.lines.length]!;
  };
  order.sort((a, b) => Number(ids.has(data.root[a]!)) - Number(ids.has(data.root[b]!)));
  return { pixels: pixelsOf(data.count, css, [...palette.lines, palette.grid]), css, order, scale: null, missing: '' };
}

function pixelsOf(count: number, css: (token: number) => string, all: readonly string[]): Uint32Array {
  const pixels = new Map(all.map((colour) => [colour, pixelOf(colour)]));
  return Uint32Array.from({ length: count }, (_, i) => pixels.get(css(i))!);
}
