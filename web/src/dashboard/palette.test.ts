import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assigned, kDark, kLight, lookOf, rgb, scaleColour } from './palette';
import { patternOf } from './patterns';

function luminance(colour: string): number {
  const [r, g, b] = rgb(colour).map((value) => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(a: string, b: string): number {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high! + 0.05) / (low! + 0.05);
}

test('every line stands out from its ground by 3 to 1, text by 4.5 to 1', () => {
  for (const palette of [kLight, kDark]) {
    for (const line of palette.lines) assert.ok(contrast(line, palette.sheet) >= 3, `${line} on ${palette.sheet}`);
    for (const ink of [palette.ink, palette.soft]) assert.ok(contrast(ink, palette.sheet) >= 4.5);
  }
});

test('twenty-eight curves have looks of their own', () => {
  const looks = Array.from({ length: 28 }, (_, i) => JSON.stringify(lookOf(i)));
  assert.equal(new Set(looks).size, 28);
});

test('a run keeps its number when others come and go', () => {
  const first = assigned(new Map(), ['b', 'a', 'c']);
  assert.deepEqual([...first].sort(), [['a', 0], ['b', 1], ['c', 2]]);
  const second = assigned(first, ['c', 'A', 'b']);
  assert.deepEqual([second.get('b'), second.get('c'), second.get('A')], [1, 2, 0]);
  const many = assigned(second, Array.from({ length: 200 }, (_, i) => `r${i}`).concat('c'));
  assert.equal(many.get('c'), 2);
  assert.equal(new Set(many.values()).size, 201);
});

test('the scale goes from one end to the other', () => {
  assert.notEqual(scaleColour(0, false), scaleColour(1, false));
  assert.equal(scaleColour(1, true), '#fde725');
  assert.equal(scaleColour(0, false), '#440154');
});

test('filters', () => {
  assert.ok(patternOf('lr.*1$').matches('LR=0.01') && !patternOf('lr.*1$').matches('lr=0.02'));
  assert.ok(patternOf(' ').matches('anything'));
  const broken = patternOf('a(b');
  assert.ok(broken.fault !== '' && broken.matches('xA(By') && !broken.matches('ab'));
});
