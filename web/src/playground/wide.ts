import { signal } from '@preact/signals';

// Whether the window has room for two columns; the same width as in playground.css.
const query = matchMedia('(min-width: 60rem)');

export const wide = signal(query.matches);

query.addEventListener('change', (event) => (wide.value = event.matches));
