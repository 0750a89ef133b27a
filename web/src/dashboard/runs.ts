import { computed, effect, signal } from '@preact/signals';
import { told } from '../shared/api';
import { assigned } from './palette';
import { place, view } from './place';
import { patternOf } from './patterns';
import { named } from './run_names';
import { readRuns, type RunList } from './server';
import { sorted } from './sorting';

// All runs that the server knows, read again and again while somebody looks.

const answer = signal<RunList | null>(null);
export const list = computed(() => answer.value && { ...answer.value, runs: answer.value.runs.map(named) });
export type NamedRun = NonNullable<typeof list.value>['runs'][number];
export const listFault = signal('');
export const paused = signal(false);

const kEvery_ms = 2_000; // while the list is looked at
const kElsewhere_ms = 10_000;

export const pattern = computed(() => patternOf(place.value.filter));

export const filtered = computed<NamedRun[]>(() => {
  const matches = (run: NamedRun): boolean => [run.name, run.path, run.state, run.text].some(pattern.value.matches);
  return sorted((list.value?.runs ?? []).filter(matches), place.value.sort);
});

// Numbers of looks that runs keep, also over a reload of the page.
const kKey = 'cllm.dashboard.looks';
export const looks = signal<ReadonlyMap<string, number>>(new Map(stored()));

effect(() => {
  const ids = list.value?.runs.map((run) => run.id);
  if (ids === undefined) return;
  const before = looks.peek();
  if (ids.length === before.size && ids.every((id) => before.has(id))) return;
  looks.value = assigned(before, ids);
  keep([...looks.value]);
});

export const lookNumber = (id: string): number => looks.value.get(id) ?? 0;

export const summaryOf = (id: string): NamedRun | undefined => list.value?.runs.find((run) => run.id === id);

let timer: ReturnType<typeof setTimeout> | undefined;

export async function loadRuns(): Promise<void> {
  clearTimeout(timer);
  try {
    answer.value = await readRuns();
    listFault.value = '';
  } catch (error) {
    listFault.value = told(error);
  }
  plan();
}

function plan(): void {
  clearTimeout(timer);
  const watched = place.peek().view === 'runs' || place.peek().view === 'compare' || list.peek() === null;
  timer = setTimeout(
    () => {
      if (paused.peek() || document.hidden) plan();
      else void loadRuns();
    },
    watched ? kEvery_ms : kElsewhere_ms,
  );
}

document.addEventListener('visibilitychange', () => !document.hidden && !paused.peek() && void loadRuns());
effect(() => {
  if (view.value === 'runs' && list.peek() !== null && !paused.peek()) void loadRuns();
});

function stored(): [string, number][] {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(kKey) ?? '[]');
    const isPair = (each: unknown): each is [string, number] =>
      Array.isArray(each) && typeof each[0] === 'string' && Number.isInteger(each[1]) && each[1] >= 0;
    return Array.isArray(value) ? value.filter(isPair) : [];
  } catch {
    return [];
  }
}

function keep(pairs: [string, number][]): void {
  try {
    localStorage.setItem(kKey, JSON.stringify(pairs));
  } catch {
    // Full or forbidden: the page works without.
  }
}
