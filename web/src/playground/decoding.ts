import { computed, signal } from '@preact/signals';
import { ApiError, kBrokenOff, postStream, told } from '../shared/api';
import { bytesOf, CellCutter, type Cell, type Piece } from './cells';
import { fields, stops } from './settings';
import type { Take } from './take';
import { beginsCharacter, type Token } from './tokens';

const kCandidates = 8; // for each token
// Of tokens, to say at what rate they come: as they are seen here, and as the server measured them.
const kEnough_s = 0.25;
const kLeast_ms = 10;

interface Event {
  content: string;
  stop: boolean;
  stop_type?: 'limit' | 'word' | 'eos';
  tokens_evaluated?: number;
  tokens_predicted?: number;
  timings?: { predicted_ms: number; predicted_per_second: number | null };
  completion_probabilities?: Token[];
}

const abort = signal<AbortController | null>(null);

// A text is being written, or its call is being made.
export const busy = computed(() => abort.value !== null);

export function stop(): void {
  abort.value?.abort();
}

export interface Run {
  prompt: string | readonly number[]; // as it is sent
  tokens: number; // of it
  stop: readonly string[]; // beside those that are set
  seed: number;
}

// One run at a time: what it needs is made ready and handed to `write`. Says what went wrong, "" for nothing. A run
// that the person stops ends without a fault.
export async function once(work: (signal: AbortSignal) => Promise<void>): Promise<string> {
  stop();
  const own = new AbortController();
  abort.value = own;
  try {
    await work(own.signal);
    return '';
  } catch (error) {
    return own.signal.aborted ? '' : told(error);
  } finally {
    if (abort.value === own) abort.value = null;
  }
}

// Has a take written on until it ends in any way; what went wrong is in the take.
export async function write(take: Take, run: Run, signal: AbortSignal): Promise<void> {
  const clock = new Clock(take);
  take.ending.value = 'writing';
  take.fault.value = '';
  take.seed.value = run.seed;
  const gathered = new Frames((cells) => {
    take.text.append(cells);
    clock.show();
    take.context.value = {
      used: Math.min(run.tokens + clock.tokens, take.model.max_model_len),
      size: take.model.max_model_len,
    };
  });
  gathered.add([]);
  try {
    take.ending.value = await read(take, run, signal, clock, gathered);
  } catch (error) {
    take.ending.value = signal.aborted ? 'stopped' : 'broken';
    if (!signal.aborted) take.fault.value = told(error);
  } finally {
    gathered.flush();
  }
}

async function read(take: Take, run: Run, signal: AbortSignal, clock: Clock, gathered: Frames) {
  const cutter = new CellCutter(unfinishedBytes(take));
  const body = {
    model: take.model.id,
    prompt: run.prompt,
    ...fields(),
    seed: run.seed,
    stop: [...stops.value, ...run.stop],
    n_probs: kCandidates,
    stream: true,
  };
  for await (const event of postStream<Event>('completion', body, signal)) {
    if (event.stop) {
      // The last token is not read, so the context is full with one more than it holds.
      const full = (event.tokens_evaluated ?? 0) + (event.tokens_predicted ?? 0) > take.model.max_model_len;
      clock.end(event.tokens_predicted ?? 0, event.timings);
      return event.stop_type === 'limit' && full ? 'full' : (event.stop_type ?? 'limit');
    }
    const piece: Piece = { text: event.content, tokens: event.completion_probabilities ?? [] };
    clock.count(piece.tokens.filter((token) => token.bytes !== null || piece.text !== '').length);
    gathered.add(cutter.cut(piece));
  }
  throw new ApiError(kBrokenOff);
}

// The bytes at a take's end that are no whole character yet: an alternative that was chosen, which is a part of one.
function unfinishedBytes(take: Take): number[] {
  const cells = take.text.cells;
  const whole = cells.findLastIndex((cell) => cell.text !== '');
  const bytes = cells.slice(whole + 1).flatMap((cell) => bytesOf(cell.tokens));
  return beginsCharacter(bytes) ? bytes : [];
}

// Counts the tokens of a run. Their rate is what the server says at the end; before it, what is seen here, once there
// is enough of it.
class Clock {
  tokens = 0;
  private first = 0;
  private last = 0;
  private rate = 0;

  constructor(private readonly take: Take) {}

  count(tokens: number): void {
    if (tokens === 0) return;
    this.last = performance.now();
    if (this.tokens === 0) this.first = this.last;
    this.tokens += tokens;
  }
  end(tokens: number, timings: Event['timings']): void {
    this.tokens = tokens;
    this.rate = timings !== undefined && timings.predicted_ms >= kLeast_ms ? (timings.predicted_per_second ?? 0) : 0;
  }
  show(): void {
    const seconds = (this.last - this.first) / 1000;
    const seen = seconds > kEnough_s ? (this.tokens - 1) / seconds : 0;
    this.take.pace.value = { tokens: this.tokens, per_second: this.rate > 0 ? this.rate : seen };
  }
}

// Cells that come within one frame of the screen are shown together.
class Frames {
  private waiting: Cell[] = [];
  private frame = 0;

  constructor(private readonly show: (cells: Cell[]) => void) {}

  add(cells: Cell[]): void {
    this.waiting.push(...cells);
    if (this.frame === 0) this.frame = requestAnimationFrame(() => this.flush());
  }
  flush(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.show(this.waiting);
    this.waiting = [];
  }
}
