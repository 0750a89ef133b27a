import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Curve } from './curve_store';
import { flopPerToken, movedCurves, namesFor, nearest, withDerived } from './derived';
import { isOpen, kPanels, panelsOf, toggled } from './panels';
import { patternOf } from './patterns';
import { sceneOf, spikes, type Line, type Look } from './scene';

const look: Look = {
  logX: false,
  logY: false,
  zero: false,
  smoothing: 0.9,
  outliers: false,
  from: null,
  to: null,
  clip: null,
  spikes: true,
  sessions: [],
};
const curve = (ys: number[], more: Partial<Curve> = {}): Curve => ({
  x: ys.map((_, i) => i),
  last: ys,
  min: ys,
  max: ys,
  total: ys.length,
  marks: [],
  ...more,
});
const line = (kind: 'train' | 'validation', of: Curve, unit: number | null = null): Line => ({
  key: kind,
  label: kind,
  colour: '#0067a5',
  dash: [],
  kind,
  curve: of,
  unit,
});
const noisy = Array.from({ length: 200 }, (_, i) => 3 + 0.1 * Math.sin(i * 12.9898));

test('training is smoothed on top of what is faint, validation never is', () => {
  const scene = sceneOf([line('train', curve(noisy)), line('validation', curve([3, 2, 1]))], look);
  assert.deepEqual(
    scene.paths.map((path) => [path.alpha < 1, path.y.length]),
    [
      [true, 200],
      [false, 200],
      [false, 3],
    ],
  );
  assert.notDeepEqual(scene.paths[1]!.y, noisy);
  assert.deepEqual(scene.paths[2]!.y, [3, 2, 1]);
  assert.deepEqual([...scene.smooth.keys()], ['train']);
  const raw = sceneOf([line('train', curve(noisy))], { ...look, smoothing: 0 });
  assert.deepEqual(raw.paths.map((path) => path.alpha), [1]);
});

test('a spike is marked and does not crush the range; with outliers it is within', () => {
  const ys = noisy.map((y, i) => (i === 77 ? 900 : y));
  assert.deepEqual(spikes(curve(ys)), [77]);
  const scene = sceneOf([line('train', curve(ys))], look);
  assert.ok(scene.y.max < 20);
  assert.deepEqual(
    scene.marks.map((mark) => [mark.x, mark.shape]),
    [[77, 'spike']],
  );
  assert.ok(sceneOf([line('train', curve(ys))], { ...look, outliers: true }).y.max > 900);
});

test('a spike within a bucket is seen by its maximum', () => {
  const max = noisy.map((y, i) => (i === 50 ? 700 : y));
  const scene = sceneOf([line('train', curve(noisy, { max }))], look);
  assert.equal(scene.bands.length, 1);
  assert.ok(scene.marks.some((mark) => mark.x === 50 && mark.shape === 'spike'));
});

test('neither noise nor a curve that falls has spikes', () => {
  assert.deepEqual(spikes(curve(noisy)), []);
  assert.deepEqual(spikes(curve(Array.from({ length: 300 }, (_, i) => 3 + 4 * Math.exp(-i / 30)))), []);
});

test('what is not finite is a mark, not a hole in the range', () => {
  const ys = noisy.map((y, i) => (i === 9 ? NaN : y));
  const scene = sceneOf([line('train', curve(ys, { marks: [{ x: 9, value: 'nan' }] }))], look);
  assert.ok(Number.isFinite(scene.y.min) && Number.isFinite(scene.y.max));
  assert.deepEqual(scene.marks.map((mark) => mark.shape), ['cross']);
});

test('sessions and the clip line', () => {
  const scene = sceneOf([line('train', curve(noisy))], { ...look, sessions: [0, 50, 900], clip: 1 });
  assert.deepEqual(scene.verticals, [50]);
  assert.equal(scene.clip, 1);
  assert.equal(sceneOf([], { ...look, logY: true, clip: 0 }).clip, null);
});

test('the same place has the same smoothed value at any zoom with the unit of the whole', () => {
  const whole = sceneOf([line('train', curve(noisy), 1)], look).smooth.get('train')!;
  const part = curve(noisy.slice(40), { x: noisy.slice(40).map((_, i) => i + 40) });
  const zoomed = sceneOf([line('train', part, 1)], look).smooth.get('train')!;
  assert.ok(Math.abs(zoomed[150]! - whole[190]!) < 1e-5);
});

test('bits per byte of training, and the gap, are made of what the log has', () => {
  const set = withDerived({
    curves: {
      loss_token: curve([4, 2]),
      val_nats: curve([3], { x: [1] }),
      val_bits_per_byte: curve([1.5], { x: [1] }),
    },
    sessions: [],
  });
  assert.deepEqual(set.curves['train_bits_per_byte']!.last, [2, 1]);
  assert.equal(set.curves['gap']!.x[0], 1);
  assert.ok(set.curves['gap']!.last[0]! > 0 && set.curves['gap']!.last[0]! < 1);
  assert.deepEqual(namesFor(['gap', 'loss_token', 'lr']), ['loss_token', 'val_nats', 'lr']);
  assert.deepEqual(withDerived({ curves: { lr: curve([1]) }, sessions: [] }).curves, { lr: curve([1]) });
});

test('the nearest point', () => {
  assert.deepEqual(
    [-5, 0, 1.4, 1.6, 2, 99].map((x) => nearest([0, 1, 2], x)),
    [0, 0, 1, 2, 2, 2],
  );
  assert.equal(nearest([], 1), -1);
});

test('another axis moves points, marks and sessions', () => {
  const set = movedCurves(
    { curves: { a: curve([1, 2], { marks: [{ x: 1, value: 'nan' }] }) }, sessions: [1] },
    (x) => 10 * x,
  );
  assert.deepEqual([set.curves['a']!.x, set.curves['a']!.marks[0]!.x, set.sessions], [[0, 10], 10, [10]]);
});

test('operations of a token', () => {
  const shape = { layers: 6, width: 384, hidden: 1024, context: 256, vocabulary: 256 };
  assert.equal(
    flopPerToken(shape),
    6 * (6 * (4 * 384 * 384 + 3 * 384 * 1024) + 256 * 384) + 12 * 6 * 256 * 384,
  );
  assert.equal(flopPerToken({}), null);
  assert.equal(flopPerToken(undefined), null);
});

test('few panels are open by themselves, and one can be folded', () => {
  assert.ok(kPanels.filter((panel) => isOpen(panel, null)).length <= 4);
  assert.ok(!isOpen(kPanels[0]!, toggled(null, 'loss')));
  assert.ok(isOpen(kPanels.find((panel) => panel.id === 'gap')!, toggled(null, 'gap')));
  assert.deepEqual(panelsOf(patternOf('grad').matches, false).map((panel) => panel.id), ['gradient']);
  assert.deepEqual(panelsOf(patternOf('^val_').matches, false).map((panel) => panel.id), ['loss', 'bits', 'parts']);
  assert.deepEqual(panelsOf(patternOf('between ranks').matches, false), []);
  assert.deepEqual(
    panelsOf(patternOf('between ranks').matches, true).map((panel) => panel.id),
    ['exchange', 'traffic'],
  );
});
