// The playground in Chromium, below a path of a proxy, against `cllm serve` with two models: one that has learned a line
// of HTML, and one that was taught dialogues.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, afterEach, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startBrowser, violations } from './browser.mjs';
import { parts, textOf, written } from './playground.mjs';
import { startProxy } from './proxy.mjs';
import { startServer } from './server.mjs';

const run = promisify(execFile);
const talker = `talker=${process.env.CLLM_CHAT_MODEL}`;
const html = 'src="none" onerror="document.title=1">'; // after which the first model writes its line

let server, proxy, browser;
let expected; // faults of a page that belong to the test

before(async () => {
  [server, browser] = await Promise.all([startServer(talker), startBrowser()]);
  proxy = await startProxy(server.base);
});
after(async () => {
  await proxy.stop();
  await browser.stop();
  assert.equal((await server.stop()).code, 130);
});
afterEach(async () => {
  await browser.closePages(expected);
  expected = undefined;
});

const ask = async (path, body) =>
  (await fetch(new URL(path, server.base.replace(/v1$/, '')), { method: 'POST', body: JSON.stringify(body) })).json();

// A page with a text and the model's next words, which are the same each time.
async function continued(text = 'document', options = undefined) {
  const page = await browser.page(proxy.url, options);
  const on = parts(page);
  await on.prompt.fill(text);
  await on.seed.fill('5');
  await on.proceed.click();
  await written(page);
  return { page, on };
}

test('a prompt is continued as it streams, to what the API says', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  const held = proxy.hold(3);
  await on.prompt.fill('bold');
  await on.seed.fill('5');
  await on.proceed.click();
  const { release } = await held;
  await page.locator('[data-cell="2"]').waitFor();
  assert.equal(await page.locator('[data-cell]').count(), 3);
  await on.stop.waitFor();
  await on.facts.getByText('writing').waitFor();
  release();
  await written(page);
  const { seed, ...call } = proxy.sent('/completion').at(-1);
  assert.equal(seed, 5);
  const told = await ask('v1/completions', { model: 'html', prompt: 'bold', seed, max_tokens: 200 });
  assert.equal(await textOf(on.written), told.choices[0].text);
  assert.equal(call.model, 'html');
  await on.facts.getByText(`${told.usage.completion_tokens} tokens`, { exact: true }).waitFor();
  const used = Math.min(256, told.usage.total_tokens);
  await on.context.getByText(`${used} of 256 tokens of context, ${256 - used} left`).waitFor();
});

test('Stop and Escape stop the server, and Continue goes on from there', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  await on.prompt.fill('bold');
  for (const stop of [() => on.stop.click(), () => page.keyboard.press('Escape')]) {
    const held = proxy.hold(2);
    await on.proceed.click();
    const { gone } = await held;
    await page.locator('[data-cell="1"]').waitFor();
    await stop();
    await gone;
    await on.facts.getByText('stopped by you').waitFor();
    await on.proceed.waitFor();
    await on.clear.click();
    await on.prompt.fill('bold');
  }
  const held = proxy.hold(2);
  await on.proceed.click();
  const { gone } = await held;
  await page.locator('[data-cell="1"]').waitFor();
  await on.stop.click();
  await gone;
  const first = await textOf(on.written);
  await on.proceed.click();
  await page.locator('[data-cell="3"]').waitFor();
  await written(page);
  assert.ok((await textOf(on.written)).startsWith(first));
  const ids = proxy.sent('/completion').at(-1).prompt;
  assert.ok(Array.isArray(ids) && ids.every(Number.isInteger), 'goes on from the very tokens');
});

test('Retry writes another text, and both can be looked at', async () => {
  const { page, on } = await continued();
  const first = await textOf(on.written);
  await on.seed.fill('6');
  await on.retry.click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  assert.notEqual(await textOf(on.written), first);
  await page.getByRole('button', { name: 'The text before' }).click();
  await page.getByText('1 of 2', { exact: true }).waitFor();
  assert.equal(await textOf(on.written), first);
});

test('without a seed each text has another one, which can be used again', async () => {
  const { page, on } = await continued();
  await on.seed.fill('');
  await on.retry.click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  const text = await textOf(on.written);
  await page.getByRole('button', { name: /^Use seed \d+ again$/ }).click();
  assert.equal(await on.seed.inputValue(), String(proxy.sent('/completion').at(-1).seed));
  await on.retry.click();
  await page.getByText('3 of 3', { exact: true }).waitFor();
  await written(page);
  assert.equal(await textOf(on.written), text);
});

