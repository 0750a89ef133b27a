import assert from 'node:assert/strict';
import { test } from 'node:test';
import { smoothed, smoothingUnit } from './smoothing';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('a constant stays exactly constant', () => {
  for (const value of [0.1, 3.3, 1e-9, -7]) {
    for (const strength of [0, 0.5, 0.9, 0.999]) {
      const ys = new Array<number>(500).fill(value);
      assert.deepEqual(smoothed(count(500), ys, strength, 1), ys);
    }
  }
});

test('it is the mean with falling weights, of which the first point has its whole share', () => {
  const ys = [5, 1, 4, 2];
  const got = smoothed(count(4), ys, 0.5, 1);
  for (let i = 0; i < 4; ++i) {
    let sum = 0;
    let weights = 0;
    for (let j = 0; j <= i; ++j) {
      sum += ys[j]! * 0.5 ** (i - j);
      weights += 0.5 ** (i - j);
    }
    assert.ok(Math.abs(got[i]! - sum / weights) < 1e-12);
  }
});

test('a strength of nothing is the curve itself', () => {
  const ys = [5, 1, 4, 2];
  assert.deepEqual(smoothed(count(4), ys, 0, 1), ys);
});

test('a step is not met before it comes, and no end bends', () => {
  const ys = [...new Array<number>(50).fill(2), ...new Array<number>(50).fill(1)];
  const got = smoothed(count(100), ys, 0.9, 1);
  assert.ok(got.slice(0, 50).every((y) => y === 2));
  for (let i = 51; i < 100; ++i) assert.ok(got[i]! < got[i - 1]! && got[i]! > 1);
});

test('what is not finite is left out', () => {
  const got = smoothed(count(5), [1, NaN, 1, Infinity, 1], 0.9, 1);
  assert.deepEqual([got[0], got[2], got[4]], [1, 1, 1]);
  assert.ok(Number.isNaN(got[1]) && Number.isNaN(got[3]));
});

test('distance counts, not the number of points', () => {
  const near = smoothed([0, 1], [0, 1], 0.9, 1);
  const far = smoothed([0, 1000], [0, 1], 0.9, 1);
  assert.ok(Math.abs(far[1]! - 1) < 1e-12 && near[1]! < 0.6);
});

test('units', () => {
  assert.equal(smoothingUnit(0, 99, 100), 1);
  assert.equal(smoothingUnit(0, 999_000, 1_000_000), 1000);
  assert.equal(smoothingUnit(5, 5, 1), 1);
});
