import { useEffect } from 'preact/hooks';
import { Choice } from '../shared/choice';
import { isText, kept } from '../shared/kept';
import { KeyForm } from '../shared/key_form';
import { keyWanted } from '../shared/key';
import { Notice } from '../shared/notice';
import { count } from '../shared/numbers';
import { ChatView } from './chat_view';
import { CompletionView } from './completion_view';
import { busy, stop } from './decoding';
import { choose, loadModels, model, models, modelsFault } from './models';
import { SettingsPanel } from './settings_panel';
import { spokenToken } from './token_text';
import { wide } from './wide';

const mode = kept('mode', 'completion', isText);
const marked = kept('marked', true, (value): value is boolean => typeof value === 'boolean');

export function App() {
  useEscape();
  return (
    <div class={`app ${marked.value ? 'marked' : ''}`}>
      <Header />
      <main>
        {keyWanted.value !== null ? (
          <KeyForm entered={() => void loadModels()} />
        ) : modelsFault.value !== '' ? (
          <Notice kind="fault">
            <p>{modelsFault.value}</p>
            <button onClick={() => void loadModels()}>Try again</button>
          </Notice>
        ) : model.value === undefined ? (
          <p class="about">Asking the server what it serves.</p>
        ) : (
          <Playground />
        )}
      </main>
    </div>
  );
}

function Header() {
  const of = model.value;
  return (
    <header>
      <h1>
        <img src="./assets/icon.svg" alt="" width="22" height="22" />
        Crystalline CLLM
      </h1>
      {of !== undefined && (
        <>
          <Choice
            label="Mode"
            name="mode"
            options={[
              { value: 'completion', label: 'Completion' },
              { value: 'chat', label: 'Chat' },
            ]}
            value={mode.value}
            onChoose={(value) => (mode.value = value)}
          />
          <ModelChoice />
        </>
      )}
    </header>
  );
}

function ModelChoice() {
  const of = model.value;
  if (of === undefined) return null;
  return (
    <p class="model">
      {models.value.length > 1 ? (
        <select
          aria-label="Model"
          value={of.id}
          disabled={busy.value}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {models.value.map((each) => (
            <option key={each.id} value={each.id}>
              {each.id}
            </option>
          ))}
        </select>
      ) : (
        <strong>{of.id}</strong>
      )}
      <span>
        {count(of.meta.n_params)} parameters, {of.meta.weights}
      </span>
    </p>
  );
}

function Playground() {
  const settings = (
    <>
      <SettingsPanel />
      <label class="check">
        <input
          type="checkbox"
          checked={marked.value}
          onChange={(event) => (marked.value = event.currentTarget.checked)}
        />
        Tint unlikely tokens
      </label>
      <p class="about" id="token-keys">
        Point at a token for its probability; click it for others. With the keyboard: arrow keys, then Enter.
      </p>
    </>
  );
  return (
    <div class="columns">
      {mode.value === 'chat' ? <ChatView /> : <CompletionView />}
      <aside aria-label="Settings">
        {wide.value ? (
          <>
            <h2>Settings</h2>
            {settings}
          </>
        ) : (
          <details>
            <summary>Settings</summary>
            {settings}
          </details>
        )}
      </aside>
      <p class="unseen" id="token-said" aria-live="polite">
        {spokenToken}
      </p>
    </div>
  );
}

// Escape stops what is being written, wherever the focus is.
function useEscape(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && busy.value) stop();
    };
    document.addEventListener('keydown', listen);
    return () => document.removeEventListener('keydown', listen);
  }, []);
}
