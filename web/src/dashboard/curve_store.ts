import { signal, type ReadonlySignal } from '@preact/signals';
import { told } from '../shared/api';
import type { Axis } from './address';
import { figure } from './figures';
import { readCurves, type CurveData, type CurvesData } from './server';

// Curves as the page has them: numbers, of which some may not be finite.

export interface Curve {
  readonly x: readonly number[];
  readonly last: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly total: number; // records behind it
  readonly marks: readonly { x: number; value: string }[];
}

export interface CurveSet {
  readonly curves: Readonly<Record<string, Curve>>;
  readonly sessions: readonly number[]; // where the run was gone on with
  readonly whole: boolean; // false: the newest part, whose rest is being read
}

export interface Wish {
  readonly runs: readonly string[];
  readonly names: readonly string[];
  readonly axis: Axis;
  readonly from: number | null;
  readonly to: number | null;
  readonly points: number;
}

export function curveOf(data: CurveData): Curve {
  const numbers = (values: readonly unknown[]): number[] => values.map((value) => figure(value) ?? NaN);
  return { ...data, last: numbers(data.last), min: numbers(data.min), max: numbers(data.max) };
}

export function curveSetOf(data: CurvesData): CurveSet {
  const curves: Record<string, Curve> = {};
  for (const [name, curve] of Object.entries(data.curves)) curves[name] = curveOf(curve);
  return { curves, sessions: data.sessions, whole: data.whole !== false };
}

const kAgainMs = 1000;

// Reads what is wished for, run after run; while it reads, the newest wish waits. What was read before stays until its
// successor is there. Where a part is not the whole, it asks again until it is.
export class CurveStore {
  readonly sets: ReadonlySignal<ReadonlyMap<string, CurveSet>>;
  readonly fault: ReadonlySignal<string>;
  readonly reading: ReadonlySignal<boolean>;
  // The wish that the sets answer.
  readonly answered: ReadonlySignal<Wish | null>;

  private readonly sets_ = signal<ReadonlyMap<string, CurveSet>>(new Map());
  private readonly fault_ = signal('');
  private readonly reading_ = signal(false);
  private readonly answered_ = signal<Wish | null>(null);
  private waiting: Wish | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly read: typeof readCurves = readCurves,
    private readonly againMs = kAgainMs,
  ) {
    this.sets = this.sets_;
    this.fault = this.fault_;
    this.reading = this.reading_;
    this.answered = this.answered_;
  }

  want(wish: Wish): void {
    clearTimeout(this.timer);
    this.waiting = wish;
    if (!this.reading_.peek()) void this.work();
  }

  private async work(): Promise<void> {
    this.reading_.value = true;
    while (this.waiting !== null) {
      const wish = this.waiting;
      this.waiting = null;
      await this.fulfil(wish);
    }
    this.reading_.value = false;
  }

  private async fulfil(wish: Wish): Promise<void> {
    const axis = wish.axis === 'flop' ? 'tokens' : wish.axis;
    const sets = new Map<string, CurveSet>();
    let fault = '';
    // A few at a time: a browser has six connections to a server, and others want them, too.
    const rest = [...wish.runs];
    const one = async (): Promise<void> => {
      for (let id = rest.shift(); id !== undefined; id = rest.shift()) {
        try {
          sets.set(id, curveSetOf(await this.read(id, wish.names, { ...wish, axis })));
        } catch (error) {
          fault = told(error);
          const before = this.sets_.peek().get(id);
          if (before !== undefined) sets.set(id, before);
        }
      }
    };
    await Promise.all([one(), one(), one()]);
    if (fault !== '' && sets.size === 0) {
      this.fault_.value = fault;
      return;
    }
    this.sets_.value = sets;
    this.answered_.value = wish;
    this.fault_.value = fault;
    clearTimeout(this.timer);
    if ([...sets.values()].some((set) => !set.whole)) this.timer = setTimeout(() => this.want(wish), this.againMs);
  }
}
