import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Curve, CurveSet } from './curve_store';
import { linesOf, onAxis, unitOf, type LineRun } from './lines';
import { kPanels } from './panels';
import { placeReading, readingOf } from './readout';
import { sceneOf } from './scene';

const curve = (x: number[], y: number[]): Curve => ({ x, last: y, min: y, max: y, total: x.length, marks: [] });
const set: CurveSet = {
  curves: {
    loss_token: curve([10, 20, 30], [3, 2, 1]),
    val_nats: curve([30], [1.5]),
    step: curve([10, 20, 30], [1, 2, 3]),
  },
  sessions: [20],
};
const run = (id: string, of: CurveSet | undefined = set): LineRun => ({
  id,
  name: id,
  number: id.length,
  set: of,
  unit: 1,
});
const loss = kPanels[0]!;
const colour = (index: number): string => `c${index}`;
const look = {
  logX: false,
  logY: false,
  zero: false,
  smoothing: 0.5,
  outliers: true,
  from: null,
  to: null,
  clip: null,
  spikes: true,
  sessions: [],
};

test('one run has a colour a curve, several have a colour a run', () => {
  const one = linesOf(loss, [run('a')], colour);
  assert.deepEqual(one.map((line) => [line.label, line.colour]), [['training', 'c0'], ['validation', 'c1']]);
  const two = linesOf(loss, [run('a'), run('bb')], colour);
  assert.deepEqual(
    two.map((line) => [line.label, line.colour, line.dash.length > 0]),
    [
      ['a, training', 'c1', false],
      ['a, validation', 'c1', true],
      ['bb, training', 'c2', false],
      ['bb, validation', 'c2', true],
    ],
  );
  assert.equal(new Set(two.map((line) => line.key)).size, 4);
});

test('a run without such records has no line', () => {
  assert.deepEqual(
    linesOf(loss, [run('a', { curves: {}, sessions: [] }), { ...run('b'), set: undefined }], colour),
    [],
  );
});

test('operations are tokens of a kind, and a relative axis begins at zero', () => {
  assert.deepEqual(onAxis(set, 'flop', false, 2).curves['loss_token']!.x, [20, 40, 60]);
  const relative = onAxis(set, 'step', true, null);
  assert.deepEqual([relative.curves['loss_token']!.x, relative.sessions], [[0, 10, 20], [10]]);
  assert.deepEqual(onAxis(set, 'tokens', false, 2).curves['val_nats']!.x, [30]);
});

test('a unit of smoothing is a step, and of long runs a thousandth', () => {
  const short = { step: 500, tokens: 5000, seconds: 50 };
  assert.deepEqual(
    [unitOf('step', short, null), unitOf('tokens', short, null), unitOf('time', short, null)],
    [1, 10, 0.1],
  );
  assert.equal(unitOf('step', { ...short, step: 1_000_000 }, null), 1000);
  assert.equal(unitOf('step', undefined, null), null);
});

test('a place tells raw and smoothed values of the nearest point, and of none the newest', () => {
  const [train, validation] = linesOf(loss, [run('a')], colour);
  const scene = sceneOf([train!, validation!], look);
  const at = readingOf(train!, scene, 19);
  assert.deepEqual([at.x, at.raw], [20, 2]);
  assert.ok(at.smooth! > 2 && at.smooth! < 3);
  assert.equal(readingOf(train!, scene, null).raw, 1);
  assert.deepEqual(readingOf(validation!, scene, 5), { x: 30, raw: 1.5, smooth: null, low: null, high: null });
  assert.deepEqual(placeReading(set, 22), { step: 2, tokens: null, seconds: null, time: null });
});