test('Edit makes one text of both, which is continued', async () => {
  const { page, on } = await continued();
  const whole = 'document' + (await textOf(on.written));
  await on.edit.click();
  await page.locator('#prompt:focus').waitFor();
  assert.equal(await on.prompt.inputValue(), whole);
  await on.prompt.fill(whole.slice(0, 9));
  await on.proceed.click();
  await written(page);
  assert.equal(proxy.sent('/completion').at(-1).prompt, whole.slice(0, 9));
});

test('a prompt that was changed is continued anew', async () => {
  const { page, on } = await continued();
  await on.prompt.fill('title');
  await page.getByText('The text above was changed since').waitFor();
  await on.proceed.click();
  await page.getByText('The text above was changed since').waitFor({ state: 'detached' });
  await written(page);
  assert.equal(proxy.sent('/completion').at(-1).prompt, 'title');
});

test('a token shows its probability under the pointer, and what else could stand there', async () => {
  const { page, on } = await continued();
  const call = { model: 'html', prompt: 'document', seed: 5, n_probs: 8, n_predict: 200 };
  const tokens = (await ask('completion', call)).completion_probabilities;
  for (const at of [0, 4, 7]) {
    await page.locator(`[data-cell="${at}"]`).hover();
    const share = 100 * Math.exp(tokens[at].logprob);
    const shown = await on.card.locator('.card-head strong').innerText();
    assert.ok(Math.abs(parseFloat(shown) - share) <= 0.51, `${shown}, not ${share} %`);
    assert.equal(await on.card.locator('li').count(), 8);
    assert.equal(await on.card.getByRole('button').count(), 0);
  }
  await page.mouse.move(1, 1);
  await on.card.waitFor({ state: 'detached' });
});

test('an alternative is gone on from', async () => {
  const { page, on } = await continued();
  const before = await page.locator('[data-cell]').allTextContents();
  await page.locator('[data-cell="3"]').click();
  const choice = on.alternatives.getByRole('button', { disabled: false }).nth(1);
  const name = (await choice.locator('code').innerText()).replaceAll('␣', ' ').replaceAll('↵', '\n');
  await choice.click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  const now = await page.locator('[data-cell]').allTextContents();
  assert.deepEqual(now.slice(0, 3), before.slice(0, 3));
  assert.equal(now[3], name);
  assert.ok(now.length > 4);
  const { prompt, seed } = proxy.sent('/completion').at(-1);
  const told = await ask('v1/completions', { model: 'html', prompt, seed, max_tokens: 200 });
  assert.equal(await textOf(on.written), now.slice(0, 4).join('') + told.choices[0].text);
});

test('settings are sent, explained, refused and reset', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  for (const name of [
    'Temperature',
    'Top-p',
    'Top-k',
    'Min-p',
    'Repeat penalty',
    'Tokens at most',
    'Seed',
    'Stop texts',
  ]) {
    const about = await page.getByLabel(name, { exact: true }).getAttribute('aria-describedby');
    assert.ok((await page.locator(`#${about}`).innerText()).length > 20, name);
  }
  await on.prompt.fill('bold');
  await on.temperature.fill('0');
  await page.getByLabel('Top-k, slider').fill('3');
  await on.atMost.fill('4');
  await on.stops.fill('zzz\n\\n\\n');
  await on.proceed.click();
  await written(page);
  const sent = proxy.sent('/completion').at(-1);
  assert.deepEqual([sent.temperature, sent.top_k, sent.max_tokens, sent.stop], [0, 3, 4, ['zzz', '\n\n']]);
  await on.facts.getByText('as long as asked for').waitFor();
  await on.temperature.fill('warm');
  await page.getByText('A number from 0 to 100 is needed.').waitFor();
  await on.temperature.blur();
  assert.equal(await on.temperature.inputValue(), '0');
  await page.getByRole('button', { name: "Back to the server's own" }).click();
  assert.equal(await on.temperature.inputValue(), '0.8');
  assert.equal(await on.stops.inputValue(), '');
});

test('what the server refuses is told as it says it', async () => {
  expected = /status of 400/;
  const page = await browser.page(proxy.url);
  const on = parts(page);
  await on.prompt.fill('bold');
  await on.stops.fill('x'.repeat(1025));
  await on.proceed.click();
  await on.fault.getByText("'stop' has 1 texts, expected at most 128, of 1024 bytes at most.").waitFor();
  await on.stops.fill('');
  await on.proceed.click();
  await written(page);
  assert.equal(await on.fault.count(), 0);
});

