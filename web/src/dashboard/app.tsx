import { useEffect } from 'preact/hooks';
import { KeyForm } from '../shared/key_form';
import { keyWanted } from '../shared/key';
import { Notice } from '../shared/notice';
import type { View } from './address';
import { ChartsView } from './charts_view';
import { CompareView } from './compare_view';
import { ConfigurationView } from './configuration_view';
import { HistoryView } from './history_view';
import { LatticeView } from './lattice_view';
import { OverviewView } from './overview_view';
import { Ending, Link, LiveSign, Progress, StateSign } from './parts';
import { go, place, runId, view } from './place';
import { PlaygroundView } from './playground_view';
import { details, fault, gone, link, loadDetails, newest, only, running } from './run';
import { givenName } from './run_names';
import { list, listFault, loadRuns, paused } from './runs';
import { RunsView } from './runs_view';
import { SamplesView } from './samples_view';
import { SpheresView } from './spheres_view';

const kOfRun: readonly (readonly [View, string])[] = [
  ['overview', 'Overview'],
  ['curves', 'Curves'],
  ['spheres', 'Spheres'],
  ['lattice', 'Lattice'],
  ['samples', 'Samples'],
  ['history', 'History'],
  ['configuration', 'Configuration'],
  ['playground', 'Playground'],
];

export function App() {
  // A directory of one run is that run.
  const single = only.value;
  useEffect(() => {
    if (single !== null && place.peek().view === 'runs' && runId.peek() === '') go({ view: 'overview', run: single });
  }, [single]);
  useKeys();
  const of = view.value;
  const isRun = kOfRun.some(([name]) => name === of);
  if (keyWanted.value !== null) {
    return (
      <main class="app">
        <KeyForm
          entered={() => {
            void loadRuns();
            void loadDetails();
          }}
        />
      </main>
    );
  }
  return (
    <div class="app">
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Header />
      {isRun && runId.value !== '' && <RunHead />}
      <main id="content" tabIndex={-1}>
        <Faults />
        {isRun ? <RunContent view={of} /> : of === 'compare' ? <CompareView /> : <RunsView />}
      </main>
    </div>
  );
}

// The address is the page's state: a link to a part of it would change that.
function skip(event: Event): void {
  event.preventDefault();
  document.getElementById('content')?.focus();
}

function Header() {
  const { shown } = place.value;
  return (
    <header>
      <h1>
        <img src="./assets/icon.svg" alt="" width="22" height="22" />
        Crystalline CLLM
      </h1>
      <nav aria-label="Runs">
        <Link to={{ view: 'runs' }} current={view.value === 'runs'}>
          Runs{list.value === null ? '' : ` ${list.value.runs.length}`}
        </Link>
        <Link to={{ view: 'compare' }} current={view.value === 'compare'}>
          Compare{shown.length === 0 ? '' : ` ${shown.length}`}
        </Link>
      </nav>
      <span class="push" />
      <Connection />
      <button class="quiet" aria-pressed={paused.value} title="Key: p" onClick={() => (paused.value = !paused.value)}>
        {paused.value ? 'Go on' : 'Pause'}
      </button>
    </header>
  );
}

function Connection() {
  const lost = link.value === 'lost' || listFault.value !== '';
  return (
    <span class={`connection ${lost ? 'lost' : ''}`} role="status">
      {lost ? 'The server does not answer; trying again.' : paused.value ? 'Paused: nothing is read.' : ''}
    </span>
  );
}

function RunHead() {
  const run = details.value;
  const at = Math.max(newest.value?.step ?? 0, run?.step ?? 0);
  return (
    <section class="run-head" aria-label="Run">
      <div class="row">
        <h2 class="run-name">{givenName(runId.value).trim() || (run?.name ?? runId.value)}</h2>
        {run !== null && view.value !== 'overview' && (
          <>
            <StateSign run={run} />
            <LiveSign />
            {running.value && (
              <span class="about">
                step {at.toLocaleString('en')}
                {run.steps !== null && ` of ${run.steps.toLocaleString('en')}`}, <Ending />
              </span>
            )}
          </>
        )}
      </div>
      {run !== null && running.value && view.value !== 'overview' && <Progress step={at} steps={run.steps} />}
      <nav aria-label="Views of the run" class="tabs">
        {kOfRun.map(([name, title]) => (
          <Link key={name} to={{ view: name }} current={view.value === name}>
            {title}
          </Link>
        ))}
      </nav>
    </section>
  );
}

function Faults() {
  return (
    <>
      {gone.value && details.value !== null && (
        <Notice kind="fault">
          <p>This run is not there any more. What is shown was read before.</p>
        </Notice>
      )}
      {fault.value !== '' && (
        <Notice kind="fault">
          <p>{fault.value}</p>
          <button onClick={() => void loadDetails()}>Try again</button>
        </Notice>
      )}
    </>
  );
}

function RunContent({ view: of }: { view: View }) {
  const id = runId.value;
  if (id === '') {
    return (
      <p class="about empty">
        Choose a run in the <Link to={{ view: 'runs' }}>list of runs</Link>.
      </p>
    );
  }
  if (details.value === null) return fault.value === '' ? <p class="about">Reading the run.</p> : null;
  switch (of) {
    case 'curves':
      return <ChartsView key={id} runs={[id]} />;
    case 'spheres':
      return <SpheresView key={id} />;
    case 'lattice':
      return <LatticeView key={id} />;
    case 'samples':
      return <SamplesView key={id} />;
    case 'history':
      return <HistoryView key={id} />;
    case 'configuration':
      return <ConfigurationView key={id} />;
    case 'playground':
      return <PlaygroundView key={id} />;
    default:
      return <OverviewView key={id} />;
  }
}

// Keys that work everywhere but in fields: p pauses, a digit goes to a view of the run.
function useKeys(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement | null;
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (target?.closest('input, textarea, select, [role="application"]')) return;
      if (event.key === 'p') paused.value = !paused.peek();
      else if (/^[1-8]$/.test(event.key) && runId.peek() !== '') go({ view: kOfRun[Number(event.key) - 1]![0] });
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
