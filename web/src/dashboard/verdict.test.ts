import assert from 'node:assert/strict';
import { test } from 'node:test';
import { better, learningTone, verdictOf, type Contender } from './verdict';

test('an answer and its reason', () => {
  assert.deepEqual(verdictOf('hardly: validation fell by only 0.1 % in the last 100 steps', 'watch'), {
    tone: 'watch',
    answer: 'Hardly',
    why: 'Validation fell by only 0.1 % in the last 100 steps.',
  });
  assert.deepEqual(verdictOf('it ended at step 9', 'good'), { tone: 'good', answer: 'It ended at step 9', why: '' });
  assert.equal(verdictOf('not known yet: too few steps', 'good').tone, 'unknown');
  assert.equal(verdictOf('', 'good').answer, 'Not known yet');
  assert.equal(verdictOf('at 14:05: soon', 'good').answer, 'At 14:05');
});

test('tones', () => {
  assert.deepEqual(['learning', 'plateau', 'memorising', 'diverged', 'unknown', 'x'].map(learningTone), [
    'good',
    'watch',
    'bad',
    'bad',
    'unknown',
    'unknown',
  ]);
});

const run = (name: string, bits: number | null, more: Partial<Contender> = {}): Contender => ({
  name,
  bits,
  whole: true,
  tokens: 1000,
  seconds: 10,
  ...more,
});

test('which is better, by how much and at what cost', () => {
  assert.equal(better([run('a', 2.2), run('b', 2)]), 'b is best: 2 bits per byte, 9.1 % less than a.');
  assert.match(
    better([run('a', 2.2), run('b', 2, { seconds: 30, tokens: 3000 })]),
    /in 3 times its time, having read 3 times its tokens\.$/,
  );
  assert.match(better([run('a', 2.001), run('b', 2)]), /may be the seed alone/);
  assert.match(better([run('a', 2.2, { whole: false }), run('b', 2)]), /roughly/);
  assert.equal(better([run('a', 2.2), run('b', null), run('c', NaN)]), '');
});
