import { batch, computed, effect, signal, type Signal } from '@preact/signals';
import { ApiError, told } from '../shared/api';
import { figure } from './figures';
import { runId } from './place';
import { list, paused } from './runs';
import { seldom } from './seldom';
import { readRun, runPath, type RunDetails, type SpheresData } from './server';

// The run that is looked at: what the server says of it, and what comes from it as it trains.

export const details = signal<RunDetails | null>(null);
export const fault = signal('');
export const gone = signal(false); // it was there, and is not any more

export interface Step {
  step: number;
  loss: number | null;
  loss_token: number | null;
  lr: number | null;
  grad_norm: number | null;
  tok_s: number | null;
  peak_share: number | null;
  eta_s: number | null;
  tokens: number | null;
}
// The newest step that was heard of, and when, by this machine's clock.
export const newest = signal<Step | null>(null);
export const heard_ms = signal(0);
export const phase = signal(''); // what it does between steps
export const link = signal<'none' | 'waiting' | 'open' | 'lost'>('none');

// Go up when curves, samples or spheres should be read anew.
export const curvesVersion = signal(0);
export const samplesVersion = signal(0);
export const spheresVersion = signal(0);
// Not as ++, which would read it, too: who raises one does not depend on it.
const rise = (version: Signal<number>): void => void (version.value = version.peek() + 1);
// What the spheres did, as it came last.
export const spheresNow = signal<SpheresData | null>(null);

export const running = computed(() => details.value?.state === 'running');

// The time, once a second while somebody looks.
export const now_ms = signal(Date.now());
setInterval(() => document.hidden || (now_ms.value = Date.now()), 1000);

// Seconds without a word from a run that trains; null of one that does not.
export const silent_s = computed(() =>
  running.value && heard_ms.value > 0 ? Math.max(0, (now_ms.value - heard_ms.value) / 1000) : null,
);
// How long it may be silent: several times what lies between its words, and as long as an evaluation may take.
const gaps: number[] = [];
export const stale = computed(() => {
  if (silent_s.value === null) return false;
  const usual = gaps.length === 0 ? 1 : Math.max(...gaps.slice(-20));
  return silent_s.value > Math.max(30, 8 * usual);
});

// A small model does a thousand steps a second, with evaluations, samples and saves among them. What they change is
// read anew once a second.
const kRenewedMs = 1000;
const renewCurves = seldom(() => paused.peek() || rise(curvesVersion), kRenewedMs);
const renewSamples = seldom(() => rise(samplesVersion), kRenewedMs);
const renewSpheres = seldom(() => rise(spheresVersion), kRenewedMs);
const renewDetails = seldom(() => loadDetails(), kRenewedMs);

// How far the server's clock is ahead of this machine's.
let ahead_s = 0;

let source: EventSource | null = null;
let detailsTimer: ReturnType<typeof setTimeout> | undefined;

export async function loadDetails(): Promise<void> {
  const id = runId.peek();
  clearTimeout(detailsTimer);
  if (id === '') return;
  try {
    const read = await readRun(id);
    if (runId.peek() !== id) return;
    const before = details.peek();
    batch(() => {
      // It may have gone on and ended again between two looks.
      const wholeNow = before?.log?.whole === false && read.log?.whole === true;
      if (before !== null && ((source === null && before.changed !== read.changed) || wholeNow)) riseAll();
      details.value = read;
      fault.value = '';
      gone.value = false;
      // A run of another process may be silent since long.
      if (read.now !== undefined) {
        ahead_s = read.now - Date.now() / 1000;
        heard_ms.value = Math.max(heard_ms.peek(), 1000 * (read.changed - ahead_s));
      }
    });
    listen();
  } catch (error) {
    if (runId.peek() !== id) return;
    gone.value = error instanceof ApiError && error.status === 404;
    fault.value = gone.value ? (details.peek() === null ? 'There is no such run.' : '') : told(error);
  }
  detailsTimer = setTimeout(() => {
    if (!paused.peek() && !document.hidden) void loadDetails();
    else detailsTimer = setTimeout(() => void loadDetails(), 1000);
  }, details.peek()?.log?.whole === false ? 1000 : running.peek() ? 10_000 : 5_000);
}

