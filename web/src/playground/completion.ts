import { computed, signal } from '@preact/signals';
import { isText, kept } from '../shared/kept';
import { once, write } from './decoding';
import { model, tokenize } from './models';
import { fields, nextSeed, stops } from './settings';
import { Answer, Take } from './take';
import { candidateCell, cellsBefore } from './alternatives';
import type { Candidate } from './tokens';
import { windowOf } from './window';

// Completion: a text, and how the model goes on with it.

export const prompt = kept('prompt', '', isText);
export const answer = new Answer();
// What went wrong before a take was there to tell it.
export const fault = signal('');

// The text before, or the model, was changed since the answer was written.
export const stale = computed(() => {
  const take = answer.shown;
  return take !== undefined && (take.prompt.text !== prompt.value || take.model.id !== model.value?.id);
});

// Writes after the prompt, or goes on with what was written.
export function proceed(): Promise<void> {
  return answer.shown === undefined || stale.value ? fresh() : goOn(answer.shown);
}

// Another text after the same prompt.
export function retry(): Promise<void> {
  return fresh();
}

// What was written becomes part of the prompt.
export function edit(): void {
  const take = answer.shown;
  if (take === undefined) return;
  prompt.value += take.text.text;
  answer.clear();
}

export function clear(): void {
  prompt.value = '';
  answer.clear();
  fault.value = '';
}

// The text up to a token, a candidate in that token's place, and on from there.
export async function takeAlternative(take: Take, cell: number, token: number, candidate: Candidate): Promise<void> {
  const next = new Take(take.model, take.prompt, [
    ...cellsBefore(take, cell, token),
    ...candidateCell(take, cell, token, candidate),
  ]);
  answer.add(next);
  if (candidate.bytes === null) {
    next.ending.value = 'eos';
    next.seed.value = take.seed.value;
    return;
  }
  await goOn(next);
}

async function fresh(): Promise<void> {
  const of = model.value;
  if (of === undefined) return;
  if (stale.value) answer.clear();
  const text = prompt.value;
  fault.value = await once(async (signal) => {
    const take = new Take(of, { text, ids: await tokenize(text, of) });
    if (signal.aborted) return;
    answer.add(take);
    await run(take, signal, text);
  });
}

async function goOn(take: Take): Promise<void> {
  fault.value = await once((signal) => run(take, signal, null));
}

// text: the prompt as it was typed, where all of it and nothing else is sent.
async function run(take: Take, signal: AbortSignal, text: string | null): Promise<void> {
  const seen = windowOf(take.ids, take.model);
  take.leftOut.value = seen.leftOut;
  const sent = text !== null && seen.leftOut === 0 ? text : seen.ids;
  const seed = nextSeed();
  const stop = stops.value.length > 0 ? { stop: stops.value } : {};
  take.call.value = { path: 'completions', body: { model: take.model.id, prompt: sent, ...fields(), seed, ...stop } };
  await write(take, { prompt: sent, tokens: seen.ids.length, stop: [], seed }, signal);
}
