import { effect, signal } from '@preact/signals';
import { prompt } from './completion';
import { model, tokenize } from './models';

// How many tokens the prompt has; null while nobody knows.
export const promptTokens = signal<number | null>(null);

// Counts the prompt anew whenever it changes: one call at a time, and the last text wins.
export function countPrompt(): void {
  let counting = false;
  const count = async (): Promise<void> => {
    if (counting) return;
    counting = true;
    try {
      for (;;) {
        const [text, of] = [prompt.peek(), model.peek()];
        const tokens = of === undefined ? null : (await tokenize(text, of)).length;
        if (text !== prompt.peek() || of !== model.peek()) continue;
        promptTokens.value = tokens;
        return;
      }
    } catch {
      promptTokens.value = null; // a call that matters tells what is wrong
    } finally {
      counting = false;
    }
  };
  effect(() => {
    void [prompt.value, model.value];
    void count();
  });
}
