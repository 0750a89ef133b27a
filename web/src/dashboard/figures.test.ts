import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, brief, bytes, clock, duration, figure, fileName, short } from './figures';

test('figures of JSON that are not finite', () => {
  assert.ok(Number.isNaN(figure('nan')));
  assert.deepEqual(
    [figure('inf'), figure('-inf'), figure(1.5), figure(null), figure('7'), figure(undefined)],
    [Infinity, -Infinity, 1.5, null, null, null],
  );
});

test('numbers have four digits that say something', () => {
  const cases: [number | null, string][] = [
    [3.518738339, '3.519'],
    [0.00143456, '0.001435'],
    [0.1, '0.1'],
    [12345.6, '12,346'],
    [5423.4, '5,423'],
    [999.94, '999.9'],
    [1.234e-7, '1.2e-7'],
    [0, '0'],
    [-2.5, '-2.5'],
    [NaN, 'NaN'],
    [-Infinity, '−∞'],
    [null, '–'],
  ];
  for (const [value, text] of cases) assert.equal(short(value), text);
});

test('amounts and bytes', () => {
  assert.deepEqual([843, 12_300, 430_752, 935_040, 1.2e9].map(amount), ['843', '12.3 K', '431 K', '935 K', '1.2 B']);
  assert.deepEqual([0, 999, 1_500, 40_181_760, 2.5e9].map(bytes), ['0 B', '999 B', '1.5 kB', '40.2 MB', '2.5 GB']);
});

test('durations have their two largest units', () => {
  const cases: [number, string][] = [
    [0.2, '0 s'],
    [48, '48 s'],
    [200, '3 min 20 s'],
    [7500, '2 h 5 min'],
    [3600, '1 h'],
    [273_700, '3 d 4 h'],
  ];
  for (const [seconds, text] of cases) assert.equal(duration(seconds), text);
  assert.deepEqual([1.5, 0.0775, 0.00047].map(brief), ['1.5 s', '77.5 ms', '470 µs']);
});

test('a finish clock names the day where it is another', () => {
  const noon = new Date(2026, 10, 27, 12, 0, 0).getTime() / 1000;
  assert.equal(clock(noon + 7500, noon), '14:05');
  assert.equal(clock(noon + 15 * 3600, noon), 'tomorrow, 03:00');
  assert.equal(clock(noon - 86400, noon), 'yesterday, 12:00');
  assert.match(clock(noon + 3 * 86400, noon), /^Mon,? 30 Nov, 12:00$/);
  assert.match(clock(noon + 60 * 86400, noon), /2027, 12:00$/);
});

test('names of files', () => {
  assert.deepEqual(['a/b c', '../x', '<script>', ''].map(fileName), ['a-b-c', 'x', 'script', 'chart']);
});
