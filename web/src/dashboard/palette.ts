// Colours that people of every kind of sight tell apart (after Okabe and Ito, darkened or lightened to a contrast of 3
// to 1 on the ground they stand on); where there are more curves than colours, dashes tell them apart.

export interface Palette {
  readonly lines: readonly string[];
  readonly ink: string;
  readonly soft: string;
  readonly grid: string;
  readonly sheet: string;
  readonly fault: string;
}

export const kLight: Palette = {
  lines: ['#0067a5', '#c44e00', '#00785a', '#a8437f', '#7a6400', '#2b8fc4', '#4a4f55'],
  ink: '#22262b',
  soft: '#5c636b',
  grid: '#e6e3db',
  sheet: '#fdfcfa',
  fault: '#96281f',
};

export const kDark: Palette = {
  lines: ['#5aaee6', '#ff9a4d', '#3dc99b', '#e68fc2', '#d9c14a', '#9fd8f7', '#c0c6cc'],
  ink: '#e3e1db',
  soft: '#9aa3ab',
  grid: '#2b3137',
  sheet: '#1b1f23',
  fault: '#f0a79d',
};

const kDashes: readonly (readonly number[])[] = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

export interface Look {
  readonly colour: number; // index of Palette.lines
  readonly dash: readonly number[];
}

export const lookOf = (index: number): Look => ({
  colour: index % kLight.lines.length,
  dash: kDashes[Math.floor(index / kLight.lines.length) % kDashes.length]!,
});

// Gives each run a number that it keeps: who has one keeps it, others take the smallest that nobody of these has.
export function assigned(known: ReadonlyMap<string, number>, ids: readonly string[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const id of ids) {
    const number = known.get(id);
    if (number !== undefined) numbers.set(id, number);
  }
  const taken = new Set(numbers.values());
  let next = 0;
  for (const id of [...ids].sort()) {
    if (numbers.has(id)) continue;
    while (taken.has(next)) ++next;
    numbers.set(id, next);
    taken.add(next);
  }
  return numbers;
}

// A scale from dark to bright that is even to the eye and to the colour-blind (viridis), and its other end on dark
// ground.
const kScale = [
  '#440154',
  '#482878',
  '#3e4a89',
  '#31688e',
  '#26828e',
  '#1f9e89',
  '#35b779',
  '#6ece58',
  '#b5de2b',
  '#fde725',
];

// share: 0 to 1. On a light ground the brightest end is left out, on a dark one the darkest.
export function scaleColour(share: number, dark: boolean): string {
  const at = (dark ? 0.22 + 0.78 * share : 0.9 * share) * (kScale.length - 1);
  const below = rgb(kScale[Math.floor(at)]!);
  const above = rgb(kScale[Math.min(kScale.length - 1, Math.ceil(at))]!);
  const rest = at - Math.floor(at);
  return '#' + below.map((value, i) => hex(value + (above[i]! - value) * rest)).join('');
}

export const rgb = (colour: string): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
const hex = (value: number): string => Math.round(value).toString(16).padStart(2, '0');
