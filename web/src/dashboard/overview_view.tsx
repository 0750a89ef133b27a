import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { told } from '../shared/api';
import { Notice } from '../shared/notice';
import { ChartsView } from './charts_view';
import { amount, brief, bytes, clock, duration, figure, short } from './figures';
import { Command, Ending, Facts, Link, LiveSign, Progress, StateSign } from './parts';
import { details, left_s, newest, running } from './run';
import { RunNote } from './run_note';
import { ask, type RunDetails } from './server';
import { learningTone, verdictOf, type Verdict } from './verdict';

// A run at a glance: does it learn, does it memorise, what limits it, when does it end.

export function OverviewView() {
  const run = details.value;
  if (run === null) return null;
  return (
    <div class="overview">
      <Now run={run} />
      <Answers run={run} />
      <Alerts run={run} />
      <ChartsView runs={[run.id]} only={['loss', 'speed']} />
      <div class="columns-2">
        <section aria-labelledby="about-title">
          <h3 id="about-title">What it is</h3>
          <Facts rows={factsOf(run)} />
          <RunNote id={run.id} name={run.name} />
        </section>
        <section aria-labelledby="split-title">
          <h3 id="split-title">Where a step's time goes</h3>
          <Split run={run} />
          <h3>Memory</h3>
          <Facts rows={memoryOf(run)} />
        </section>
      </div>
      <Commands run={run} />
    </div>
  );
}

function Now({ run }: { run: RunDetails }) {
  const step = newest.value;
  const at = Math.max(step?.step ?? 0, run.step);
  return (
    <section class="now" aria-label="State">
      <p class="row">
        <StateSign run={run} /> <LiveSign />
        <span class="push" />
        <Controls run={run} />
      </p>
      <Progress step={at} steps={run.steps} />
      <Facts
        rows={[
          ['Step', `${at.toLocaleString('en')}${run.steps === null ? '' : ` of ${run.steps.toLocaleString('en')}`}`],
          ...(running.value
            ? ([['Ends', <Ending key="e" />]] as const)
            : ([['Last change', clock(run.changed)]] as const)),
          ['Loss', short(step?.loss_token ?? figure(run.loss))],
          [
            'Best, bits per byte',
            `${run.whole ? '' : '~'}${short(figure(run.bits_per_byte))}` +
              (run.best_step === null ? '' : ` at step ${run.best_step.toLocaleString('en')}`),
          ],
          ['Tokens', amount(step?.tokens ?? run.tokens)],
          ['Tokens a second', amount(step?.tok_s ?? figure(run.tokens_per_second))],
          ['Trained for', duration(run.seconds)],
        ]}
      />
    </section>
  );
}

function Controls({ run }: { run: RunDetails }) {
  const answer = useSignal('');
  const sure = useSignal(false);
  if (!running.value || run.controls.length === 0) return null;
  const does: Record<string, string> = {
    save: 'It saves a checkpoint after this step.',
    stop: 'It stops after this step and saves.',
    sample: 'It writes a sample after this step.',
  };
  const send = async (what: string): Promise<void> => {
    sure.value = false;
    try {
      await ask(run.id, what);
      answer.value = does[what] ?? 'Asked.';
    } catch (error) {
      answer.value = told(error);
    }
  };
  return (
    <span class="row controls" role="group" aria-label="Ask the training">
      <span class="about" role="status">
        {answer.value}
      </span>
      {run.controls.includes('sample') && <button onClick={() => void send('sample')}>Sample now</button>}
      {run.controls.includes('save') && <button onClick={() => void send('save')}>Save now</button>}
      {run.controls.includes('stop') &&
        (sure.value ? (
          <>
            <button class="danger" onClick={() => void send('stop')}>
              Yes, stop it
            </button>
            <button class="quiet" onClick={() => (sure.value = false)}>
              Go on
            </button>
          </>
        ) : (
          <button onClick={() => (sure.value = true)}>Stop</button>
        ))}
    </span>
  );
}

function Answers({ run }: { run: RunDetails }) {
  const { facts } = run;
  const memorises = run.alerts.some((alert) => alert.kind === 'memorising');
  const slow = run.alerts.some((alert) => alert.kind === 'slow');
  return (
    <section class="answers" aria-label="Answers">
      <Answer
        question="Is it still learning?"
        verdict={verdictOf(facts.learning_text ?? '', learningTone(facts.learning ?? ''))}
      />
      <Answer
        question="Is it memorising?"
        verdict={verdictOf(facts.memorising_text ?? '', memorises ? 'bad' : 'good')}
      />
      <Answer question="What limits its speed?" verdict={verdictOf(run.limits.text, slow ? 'watch' : 'good')} />
      <Answer question="When will it end?" verdict={endOf(run)} />
    </section>
  );
}

