import assert from 'node:assert/strict';
import { test } from 'node:test';
import { better, learning, memorising, type Contender } from './verdict';

const scores = (nats: number[]) => ({ steps: nats.map((_, i) => 100 * (i + 1)), nats });

test('a run whose validation still falls is learning', () => {
  assert.equal(learning(scores([4, 3, 2.5, 2.2, 2.1]), 'running').tone, 'good');
  assert.equal(learning(scores([4, 3, 2.5, 2.2, 2.1]), 'stopped').answer, 'It was still learning');
});

test('a run that gains nothing is told so, with its best', () => {
  const flat = learning(scores([4, 3, 2.5, 2.1, 2.2, 2.15, 2.2, 2.3]), 'running');
  assert.equal(flat.tone, 'watch');
  assert.match(flat.why, /nothing; the best, 2\.1 nats, was at 400/);
});

test('few evaluations, or none that are finite, tell nothing', () => {
  assert.equal(learning(scores([4, 3]), 'running').tone, 'unknown');
  assert.equal(learning(scores([NaN, NaN, NaN, NaN, 1]), 'running').tone, 'unknown');
  assert.equal(memorising(scores([4, 3, 2, 1]), [], false).tone, 'unknown');
});

test('validation that rises while the gap widens is memorising', () => {
  const rising = scores([4, 3, 2, 2.2, 2.3, 2.4]);
  assert.equal(memorising(rising, [0.1, 0.1, 0.2, 0.6, 0.9, 1.2], false).tone, 'bad');
  assert.equal(memorising(rising, [0.1, 0.1, 0.2, 0.2, 0.15, 0.1], false).tone, 'good', 'training rises, too');
  assert.equal(memorising(scores([4, 3, 2.5, 2.2]), [0.1, 0.1, 0.1, 0.1], false).answer, 'No');
  assert.equal(memorising(scores([4, 3, 2.5, 2.2]), [0.1, 0.1, 0.2, 0.5], false).tone, 'watch');
});

const run = (name: string, bits: number | null, more: Partial<Contender> = {}): Contender => ({
  name,
  bits,
  whole: true,
  tokens: 1000,
  seconds: 10,
  memorising: false,
  ...more,
});

test('which is better, by how much and at what cost', () => {
  assert.equal(better([run('a', 2.2), run('b', 2)]), 'b is best: 2 bits per byte, 9.1 % less than a.');
  assert.match(better([run('a', 2.2), run('b', 2, { seconds: 30, tokens: 3000 })]), /in 3 times its time, having read 3 times its tokens\.$/);
  assert.match(better([run('a', 2.001), run('b', 2)]), /may be the seed alone/);
  assert.match(better([run('a', 2.2, { whole: false }), run('b', 2)]), /roughly/);
  assert.equal(better([run('a', 2.2), run('b', null), run('c', NaN)]), '');
});
