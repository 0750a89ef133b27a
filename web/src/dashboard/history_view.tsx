import { useSignal } from '@preact/signals';
import { bytes, clock } from './figures';
import { details } from './run';
import type { Checkpoint, RunDetails } from './server';

// The checkpoints that are there, and all that happened.

export function HistoryView() {
  const run = details.value;
  if (run === null) return null;
  return (
    <div class="columns-2">
      <Checkpoints run={run} />
      <Events run={run} />
    </div>
  );
}

function Checkpoints({ run }: { run: RunDetails }) {
  const rows = [...run.checkpoints].sort((a, b) => b.step - a.step);
  return (
    <section aria-labelledby="checkpoints-title">
      <h2 id="checkpoints-title">Checkpoints</h2>
      {rows.length === 0 ? (
        <p class="about empty">None yet.</p>
      ) : (
        <>
          <Timeline run={run} rows={rows} />
          <table class="plain-table">
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col">Size</th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.step}>
                  <th scope="row">{each.step.toLocaleString('en')}</th>
                  <td>{bytes(each.bytes)}</td>
                  <td class="sentence">{stateOf(each, rows[0]!.step)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

const stateOf = (each: Checkpoint, newest: number): string =>
  [
    each.valid ? 'whole' : `damaged${each.reason ? `: ${each.reason}` : ''}`,
    each.best ? 'the best' : '',
    each.step === newest ? 'the newest' : '',
  ]
    .filter(Boolean)
    .join(', ');

function Timeline({ run, rows }: { run: RunDetails; rows: readonly Checkpoint[] }) {
  const whole = Math.max(run.steps ?? 0, run.step, rows[0]!.step, 1);
  const at = (step: number): number => 10 + (580 * step) / whole;
  return (
    <svg
      class="timeline"
      viewBox="0 0 600 40"
      role="img"
      aria-label={`Checkpoints at ${rows.map((each) => each.step).join(', ')} of ${whole} steps`}
    >
      <path class="line" d={`M10 20H590`} />
      <path class="done" d={`M10 20H${at(run.step)}`} />
      {rows.map((each) => (
        <g key={each.step} class={each.valid ? (each.best ? 'best' : '') : 'damaged'}>
          {each.valid ? (
            <circle cx={at(each.step)} cy="20" r={each.best ? 8 : 5} />
          ) : (
            <path d={`M${at(each.step) - 5} 15l10 10m0 -10l-10 10`} />
          )}
          <title>{`Step ${each.step}`}</title>
        </g>
      ))}
    </svg>
  );
}

function Events({ run }: { run: RunDetails }) {
  const kind = useSignal('');
  const all = useSignal(false);
  const kinds = [...new Set(run.events.map((event) => event.kind))].sort();
  const rows = run.events.filter((event) => kind.value === '' || event.kind === kind.value).reverse();
  const shown = all.value ? rows : rows.slice(0, 100);
  return (
    <section aria-labelledby="events-title">
      <div class="row head">
        <h2 id="events-title">Events</h2>
        {kinds.length > 1 && (
          <select
            aria-label="Kind of events"
            value={kind.value}
            onChange={(event) => (kind.value = event.currentTarget.value)}
          >
            <option value="">all kinds</option>
            {kinds.map((each) => (
              <option key={each} value={each}>
                {each.replaceAll('_', ' ')}
              </option>
            ))}
          </select>
        )}
      </div>
      {rows.length === 0 && <p class="about empty">Nothing has happened.</p>}
      <ol class="events">
        {shown.map((event, i) => (
          <li key={rows.length - i} class={event.kind}>
            <span class="soft">
              step {event.step.toLocaleString('en')}
              {event.time !== null && `, ${clock(event.time)}`}
            </span>{' '}
            <strong>{event.kind.replaceAll('_', ' ')}</strong> {event.text}
          </li>
        ))}
      </ol>
      {shown.length < rows.length && (
        <button onClick={() => (all.value = true)}>Show {rows.length - shown.length} older ones</button>
      )}
    </section>
  );
}
