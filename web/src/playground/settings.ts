import { computed } from '@preact/signals';
import { kept } from '../shared/kept';
import { defaults } from './models';

// How the next token is drawn. What is not set here is as the server says.

export type NumberName = 'temperature' | 'top_k' | 'top_p' | 'min_p' | 'repeat_penalty' | 'max_tokens';

export interface NumberRow {
  name: NumberName;
  label: string;
  most: number; // of the slider
  limit: number; // that can be typed
  least: number;
  step: number;
  about: string;
}

export const rows: readonly NumberRow[] = [
  {
    name: 'temperature',
    label: 'Temperature',
    least: 0,
    most: 2,
    limit: 100,
    step: 0.05,
    about: 'How freely tokens are drawn. 0: always the most probable one; above 1: wilder than the model itself.',
  },
  {
    name: 'top_p',
    label: 'Top-p',
    least: 0,
    most: 1,
    limit: 1,
    step: 0.01,
    about: 'Draws among the most probable tokens that together have this share. 1: all.',
  },
  {
    name: 'top_k',
    label: 'Top-k',
    least: 0,
    most: 200,
    limit: 100_000,
    step: 1,
    about: 'Draws among this many of the most probable tokens. 0: all.',
  },
  {
    name: 'min_p',
    label: 'Min-p',
    least: 0,
    most: 1,
    limit: 1,
    step: 0.01,
    about: 'Leaves out what is less probable than this share of the best one. 0: nothing.',
  },
  {
    name: 'repeat_penalty',
    label: 'Repeat penalty',
    least: 1,
    most: 2,
    limit: 100,
    step: 0.01,
    about: 'Above 1, tokens of the last 64 become less probable. 1: off.',
  },
  {
    name: 'max_tokens',
    label: 'Tokens at most',
    least: 1,
    most: 1000,
    limit: 1_000_000,
    step: 1,
    about: 'How many are written at a time; the context may end a text before.',
  },
];

type Numbers = Partial<Record<NumberName, number>>;

const isNumbers = (value: unknown): value is Numbers =>
  typeof value === 'object' &&
  value !== null &&
  Object.entries(value).every(([name, each]) => rows.some((row) => row.name === name) && typeof each === 'number');

const isText = (value: unknown): value is string => typeof value === 'string';

const set = kept<Numbers>('settings', {}, isNumbers);
// Digits; "" for another one each time.
export const seed = kept('seed', '', isText);
// A stop text a line, "\n" in it for a line break.
export const stopLines = kept('stop', '', isText);

const kTokensAtMost = 200;

export const numbers = computed<Record<NumberName, number>>(() => ({
  temperature: 0.8,
  top_k: 40,
  top_p: 0.95,
  min_p: 0.05,
  repeat_penalty: 1, // where the server says nothing
  ...pick(defaults.value),
  max_tokens: kTokensAtMost,
  ...set.value,
}));

function pick(values: Partial<Numbers> | null): Numbers {
  const known = Object.entries(values ?? {}).filter(([name]) => rows.some((row) => row.name === name));
  return Object.fromEntries(known.map(([name, value]) => [name, Math.round(value * 1e6) / 1e6]));
}

export function setNumber(name: NumberName, value: number): void {
  set.value = { ...set.value, [name]: value };
}

export const changed = computed(() => Object.keys(set.value).length > 0 || seed.value !== '' || stopLines.value !== '');

export function reset(): void {
  set.value = {};
  seed.value = '';
  stopLines.value = '';
}

export const stops = computed(() =>
  stopLines.value
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll('\\n', '\n')),
);

// The seed of the next text: what is set, else one that nobody chose. Small enough for any program's numbers.
export function nextSeed(): number {
  if (/^\d{1,15}$/.test(seed.value)) return Number(seed.value);
  return crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1;
}

// The fields of a call that say how tokens are drawn.
export const fields = (): Record<NumberName, number> => ({ ...numbers.value });
