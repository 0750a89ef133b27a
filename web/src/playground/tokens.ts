// Tokens as the server tells of them.

// A token that could stand at a place, with the logarithm of its probability there: the model's own, before temperature
// and cuts.
export interface Candidate {
  id: number;
  token: string; // its text; "bytes:\xe2" for a part of a character, the name of a special token
  bytes: number[] | null; // null for a special token
  logprob: number;
}

// A token that was written, and the most probable ones at its place.
export interface Token extends Candidate {
  top_logprobs: Candidate[];
}

export const probability = (candidate: Candidate): number => Math.exp(candidate.logprob);

const utf8 = new TextDecoder('utf-8', { fatal: true });

// Bytes as a text; null where they are none, or not yet.
export function textOf(bytes: readonly number[]): string | null {
  try {
    return utf8.decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

// Whether bytes are whole characters and the beginning of one more.
export function beginsCharacter(bytes: readonly number[]): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes), { stream: true });
    return textOf(bytes) === null;
  } catch {
    return false;
  }
}

// A token for the eye: spaces and line breaks are seen.
export function visible(candidate: Candidate): string {
  if (candidate.bytes === null) return candidate.token;
  const text = textOf(candidate.bytes);
  if (text === null) return candidate.bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥').replaceAll('\r', '␍');
}

// A token for the ear.
export function spoken(candidate: Candidate): string {
  if (candidate.bytes === null) return candidate.token;
  const text = textOf(candidate.bytes);
  if (text === null) return 'a part of a character';
  if (text.trim() !== '') return text.trim();
  return text.includes('\n') ? 'line break' : text === '' ? 'nothing' : 'space';
}
