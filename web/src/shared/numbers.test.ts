import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counted, percent } from './numbers';
import { sentence } from './sentence';

test('shares have the digits that say something', () => {
  const cases: [number, string][] = [
    [1, '100 %'],
    [0.994, '99 %'],
    [0.0995, '10 %'],
    [0.0994, '9.9 %'],
    [0.032, '3.2 %'],
    [0.00994, '0.99 %'],
    [0.0004, '0.04 %'],
    [0.00001, 'under 0.01 %'],
    [0, 'under 0.01 %'],
  ];
  for (const [share, text] of cases) assert.equal(percent(share), text);
});

test('counts', () => {
  assert.deepEqual(
    [counted(1, 'token'), counted(0, 'token'), counted(1234, 'token')],
    ['1 token', '0 tokens', '1,234 tokens'],
  );
});

test('sentences', () => {
  const cases = [
    ['a model is missing', 'A model is missing.'],
    ['Done.', 'Done.'],
    ['why?', 'Why?'],
    [' x ', 'X.'],
  ] as const;
  for (const [text, told] of cases) assert.equal(sentence(text), told);
});
