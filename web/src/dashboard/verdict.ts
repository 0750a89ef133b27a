import { short } from './figures';

// What the page makes of what the log says (facts of the server), and of several runs beside each other.

export type Tone = 'good' | 'watch' | 'bad' | 'unknown';

export interface Verdict {
  readonly tone: Tone;
  readonly answer: string; // a few words
  readonly why: string; // the rest, as a sentence or two
}

// "hardly: validation fell by only 0.1 %" as an answer and its reason.
export function verdictOf(text: string, tone: Tone): Verdict {
  if (text === '') return { tone: 'unknown', answer: 'Not known yet', why: '' };
  const cut = text.search(/: /);
  const [answer, why] = cut < 0 ? [text, ''] : [text.slice(0, cut), text.slice(cut + 2)];
  return {
    tone: answer.startsWith('not known') ? 'unknown' : tone,
    answer: capital(answer),
    why: why === '' ? '' : sentence(why),
  };
}

const kLearning: Readonly<Record<string, Tone>> = {
  learning: 'good',
  plateau: 'watch',
  memorising: 'bad',
  diverged: 'bad',
};
export const learningTone = (name: string): Tone => kLearning[name] ?? 'unknown';

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const sentence = (text: string): string => (/[.!?]$/.test(text) ? capital(text) : `${capital(text)}.`);

// Which of several runs is better, and why: the lowest bits per byte, told by how much and what differs.
export interface Contender {
  readonly name: string;
  readonly bits: number | null;
  readonly whole: boolean; // scored on all of the validation part
  readonly tokens: number;
  readonly seconds: number;
}

export function better(runs: readonly Contender[]): string {
  const scored = runs.filter((run) => run.bits !== null && Number.isFinite(run.bits));
  if (scored.length < 2) return '';
  const [first, second] = [...scored].sort((a, b) => a.bits! - b.bits!) as [Contender, Contender];
  const gain = (second.bits! - first.bits!) / second.bits!;
  const parts = [
    `${first.name} is best: ${short(first.bits)} bits per byte, ` +
      `${(100 * gain).toFixed(gain < 0.01 ? 2 : 1)} % less than ${second.name}`,
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
    scored.some((run) => run.whole !== first.whole)
      ? 'Some are scored on a sample of their validation part, so they compare roughly.'
      : '',
    gain < 0.003 ? 'So small a difference may be the seed alone.' : '',
  ];
  return [sentence, ...doubts].filter(Boolean).join(' ');
}
