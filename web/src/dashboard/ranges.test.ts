import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moved, quantile, rangeOf, xRangeOf, zoomed } from './ranges';

const linear = { log: false, zero: false };
const hundred = Array.from({ length: 100 }, (_, i) => 1 + i / 100);

test('a spike does not crush the range, unless outliers are wanted', () => {
  const values = [...hundred, 5000];
  assert.ok(rangeOf(values, [], linear, false).max < 3.2);
  assert.ok(rangeOf([...hundred, 2.4], [], linear, false).max > 2.4, 'what is near is no outlier');
  assert.ok(rangeOf(values, [], linear, true).max > 5000);
  assert.ok(rangeOf(values, [7], linear, false).max > 7, 'what is always shown is shown');
});

test('few values are all shown; none give a range all the same', () => {
  assert.ok(rangeOf([1, 2, 90], [], linear, false).max > 90);
  assert.deepEqual(rangeOf([], [], linear, false), { min: 0, max: 1 });
  assert.deepEqual(rangeOf([NaN, Infinity], [], linear, true), { min: 0, max: 1 });
  assert.deepEqual(rangeOf([-1, 0], [], { log: true, zero: false }, true), { min: 1, max: 10 });
});

test('a constant has room around it', () => {
  for (const value of [0, 3, -2]) {
    const range = rangeOf([value, value], [], linear, true);
    assert.ok(range.min < value && range.max > value);
  }
});

test('logarithmic ranges leave out what is not above zero; others may begin at zero', () => {
  const log = rangeOf([0, -5, 1, 100], [], { log: true, zero: false }, true);
  assert.ok(log.min > 0.5 && log.min < 1 && log.max > 100 && log.max < 200);
  assert.equal(rangeOf([5, 9], [], { log: false, zero: true }, true).min, 0);
  assert.ok(rangeOf([-5, 9], [], { log: false, zero: true }, true).min < -5);
});

test('the x axis is that of all curves, or what is asked', () => {
  const none = { from: null, to: null };
  assert.deepEqual(xRangeOf([[1, 5], [0, 9]], none, false), { min: 0, max: 9 });
  assert.deepEqual(xRangeOf([[0, 2, 9]], none, true), { min: 2, max: 9 });
  assert.deepEqual(xRangeOf([[1, 5]], { from: 2, to: 3 }, false), { min: 2, max: 3 });
  assert.deepEqual(xRangeOf([[], []], none, false), { min: 0, max: 1 });
  assert.ok(xRangeOf([[4]], none, false).min < 4);
  assert.ok(xRangeOf([[1, 5]], { from: -3, to: null }, true).min > 0);
});

test('zoom and move', () => {
  assert.deepEqual(zoomed({ min: 0, max: 10 }, 0.5, 0.5, false), { min: 2.5, max: 7.5 });
  assert.deepEqual(zoomed({ min: 0, max: 10 }, 0.5, 0, false), { min: 0, max: 5 });
  const log = zoomed({ min: 1, max: 10_000 }, 0.5, 0.5, true);
  assert.ok(Math.abs(log.min - 10) < 1e-9 && Math.abs(log.max - 1000) < 1e-6);
  assert.deepEqual(moved({ min: 0, max: 10 }, 0.5, false), { min: 5, max: 15 });
  assert.ok(Math.abs(moved({ min: 1, max: 100 }, 0.5, true).min - 10) < 1e-9);
});

test('quantiles', () => {
  assert.deepEqual([0, 0.5, 1, 0.25].map((share) => quantile([1, 2, 3], share)), [1, 2, 3, 1.5]);
});
