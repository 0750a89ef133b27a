import { useSignal } from '@preact/signals';
import { apiKey, keyWanted } from './key';

// Asks for the server's key. entered: called with a key in place.
export function KeyForm({ entered }: { entered: () => void }) {
  const typed = useSignal('');
  const submit = (event: Event): void => {
    event.preventDefault();
    if (typed.value === '') return;
    apiKey.value = typed.value;
    keyWanted.value = null;
    entered();
  };
  return (
    <form class="key-form" onSubmit={submit}>
      <p role="alert">{keyWanted.value}</p>
      <label for="key">API key</label>
      <div class="row">
        <input
          id="key"
          type="password"
          autocomplete="off"
          aria-describedby="key-about"
          value={typed.value}
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
        <button class="primary" type="submit">
          Use it
        </button>
      </div>
      <p class="about" id="key-about">
        Whoever started the server knows it. This browser tab keeps it until it is closed, and sends it to this server
        alone.
      </p>
    </form>
  );
}
