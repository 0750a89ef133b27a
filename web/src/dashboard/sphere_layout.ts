import type { Group, Leaf } from './server';

// Where the spheres of a hierarchy are drawn: Node Zero on top, below it its groups, below each of these what it holds,
// and at the bottom the leaves, in rows that a page has room for.

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}
export interface GroupPlace extends Place {
  readonly group: Group;
  readonly parent: number; // index of the group above; -1: Node Zero
}
export interface LeafPlace extends Place {
  readonly leaf: number;
  readonly parent: number; // index of its group; -1: Node Zero
}
export interface SphereLayout {
  readonly width: number;
  readonly height: number;
  readonly root: Place;
  readonly groups: readonly GroupPlace[];
  readonly leaves: readonly LeafPlace[];
}

const kLeaf = 30; // radius
const kStep = 72; // between the middles of leaves
const kGap = 32; // between blocks of leaves
const kLevel = 92; // from one level of spheres to the next
const kColumns = 6; // of a block

export function sphereLayout(groups: readonly Group[], count: number, width: number): SphereLayout {
  const holders = Array.from({ length: count }, (_, leaf) => holderOf(groups, leaf));
  const above = groups.map((_, i) => i).filter((i) => !holders.includes(i)); // hold groups only
  const levels = above.length === 0 ? 0 : 1 + Math.max(...above.map((i) => depthOf(groups, groups[i]!)));
  const { leaves, heads, bottom } = placeBlocks(blocksOf(holders), 40 + kLevel * (levels + 1), width);
  const places = groups.map((group, i): GroupPlace => {
    const parent = parentOf(groups, group);
    const head = heads.get(i);
    if (head !== undefined) return { group, parent, ...head, radius: 26 };
    const depth = depthOf(groups, group);
    const row = above.filter((each) => depthOf(groups, groups[each]!) === depth);
    return {
      group,
      parent,
      x: (width * (row.indexOf(i) + 0.5)) / row.length,
      y: 40 + kLevel * (depth + 1),
      radius: 26,
    };
  });
  return { width, height: bottom + kLeaf + 16, root: { x: width / 2, y: 40, radius: 30 }, groups: places, leaves };
}

interface Block {
  readonly first: number;
  size: number;
  readonly parent: number;
}

// Blocks of leaves beside each other while there is room, each below its group.
function placeBlocks(blocks: readonly Block[], top: number, width: number) {
  const leaves: LeafPlace[] = [];
  const heads = new Map<number, { x: number; y: number }>();
  let y = top;
  let rest = [...blocks];
  let bottom = top;
  while (rest.length > 0) {
    const row: { block: Block; columns: number }[] = [];
    let used = 0;
    for (const block of rest) {
      const columns = Math.max(1, Math.min(block.size, kColumns, Math.floor((width - kGap) / kStep)));
      if (row.length > 0 && used + columns * kStep + kGap > width) break;
      row.push({ block, columns });
      used += columns * kStep + kGap;
    }
    let x = (width - used) / 2 + kGap / 2;
    for (const { block, columns } of row) {
      const below = block.parent < 0 ? 0 : kLevel;
      if (block.parent >= 0 && !heads.has(block.parent)) heads.set(block.parent, { x: x + (columns * kStep) / 2, y });
      for (let i = 0; i < block.size; ++i) {
        const place = { x: x + ((i % columns) + 0.5) * kStep, y: y + below + Math.floor(i / columns) * kStep };
        leaves.push({ leaf: block.first + i, parent: block.parent, ...place, radius: kLeaf });
        bottom = Math.max(bottom, place.y);
      }
      x += columns * kStep + kGap;
    }
    y = bottom + kLevel;
    rest = rest.slice(row.length);
  }
  return { leaves, heads, bottom };
}

const holds = (group: Group, leaf: number): boolean =>
  leaf >= group.first_leaf && leaf < group.first_leaf + group.leaves;

// The smallest group that holds a leaf.
function holderOf(groups: readonly Group[], leaf: number): number {
  let best = -1;
  groups.forEach((group, i) => {
    if (holds(group, leaf) && (best < 0 || group.leaves < groups[best]!.leaves)) best = i;
  });
  return best;
}

// The smallest group that holds another one whole.
function parentOf(groups: readonly Group[], child: Group): number {
  let best = -1;
  groups.forEach((group, i) => {
    if (group === child || group.leaves <= child.leaves || !holds(group, child.first_leaf)) return;
    if (best < 0 || group.leaves < groups[best]!.leaves) best = i;
  });
  return best;
}

function depthOf(groups: readonly Group[], group: Group): number {
  const parent = parentOf(groups, group);
  return parent < 0 ? 0 : 1 + depthOf(groups, groups[parent]!);
}

function blocksOf(holders: readonly number[]): Block[] {
  const blocks: Block[] = [];
  holders.forEach((parent, leaf) => {
    const last = blocks.at(-1);
    if (last !== undefined && last.parent === parent) ++last.size;
    else blocks.push({ first: leaf, size: 1, parent });
  });
  return blocks;
}

// The parts of a worker's time: busy without accumulating, accumulating, waiting.
export interface TimeParts {
  readonly work: number;
  readonly accumulation: number;
  readonly waiting: number;
}

export function timeParts(leaf: Pick<Leaf, 'busy_s' | 'waiting_s' | 'accumulation_s'>): TimeParts {
  const whole = leaf.busy_s + leaf.waiting_s;
  if (!(whole > 0)) return { work: 0, accumulation: 0, waiting: 0 };
  const accumulation = Math.min(leaf.accumulation_s, leaf.busy_s);
  return {
    work: (leaf.busy_s - accumulation) / whole,
    accumulation: accumulation / whole,
    waiting: leaf.waiting_s / whole,
  };
}

// A ring's sector from one share of the circle to another, from the top clockwise.
export function sector(x: number, y: number, outer: number, inner: number, from: number, to: number): string {
  if (to - from < 1e-6) return '';
  const end = Math.min(to, from + 0.99999);
  const at = (share: number, radius: number): string => {
    const angle = 2 * Math.PI * share - Math.PI / 2;
    return `${(x + radius * Math.cos(angle)).toFixed(2)} ${(y + radius * Math.sin(angle)).toFixed(2)}`;
  };
  const large = end - from > 0.5 ? 1 : 0;
  return (
    `M${at(from, outer)}A${outer} ${outer} 0 ${large} 1 ${at(end, outer)}` +
    `L${at(end, inner)}A${inner} ${inner} 0 ${large} 0 ${at(from, inner)}Z`
  );
}
