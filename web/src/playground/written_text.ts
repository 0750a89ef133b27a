import { signal } from '@preact/signals';
import type { Cell } from './cells';
import type { Token } from './tokens';

const kGroup = 64; // cells that are drawn anew when one is added

// A text that grows cell by cell. Its cells are in groups that never change once they are full, so that a long text is
// not drawn anew with each token.
export class WrittenText {
  readonly groups = signal<readonly (readonly Cell[])[]>([]);

  // trimsSpace: without the space that a chat's answer begins with.
  constructor(private readonly trimsSpace = false) {}

  append(cells: readonly Cell[]): void {
    if (cells.length === 0) return;
    const groups = [...this.groups.peek()];
    let last = [...(groups.pop() ?? [])];
    for (const cell of cells) {
      if (last.length === kGroup) {
        groups.push(last);
        last = [];
      }
      last.push(this.first(cell, groups.length === 0 && last.every((each) => each.text === '')));
    }
    groups.push(last);
    this.groups.value = groups;
  }

  private first(cell: Cell, isFirst: boolean): Cell {
    return this.trimsSpace && isFirst && cell.text.startsWith(' ') ? { ...cell, text: cell.text.slice(1) } : cell;
  }

  get cells(): Cell[] {
    return this.groups.value.flat();
  }
  get text(): string {
    return this.cells.map((cell) => cell.text).join('');
  }
  get tokens(): Token[] {
    return this.cells.flatMap((cell) => cell.tokens);
  }
  get ids(): number[] {
    return this.tokens.map((token) => token.id);
  }
}
