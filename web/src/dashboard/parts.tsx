import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { copy } from '../shared/clipboard';
import { clock, duration } from './figures';
import { linkTo } from './place';
import { left_s, phase, running, stale, silent_s } from './run';
import { paused } from './runs';
import type { Address } from './address';
import type { RunSummary } from './server';

// Small parts that views share.

export function Link(props: {
  to: Partial<Address>;
  class?: string;
  label?: string;
  current?: boolean;
  children: ComponentChildren;
}) {
  return (
    <a
      href={linkTo(props.to)}
      class={props.class}
      aria-label={props.label}
      aria-current={props.current ? 'page' : undefined}
    >
      {props.children}
    </a>
  );
}

// "running", "finished (patience)": by a sign as well as a colour.
export function StateSign({ run }: { run: Pick<RunSummary, 'state' | 'reason'> }) {
  const sign = { running: '▶', finished: '✓', stopped: '❚❚', damaged: '✕' }[run.state] ?? '·';
  return (
    <span class={`state ${run.state}`}>
      <span aria-hidden="true">{sign}</span> {run.state}
      {run.reason !== '' && <span class="reason"> ({run.reason})</span>}
    </span>
  );
}

// Whether what is seen is of now.
export function LiveSign() {
  if (!running.value) return null;
  const silent = silent_s.value;
  if (paused.value) return <span class="live paused">paused</span>;
  if (stale.value && silent !== null) return <span class="live stale">stale: no word for {duration(silent)}</span>;
  return <span class="live on">live{phase.value === '' ? '' : `, ${phase.value}`}</span>;
}

export function Progress({ step, steps }: { step: number; steps: number | null }) {
  if (steps === null || steps <= 0) return null;
  return (
    <progress max={steps} value={Math.min(step, steps)} aria-label="Progress">
      {Math.round((100 * step) / steps)} %
    </progress>
  );
}

export function Ending() {
  const left = left_s.value;
  if (left === null) return null;
  return (
    <>
      {duration(left)} left, until {clock(Date.now() / 1000 + left)}
    </>
  );
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const done = useSignal('');
  return (
    <>
      <button
        class="quiet"
        aria-label={label}
        onClick={async () => {
          done.value = (await copy(text)) ? 'Copied' : 'The browser does not let us';
          setTimeout(() => (done.value = ''), 2000);
        }}
      >
        {done.value === '' ? 'Copy' : done.value}
      </button>
      <span class="unseen" role="status">
        {done.value}
      </span>
    </>
  );
}

export function Command({ text, label }: { text: string; label: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <CopyButton text={text} label={`Copy: ${label}`} />
    </div>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
