import { getJson, postJson } from '../shared/api';

// What the server of the dashboard says. Figures that are not finite come as texts (figures.ts).

type Figure = number | string | null;

export interface RunSummary {
  id: string;
  name: string;
  path: string;
  state: string; // "running", "finished", "stopped", "damaged"
  reason: string;
  text: string;
  parameters: number;
  tokenizer: string;
  step: number;
  steps: number | null;
  tokens: number;
  nats: Figure;
  bits_per_byte: Figure;
  best_step: number | null;
  whole: boolean;
  loss: Figure;
  tokens_per_second: Figure;
  seconds: number;
  eta_s: Figure;
  changed: number; // seconds since 1970, by the server's clock
  now?: number;
  disk_bytes: number;
  live: boolean;
}

export interface RunList {
  directory: string;
  host: string;
  runs: RunSummary[];
}

export interface Checkpoint {
  step: number;
  bytes: number;
  valid: boolean;
  best: boolean;
  reason?: string;
  path?: string;
}

export interface RunEvent {
  step: number;
  kind: string;
  text: string;
  time: number | null;
}

export interface Alert {
  kind: string;
  step: number;
  text: string;
}

// What the log says of how the run is doing: answers, each with its reason behind a colon.
export interface Facts {
  learning?: string; // "unknown", "learning", "plateau", "memorising", "diverged"
  learning_text?: string;
  memorising_text?: string;
  end_text?: string;
}

export interface RunDetails extends RunSummary {
  description: Record<string, unknown>;
  config: Record<string, unknown>;
  commands: Record<string, string>;
  checkpoints: Checkpoint[];
  sessions: { step: number; time: number | null }[];
  events: RunEvent[];
  alerts: Alert[];
  limits: { text: string };
  facts: Facts;
  uniform_nats?: Figure;
  clip?: Figure;
  parts?: Record<string, Figure>;
  memory?: Record<string, Figure>;
  controls: string[];
  log?: { whole: boolean };
}

export interface CurveData {
  x: number[];
  last: Figure[];
  min: Figure[];
  max: Figure[];
  total: number;
  marks: { x: number; value: string }[];
}

export interface CurvesData {
  x: string;
  curves: Record<string, CurveData>;
  sessions: number[];
  whole?: boolean; // false: the newest part of a long log, whose rest is being read
}

export interface SamplesData {
  prompt: string;
  samples: Sample[];
  pending?: boolean; // it is being looked for what they copy
  known?: boolean; // false: there is no training text to look in
}
export interface Sample {
  step: number;
  text: string;
  pieces: { text: string; copied: number | null }[];
  copied_share: number | null;
  longest: number | null;
}

export interface Leaf {
  items: number;
  steals: number;
  tokens: number;
  bytes: number;
  busy_s: number;
  waiting_s: number;
  accumulation_s: number;
}
export interface Group {
  level: number;
  first_leaf: number;
  leaves: number;
  items: number;
  steals: number;
  busy_s: number;
  waiting_s: number;
}
export interface SpheresData {
  step: number;
  leaves: Leaf[];
  groups: Group[];
  permits: number;
  seconds: number;
}

export interface LatticeData {
  count: number;
  text: string[];
  x: number[];
  y: number[];
  root: number[];
  frequency: number[] | null;
  norm: Figure[] | null;
  loss: Figure[] | null;
  loss_pending?: boolean;
  position: number[];
  step?: number; // of the checkpoint behind norm
  loss_step?: number;
}

export interface TokenData {
  id: number;
  text: string;
  code: number | string;
  factors: { prime: number; power: number; meaning: string }[];
  family: { id: number; text: string; gcd: number }[];
  spiral: { id: number; text: string; gcd: number }[];
  embedding: { id: number; text: string; cosine: number }[];
}

// Addresses are relative to the page, so that it works below any path.
export const runPath = (id: string, rest = ''): string => `api/runs/${encodeURIComponent(id)}${rest}`;

export const readRuns = (): Promise<RunList> => getJson<RunList>('api/runs');
export const readRun = (id: string): Promise<RunDetails> => getJson<RunDetails>(runPath(id));
export const readSamples = (id: string): Promise<SamplesData> => getJson<SamplesData>(runPath(id, '/samples'));
export const readSpheres = (id: string): Promise<SpheresData> => getJson<SpheresData>(runPath(id, '/spheres'));
export const readLattice = (id: string): Promise<LatticeData> => getJson<LatticeData>(runPath(id, '/lattice'));
export const readToken = (id: string, token: number): Promise<TokenData> =>
  getJson<TokenData>(runPath(id, `/lattice/${token}`));

export interface Window {
  axis: string; // step, tokens, seconds, time
  from: number | null;
  to: number | null;
  points: number;
}

export function readCurves(id: string, names: readonly string[], window: Window): Promise<CurvesData> {
  const fields = new URLSearchParams({ names: names.join(','), x: window.axis, points: String(window.points) });
  if (window.from !== null) fields.set('from', String(window.from));
  if (window.to !== null) fields.set('to', String(window.to));
  return getJson<CurvesData>(runPath(id, `/curves?${fields}`));
}

export const csvPath = (id: string, names: readonly string[]): string =>
  runPath(id, `/curves.csv?names=${names.map(encodeURIComponent).join(',')}`);

// "save", "stop", "sample"
export const ask = (id: string, what: string): Promise<{ asked: string }> =>
  postJson<{ asked: string }>(runPath(id, `/${what}`), {});