test('the code writes the same text: curl and Python, completion and chat', async () => {
  const { page, on } = await continued(`it's "so"\n\\ 'and' $HOME café`);
  await check(page, on);
  await page.locator('[data-cell="2"]').click();
  await on.alternatives.getByRole('button', { disabled: false }).first().click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  await check(page, on, (await page.locator('[data-cell]').allTextContents()).slice(0, 3).join(''));
  await on.model.selectOption('talker');
  await on.mode('Chat').click();
  await on.message.fill("Isn't it?");
  await on.send.click();
  await written(page);
  await check(page, on);
});

// What both programs say, after `before`, is what the page shows.
async function check(page, on, before = '') {
  const shown = await textOf(on.written);
  const told = [];
  for (const language of ['curl', 'Python']) {
    await on.code.click();
    await on.mode(language).click();
    const text = await page.getByLabel('Code', { exact: true }).and(page.locator('pre')).textContent();
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText(/Copied\.|select the text/).waitFor();
    await page.keyboard.press('Escape');
    const program = language === 'curl' ? ['bash', ['-c', text.replace('curl', 'curl -s')]] : ['python3', ['-c', text]];
    const { stdout } = await run(...program, { env: { ...process.env, PYTHONIOENCODING: 'utf-8' } });
    const choice = language === 'curl' ? JSON.parse(stdout).choices[0] : { text: stdout.replace(/\n$/, '') };
    told.push(before + (choice.text ?? choice.message.content));
  }
  assert.deepEqual(told, [shown, shown]);
}

test('a chat: explained where it was not taught, answered, edited, retried', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  await on.mode('Chat').click();
  await page.getByText('This model was never taught dialogues.').waitFor();
  await on.model.selectOption('talker');
  await page.getByText('This model was never taught dialogues.').waitFor({ state: 'detached' });
  await on.seed.fill('4');
  await page.getByText('System message').click();
  await page.getByLabel('System message').fill('Be short.');
  await on.message.fill('Say 1.');
  await page.keyboard.press('Enter');
  await written(page);
  const messages = [
    { role: 'system', content: 'Be short.' },
    { role: 'user', content: 'Say 1.' },
  ];
  const answered = async () =>
    (await ask('v1/chat/completions', { model: 'talker', messages, seed: 4, max_tokens: 200 })).choices[0].message
      .content;
  assert.equal(await textOf(on.written.last()), await answered());

  await page.getByRole('listitem').getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('What you said').fill('Say 2.');
  await page.keyboard.press('Enter');
  await page.getByLabel('What you said').waitFor({ state: 'detached' });
  await written(page);
  messages[1].content = 'Say 2.';
  assert.equal(await textOf(on.written.last()), await answered());

  await page.locator('[data-cell="2"]').click();
  await on.alternatives.getByRole('button', { disabled: false }).first().click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  await on.retry.click();
  await page.getByText('3 of 3', { exact: true }).waitFor();
  await written(page);
  assert.equal(await textOf(on.written.last()), await answered());
});

test('a text longer than the context goes on from its end, and this is told', async () => {
  const { page, on } = await continued(html.repeat(60));
  await page
    .getByText(/The text has grown longer than the context of 256 tokens: the model does not see the first/)
    .waitFor();
  const { prompt } = proxy.sent('/completion').at(-1);
  assert.equal(prompt.length, 128);
  const { tokens } = await ask('tokenize', { model: 'html', content: html.repeat(60), add_special: true });
  assert.deepEqual(prompt, tokens.slice(-128));
  await on.code.waitFor();
});

test('a dialogue longer than the context loses its oldest turns, and this is told', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  await on.mode('Chat').click();
  await on.model.selectOption('talker');
  await on.atMost.fill('8');
  for (const said of ['a', 'b', 'c']) {
    await on.message.fill(said.repeat(90));
    await on.send.click();
    await page.getByText(said.repeat(90)).waitFor();
    await on.send.waitFor();
  }
  await page
    .getByText('The dialogue has grown longer than the context: the model does not see what is above any more.')
    .waitFor();
  await on.code.last().click();
  const code = await page.locator('pre').textContent();
  assert.ok(code.includes('ccc') && !code.includes('aaa'));
});

