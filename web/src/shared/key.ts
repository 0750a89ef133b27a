import { signal } from '@preact/signals';
import { isText, kept } from './kept';

// The key that the server asks for, until the tab is closed; "" where none is known.
export const apiKey = kept('key', '', isText);

// Why a key is wanted now, as a sentence; null while none is.
export const keyWanted = signal<string | null>(null);
