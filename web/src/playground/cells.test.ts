import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CellCutter, type Cell } from './cells';
import type { Token } from './tokens';

let id = 0;
const token = (bytes: number[] | null): Token => ({ id: ++id, token: '', bytes, logprob: -1, top_logprobs: [] });
const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
const texts = (cells: Cell[]): string[] => cells.map((cell) => cell.text);
const counts = (cells: Cell[]): number[] => cells.map((cell) => cell.tokens.length);

test('a token a cell', () => {
  const cells = new CellCutter().cut({ text: 'The river', tokens: [token(bytes('The')), token(bytes(' river'))] });
  assert.deepEqual(texts(cells), ['The', ' river']);
});

test('the tokens of a character are one cell', () => {
  const cells = new CellCutter().cut({ text: 'a猫b', tokens: [[97], [0xe7], [0x8c, 0xab], [98]].map(token) });
  assert.deepEqual(texts(cells), ['a', '猫', 'b']);
  assert.deepEqual(counts(cells), [1, 2, 1]);
});

test('text that a stop text cut short ends its cell', () => {
  const cells = new CellCutter().cut({ text: 'one tw', tokens: [token(bytes('one')), token(bytes(' two'))] });
  assert.deepEqual(texts(cells), ['one', ' tw']);
});

test('bytes that are no text have the text that the server gives them', () => {
  const cells = new CellCutter().cut({ text: '\ufffdx', tokens: [token([0xff]), token(bytes('x'))] });
  assert.equal(texts(cells).join(''), '\ufffdx');
  assert.deepEqual(cells.flatMap((cell) => cell.tokens).length, 2);
});

test('a special token has a cell without text; text without tokens is kept', () => {
  const cutter = new CellCutter();
  assert.deepEqual(texts(cutter.cut({ text: 'a', tokens: [token(bytes('a')), token(null)] })), ['a', '']);
  assert.deepEqual(texts(cutter.cut({ text: 'rest', tokens: [] })), ['rest']);
  assert.deepEqual(cutter.cut({ text: '', tokens: [] }), []);
});

test('a character that the tokens before begin is put together', () => {
  const cutter = new CellCutter([0xe7]);
  assert.deepEqual(cutter.cut({ text: '\ufffd', tokens: [token([0x8c])] }), []);
  const cells = cutter.cut({ text: '\ufffd', tokens: [token([0xab])] });
  assert.deepEqual([texts(cells), counts(cells)], [['猫'], [2]]);
  assert.deepEqual(texts(cutter.cut({ text: '!', tokens: [token(bytes('!'))] })), ['!']);
});

test('what does not go on with such a character is as the server says', () => {
  const cells = new CellCutter([0xe7]).cut({ text: 'x', tokens: [token(bytes('x'))] });
  assert.deepEqual(texts(cells), ['x']);
});
