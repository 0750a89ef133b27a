import type { Cell } from './cells';
import type { Take } from './take';
import { textOf, type Candidate } from './tokens';

// What of a take stays when another token is put in the place of one: the cells before it, and of its own cell the
// tokens before it, which are no whole character.
export function cellsBefore(take: Take, cell: number, token: number): Cell[] {
  const cells = take.text.cells;
  const before = cells[cell]?.tokens.slice(0, token) ?? [];
  return [...cells.slice(0, cell), ...(before.length > 0 ? [{ text: '', tokens: before }] : [])];
}

// The cell of a candidate in that place. It keeps the candidates, so that one may choose again.
export function candidateCell(take: Take, cell: number, token: number, candidate: Candidate): Cell[] {
  const place = take.text.cells[cell]?.tokens;
  const before = (place?.slice(0, token) ?? []).flatMap((each) => each.bytes ?? []);
  const text = candidate.bytes === null ? '' : (textOf([...before, ...candidate.bytes]) ?? '');
  return [{ text, tokens: [{ ...candidate, top_logprobs: place?.[token]?.top_logprobs ?? [] }] }];
}
