import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { told } from '../shared/api';
import { Notice } from '../shared/notice';
import { amount, bytes, duration, share } from './figures';
import { runId } from './place';
import { spheresNow, spheresVersion } from './run';
import { readSpheres, type Leaf, type SpheresData } from './server';
import { sector, sphereLayout, timeParts, type GroupPlace, type LeafPlace, type SphereLayout } from './sphere_layout';

// What each worker did: the hierarchy as a drawing, and the same as a table.

export function SpheresView() {
  const asked = useSignal<SpheresData | null>(null);
  const fault = useSignal('');
  const id = runId.value;
  useEffect(() => {
    let current = true;
    readSpheres(id).then(
      (read) => {
        if (!current) return;
        asked.value = read;
        fault.value = '';
      },
      (error: unknown) => current && (fault.value = told(error)),
    );
    return () => (current = false);
  }, [id, spheresVersion.value]);
  const data = spheresNow.value ?? asked.value;
  if (data === null) {
    if (fault.value === '') return <p class="about">Reading what the workers did.</p>;
    return (
      <Notice kind="hint">
        <p>{fault.value}</p>
      </Notice>
    );
  }
  const { leaves, permits, step } = data;
  if (leaves.length === 0) return <p class="about empty">The workers are told with the first evaluation.</p>;
  const busy = leaves.map((leaf) => leaf.busy_s);
  const uneven = Math.max(...busy) / Math.max(1e-9, Math.min(...busy));
  return (
    <section aria-labelledby="spheres-title">
      <h2 id="spheres-title">Spheres</h2>
      <p class="about">
        {leaves.length === 1 ? 'One worker' : `${leaves.length} workers`}
        {permits > 0 && permits < leaves.length && `, of which ${permits} may run at once`}; what they did since the
        session began, up to step {(step ?? 0).toLocaleString('en')}.{' '}
        {uneven > 1.2
          ? `The busiest worked ${uneven.toFixed(1)} times as long as the idlest.`
          : 'They share the work evenly.'}
      </p>
      <Drawing data={data} />
      <ul class="key">
        <li class="work">at work</li>
        <li class="accumulation">accumulating gradients</li>
        <li class="waiting">waiting</li>
      </ul>
      <LeafTable leaves={leaves} />
    </section>
  );
}

function Drawing({ data }: { data: SpheresData }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useSignal(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => (width.value = Math.floor(entry!.contentRect.width)));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const layout = width.value > 0 ? sphereLayout(data.groups, data.leaves.length, width.value) : null;
  return (
    <div ref={box} class="spheres">
      {layout !== null && (
        <svg
          width={layout.width}
          height={layout.height}
          role="img"
          aria-label={
            `Node Zero, ${data.groups.length} groups and ${data.leaves.length} workers; ` +
            'the table below has their figures'
          }
        >
          <Threads layout={layout} />
          <Root layout={layout} data={data} />
          {layout.groups.map((place, i) => (
            <GroupSphere key={i} place={place} />
          ))}
          {layout.leaves.map((place) => (
            <LeafSphere key={place.leaf} place={place} leaf={data.leaves[place.leaf]!} most={mostItems(data.leaves)} />
          ))}
        </svg>
      )}
    </div>
  );
}

const mostItems = (leaves: readonly Leaf[]): number => Math.max(1, ...leaves.map((leaf) => leaf.items));

function Threads({ layout }: { layout: SphereLayout }) {
  const above = (parent: number) => (parent < 0 ? layout.root : layout.groups[parent]!);
  return (
    <g class="threads">
      {[...layout.groups, ...layout.leaves].map((place, i) => {
        const from = above(place.parent);
        const middle = (from.y + place.y) / 2;
        return (
          <path key={i} d={`M${from.x} ${from.y}C${from.x} ${middle} ${place.x} ${middle} ${place.x} ${place.y}`} />
        );
      })}
    </g>
  );
}

function Root({ layout, data }: { layout: SphereLayout; data: SpheresData }) {
  const { x, y, radius } = layout.root;
  const items = data.leaves.reduce((sum, leaf) => sum + leaf.items, 0);
  return (
    <g class="node">
      <circle cx={x} cy={y} r={radius} />
      <text x={x} y={y - 2}>
        Node
      </text>
      <text x={x} y={y + 12}>
        Zero
      </text>
      <text class="beside" x={x + radius + 8} y={y + 4}>
        {amount(items)} items
      </text>
    </g>
  );
}

function GroupSphere({ place }: { place: GroupPlace }) {
  const { group, x, y, radius } = place;
  const whole = group.busy_s + group.waiting_s;
  return (
    <g class="node group">
      <circle cx={x} cy={y} r={radius} />
      <path class="work" d={sector(x, y, radius, radius - 5, 0, whole > 0 ? group.busy_s / whole : 0)} />
      <text x={x} y={y + 4}>
        {share(group.busy_s, whole)}
      </text>
      <text class="beside" x={x + radius + 6} y={y + 4}>
        {group.leaves} {group.leaves === 1 ? 'worker' : 'workers'}, {amount(group.items)} items
      </text>
    </g>
  );
}

function LeafSphere({ place, leaf, most }: { place: LeafPlace; leaf: Leaf; most: number }) {
  const { x, y, radius } = place;
  const { work, accumulation, waiting } = timeParts(leaf);
  // Its area says how many items it did.
  const inner = (radius - 9) * Math.sqrt(leaf.items / most);
  return (
    <g class="leaf">
      <circle class="ground" cx={x} cy={y} r={radius} />
      <circle class="items" cx={x} cy={y} r={Math.max(1, inner)} />
      <path class="work" d={sector(x, y, radius, radius - 6, 0, work)} />
      <path class="accumulation" d={sector(x, y, radius, radius - 6, work, work + accumulation)} />
      <path class="waiting" d={sector(x, y, radius, radius - 6, work + accumulation, work + accumulation + waiting)} />
      <text x={x} y={y + 4}>
        {place.leaf}
      </text>
      <title>
        {`Worker ${place.leaf}: ${leaf.items} items, ${leaf.steals} stolen, ` +
          `busy ${share(leaf.busy_s, leaf.busy_s + leaf.waiting_s)}`}
      </title>
    </g>
  );
}

function LeafTable({ leaves }: { leaves: readonly Leaf[] }) {
  return (
    <div class="wide-table" tabIndex={0} role="region" aria-label="Table of workers">
      <table class="plain-table figures">
        <thead>
          <tr>
            <th scope="col">Worker</th>
            <th scope="col">Items</th>
            <th scope="col">Stolen</th>
            <th scope="col">Tokens</th>
            <th scope="col">Memory</th>
            <th scope="col">Busy</th>
            <th scope="col">Waiting</th>
            <th scope="col">Accumulating</th>
            <th scope="col">Share busy</th>
          </tr>
        </thead>
        <tbody>
          {leaves.map((leaf, i) => (
            <tr key={i}>
              <th scope="row">{i}</th>
              <td>{leaf.items.toLocaleString('en')}</td>
              <td>{leaf.steals.toLocaleString('en')}</td>
              <td>{amount(leaf.tokens)}</td>
              <td>{bytes(leaf.bytes)}</td>
              <td>{duration(leaf.busy_s)}</td>
              <td>{duration(leaf.waiting_s)}</td>
              <td>{duration(leaf.accumulation_s)}</td>
              <td>{share(leaf.busy_s, leaf.busy_s + leaf.waiting_s)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
