import { signal } from '@preact/signals';
import { isText, kept } from '../shared/kept';
import { candidateCell, cellsBefore } from './alternatives';
import { once, write } from './decoding';
import { applyTemplate, model, type ChatPrompt, type Message, type Model } from './models';
import { fields, nextSeed, numbers, stops } from './settings';
import { Answer, Take } from './take';
import type { Candidate } from './tokens';
import { windowOf } from './window';

// Chat: a dialogue that the model answers in turn.

export interface Turn {
  readonly said: string; // by the person
  readonly answer: Answer;
}

export const system = kept('system', '', isText);
export const draft = kept('draft', '', isText);
export const turns = signal<readonly Turn[]>([]);
// What went wrong before a take was there to tell it.
export const fault = signal('');
// Turns at the beginning that the model did not see any more when it answered last.
export const leftOut = signal(0);

// Of the context, kept free for an answer.
const kShareForAnswer = 4;

export async function say(): Promise<void> {
  const said = draft.value.trim();
  if (said === '') return;
  draft.value = '';
  turns.value = [...turns.value, { said, answer: new Answer() }];
  await reply(turns.value.length - 1);
}

// Another answer to the last thing that was said.
export const retry = (): Promise<void> => reply(turns.value.length - 1);

// Says something else in the place of a turn; what came after it is gone.
export async function change(index: number, said: string): Promise<void> {
  turns.value = [...turns.value.slice(0, index), { said, answer: new Answer() }];
  await reply(index);
}

export function clear(): void {
  turns.value = [];
  fault.value = '';
  leftOut.value = 0;
}

// An answer up to a token, a candidate in that token's place, and on from there. What came after the answer is gone.
export async function takeAlternative(take: Take, cell: number, token: number, candidate: Candidate): Promise<void> {
  const index = turns.value.findIndex((turn) => turn.answer.takes.value.includes(take));
  const turn = turns.value[index];
  if (turn === undefined) return;
  turns.value = turns.value.slice(0, index + 1);
  const kept = [...cellsBefore(take, cell, token), ...candidateCell(take, cell, token, candidate)];
  const next = new Take(take.model, take.prompt, kept, { trimsSpace: true });
  turn.answer.add(next);
  if (candidate.bytes === null) {
    next.ending.value = 'eos';
    next.seed.value = take.seed.value;
    return;
  }
  fault.value = await once(async (signal) => {
    const of = take.model;
    const template = await applyTemplate(seen(index, 0), of); // for its stop texts
    const window = windowOf(next.ids, of);
    const seed = nextSeed();
    const stop = [...stops.value, ...template.stop];
    next.call.value = {
      path: 'completions',
      body: { model: of.id, prompt: window.ids, ...fields(), seed, stop },
    };
    await write(next, { prompt: window.ids, tokens: window.ids.length, stop: template.stop, seed }, signal);
  });
}

async function reply(index: number): Promise<void> {
  const of = model.value;
  const turn = turns.value[index];
  if (of === undefined || turn === undefined) return;
  fault.value = await once(async (signal) => {
    const { first, prompt } = await fitting(index, of, signal);
    if (signal.aborted) return;
    leftOut.value = first;
    const seed = nextSeed();
    const take = new Take(of, { text: '', ids: prompt.tokens }, [], { trimsSpace: true });
    const stop = stops.value.length > 0 ? { stop: stops.value } : {};
    take.call.value = {
      path: 'chat/completions',
      body: { model: of.id, messages: seen(index, first), ...fields(), seed, ...stop },
    };
    turn.answer.add(take);
    await write(take, { prompt: prompt.tokens, tokens: prompt.tokens.length, stop: prompt.stop, seed }, signal);
  });
}

// The messages of a turn and those before it, from turn `first` on.
function seen(index: number, first: number): Message[] {
  const messages: Message[] = system.value.trim() === '' ? [] : [{ role: 'system', content: system.value.trim() }];
  turns.value.slice(first, index + 1).forEach((turn, i) => {
    messages.push({ role: 'user', content: turn.said });
    const take = turn.answer.shown;
    if (first + i < index && take !== undefined) messages.push({ role: 'assistant', content: take.text.text });
  });
  return messages;
}

// The oldest turns leave a dialogue that has grown too long for the context and an answer; the last one stays.
async function fitting(index: number, of: Model, signal: AbortSignal): Promise<{ first: number; prompt: ChatPrompt }> {
  const room = Math.min(numbers.value.max_tokens, Math.max(1, Math.floor(of.max_model_len / kShareForAnswer)));
  for (let first = 0; ; ++first) {
    const prompt = await applyTemplate(seen(index, first), of);
    if (first === index || signal.aborted || prompt.tokens.length + room <= of.max_model_len) return { first, prompt };
  }
}