function listen(): void {
  if (!running.peek() || paused.peek() || source !== null) return;
  const id = runId.peek();
  const events = new EventSource(runPath(id, '/events'));
  source = events;
  link.value = 'waiting';
  events.onopen = () => {
    // What was missed is read anew, so that nothing is there twice.
    const before = link.peek();
    link.value = 'open';
    if (before === 'lost') again();
  };
  events.onerror = () => {
    link.value = 'lost';
    // A browser that gives up is asked again by loadDetails.
    if (events.readyState === EventSource.CLOSED) hangUp();
  };
  for (const kind of [
    'step',
    'eval',
    'sample',
    'checkpoint',
    'note',
    'phase',
    'spheres',
    'rollback',
    'resume',
    'end',
  ]) {
    events.addEventListener(kind, (event) => take(kind, (event as MessageEvent<string>).data));
  }
}

function hangUp(): void {
  source?.close();
  source = null;
}

const riseAll = (): void =>
  batch(() => {
    rise(curvesVersion);
    rise(samplesVersion);
    rise(spheresVersion);
  });

function again(): void {
  riseAll();
  void loadDetails();
}

function take(kind: string, text: string): void {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return;
  }
  // What comes first on a connection may be old.
  const time = figure(record['time']);
  const now = Math.min(Date.now(), time === null ? Date.now() : 1000 * (time - ahead_s));
  if (kind === 'step' && heard_ms.peek() > 0 && newest.peek() !== null) gaps.push((now - heard_ms.peek()) / 1000);
  if (gaps.length > 40) gaps.splice(0, 20);
  batch(() => {
    heard_ms.value = Math.max(heard_ms.peek(), now);
    if (Array.isArray(record['leaves'])) spheresNow.value = record as unknown as SpheresData;
    else if (kind === 'spheres') renewSpheres();
    if (kind === 'step') newest.value = stepOf(record);
    phase.value = kind === 'phase' ? phaseOf(record) : kind === 'step' ? '' : phase.peek();
    if (kind === 'sample') renewSamples();
  });
  if (kind !== 'phase' && kind !== 'spheres') renewCurves();
  if (kind === 'end' || kind === 'rollback' || kind === 'resume') again();
  else if (kind !== 'step' && kind !== 'phase' && kind !== 'spheres') renewDetails();
  if (kind === 'end') hangUp();
}

// "evaluating", "evaluating, 40 %"
function phaseOf(record: Record<string, unknown>): string {
  const name = typeof record['name'] === 'string' ? record['name'] : '';
  const share = figure(record['share']);
  return name === '' || share === null ? name : `${name}, ${Math.round(100 * share)} %`;
}

const stepOf = (record: Record<string, unknown>): Step => ({
  step: figure(record['step']) ?? 0,
  loss: figure(record['loss']),
  loss_token: figure(record['loss_token']),
  lr: figure(record['lr']),
  grad_norm: figure(record['grad_norm']),
  tok_s: figure(record['tok_s']),
  peak_share: figure(record['peak_share']),
  eta_s: figure(record['eta_s']),
  tokens: figure(record['tokens']),
});

// Another run.
effect(() => {
  const id = runId.value;
  hangUp();
  gaps.length = 0;
  batch(() => {
    details.value = null;
    fault.value = '';
    gone.value = false;
    newest.value = null;
    heard_ms.value = 0;
    phase.value = '';
    spheresNow.value = null;
    link.value = 'none';
  });
  if (id !== '') void loadDetails();
});

effect(() => {
  if (paused.value) hangUp();
  else if (runId.peek() !== '' && details.peek() !== null) again();
});

// A directory of one run is that run.
export const only = computed(() => (list.value?.runs.length === 1 ? list.value.runs[0]!.id : null));

// Seconds until it ends, as of now: what the newest step said, less the time since then.
export const left_s = computed(() => {
  if (!running.value) return null;
  const said = newest.value?.eta_s ?? figure(details.value?.eta_s);
  if (said === null || !Number.isFinite(said)) return null;
  return Math.max(0, said - (newest.value === null ? 0 : (silent_s.value ?? 0)));
});
