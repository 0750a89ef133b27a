import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { seldom } from './seldom';

test('work that is asked for a thousand times a second is done once a second, ' +
  'and once more after the last time', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  try {
    let done = 0;
    const ask = seldom(() => ++done, 1000);
    for (let i = 0; i < 2500; ++i) {
      ask();
      mock.timers.tick(1);
      await Promise.resolve();
    }
    assert.equal(done, 3); // at 0, 1 and 2 s
    mock.timers.tick(1000);
    assert.equal(done, 4);
    mock.timers.tick(10_000);
    assert.equal(done, 4);
  } finally {
    mock.timers.reset();
  }
});

test('work that takes longer is not done twice at once', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 });
  try {
    let open = 0;
    let most = 0;
    let begun = 0;
    let finish: () => void = () => undefined;
    const ask = seldom(() => {
      ++begun;
      most = Math.max(most, ++open);
      return new Promise<void>((resolve) => (finish = () => (--open, resolve())));
    }, 10);
    for (let i = 0; i < 100; ++i) {
      ask();
      mock.timers.tick(1);
    }
    assert.deepEqual([begun, most], [1, 1]);
    finish();
    await new Promise(setImmediate);
    mock.timers.tick(0);
    assert.deepEqual([begun, most], [2, 1]);
  } finally {
    mock.timers.reset();
  }
});
