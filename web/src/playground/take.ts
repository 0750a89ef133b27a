import { signal } from '@preact/signals';
import type { Call } from './code';
import type { Cell } from './cells';
import type { Model } from './models';
import { WrittenText } from './written_text';

// Why a text stands where it does.
export type Ending =
  | 'writing'
  | 'limit' // as many tokens as were asked for
  | 'full' // the context has no more room
  | 'word' // a stop text
  | 'eos' // the model ended it
  | 'stopped' // by the person
  | 'broken'; // an error, told in `fault`

export interface Pace {
  tokens: number; // of this run
  per_second: number; // 0 while nobody knows
}

// One text that the model wrote, or is writing, after a prompt.
export class Take {
  readonly text: WrittenText;
  readonly ending = signal<Ending>('writing');
  readonly fault = signal('');
  readonly seed = signal(0);
  readonly pace = signal<Pace>({ tokens: 0, per_second: 0 });
  readonly context = signal({ used: 0, size: 0 });
  // Tokens at the beginning that the model did not see any more.
  readonly leftOut = signal(0);
  // The call that writes the same in another program; null before there is one.
  readonly call = signal<Call | null>(null);

  constructor(
    readonly model: Model,
    readonly prompt: { text: string; ids: readonly number[] },
    kept: readonly Cell[] = [],
    options: { trimsSpace?: boolean } = {},
  ) {
    this.text = new WrittenText(options.trimsSpace);
    this.text.append(kept);
  }

  get ids(): number[] {
    return [...this.prompt.ids, ...this.text.ids];
  }
}

// The texts that were written at one place, of which one is shown.
export class Answer {
  readonly takes = signal<readonly Take[]>([]);
  readonly index = signal(0);

  get shown(): Take | undefined {
    return this.takes.value[this.index.value];
  }
  add(take: Take): void {
    this.takes.value = [...this.takes.peek(), take];
    this.index.value = this.takes.peek().length - 1;
  }
  clear(): void {
    this.takes.value = [];
    this.index.value = 0;
  }
}
