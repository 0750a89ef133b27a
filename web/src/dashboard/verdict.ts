import { short } from './figures';

// The answers that a run's evaluations give to "does it still learn?" and "does it memorise?".

export type Tone = 'good' | 'watch' | 'bad' | 'unknown';

export interface Verdict {
  readonly tone: Tone;
  readonly answer: string; // a word or two
  readonly why: string; // a sentence
}

export interface Scores {
  readonly steps: readonly number[]; // of the evaluations, or another axis that rises
  readonly nats: readonly number[];
}

const kEnough = 4; // evaluations, to say anything
const kWorth = 0.001; // what a quarter of a run has to gain to be learning

// From the best of the first three quarters to the best of all: the part of the loss that the last quarter took away.
export function learning({ steps, nats }: Scores, state: string): Verdict {
  const ended = state !== 'running';
  const scores = nats.filter(Number.isFinite);
  if (scores.length < kEnough) {
    return { tone: 'unknown', answer: 'Too early to say', why: `${told(scores.length)} so far; four tell something.` };
  }
  const late = Math.max(1, Math.ceil(scores.length / 4));
  const before = Math.min(...scores.slice(0, -late));
  const since = Math.min(...scores.slice(-late));
  const gain = (before - since) / before;
  const window = `the last ${told(late).toLowerCase()}`;
  if (gain > kWorth) {
    const why = `${capital(window)} took validation loss from ${short(before)} to ${short(since)} nats, ${(100 * gain).toFixed(1)} % less.`;
    return { tone: 'good', answer: ended ? 'It was still learning' : 'Yes', why };
  }
  const best = nats.indexOf(Math.min(...scores));
  const where = `the best, ${short(nats[best]!)} nats, was at ${Math.round(steps[best]!).toLocaleString('en')}`;
  const why = `${capital(window)} gained ${gain > 0 ? `only ${(100 * gain).toFixed(2)} %` : 'nothing'}; ${where}.`;
  return { tone: 'watch', answer: ended ? 'It had stopped learning' : 'Hardly any more', why };
}

// Validation above its best for three evaluations while training falls, or a gap that has become wide.
export function memorising(scores: Scores, gap: readonly number[], ended: boolean): Verdict {
  const nats = scores.nats.filter(Number.isFinite);
  const gaps = gap.filter(Number.isFinite);
  if (nats.length < kEnough || gaps.length === 0) {
    return { tone: 'unknown', answer: 'Too early to say', why: 'It shows as validation rising while training falls.' };
  }
  const best = Math.min(...nats);
  const last = nats.at(-1)!;
  const now = gaps.at(-1)!;
  const rises = nats.slice(-3).every((value) => value > best * 1.005) && nats.indexOf(best) < nats.length - 3;
  const wider = gaps.length > 3 && now > gaps[Math.floor(gaps.length / 2)]!;
  if (rises && wider) {
    const why = `Validation has risen from ${short(best)} to ${short(last)} nats while training fell: it learns its text by heart. The best weights are kept.`;
    return { tone: 'bad', answer: ended ? 'It did, towards the end' : 'Yes', why };
  }
  const wide = now > 0.15 * last;
  const why = `Validation is ${short(Math.abs(now), 3)} nats ${now >= 0 ? 'above' : 'below'} training${wide && wider ? ', and the gap widens' : ''}.`;
  return { tone: wide && wider ? 'watch' : 'good', answer: wide && wider ? 'It begins to' : 'No', why };
}

const told = (count: number): string => (count === 1 ? 'One evaluation' : `${count} evaluations`);
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

// Which of several runs is better, and why: the lowest bits per byte, told by how much and what differs.
export interface Contender {
  readonly name: string;
  readonly bits: number | null;
  readonly whole: boolean; // scored on all of the validation part
  readonly tokens: number;
  readonly seconds: number;
  readonly memorising: boolean;
}

export function better(runs: readonly Contender[]): string {
  const scored = runs.filter((run) => run.bits !== null && Number.isFinite(run.bits));
  if (scored.length < 2) return '';
  const [first, second] = [...scored].sort((a, b) => a.bits! - b.bits!) as [Contender, Contender];
  const gain = (second.bits! - first.bits!) / second.bits!;
  const parts = [
    `${first.name} is best: ${short(first.bits)} bits per byte, ${(100 * gain).toFixed(gain < 0.01 ? 2 : 1)} % less than ${second.name}`,
  ];
  const cost = first.seconds / second.seconds;
  if (Number.isFinite(cost) && (cost > 1.2 || cost < 0.83)) {
    parts.push(`in ${cost > 1 ? short(cost, 2) + ' times' : `${Math.round(100 * cost)} % of`} its time`);
  }
  const seen = first.tokens / second.tokens;
  if (Number.isFinite(seen) && (seen > 1.2 || seen < 0.83)) {
    parts.push(`having read ${seen > 1 ? short(seen, 2) + ' times' : `${Math.round(100 * seen)} % of`} its tokens`);
  }
  const sentence = parts.join(', ') + '.';
  const doubts = [
    scored.some((run) => run.whole !== first.whole) ? 'Some are scored on a sample of their validation part, so they compare roughly.' : '',
    gain < 0.003 ? 'So small a difference may be the seed alone.' : '',
  ];
  return [sentence, ...doubts].filter(Boolean).join(' ');
}
