import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { GrowingText } from '../shared/growing_text';

// What somebody writes down about a run. The run is not written to: this browser keeps it.

const keyOf = (id: string): string => `cllm.dashboard.note.${id}`;

export function noteOf(id: string): string {
  try {
    return localStorage.getItem(keyOf(id)) ?? '';
  } catch {
    return '';
  }
}

export function RunNote({ id }: { id: string }) {
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
