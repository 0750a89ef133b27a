import { effect, signal, type Signal } from '@preact/signals';

// A signal that outlives a reload of the page, until its tab is closed. Where the browser keeps nothing, neither does
// it.
export function kept<T>(name: string, initial: T, isOne: (value: unknown) => value is T): Signal<T> {
  const key = `cllm.${name}`;
  const state = signal(read(key, initial, isOne));
  effect(() => write(key, JSON.stringify(state.value)));
  return state;
}

export const isText = (value: unknown): value is string => typeof value === 'string';

function read<T>(key: string, initial: T, isOne: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(key) ?? 'null');
    return isOne(value) ? value : initial;
  } catch {
    return initial;
  }
}

function write(key: string, text: string): void {
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // Full or forbidden: the page works without.
  }
}
