import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Group } from './server';
import { sector, sphereLayout, timeParts } from './sphere_layout';

const group = (level: number, first_leaf: number, leaves: number): Group => ({
  level,
  first_leaf,
  leaves,
  items: 0,
  steals: 0,
  busy_s: 0,
  waiting_s: 0,
});

function apart(width: number, groups: Group[], count: number): void {
  const layout = sphereLayout(groups, count, width);
  assert.equal(layout.leaves.length, count);
  layout.leaves.forEach((leaf, i) => {
    assert.equal(leaf.leaf, i);
    assert.ok(leaf.x - leaf.radius >= 0 && leaf.x + leaf.radius <= width, `leaf ${i} at ${leaf.x} of ${width}`);
    assert.ok(leaf.y + leaf.radius <= layout.height);
    for (const other of layout.leaves.slice(i + 1)) {
      assert.ok(Math.hypot(leaf.x - other.x, leaf.y - other.y) >= 2 * leaf.radius, `leaves ${i} and ${other.leaf}`);
    }
  });
  layout.groups.forEach((place, i) => {
    assert.ok(
      layout.leaves
        .filter((leaf) => leaf.parent === i)
        .every((leaf) => leaf.y - leaf.radius > place.y + place.radius),
    );
    for (const other of layout.groups.slice(i + 1)) {
      assert.ok(Math.hypot(place.x - other.x, place.y - other.y) >= 2 * place.radius, `groups ${i} and another`);
    }
  });
}

test('two workers, sixty-three in six groups, on a desk and on a phone: none covers another', () => {
  const six = Array.from({ length: 6 }, (_, i) => group(1, i * 12, Math.min(12, 63 - i * 12)));
  for (const width of [320, 700, 1100]) {
    apart(width, [group(1, 0, 2)], 2);
    apart(width, six, 63);
    apart(width, [], 5);
    apart(width, [group(2, 0, 24), group(1, 0, 12), group(1, 12, 12)], 24);
  }
});

test('a group hangs below the smallest that holds it, a leaf below its own', () => {
  const layout = sphereLayout([group(2, 0, 24), group(1, 0, 12), group(1, 12, 12)], 24, 900);
  assert.deepEqual(
    layout.groups.map((place) => place.parent),
    [-1, 0, 0],
  );
  assert.deepEqual([layout.leaves[0]!.parent, layout.leaves[23]!.parent], [1, 2]);
  assert.ok(layout.groups[1]!.y > layout.groups[0]!.y);
});

test('the parts of the time are the whole', () => {
  const { work, accumulation, waiting } = timeParts({ busy_s: 8, waiting_s: 2, accumulation_s: 1 });
  assert.deepEqual([work, accumulation, waiting], [0.7, 0.1, 0.2]);
  assert.deepEqual(timeParts({ busy_s: 0, waiting_s: 0, accumulation_s: 0 }), { work: 0, accumulation: 0, waiting: 0 });
});

test('sectors', () => {
  assert.equal(sector(0, 0, 10, 5, 0.2, 0.2), '');
  assert.ok(sector(0, 0, 10, 5, 0, 1).includes(' 1 1 '));
  assert.ok(!/NaN/.test(sector(0, 0, 10, 5, 0, 0.3)));
});
