import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Notice } from '../shared/notice';
import { amount, bytes, clock, duration, figure, short } from './figures';
import { Swatch } from './panel_view';
import { lookOf } from './palette';
import { Link, StateSign } from './parts';
import { go, place } from './place';
import { filtered, list, listFault, lookNumber, pattern, type NamedRun } from './runs';
import type { RunSummary } from './server';
import { nextSort } from './sorting';
import { lineColour } from './theme';

// All runs, to choose from and to compare.

interface Column {
  readonly name: keyof RunSummary;
  readonly title: string;
  readonly largestFirst: boolean;
  readonly about?: string;
  readonly cell: (run: RunSummary) => ComponentChildren;
}

const kColumns: readonly Column[] = [
  { name: 'state', title: 'State', largestFirst: false, cell: (run) => <StateSign run={run} /> },
  {
    name: 'step',
    title: 'Steps',
    largestFirst: true,
    cell: (run) => (
      <>
        {run.step.toLocaleString('en')}
        {run.steps !== null && run.steps !== run.step && <span class="soft"> of {run.steps.toLocaleString('en')}</span>}
      </>
    ),
  },
  {
    name: 'bits_per_byte',
    title: 'Bits per byte',
    about: 'of the best weights; with ~ on a sample of the validation part',
    largestFirst: false,
    cell: (run) =>
      figure(run.bits_per_byte) === null ? '–' : `${run.whole ? '' : '~'}${short(figure(run.bits_per_byte))}`,
  },
  {
    name: 'loss',
    title: 'Loss',
    about: 'of the last step',
    largestFirst: false,
    cell: (run) => short(figure(run.loss)),
  },
  {
    name: 'tokens_per_second',
    title: 'Tokens/s',
    largestFirst: true,
    cell: (run) => amount(figure(run.tokens_per_second)),
  },
  { name: 'parameters', title: 'Parameters', largestFirst: true, cell: (run) => amount(run.parameters) },
  { name: 'seconds', title: 'Time', about: 'of training', largestFirst: true, cell: (run) => duration(run.seconds) },
  {
    name: 'eta_s',
    title: 'Left',
    largestFirst: false,
    cell: (run) => (run.state === 'running' ? duration(figure(run.eta_s)) : ''),
  },
  { name: 'changed', title: 'Changed', largestFirst: true, cell: (run) => clock(run.changed) },
  { name: 'disk_bytes', title: 'Disk', largestFirst: true, cell: (run) => bytes(run.disk_bytes) },
];

const kFirst = 400; // rows that are drawn at once

export function RunsView() {
  const all = useSignal(false);
  const runs = list.value;
  if (runs === null) {
    return listFault.value === '' ? <p class="about">Reading the runs.</p> : <Fault />;
  }
  const { shown, filter } = place.value;
  const rows = filtered.value;
  const visible = all.value ? rows : rows.slice(0, kFirst);
  return (
    <section aria-labelledby="runs-title">
      <div class="row head">
        <h2 id="runs-title">Runs</h2>
        <span class="about path">{runs.directory}</span>
      </div>
      <Fault />
      <div class="row tools">
        <label class="filter wide">
          <span class="unseen">Runs by name, path, state or text, as a regular expression</span>
          <input
            type="search"
            placeholder="Filter: name, state or text, such as lr.*3|small"
            value={filter}
            aria-invalid={pattern.value.fault !== ''}
            onInput={(event) => go({ filter: event.currentTarget.value })}
          />
        </label>
        <span class="about" role="status">
          {rows.length === runs.runs.length ? `${rows.length} runs` : `${rows.length} of ${runs.runs.length} runs`}
          {pattern.value.fault !== '' && `. ${pattern.value.fault}`}
        </span>
        <span class="push" />
        <button class="quiet" onClick={() => go({ shown: [...new Set([...shown, ...rows.map((run) => run.id)])] })}>
          Show all {filter === '' ? '' : 'of these'}
        </button>
        <button class="quiet" disabled={shown.length === 0} onClick={() => go({ shown: [] })}>
          Hide all
        </button>
        <Link to={{ view: 'compare' }} class={`button ${shown.length > 1 ? 'primary' : ''}`}>
          Compare {shown.length === 0 ? '' : shown.length}
        </Link>
      </div>
      {runs.runs.length === 0 ? (
        <p class="about empty">No run is here yet. One begins with: cllm train TEXT</p>
      ) : (
        <div class="wide-table" tabIndex={0} role="region" aria-label="Table of runs">
          <table class="runs">
            <thead>
              <tr>
                <th scope="col">
                  <span class="unseen">Compare</span>
                </th>
                <Head name="name" title="Run" largestFirst={false} />
                {kColumns.map((column) => (
                  <Head key={column.name} {...column} />
                ))}
              </tr>
            </thead>
            <tbody>
              {visible.map((run) => (
                <Row key={run.id} run={run} on={shown.includes(run.id)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {visible.length < rows.length && (
        <button onClick={() => (all.value = true)}>Show {rows.length - visible.length} more</button>
      )}
    </section>
  );
}

function Fault() {
  if (listFault.value === '') return null;
  return (
    <Notice kind="fault">
      <p>{listFault.value}</p>
    </Notice>
  );
}

function Head({ name, title, largestFirst, about }: Pick<Column, 'name' | 'title' | 'largestFirst' | 'about'>) {
  const { sort } = place.value;
  const direction = sort === name ? 'ascending' : sort === `-${name}` ? 'descending' : undefined;
  return (
    <th scope="col" aria-sort={direction} class={name === 'name' ? 'name' : ''}>
      <button class="plain" title={about} onClick={() => go({ sort: nextSort(sort, name, largestFirst) })}>
        {title}
        <span aria-hidden="true">{direction === undefined ? '' : direction === 'ascending' ? ' ↑' : ' ↓'}</span>
      </button>
    </th>
  );
}

function Row({ run, on }: { run: NamedRun; on: boolean }) {
  const { shown } = place.value;
  const look = lookOf(lookNumber(run.id));
  return (
    <tr class={on ? 'on' : ''}>
      <td>
        <label class="show">
          <input
            type="checkbox"
            checked={on}
            aria-label={`Compare ${run.name}`}
            onChange={() => go({ shown: on ? shown.filter((id) => id !== run.id) : [...shown, run.id] })}
          />
          <Swatch colour={lineColour(look.colour)} dash={look.dash} />
        </label>
      </td>
      <th scope="row" class="name">
        <Link to={{ view: 'overview', run: run.id, from: null, to: null, token: null }}>{run.name}</Link>
        <span class="soft text">{[run.name === run.own_name ? '' : run.own_name, run.text, run.tokenizer].filter(Boolean).join(', ')}</span>
      </th>
      {kColumns.map((column) => (
        <td key={column.name} data-title={column.title}>
          {column.cell(run)}
        </td>
      ))}
    </tr>
  );
}
