import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CurveStore, type Wish } from './curve_store';
import type { CurvesData } from './server';

const wish: Wish = { runs: ['a'], names: ['loss'], axis: 'step', from: null, to: null, points: 100 };
const data = (last: (number | string)[]): CurvesData => ({
  x: 'step',
  curves: { loss: { x: last.map((_, i) => i), last, min: last, max: last, total: last.length, marks: [] } },
  sessions: [],
});
const settled = async (store: CurveStore): Promise<void> => {
  while (store.reading.value) await new Promise(setImmediate);
};

test('what is not finite becomes a number that says so', async () => {
  const store = new CurveStore(async () => data([1, 'nan', 'inf', '-inf']));
  store.want(wish);
  await settled(store);
  assert.deepEqual(store.sets.value.get('a')!.curves['loss']!.last, [1, NaN, Infinity, -Infinity]);
});

test('of wishes that come while it reads the newest is read', async () => {
  const asked: (number | null)[] = [];
  const store = new CurveStore(async (_, __, window) => {
    asked.push(window.from);
    return data([1]);
  });
  for (const from of [1, 2, 3, 4]) store.want({ ...wish, from });
  await settled(store);
  assert.deepEqual(asked, [1, 4]);
  assert.equal(store.answered.value!.from, 4);
});

test('what was read stays when the server goes away, and a fault is told', async () => {
  let fails = false;
  const store = new CurveStore(async () => {
    if (fails) throw new Error('gone');
    return data([1]);
  });
  store.want(wish);
  await settled(store);
  fails = true;
  store.want(wish);
  await settled(store);
  assert.notEqual(store.fault.value, '');
  assert.equal(store.sets.value.get('a')!.curves['loss']!.last[0], 1);
  fails = false;
  store.want(wish);
  await settled(store);
  assert.equal(store.fault.value, '');
});

test('a run that is not wished for any more is left out; ' +
  'floating point operations are asked for as tokens', async () => {
  const axes: string[] = [];
  const store = new CurveStore(async (_, __, window) => {
    axes.push(window.axis);
    return data([1]);
  });
  store.want({ ...wish, runs: ['a', 'b'] });
  await settled(store);
  store.want({ ...wish, runs: ['b'], axis: 'flop' });
  await settled(store);
  assert.deepEqual([...store.sets.value.keys()], ['b']);
  assert.equal(axes.at(-1), 'tokens');
});

test('the newest part of a long log is read again until the rest is there, and no longer', async () => {
  let reads = 0;
  const store = new CurveStore(async () => ({ ...data(reads === 0 ? [2] : [1, 2]), whole: ++reads > 2 }), 1);
  store.want(wish);
  await settled(store);
  assert.equal(store.sets.value.get('a')!.whole, false);
  while (reads < 3) await new Promise(setImmediate);
  await settled(store);
  assert.deepEqual(store.sets.value.get('a')!.curves['loss']!.last, [1, 2]);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reads, 3);
});

test('a wish that comes while one is to be read again takes its place', async () => {
  const asked: (number | null)[] = [];
  const store = new CurveStore(async (_, __, window) => {
    asked.push(window.from);
    return { ...data([1]), whole: window.from !== null };
  }, 1);
  store.want(wish);
  await settled(store);
  store.want({ ...wish, from: 7 });
  await settled(store);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(asked, [null, 7]);
});
