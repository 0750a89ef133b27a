import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fanned, found, scaled, shares, tokenAt, toScreen, toSpiral, wholeSpiral } from './lattice_layout';

const size = { width: 800, height: 600 };

test('tokens of one root stand around its place, each apart, none at the place of another root', () => {
  const xs = [1, 1, 1, 1, 3];
  const ys = [2, 2, 2, 2, 2];
  const { x, y } = fanned(xs, ys);
  assert.deepEqual([x[0], y[0], x[4], y[4]], [1, 2, 3, 2]);
  for (let i = 0; i < 4; ++i) {
    assert.ok(Math.hypot(x[i]! - 1, y[i]! - 2) < 0.88);
    for (let j = 0; j < i; ++j) assert.ok(Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!) > 0.2);
  }
});

test('pixels and places', () => {
  const camera = { x: 3, y: -2, scale: 7 };
  const there = toSpiral(camera, 800, 600, { x: 123, y: 456 });
  const back = toScreen(camera, 800, 600, there);
  assert.ok(Math.abs(back.x - 123) < 1e-9 && Math.abs(back.y - 456) < 1e-9);
  assert.deepEqual(toScreen(wholeSpiral(10, 800, 600), 800, 600, { x: 0, y: 0 }), { x: 400, y: 300 });
});

test('a zoom keeps what is under the pointer, and ends at both ends', () => {
  const camera = wholeSpiral(181, 800, 600);
  const pixel = { x: 100, y: 500 };
  const before = toSpiral(camera, 800, 600, pixel);
  const after = toSpiral(scaled(camera, 5, pixel, size, camera.scale), 800, 600, pixel);
  assert.ok(Math.hypot(before.x - after.x, before.y - after.y) < 1e-9);
  assert.equal(scaled(camera, 0.1, pixel, size, camera.scale).scale, camera.scale);
  assert.equal(scaled(camera, 1e9, pixel, size, camera.scale).scale, 220);
});

test('the token under a pointer', () => {
  assert.equal(tokenAt([0, 5, 9], [0, 5, 9], { x: 5.2, y: 5 }, 1), 1);
  assert.equal(tokenAt([0, 5, 9], [0, 5, 9], { x: 7, y: 7 }, 1), -1);
});

test('shares of a scale', () => {
  assert.deepEqual(shares([1, 2, 3, null, NaN], false).share, [0, 0.5, 1, null, null]);
  assert.deepEqual(shares([4, 4], false).share, [0.5, 0.5]);
  const log = shares([0, 9, 99], true);
  assert.ok(Math.abs(log.share[1]! - 0.5) < 1e-9 && Math.abs(log.max - 99) < 1e-9);
  assert.deepEqual(shares([null], true).share, [null]);
});

test('a search finds equal ones first', () => {
  const texts = [' kings', 'unking', ' king', 'King', 'queen'];
  assert.deepEqual(found(texts, [4, 3, 2, 1, 0], 'king', 10), [3, 2, 0, 1]);
  assert.deepEqual(found(texts, [], '#4', 10), [4]);
  assert.deepEqual(found(texts, [], ' ', 10), []);
  assert.deepEqual(found(texts, [0, 1, 2, 3, 4], 'k', 2).length, 2);
});
