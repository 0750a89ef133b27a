import assert from 'node:assert/strict';
import { test } from 'node:test';
import { differences, written } from './differences';

test('only what differs is told', () => {
  assert.deepEqual(differences([{ lr: 0.01, width: 128, seed: 1 }, { lr: 0.02, width: 128, steps: 9 }]), [
    { name: 'lr', values: ['0.01', '0.02'] },
    { name: 'seed', values: ['1', ''] },
    { name: 'steps', values: ['', '9'] },
  ]);
  assert.deepEqual(differences([{ a: 1 }]), []);
  assert.deepEqual(differences([{ a: [1, 2] }, { a: [1, 2] }, { a: [1, 2] }]), []);
  assert.deepEqual(differences([{ a: 1 }, { a: 1 }, { a: 2 }])[0]!.values, ['1', '1', '2']);
});

test('values as people write them', () => {
  assert.deepEqual([[1, 'b'], null, true, 'x', { a: 1 }].map(written), ['1, b', '', 'true', 'x', '{"a":1}']);
});
