import type { Model } from './models';

// What of a text the model is given: all of it, or the newest half of the context where it has no room for one more
// token. ids, and how many before them are left out.
export function windowOf(ids: readonly number[], model: Model): { ids: readonly number[]; leftOut: number } {
  if (ids.length <= model.max_model_len) return { ids, leftOut: 0 };
  const leftOut = ids.length - Math.max(1, Math.floor(model.max_model_len / 2));
  return { ids: ids.slice(leftOut), leftOut };
}