test('HTML that a model writes is text', async () => {
  const { page, on } = await continued(html);
  await on.temperature.fill('0');
  await on.retry.click();
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  const text = await textOf(on.written);
  assert.ok(text.includes('<script>document.title="taken"</script><img src="none" onerror='), text);
  assert.equal(await on.written.locator('script, img, b').count(), 0);
  await page.locator('[data-cell="1"]').hover();
  await on.card.waitFor();
  await on.edit.click();
  assert.equal(await on.prompt.inputValue(), html + text);
  await on.mode('Chat').click();
  await on.message.fill(text);
  await on.send.click();
  await written(page);
  assert.equal(await page.locator('.said p').innerText(), text.trim());
  assert.equal(await page.locator('.turns').locator('script, img, b').count(), 0);
  assert.equal(await page.title(), 'Crystalline CLLM');
});

test('a text that grows below the window is followed, unless one has scrolled away', async () => {
  const page = await browser.page(proxy.url, { viewport: { width: 700, height: 420 } });
  const on = parts(page);
  await on.prompt.fill('\n'.repeat(30) + html);
  const end = () =>
    page.locator('.facts').evaluate((facts) => facts.getBoundingClientRect().bottom <= window.innerHeight);
  await on.proceed.click();
  await written(page);
  assert.ok(await end());
  await page.mouse.move(300, 100);
  await page.mouse.wheel(0, -5000);
  await page.waitForFunction(() => window.scrollY === 0);
  await on.retry.click();
  await page.getByText('2 of 2', { exact: true }).waitFor({ state: 'attached' });
  await written(page);
  assert.equal(await page.evaluate(() => window.scrollY), 0);
});

test('what was typed and set survives a reload', async () => {
  const { page, on } = await continued('document');
  await on.atMost.fill('7');
  await page.reload();
  assert.equal(await on.prompt.inputValue(), 'document');
  assert.equal(await on.atMost.inputValue(), '7');
  assert.equal(await on.seed.inputValue(), '5');
});

test('a server that goes away in the middle is told, and what came is kept', async () => {
  expected = /ERR_|status of 50|status of 404/;
  const own = await startServer();
  const before = await startProxy(own.base);
  const page = await browser.page(before.url);
  const on = parts(page);
  const held = before.hold(3);
  await on.prompt.fill('bold');
  await on.proceed.click();
  await held;
  await page.locator('[data-cell="2"]').waitFor();
  await own.kill();
  await before.stop();
  await on.fault.getByText('The server went away in the middle of the answer. What had come is kept.').waitFor();
  assert.equal(await page.locator('[data-cell]').count(), 3);
  await on.retry.click();
  await on.fault.getByText('The server does not answer. Is it still running?').first().waitFor();
});

test('an answer that the server cuts is told as it says it, one that just ends as broken off', async () => {
  const cut = 'data: {"error":{"message":"the server was stopped before this answer\'s end"}}\n\n';
  const cases = [
    [cut, "The server was stopped before this answer's end."],
    [undefined, 'The server went away in the middle of the answer. What had come is kept.'],
    ['data: {"content":"half of an ev', 'The server went away in the middle of the answer. What had come is kept.'],
  ];
  for (const [last, told] of cases) {
    const page = await browser.page(proxy.url);
    const on = parts(page);
    const held = proxy.hold(2);
    await on.prompt.fill('bold');
    await on.proceed.click();
    const { end } = await held;
    end(last);
    await on.fault.getByText(told).waitFor();
    assert.equal(await page.locator('[data-cell]').count(), 2);
    await on.proceed.click();
    await page.locator('[data-cell="4"]').waitFor();
    await written(page);
    assert.equal(await on.fault.count(), 0);
    await on.clear.click();
  }
});

test('a key is asked for, a wrong one refused, the right one used and not shown', async () => {
  expected = /status of 401/;
  const guarded = await startServer('--api-key', 'open sesame');
  const page = await browser.page(guarded.base.replace(/v1$/, ''));
  const on = parts(page);
  const key = page.getByLabel('API key');
  await on.fault.getByText('This server wants an API key.').waitFor();
  assert.deepEqual(await violations(page), []);
  await key.fill('wrong');
  await page.keyboard.press('Enter');
  await on.fault.getByText("The API key is not this server's.").waitFor();
  await key.fill('open sesame');
  await page.getByRole('button', { name: 'Use it' }).click();
  await on.prompt.fill('bold');
  await on.proceed.click();
  await written(page);
  await on.code.click();
  const code = await page.locator('pre').textContent();
  assert.ok(code.includes('Bearer $CLLM_API_KEY') && !code.includes('sesame'));
  const { stdout } = await run('bash', ['-c', code.replace('curl', 'curl -s')], {
    env: { ...process.env, CLLM_API_KEY: 'open sesame' },
  });
  assert.equal(JSON.parse(stdout).choices[0].text, await textOf(on.written));
  await page.keyboard.press('Escape');
  await page.reload();
  await on.prompt.waitFor();
  await guarded.stop();
});

