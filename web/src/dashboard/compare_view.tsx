import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ChartsView } from './charts_view';
import { differences } from './differences';
import { amount, duration, figure, short } from './figures';
import { Swatch } from './panel_view';
import { lookOf } from './palette';
import { Link, StateSign } from './parts';
import { go, place } from './place';
import { list, lookNumber } from './runs';
import { readRun, type RunDetails, type RunSummary } from './server';
import { lineColour } from './theme';
import { better } from './verdict';

// Runs beside each other: which is better, and why.

const kMostCurves = 60; // runs whose curves are drawn
const kMostConfigs = 200;

export function CompareView() {
  const { shown } = place.value;
  const configs = useSignal<ReadonlyMap<string, RunDetails>>(new Map());
  const runs = (list.value?.runs ?? []).filter((run) => shown.includes(run.id));
  const ids = runs.map((run) => run.id);
  useEffect(() => {
    let current = true;
    void (async () => {
      for (const id of ids.slice(0, kMostConfigs)) {
        if (!current) return;
        if (configs.peek().has(id)) continue;
        try {
          const read = await readRun(id);
          if (current) configs.value = new Map(configs.peek()).set(id, read);
        } catch {
          // Gone meanwhile: the list will say so.
        }
      }
    })();
    return () => (current = false);
  }, [ids.join('\n')]);
  if (list.value === null) return <p class="about">Reading the runs.</p>;
  if (runs.length < 2) {
    return (
      <p class="about empty">
        Choose two runs or more in the <Link to={{ view: 'runs' }}>list of runs</Link>.
      </p>
    );
  }
  const verdict = better(
    runs.map((run) => ({
      name: run.name,
      bits: figure(run.bits_per_byte),
      whole: run.whole,
      tokens: run.tokens,
      seconds: run.seconds,
    })),
  );
  return (
    <div class="compare">
      <h2>{runs.length} runs compared</h2>
      {verdict !== '' && <p class="verdict">{verdict}</p>}
      <Scores runs={runs} />
      <Differences runs={runs} configs={configs.value} />
      {ids.length > kMostCurves && (
        <p class="about">
          The charts show {kMostCurves} of them. Fewer can be chosen in
          the <Link to={{ view: 'runs' }}>list of runs</Link>.
        </p>
      )}
      <ChartsView runs={ids.slice(0, kMostCurves)} known={configs.value} />
    </div>
  );
}

function Scores({ runs }: { runs: readonly RunSummary[] }) {
  const { shown } = place.value;
  const best = Math.min(...runs.map((run) => figure(run.bits_per_byte) ?? Infinity));
  const sorted = [...runs].sort(
    (a, b) => (figure(a.bits_per_byte) ?? Infinity) - (figure(b.bits_per_byte) ?? Infinity),
  );
  return (
    <div class="wide-table" tabIndex={0} role="region" aria-label="Best and last values">
      <table class="plain-table scores">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">Best, bits per byte</th>
            <th scope="col">Best, nats</th>
            <th scope="col">At step</th>
            <th scope="col">Last loss</th>
            <th scope="col">Steps</th>
            <th scope="col">Tokens</th>
            <th scope="col">Time</th>
            <th scope="col">Tokens/s</th>
            <th scope="col">State</th>
            <th scope="col">
              <span class="unseen">Hide</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sorted.map((run) => {
            const bits = figure(run.bits_per_byte);
            const look = lookOf(lookNumber(run.id));
            return (
              <tr key={run.id} class={bits === best ? 'best' : ''}>
                <th scope="row">
                  <Swatch colour={lineColour(look.colour)} dash={look.dash} />
                  <Link to={{ view: 'overview', run: run.id, from: null, to: null }}>{run.name}</Link>
                </th>
                <td>
                  {bits !== null && !run.whole && '~'}
                  {short(bits)}
                </td>
                <td>{short(figure(run.nats))}</td>
                <td>{run.best_step?.toLocaleString('en') ?? '–'}</td>
                <td>{short(figure(run.loss))}</td>
                <td>{run.step.toLocaleString('en')}</td>
                <td>{amount(run.tokens)}</td>
                <td>{duration(run.seconds)}</td>
                <td>{amount(figure(run.tokens_per_second))}</td>
                <td>
                  <StateSign run={run} />
                </td>
                <td>
                  <button
                    class="quiet"
                    aria-label={`Hide ${run.name}`}
                    onClick={() => go({ shown: shown.filter((id) => id !== run.id) })}
                  >
                    ✕
                  </button>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function Differences({ runs, configs }: { runs: readonly RunSummary[]; configs: ReadonlyMap<string, RunDetails> }) {
  const known = runs.filter((run) => configs.has(run.id));
  const rows = differences(known.map((run) => configs.get(run.id)!.config).map(withoutPace));
  if (known.length < 2) return <p class="about">Reading the configurations.</p>;
  if (rows.length === 0) return <p class="about">Their configurations are the same.</p>;
  return (
    <section aria-labelledby="differences-title">
      <h3 id="differences-title">In what their configurations differ</h3>
      <div class="wide-table" tabIndex={0} role="region" aria-label="Differences of the configurations">
        <table class="plain-table differences">
          <thead>
            <tr>
              <th scope="col">Setting</th>
              {known.map((run) => (
                <th scope="col" key={run.id}>
                  {run.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row">{row.name}</th>
                {row.values.map((value, i) => (
                  <td key={known[i]!.id}>{value === '' ? <span class="soft">not set</span> : value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

// How a run by time kept its pace is no choice of anybody.
function withoutPace(config: Record<string, unknown>): Record<string, unknown> {
  const { pace: _, ...rest } = config;
  return rest;
}
