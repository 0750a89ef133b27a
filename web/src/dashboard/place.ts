import { computed, effect, signal } from '@preact/signals';
import { addressText, parseAddress, type Address } from './address';

// Where the page is: its address, as signals. Another view or run is a new entry of the browser's history; all else
// changes the one that is there.

export const place = signal<Address>(parseAddress(location.hash));

let written = location.hash;
let timer: ReturnType<typeof setTimeout> | undefined;

export function go(change: Partial<Address>): void {
  const before = place.peek();
  const after = { ...before, ...change };
  if (after.run !== before.run || (change.axis !== undefined && change.axis !== before.axis)) {
    if (change.from === undefined) Object.assign(after, { from: null, to: null }); // they were of another axis
  }
  if (after.run !== before.run && change.token === undefined) after.token = null;
  place.value = after;
  const text = addressText(after);
  clearTimeout(timer);
  if (after.view !== before.view || after.run !== before.run) {
    if (text !== written) history.pushState(null, '', text);
    written = text;
    return;
  }
  // Browsers refuse hundreds of changes a minute, as of a slider.
  timer = setTimeout(write, 150);
}

// The address with a change, for a link.
export const linkTo = (change: Partial<Address>): string => addressText({ ...place.value, ...change });

// The address bar is right from now on, not only soon.
export function write(): void {
  clearTimeout(timer);
  const text = addressText(place.peek());
  if (text !== written) history.replaceState(null, '', text);
  written = text;
}

function arrived(): void {
  if (location.hash === written) return;
  clearTimeout(timer);
  written = location.hash;
  place.value = parseAddress(location.hash);
}
window.addEventListener('hashchange', arrived);
window.addEventListener('popstate', arrived);
window.addEventListener('pagehide', write);

export const view = computed(() => place.value.view);
export const runId = computed(() => place.value.run);

effect(() => void (document.title = titleOf(view.value, runId.value)));

function titleOf(name: string, run: string): string {
  const of = name === 'runs' || name === 'compare' || run === '' ? '' : `${run} – `;
  return `${of}${name.charAt(0).toUpperCase()}${name.slice(1)} – Crystalline CLLM`;
}
