// OpenAI's own client for JavaScript, against every endpoint that it knows and this server has.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { metric, startServer, until } from './server.mjs';

let server, client;
const endless = { model: 'x', prompt: 'a', max_tokens: 1_000_000, ignore_eos: true };

before(async () => {
  server = await startServer();
  client = new OpenAI({ baseURL: server.base, apiKey: 'any', maxRetries: 0 });
});
after(async () => {
  const { code, said } = await server.stop();
  assert.equal(code, 130, said);
});

test('models', async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.equal(names.length, 1);
  const one = await client.models.retrieve(names[0]);
  assert.equal(one.object, 'model');
  assert.equal(one.owned_by, 'cllm');
  await assert.rejects(client.models.retrieve('no/such'), OpenAI.NotFoundError);
});

test('completions, at once and streamed, say the same', async () => {
  const call = { model: 'x', prompt: 'the river', max_tokens: 30, seed: 5 };
  const whole = await client.completions.create(call);
  assert.equal(whole.object, 'text_completion');
  assert.match(whole.system_fingerprint, /^cllm-/);
  assert.equal(whole.usage.prompt_tokens + whole.usage.completion_tokens, whole.usage.total_tokens);
  let text = '';
  let reason = null;
  for await (const chunk of await client.completions.create({ ...call, stream: true })) {
    text += chunk.choices[0].text;
    reason = chunk.choices[0].finish_reason ?? reason;
  }
  assert.equal(text, whole.choices[0].text);
  assert.equal(reason, whole.choices[0].finish_reason);
});

test('completions: several prompts and choices, echo, probabilities', async () => {
  const made = await client.completions.create({
    model: 'x', prompt: ['one', 'two'], n: 2, max_tokens: 4, seed: 1, echo: true, logprobs: 2,
  });
  assert.deepEqual(made.choices.map((choice) => choice.index), [0, 1, 2, 3]);
  assert.ok(made.choices[0].text.startsWith('one') && made.choices[2].text.startsWith('two'));
  const { token_logprobs, top_logprobs, tokens, text_offset } = made.choices[0].logprobs;
  assert.equal(token_logprobs[0], null);
  assert.ok(token_logprobs.slice(1).every((each) => each <= 0));
  assert.ok(Object.keys(top_logprobs[1]).length >= 2);
  assert.equal(tokens.length, text_offset.length);
});

test('chats, at once and streamed', async () => {
  const call = { model: 'x', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 20, seed: 2 };
  const whole = await client.chat.completions.create(call);
  assert.equal(whole.choices[0].message.role, 'assistant');
  const chunks = [];
  const stream = await client.chat.completions.create({
    ...call, stream: true, stream_options: { include_usage: true },
  });
  for await (const chunk of stream) chunks.push(chunk);
  assert.deepEqual(chunks[0].choices[0].delta, { role: 'assistant', content: '' });
  const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
  assert.equal(text, whole.choices[0].message.content);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.deepEqual(chunks.at(-1).usage, whole.usage);
});

test('chats: the stream helper, parts, probabilities, several choices', async () => {
  const messages = [
    { role: 'system', content: [{ type: 'text', text: 'Be ' }, { type: 'text', text: 'short.' }] },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
  ];
  const helper = client.chat.completions.stream({ model: 'x', messages, max_tokens: 8, logprobs: true, top_logprobs: 2 });
  let heard = '';
  helper.on('content', (piece) => { heard += piece; });
  const whole = await helper.finalChatCompletion();
  assert.equal(heard, whole.choices[0].message.content ?? '');
  assert.ok(whole.choices[0].logprobs.content.every((token) => token.top_logprobs.length === 2));
  const several = await client.chat.completions.create({ model: 'x', messages, n: 3, max_tokens: 4, seed: 9 });
  assert.equal(several.choices.length, 3);
});

test('the same seed gives the same text, alone and in company', async () => {
  const call = { model: 'x', prompt: 'under a bridge', max_tokens: 24, seed: 77, temperature: 1.3 };
  const alone = (await client.completions.create(call)).choices[0].text;
  const others = Array.from({ length: 12 }, (_, i) =>
    client.completions.create({ ...call, seed: i % 2 ? i : 77, prompt: i % 2 ? 'other' : call.prompt }));
  const texts = (await Promise.all(others)).map((made) => made.choices[0].text);
  texts.forEach((text, i) => { if (i % 2 === 0) assert.equal(text, alone); });
});

test('errors are the classes that the client has for them', async () => {
  const long = { model: 'x', prompt: 'x'.repeat(5000), max_tokens: 1 };
  await assert.rejects(client.completions.create(long), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, 'context_length_exceeded');
    assert.equal(error.param, 'prompt');
    assert.match(error.message, /maximum context length is \d+ tokens/);
    return true;
  });
  await assert.rejects(client.completions.create({ model: 'x', prompt: 'x', temperature: -1 }), OpenAI.BadRequestError);
  await assert.rejects(client.completions.create({ ...long, stream: true }), OpenAI.BadRequestError);
  await assert.rejects(client.embeddings.create({ model: 'x', input: 'x' }), OpenAI.NotFoundError);
  await assert.rejects(client.responses.create({ model: 'x', input: 'x' }), OpenAI.NotFoundError);
});

test('base URLs with and without /v1, twice, and with a slash at the end', async () => {
  for (const baseURL of [server.base, server.base + '/', server.base + '/v1', server.base.replace('/v1', '')]) {
    const other = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
    await other.completions.create({ model: 'x', prompt: 'x', max_tokens: 1 });
  }
});

test('a stream that is aborted is cancelled', async () => {
  const before = await metric(server.base, 'cllm_calls_cancelled_total');
  const stream = await client.completions.create({ ...endless, stream: true, n: 100 });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;  // leaves the stream, which aborts the request
  }
  await until(server.base, 'cllm_calls_open', 0);
  const abort = new AbortController();
  const plain = client.completions.create({ ...endless, n: 100 }, { signal: abort.signal });
  await until(server.base, 'cllm_calls_open', 1);
  abort.abort();
  await assert.rejects(plain, OpenAI.APIUserAbortError);
  await until(server.base, 'cllm_calls_cancelled_total', before + 2);
  assert.equal(await metric(server.base, 'cllm_calls_open'), 0);
});

test('a server that is full says when to come again, and the client does', async () => {
  const full = await startServer('--parallel', '1', '--queue', '0');
  const retries = new OpenAI({ baseURL: full.base, apiKey: 'any', maxRetries: 20 });
  const hasty = new OpenAI({ baseURL: full.base, apiKey: 'any', maxRetries: 0 });
  const first = await retries.completions.create({ ...endless, n: 128, stream: true });
  const reading = first[Symbol.asyncIterator]();
  await reading.next();
  await assert.rejects(hasty.completions.create({ model: 'x', prompt: 'x', max_tokens: 1 }), OpenAI.RateLimitError);
  const second = retries.completions.create({ model: 'x', prompt: 'x', max_tokens: 1 });
  first.controller.abort();
  assert.equal((await second).choices.length, 1);
  await full.stop();
});

test('keys', async () => {
  const guarded = await startServer('--api-key', 'secret');
  const wrong = new OpenAI({ baseURL: guarded.base, apiKey: 'wrong', maxRetries: 0 });
  await assert.rejects(wrong.models.list(), OpenAI.AuthenticationError);
  const right = new OpenAI({ baseURL: guarded.base, apiKey: 'secret', maxRetries: 0 });
  assert.equal((await right.models.list()).data.length, 1);
  await guarded.stop();
});
