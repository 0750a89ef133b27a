import { eventData } from './event_stream';
import { apiKey, keyWanted } from './key';
import { sentence } from './sentence';

// Calls of the server that this page came from. Addresses are relative to the page, so that it works below any path.

// What went wrong, as a sentence for people.
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status = 0,
    readonly code: string | null = null,
  ) {
    super(sentence(message));
  }
}

export const kNoAnswer = 'The server does not answer. Is it still running?';
export const kBrokenOff = 'The server went away in the middle of the answer. What had come is kept.';

export async function getJson<T>(path: string): Promise<T> {
  return json<T>(await send(path, {}));
}

export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return json<T>(await send(path, posted(body, signal)));
}

// The events of a stream, each as JSON; "[DONE]" is left out. An error among them is thrown.
export async function* postStream<T extends object>(
  path: string,
  body: unknown,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const answer = await send(path, posted(body, signal));
  if (answer.body === null) throw new ApiError(kNoAnswer);
  const events = eventData(answer.body);
  try {
    for (;;) {
      const next = await events.next().catch((error: unknown) => {
        throw signal.aborted ? error : new ApiError(kBrokenOff);
      });
      if (next.done) return;
      if (next.value === '[DONE]') continue;
      const event = parsed(next.value) as { error?: unknown };
      if (event.error !== undefined) throw errorOf(event, 200);
      yield event as T;
    }
  } finally {
    await events.return(undefined);
  }
}

function posted(body: unknown, signal?: AbortSignal): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  };
}

// What a server that can be asked to do something puts into its page, so that it knows who asks.
const pageToken = (): string => document.querySelector<HTMLMetaElement>('meta[name="cllm-token"]')?.content ?? '';

async function send(path: string, options: RequestInit): Promise<Response> {
  const headers = new Headers(options.headers);
  if (apiKey.value !== '') headers.set('Authorization', `Bearer ${apiKey.value}`);
  if (options.method === 'POST' && pageToken() !== '') headers.set('X-Cllm-Token', pageToken());
  let answer: Response;
  try {
    answer = await fetch(path, { ...options, headers, cache: 'no-store' });
  } catch (error) {
    throw options.signal?.aborted ? error : new ApiError(kNoAnswer);
  }
  if (answer.ok) return answer;
  const error = errorOf(parsed(await answer.text().catch(() => '')), answer.status);
  if (answer.status === 401) keyWanted.value = apiKey.value === '' ? 'This server wants an API key.' : error.message;
  throw error;
}

async function json<T>(answer: Response): Promise<T> {
  const text = await answer.text().catch(() => {
    throw new ApiError(kBrokenOff);
  });
  return parsed(text) as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function errorOf(body: unknown, status: number): ApiError {
  const error = (body as { error?: { message?: unknown; code?: unknown } } | null)?.error;
  const message = typeof error?.message === 'string' ? error.message : `the server answered with the status ${status}`;
  return new ApiError(message, status, typeof error?.code === 'string' ? error.code : null);
}

// What is told of anything that was thrown.
export const told = (error: unknown): string =>
  error instanceof ApiError ? error.message : `The page made a mistake: ${String(error)}.`;
