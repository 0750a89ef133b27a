import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { GrowingText } from '../shared/growing_text';
import { givenName, nameRun } from './run_names';

// What somebody calls a run and writes down about it. The run is not written to: this browser keeps it.

const keyOf = (id: string): string => `cllm.dashboard.note.${id}`;

export function noteOf(id: string): string {
  try {
    return localStorage.getItem(keyOf(id)) ?? '';
  } catch {
    return '';
  }
}

// name: the run's own.
export function RunNote({ id, name }: { id: string; name: string }) {
  const text = useSignal('');
  useEffect(() => void (text.value = noteOf(id)), [id]);
  const write = (note: string): void => {
    text.value = note;
    try {
      if (note === '') localStorage.removeItem(keyOf(id));
      else localStorage.setItem(keyOf(id), note);
    } catch {
      // Full or forbidden: it stays until the page is closed.
    }
  };
  return (
    <p class="note">
      <input
        aria-label="Name of this run"
        placeholder={`${name}, or another name, kept by this browser`}
        value={givenName(id)}
        onInput={(event) => nameRun(id, event.currentTarget.value)}
      />
      <GrowingText
        id="note"
        label="Your note on this run"
        placeholder="Your note on this run, kept by this browser"
        value={text.value}
        onInput={write}
      />
    </p>
  );
}