function Answer({ question, verdict }: { question: string; verdict: Verdict }) {
  const sign = { good: '●', watch: '▲', bad: '■', unknown: '○' }[verdict.tone];
  return (
    <article class={`answer ${verdict.tone}`}>
      <h3>{question}</h3>
      <p class="said">
        <span class="sign" aria-hidden="true">
          {sign}
        </span>{' '}
        {verdict.answer}
      </p>
      {verdict.why !== '' && <p>{verdict.why}</p>}
    </article>
  );
}

// Of a run that trains by this machine's clock, which is the reader's.
function endOf(run: RunDetails): Verdict {
  const left = left_s.value;
  if (running.value && left !== null) {
    return {
      tone: 'good',
      answer: clock(Date.now() / 1000 + left),
      why: `In ${duration(left)}, with evaluations and saves.`,
    };
  }
  const bad = run.state === 'damaged' || run.reason === 'diverged';
  const verdict = verdictOf(run.facts.end_text ?? '', bad ? 'bad' : 'good');
  return run.state === 'damaged' ? { tone: 'bad', answer: 'It is damaged', why: run.reason } : verdict;
}

function Alerts({ run }: { run: RunDetails }) {
  if (run.alerts.length === 0) return null;
  return (
    <section aria-label="Alerts" class="alerts">
      {run.alerts.map((alert) => (
        <Notice key={alert.kind + alert.step} kind="hint">
          <p>
            <strong>{alert.kind.replace('_', ' ')}</strong>, step {alert.step.toLocaleString('en')}: {alert.text}
          </p>
        </Notice>
      ))}
    </section>
  );
}

const kParts: readonly (readonly [string, string])[] = [
  ['items_s', 'forward and backward'],
  ['update_s', 'update of the weights'],
  ['reduce_s', 'reduction'],
  ['pack_s', 'packing'],
  ['eval_s', 'evaluations'],
];

function Split({ run }: { run: RunDetails }) {
  const parts = kParts
    .map(([name, label]) => ({ label, seconds: figure(run.parts?.[name]) ?? 0 }))
    .filter(({ seconds }) => seconds > 0 && Number.isFinite(seconds));
  const whole = parts.reduce((sum, part) => sum + part.seconds, 0);
  if (whole === 0) return <p class="about">Not known yet.</p>;
  return (
    <table class="split">
      <tbody>
        {parts.map((part) => (
          <tr key={part.label}>
            <th scope="row">{part.label}</th>
            <td>{brief(part.seconds)}</td>
            <td>{Math.round((100 * part.seconds) / whole)} %</td>
            <td class="bar-cell">
              <span class="bar" aria-hidden="true">
                <span style={{ width: `${(100 * part.seconds) / whole}%` }} />
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const factsOf = (run: RunDetails): [string, ComponentChildren][] => {
  const of = (name: string): string | null => {
    const value = run.description[name];
    return value === undefined || value === null ? null : String(value);
  };
  // "2 workers"; nothing where the number is `plain`.
  const counted = (what: string, plain: string): string => {
    const count = of(`${what}s`);
    return count === null || count === plain ? '' : `${count} ${what}${count === '1' ? '' : 's'}`;
  };
  const shape = ['layers', 'heads', 'width', 'hidden', 'context'].filter((name) => of(name) !== null);
  const rows: [string, ComponentChildren][] = [
    ['Text', run.text],
    ['Parameters', amount(run.parameters)],
    ['Shape', shape.map((name) => `${name} ${of(name)}`).join(', ')],
    ['Tokenizer', run.tokenizer],
    ['Optimizer', [of('optimizer'), of('precision')].filter(Boolean).join(', ')],
    ['Machine', [of('processor'), of('simd'), counted('worker', ''), counted('rank', '1')].filter(Boolean).join(', ')],
    ['Seed', of('seed') ?? ''],
    [
      'Version',
      [of('version'), of('commit'), of('numerics') && `numerics ${of('numerics')}`].filter(Boolean).join(', '),
    ],
    ['Directory', run.path],
    ['On disk', bytes(run.disk_bytes)],
  ];
  return rows.filter(([, value]) => value !== '');
};

const kMemory: Record<string, string> = {
  resident_bytes: 'Resident now',
  peak_bytes: 'At most so far',
  planned_bytes: 'Planned before it began',
};

const memoryOf = (run: RunDetails): [string, string][] =>
  Object.entries(run.memory ?? {})
    .filter(([name, value]) => name in kMemory && figure(value) !== null)
    .map(([name, value]) => [kMemory[name]!, bytes(figure(value))]);

function Commands({ run }: { run: RunDetails }) {
  return (
    <section aria-labelledby="commands-title">
      <h3 id="commands-title">Go on with it</h3>
      {Object.entries(run.commands).map(([name, text]) => (
        <Command key={name} text={text} label={name} />
      ))}
      <p class="about">
        <Link to={{ view: 'configuration' }}>Configuration</Link>
      </p>
    </section>
  );
}
