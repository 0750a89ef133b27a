import { signal } from '@preact/signals';

// Where somebody points, in units of the x axis, over all charts at once; null: nowhere.
export const pointed = signal<number | null>(null);
