// What programs send from the moment that somebody enters our address: Open WebUI, SillyTavern, LibreChat, Continue, and
// lm-evaluation-harness with a task of its own. Their requests, in their order and with their headers.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startServer } from './server.mjs';

let server, root;

before(async () => {
  process.env.CLLM_MODEL = process.env.CLLM_LEARNED_MODEL;
  server = await startServer('--cors-origins', 'http://webui.example');
  root = server.base.replace('/v1', '');
});
after(async () => {
  const { code, said } = await server.stop();
  assert.equal(code, 130, said);
});

async function call(path, body, headers = {}) {
  const answer = await fetch(root + path, body === undefined ? { headers } : {
    method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
  return answer;
}
const json = async (path, body, headers) => (await call(path, body, headers)).json();

// The objects of a stream of events, which must end with [DONE].
async function streamed(path, body, headers) {
  const answer = await call(path, { ...body, stream: true }, headers);
  assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
  const events = (await answer.text()).trim().split('\n\n').map((event) => event.replace(/^data: /, ''));
  assert.equal(events.pop(), '[DONE]');
  return events.map((event) => JSON.parse(event));
}
const said = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta?.content ?? '').join('');

test('Open WebUI: the list, a streamed chat, then title, tags and follow-ups at once', async () => {
  const bearer = { Authorization: 'Bearer sk-none' };
  const { data } = await json('/v1/models', undefined, bearer);
  const model = data[0].id;
  const messages = [{ role: 'user', content: 'Where is the river?' }];
  const chunks = await streamed('/v1/chat/completions',
    { model, messages, stream_options: { include_usage: true }, temperature: 0, max_tokens: 16 }, bearer);
  assert.ok(said(chunks).length > 0);
  assert.equal(chunks.at(-1).choices.length, 0);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
  const answers = [...messages, { role: 'assistant', content: said(chunks) }];
  const tasks = ['Make a title.', 'Name tags.', 'What may be asked next?'].map((task) => json('/v1/chat/completions', {
    model, messages: [{ role: 'user', content: `${task}\n${JSON.stringify(answers)}` }], stream: false, max_completion_tokens: 12,
  }, bearer));
  for (const made of await Promise.all(tasks)) assert.equal(made.choices[0].message.role, 'assistant');
});

test('Open WebUI in a browser of another origin: it asks first', async () => {
  const asked = await fetch(`${root}/v1/models`, {
    method: 'OPTIONS',
    headers: { Origin: 'http://webui.example', 'Access-Control-Request-Method': 'GET', 'Access-Control-Request-Headers': 'authorization' },
  });
  assert.ok(asked.ok);
  assert.equal(asked.headers.get('access-control-allow-origin'), 'http://webui.example');
  assert.match(asked.headers.get('access-control-allow-headers'), /authorization/i);
  const models = await call('/v1/models', undefined, { Origin: 'http://webui.example', Authorization: 'Bearer x' });
  assert.equal(models.headers.get('access-control-allow-origin'), 'http://webui.example');
});

test('SillyTavern, text completion, as a llama.cpp server', async () => {
  assert.ok(Array.isArray((await json('/v1/models')).data));
  assert.equal(typeof (await json('/props')).chat_template, 'string');
  const { tokens } = await json('/tokenize', { content: 'Where is the river?' });
  assert.ok(tokens.length > 1);
  const sampling = {
    temperature: 0.7, top_k: 40, top_p: 0.95, min_p: 0.05, typical_p: 1, tfs_z: 1, repeat_penalty: 1.05, repeat_last_n: 64,
    mirostat: 0, mirostat_tau: 5, mirostat_eta: 0.1, seed: 7, n_predict: 12, stop: ['\nUser:', '\n###'], ignore_eos: false,
    cache_prompt: true, samplers: ['top_k', 'top_p', 'min_p', 'temperature'], grammar: '',
  };
  const made = await json('/completion', { prompt: 'Where is the river?', ...sampling });
  assert.equal(typeof made.content, 'string');
  const again = await json('/completion', { prompt: 'Where is the river?', ...sampling });
  assert.equal(again.content, made.content);
});

test('SillyTavern, text completion of any other server: streamed, stop cut to four', async () => {
  const chunks = await streamed('/v1/completions', {
    model: '', prompt: 'The river', max_tokens: 12, max_new_tokens: 12, stop: ['\n\n', 'User:', '###', '<|'], temperature: 1, top_p: 1,
    seed: 3, truncation_length: 2048, ban_eos_token: false, skip_special_tokens: true,
  });
  assert.ok(chunks.map((chunk) => chunk.choices[0]?.text ?? '').join('').length > 0);
});

test('LibreChat: models, a chat, and a title by the model that it has by default', async () => {
  const { data } = await json('/v1/models', undefined, { Authorization: 'Bearer user_provided' });
  const chunks = await streamed('/v1/chat/completions', {
    model: data[0].id, user: '66f0', messages: [{ role: 'system', content: 'Be short.' }, { role: 'user', content: 'Hello' }],
    temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0, max_tokens: 12, stop: ['|DONE|'],
  });
  assert.ok(chunks.every((chunk) => 'finish_reason' in (chunk.choices[0] ?? { finish_reason: null })));
  const title = await json('/v1/chat/completions',
    { model: 'gpt-3.5-turbo', messages: [{ role: 'user', content: 'Title, five words' }], max_tokens: 10, temperature: 0.2 });
  assert.equal(title.model, data[0].id);
});

test('Continue: contents in parts, and completions of a base model', async () => {
  const chunks = await streamed('/v1/chat/completions', {
    model: 'any', messages: [{ role: 'user', content: [{ type: 'text', text: 'What is ' }, { type: 'text', text: 'this?' }] }], max_tokens: 8,
  });
  assert.ok(chunks.length > 0);
  const filled = await streamed('/v1/completions', { model: 'any', prompt: 'def river(', max_tokens: 8, stop: ['\n\n'], suffix: null });
  assert.ok(filled.length > 0);
});

// A task as the harness runs it: which of several continuations is the most probable one, and the probability of a text.
test('lm-evaluation-harness, local-completions with the remote tokenizer: a task of choices, and a rolling likelihood', async () => {
  const about = await json('/tokenizer_info');
  for (const name of ['eos_token', 'bos_token', 'pad_token', 'chat_template']) assert.ok(name in about, name);
  const encode = async (text) => (await json('/tokenize', { prompt: text, add_special_tokens: false })).tokens;
  const { prompt: decoded } = await json('/detokenize', { tokens: await encode('caf\u00e9 at the river') });
  assert.equal(decoded, 'caf\u00e9 at the river');

  const questions = [
    { context: 'The river walks under a', choices: [' bridge', ' zzzz', ' 1,2,3'], answer: 0 },
    { context: 'and nobody sees', choices: [' QQQQ', ' it.', ' @@@'], answer: 1 },
    { context: 'The river', choices: ['#####', ' {{{}}}', ' walks under a bridge'], answer: 2 },
  ];
  const requests = [];
  for (const { context, choices } of questions) {
    for (const choice of choices) {
      const before_ = await encode(context), whole = await encode(context + choice);
      requests.push({ context_length: before_.length, ids: whole });
    }
  }
  const payload = (prompt) => ({ model: 'cllm', prompt, temperature: 0, max_tokens: 1, logprobs: 1, seed: 1234, echo: true });
  const scored = [];
  for (let begin = 0; begin < requests.length; begin += 4) { // --batch_size 4
    const batch = requests.slice(begin, begin + 4);
    const { choices } = await json('/v1/completions', payload(batch.map((each) => each.ids)));
    choices.sort((a, b) => a.index - b.index).forEach((choice, i) => {
      const { token_logprobs, top_logprobs } = choice.logprobs, from = batch[i].context_length;
      assert.equal(token_logprobs.length, batch[i].ids.length + 1);
      assert.equal(token_logprobs[0], null);
      const tokens = token_logprobs.slice(from, -1), tops = top_logprobs.slice(from, -1);
      scored.push({
        likelihood: tokens.reduce((sum, each) => sum + each, 0) / tokens.length, tokens,
        greedy: tokens.every((each, k) => each === Math.max(...Object.values(tops[k]))),
      });
    });
  }
  let right = 0;
  questions.forEach(({ choices, answer }, q) => {
    const mine = scored.slice(3 * q, 3 * q + choices.length).map((each) => each.likelihood);
    if (mine.indexOf(Math.max(...mine)) === answer) ++right;
  });
  assert.equal(right, questions.length);

  // What one request says of a token is what the next ones say as they come to it, to the bit.
  const { ids, context_length: from } = requests.at(-1);
  for (let k = from; k < ids.length; ++k) {
    const { choices } = await json('/v1/completions', payload([ids.slice(0, k + 1)]));
    assert.equal(choices[0].logprobs.token_logprobs[k], scored.at(-1).tokens[k - from]);
  }
  // Greedy by the flag is greedy by what is written.
  const alone = await json('/v1/completions', { model: 'cllm', prompt: [ids.slice(0, from)], temperature: 0, max_tokens: ids.length - from, logprobs: 1 });
  const written = await encode(alone.choices[0].text);
  assert.equal(scored.at(-1).greedy, JSON.stringify(written) === JSON.stringify(ids.slice(from)));

  const text = await encode('The river walks under a bridge, number 7, and nobody sees it.\n'.repeat(3));
  const { choices: [rolling] } = await json('/v1/completions', payload([[about.add_bos_token ? 1 : [], text].flat()]));
  const nats = -rolling.logprobs.token_logprobs.slice(1, -1).reduce((sum, each) => sum + each, 0) / text.length;
  assert.ok(nats > 0 && nats < Math.log(259) + 1, `${nats}`);
});
