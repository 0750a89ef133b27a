import { computed, signal } from '@preact/signals';
import { getJson, postJson, told } from '../shared/api';
import { isText, kept } from '../shared/kept';

// What the server serves, and which of it is asked.

export interface Model {
  id: string;
  max_model_len: number; // tokens of the context
  system_fingerprint: string;
  meta: { n_params: number; n_vocab: number; weights: string; chat: boolean };
}

export interface Defaults {
  temperature: number;
  top_k: number;
  top_p: number;
  min_p: number;
  repeat_penalty: number;
}

export const models = signal<readonly Model[]>([]);
export const defaults = signal<Defaults | null>(null);
// Why there are none, as a sentence.
export const modelsFault = signal('');

const chosen = kept('model', '', isText);

export const model = computed(() => models.value.find((each) => each.id === chosen.value) ?? models.value[0]);

export function choose(id: string): void {
  chosen.value = id;
}

export async function loadModels(): Promise<void> {
  try {
    modelsFault.value = '';
    const list = await getJson<{ data: Model[] }>('v1/models');
    const props = await getJson<{ default_generation_settings: { params: Defaults } }>('props');
    defaults.value = props.default_generation_settings.params;
    models.value = list.data;
  } catch (error) {
    modelsFault.value = told(error);
  }
}

// The tokens of a text, with the one that begins texts.
export async function tokenize(text: string, of: Model): Promise<number[]> {
  const answer = await postJson<{ tokens: number[] }>('tokenize', { model: of.id, content: text, add_special: true });
  return answer.tokens;
}

export interface Message {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

// A dialogue as the model is given it, and the texts at which its answer ends.
export interface ChatPrompt {
  tokens: number[];
  stop: string[];
}

export const applyTemplate = (messages: readonly Message[], of: Model): Promise<ChatPrompt> =>
  postJson<ChatPrompt>('apply-template', { model: of.id, messages });
