import { computed, signal } from '@preact/signals';
import { kDark, kLight } from './palette';

// What the reader's system says of colours and motion, as it says it.

function follows(query: string) {
  const list = matchMedia(query);
  const state = signal(list.matches);
  list.addEventListener('change', (event) => (state.value = event.matches));
  return state;
}

export const dark = follows('(prefers-color-scheme: dark)');
export const still = follows('(prefers-reduced-motion: reduce)');
export const palette = computed(() => (dark.value ? kDark : kLight));

export const lineColour = (index: number): string => palette.value.lines[index % palette.value.lines.length]!;
