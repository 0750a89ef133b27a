import { beginsCharacter, textOf, type Token } from './tokens';

// A piece of text that can be pointed at, and the tokens that it is made of: one, or several where a character has
// many.
export interface Cell {
  readonly text: string;
  readonly tokens: readonly Token[];
}

// What the server sends at a time: text that is whole, and the tokens that begin in it.
export interface Piece {
  text: string;
  tokens: Token[];
}

// Cuts pieces into cells. The text of the cells is that of the pieces; the bytes of the tokens say where it is cut.
export class CellCutter {
  private held: Token[] = [];

  // before: bytes of a character that the tokens before the first piece begin and do not finish. The server takes what
  // follows for a text of its own, so here the bytes say what it is.
  constructor(private before: readonly number[] = []) {}

  cut(piece: Piece): Cell[] {
    if (this.before.length === 0) return cellsOf(piece.text, piece.tokens);
    this.held.push(...piece.tokens);
    const bytes = [...this.before, ...bytesOf(this.held)];
    const text = textOf(bytes);
    if (text === null && beginsCharacter(bytes)) return [];
    this.before = [];
    return [{ text: text ?? piece.text, tokens: this.held }];
  }
}

export const bytesOf = (tokens: readonly Token[]): number[] => tokens.flatMap((token) => token.bytes ?? []);

function cellsOf(text: string, tokens: readonly Token[]): Cell[] {
  const cells: Cell[] = [];
  let group: Token[] = [];
  let rest = text;
  for (const token of tokens) {
    group.push(token);
    const whole = token.bytes === null && group.length === 1 ? '' : textOf(bytesOf(group));
    if (whole === null || !rest.startsWith(whole)) continue;
    cells.push({ text: whole, tokens: group });
    rest = rest.slice(whole.length);
    group = [];
  }
  // What is left is text that its tokens do not say: cut short by a stop text, or bytes that are no text at all.
  if (group.length > 0) {
    cells.push({ text: rest, tokens: group });
  } else if (rest !== '') {
    cells.push({ text: rest, tokens: [] });
  }
  return cells;
}
