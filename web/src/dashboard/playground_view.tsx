import { signal } from '@preact/signals';
import { postStream, told } from '../shared/api';
import { GrowingText } from '../shared/growing_text';
import { isText, kept } from '../shared/kept';
import { Notice } from '../shared/notice';
import { runId } from './place';
import { details } from './run';
import { runPath } from './server';

// A text that the newest checkpoint goes on with, while the training goes on, too.

const prompt = kept('dashboard.prompt', '', isText);
const tokens = kept('dashboard.tokens', '120', isText);
const temperature = kept('dashboard.temperature', '0.8', isText);
const seed = kept('dashboard.seed', '1', isText);

const text = signal('');
const fault = signal('');
const writing = signal<AbortController | null>(null);

interface Piece {
  text?: string;
  done?: boolean;
}

async function write(): Promise<void> {
  writing.peek()?.abort();
  const mine = new AbortController();
  writing.value = mine;
  text.value = '';
  fault.value = '';
  const body = {
    prompt: prompt.peek(),
    max_tokens: Number(tokens.peek()),
    temperature: Number(temperature.peek()),
    seed: Number(seed.peek()),
  };
  try {
    for await (const piece of postStream<Piece>(runPath(runId.peek(), '/generate'), body, mine.signal)) {
      if (piece.text !== undefined) text.value += piece.text;
      if (piece.done === true) break;
    }
  } catch (error) {
    if (!mine.signal.aborted) fault.value = told(error);
  }
  if (writing.peek() === mine) writing.value = null;
}

export function PlaygroundView() {
  const run = details.value;
  if (run === null) return null;
  const newest = Math.max(0, ...run.checkpoints.filter((each) => each.valid).map((each) => each.step));
  if (run.checkpoints.length === 0) return <p class="about empty">No checkpoint is there yet to write with.</p>;
  const submit = (event: Event): void => {
    event.preventDefault();
    void write();
  };
  return (
    <section aria-labelledby="playground-title">
      <h2 id="playground-title">Playground</h2>
      <p class="about">
        The checkpoint of step {newest.toLocaleString('en')} goes on with your text. It has the lowest priority, so that
        a training goes on as fast.
      </p>
      <form class="play" onSubmit={submit}>
        <GrowingText
          id="play-prompt"
          label="Text to go on with"
          placeholder="Text to go on with"
          rows={3}
          value={prompt.value}
          onInput={(typed) => (prompt.value = typed)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
            if (event.key === 'Escape') writing.value?.abort();
          }}
        />
        <div class="row">
          <NumberField label="Tokens" field={tokens} min={1} max={2000} step="1" />
          <NumberField label="Temperature" field={temperature} min={0} max={10} step="0.05" />
          <NumberField label="Seed" field={seed} min={0} max={4294967295} step="1" />
          <span class="push" />
          {writing.value !== null ? (
            <button type="button" onClick={() => writing.value?.abort()}>
              Stop
            </button>
          ) : (
            <button type="submit" class="primary">
              Write
            </button>
          )}
        </div>
      </form>
      {fault.value !== '' && (
        <Notice kind="fault">
          <p>{fault.value}</p>
        </Notice>
      )}
      {(text.value !== '' || writing.value !== null) && (
        <p class="text played" aria-busy={writing.value !== null}>
          <span class="soft">{prompt.value}</span>
          {text.value}
        </p>
      )}
    </section>
  );
}

function NumberField(props: { label: string; field: { value: string }; min: number; max: number; step: string }) {
  const { field } = props;
  return (
    <label class="number">
      {props.label}
      <input
        type="number"
        required
        min={props.min}
        max={props.max}
        step={props.step}
        value={field.value}
        onInput={(event) => (field.value = event.currentTarget.value)}
      />
    </label>
  );
}
