import { written } from './differences';
import { Command, Facts } from './parts';
import { details } from './run';
import { runPath } from './server';

// All that it takes to have the run again.

export function ConfigurationView() {
  const run = details.value;
  if (run === null) return null;
  const rows = (fields: Record<string, unknown>): [string, string][] =>
    Object.entries(fields)
      .filter(([name]) => !['event', 'format', 'step', 'time'].includes(name))
      .map(([name, value]) => [name, written(value)]);
  return (
    <div>
      <section aria-labelledby="commands-title">
        <h2 id="commands-title">Commands</h2>
        {Object.entries(run.commands).map(([name, text]) => (
          <div key={name}>
            <h3>{name}</h3>
            <Command text={text} label={name} />
          </div>
        ))}
      </section>
      <div class="columns-2">
        <section aria-labelledby="config-title">
          <h2 id="config-title">Configuration</h2>
          <Facts rows={rows(run.config)} />
        </section>
        <section aria-labelledby="description-title">
          <h2 id="description-title">Run and machine</h2>
          <Facts rows={rows(run.description)} />
          <h3>Files</h3>
          <p class="row">
            <a href={runPath(run.id, '/log')} download="log.jsonl">
              log.jsonl
            </a>
            <a href={runPath(run.id, '/curves.csv')} download="curves.csv">
              curves.csv
            </a>
            <a href="api/runs" target="_blank" rel="noreferrer">
              api/runs
            </a>
          </p>
        </section>
      </div>
    </div>
  );
}
