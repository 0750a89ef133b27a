import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { Choice } from '../shared/choice';
import { copy } from '../shared/clipboard';
import { apiKey } from '../shared/key';
import { curl, python, type Call } from './code';

// The call of a text as curl and as Python.
export function CodeButton({ call }: { call: Call | null | undefined }) {
  const open = useSignal(false);
  return (
    <>
      <button class="quiet" disabled={!call} onClick={() => (open.value = true)}>
        Code
      </button>
      {open.value && call && <CodeDialog call={call} onClose={() => (open.value = false)} />}
    </>
  );
}

function CodeDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const language = useSignal<'curl' | 'python'>('curl');
  const said = useSignal('');
  useEffect(() => dialog.current?.showModal(), []);
  const place = { base: new URL('v1', document.baseURI).href, withKey: apiKey.value !== '' };
  const text = language.value === 'curl' ? curl(call, place) : python(call, place);
  const onCopy = async (): Promise<void> => {
    said.value = (await copy(text)) ? 'Copied.' : 'The browser did not let the page copy; select the text instead.';
  };
  return (
    <dialog ref={dialog} class="code" aria-labelledby="code-title" onClose={onClose}>
      <h2 id="code-title">The same text from another program</h2>
      <p class="about">
        Model, settings and seed are those of the text that is shown; the server answers this call with the same words.
        {apiKey.value === '' ? '' : ' The key is read from CLLM_API_KEY.'}
      </p>
      <Choice
        label="Language"
        name="language"
        options={[
          { value: 'curl', label: 'curl' },
          { value: 'python', label: 'Python' },
        ]}
        value={language.value}
        onChoose={(value) => {
          language.value = value;
          said.value = '';
        }}
      />
      <pre tabIndex={0} aria-label="Code">
        {text}
      </pre>
      <div class="row">
        <button class="primary" onClick={() => void onCopy()}>
          Copy
        </button>
        <button onClick={() => dialog.current?.close()}>Close</button>
        <span role="status">{said.value}</span>
      </div>
    </dialog>
  );
}