test('with the keyboard alone', async () => {
  const page = await browser.page(proxy.url);
  const on = parts(page);
  await on.prompt.waitFor();
  const tabTo = async (target) => {
    for (let i = 0; i < 60; ++i) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail('the Tab key does not get there');
  };
  await tabTo(page.getByRole('radio', { name: 'Completion' }));
  await page.keyboard.press('ArrowRight');
  await on.message.waitFor();
  await page.keyboard.press('ArrowLeft');
  await tabTo(on.prompt);
  await page.keyboard.type('bold');
  await page.keyboard.press('Control+Enter');
  await written(page);
  await tabTo(on.written);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowRight');
  await page.locator('[data-cell="1"].cursor').waitFor();
  await page.waitForFunction(() => document.querySelector('#token-said')?.textContent !== '');
  const heard = await page.locator('#token-said').textContent();
  assert.match(heard, /^.+, .+ %; others: .+\.$/s);
  await page.keyboard.press('Enter');
  await on.alternatives.waitFor();
  await page.keyboard.press('Escape');
  await on.alternatives.waitFor({ state: 'detached' });
  await page.locator('.written:focus').waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.getByText('2 of 2', { exact: true }).waitFor();
  await written(page);
  await tabTo(on.code);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await tabTo(page.getByLabel('Temperature, slider'));
  await page.keyboard.press('Home');
  assert.equal(await on.temperature.inputValue(), '0');
});

test('on a narrow screen all is within it', async () => {
  const page = await browser.page(proxy.url, { viewport: { width: 340, height: 640 }, hasTouch: true });
  const on = parts(page);
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  await on.prompt.fill(html);
  await on.proceed.tap();
  await written(page);
  assert.ok(await fits());
  for (const at of [0, 9, 20]) {
    await page.locator(`[data-cell="${at}"]`).tap();
    await on.alternatives.waitFor();
    const box = await on.alternatives.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 340, JSON.stringify(box));
    await on.alternatives.getByRole('button', { name: 'Close' }).tap();
  }
  assert.ok(!(await on.temperature.isVisible()));
  await page.getByText('Settings', { exact: true }).tap();
  await on.temperature.fill('0.5');
  assert.ok(await fits());
  await on.code.tap();
  const code = await page.getByRole('dialog').boundingBox();
  assert.ok(code.x >= 0 && code.x + code.width <= 340);
  await page.getByRole('button', { name: 'Close' }).tap();
  await on.mode('Chat').tap();
  await on.message.fill('Hello there');
  await on.send.tap();
  await written(page);
  assert.ok(await fits());
  assert.deepEqual(await violations(page), []);
});

for (const colorScheme of ['light', 'dark']) {
  test(`nothing that the rules of accessibility forbid, ${colorScheme}`, async () => {
    const { page, on } = await continued(html, { colorScheme, reducedMotion: 'reduce' });
    const clean = async (where) => assert.deepEqual(await violations(page), [], where);
    await clean('a text');
    await page.locator('[data-cell="1"]').click();
    await clean('alternatives');
    await page.keyboard.press('Escape');
    await on.prompt.fill('other');
    await clean('a prompt that was changed');
    await on.code.click();
    await clean('code');
    await page.keyboard.press('Escape');
    await on.clear.click();
    await clean('nothing yet');
    await on.mode('Chat').click();
    await on.message.fill('Say 1.');
    const held = proxy.hold(2);
    await on.send.click();
    const { release } = await held;
    await page.locator('[data-cell="1"]').waitFor();
    await clean('an answer that is written');
    assert.equal(await page.locator('.caret').evaluate((caret) => getComputedStyle(caret).animationName), 'none');
    release();
    await written(page);
    await clean('a chat');
  });
}

test('the page asks nobody but its server, and runs nothing but its own files', async () => {
  const page = await browser.page('about:blank');
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(server.base.replace(/v1$/, ''));
  const on = parts(page);
  await on.prompt.fill('bold');
  await on.proceed.click();
  await written(page);
  const origin = new URL(server.base).origin;
  assert.ok(
    asked.every((url) => url.startsWith(origin)),
    asked.join(' '),
  );
  expected = /Content Security Policy|TrustedHTML|TrustedScript/i;
  const ran = await page.evaluate(() => {
    const inline = document.createElement('script');
    try {
      inline.textContent = 'window.ran = true';
      document.body.append(inline);
    } catch {
      // Trusted types refuse even the text of a script.
    }
    return window.ran === true;
  });
  assert.equal(ran, false);
});
