import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextSort, sorted } from './sorting';

const rows = [
  { name: 'run-10', nats: 2.5, note: '' },
  { name: 'run-9', nats: 'nan', note: 'b' },
  { name: 'Run-1', nats: null, note: 'a' },
  { name: 'run-2', nats: 1.5, note: 'c' },
];
const names = (column: string): string[] => sorted(rows, column).map((row) => row.name);

test('numbers in names count as numbers', () => {
  assert.deepEqual(names('name'), ['Run-1', 'run-2', 'run-9', 'run-10']);
  assert.deepEqual(names('-name'), ['run-10', 'run-9', 'run-2', 'Run-1']);
});

test('rows without a value come last, either way', () => {
  assert.deepEqual(names('nats'), ['run-2', 'run-10', 'run-9', 'Run-1']);
  assert.deepEqual(names('-nats'), ['run-10', 'run-2', 'run-9', 'Run-1']);
  assert.deepEqual(names('note'), ['Run-1', 'run-9', 'run-2', 'run-10']);
  assert.deepEqual(names('nothing'), rows.map((row) => row.name));
});

test('a head sorts one way, then the other', () => {
  assert.equal(nextSort('name', 'nats', false), 'nats');
  assert.equal(nextSort('nats', 'nats', false), '-nats');
  assert.equal(nextSort('-nats', 'nats', false), 'nats');
  assert.equal(nextSort('name', 'changed', true), '-changed');
});
