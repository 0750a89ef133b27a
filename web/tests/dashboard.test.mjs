// The dashboard in Chromium, against a server that answers from a real log (fixture_server.mjs). What the program itself
// answers is tested in dashboard_program.test.mjs.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startBrowser, violations } from './browser.mjs';
import { fits, parts, select, told, until } from './dashboard.mjs';
import { fixtureRun, kHostile, realLog, startFixture } from './fixture_server.mjs';
import { prefix, startProxy } from './proxy.mjs';

const folder = fileURLToPath(new URL('.', import.meta.url));
const log = realLog(folder);
const steps = log.filter((record) => record.event === undefined);

let browser, server, proxy;
let expected; // faults of a page that belong to the test
const runs = {};

before(async () => {
  // One that trains, one that has ended, one with a broken stretch, one with hostile names.
  runs.now = fixtureRun('now', log);
  runs.now.shown = 200;
  runs.done = fixtureRun('done', log, { bits_per_byte: 2.2, config: { layers: 4, width: 128, lr: 0.02, seed: 1, clip: 1 } });
  const broken = log.map((record) =>
    record.step === steps[100].step && record.event === undefined ? { ...record, loss_token: NaN, grad_norm: 5000 } : record,
  );
  broken.splice(250, 0, { event: 'resume', step: broken[250].step });
  runs.broken = fixtureRun('broken', broken, {
    alerts: [{ kind: 'memorising', step: 900, text: 'Validation has risen since step 700.' }],
    facts: { learning: 'memorising', learning_text: 'no: it only learns its text by heart', memorising_text: 'yes: validation rose' },
  });
  runs.hostile = fixtureRun(
    'hostile',
    log.map((record) => (record.event === 'sample' ? { ...record, text: kHostile } : record)),
    { name: kHostile, text: kHostile, workers: 63, config: { lr: kHostile }, reason: kHostile },
  );
  [browser, server] = await Promise.all([
    startBrowser(),
    startFixture(folder, Object.values(runs), { tokens: 32_768 }),
  ]);
  proxy = await startProxy(server.url + 'v1');
});
after(async () => {
  await browser.stop();
  await proxy.stop();
  await server.stop();
});
afterEach(async () => {
  await browser.closePages(expected);
  expected = undefined;
});

const open = (address, options = {}) => browser.page(`${server.url}${address}`, options);

async function curves(id = 'done', more = '', options = {}, first = 'Loss') {
  const page = await open(`#curves?run=${id}${more}`, options);
  const on = parts(page);
  await until(page, on.chart(first), ({ to }) => to !== null);
  return { page, on };
}

test('1 one switch moves all charts to another axis', async () => {
  const { page, on } = await curves();
  for (const [label, word] of [
    ['Tokens', 'tokens'],
    ['FLOP', 'floating point operations'],
    ['Time', 'time of training'],
    ['Clock', 'time of day'],
    ['Step', 'step'],
  ]) {
    await on.axis(label).click();
    for (const title of ['Loss', 'Bits per byte', 'Throughput', 'Gradient norm']) {
      await until(page, on.chart(title), ({ text }) => text.includes(`By ${word}, from`) && !text.includes('from –'));
    }
  }
});

test('2 logarithmic x and y, of all charts', async () => {
  const { page, on } = await curves();
  await on.check('Log x').check();
  await on.check('Log y').check();
  for (const title of ['Loss', 'Throughput']) {
    await until(page, on.chart(title), ({ text }) => text.includes('Logarithmic x and y.'));
  }
  await page.waitForFunction(() => location.hash.includes('log=xy'));
});

test('3 smoothing is on top of the raw curve, and off for validation', async () => {
  const { page, on } = await curves();
  const legend = on.panel('Loss').locator('.legend tbody tr');
  await legend.nth(0).getByText(/^smoothed \d/).waitFor();
  assert.equal(await legend.nth(1).getByText('smoothed').count(), 0);
  const smooth = () => legend.nth(0).locator('td').nth(1).innerText();
  const before = await smooth();
  await on.smoothing.fill('0.5');
  await page.waitForFunction((text) => document.querySelector('.legend td:last-child').innerText !== text, before);
  await on.smoothing.fill('0');
  await legend.nth(0).getByText('smoothed').waitFor({ state: 'detached' });
});

test('4 each point tells the least and greatest of the records that it stands for', async () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ ...steps[i % steps.length], step: i + 1, tokens: 1024 * (i + 1) }));
  server.add(fixtureRun('many', [log[0], ...many]));
  const { on } = await curves('many');
  const spread = await on.panel('Throughput').locator('.spread').innerText();
  const [low, high] = spread.split(' to ').map((text) => Number(text.replaceAll(',', '')));
  assert.ok(low < high, spread);
  server.remove('many');
});

test('5 a zoom is read anew at full resolution, with its neighbours', async () => {
  const { page, on } = await curves();
  const asked = page.waitForRequest((request) => request.url().includes('from='));
  await select(page, on.chart('Loss'), 0.4, 0.5);
  const { searchParams } = new URL((await asked).url());
  const from = Number(searchParams.get('from'));
  const to = Number(searchParams.get('to'));
  assert.ok(from > 550 && from < 650 && to > 700 && to < 800, `${from} to ${to}`);
  for (const title of ['Loss', 'Gradient norm']) {
    await until(page, on.chart(title), (said) => Math.abs(said.from - from) < 2 && Math.abs(said.to - to) < 2);
  }
  await on.chart('Loss').locator('.u-over').dblclick();
  await until(page, on.chart('Loss'), (said) => said.to > 1400);
});

test('6 where a run was gone on with is marked', async () => {
  const { on } = await curves('broken');
  assert.equal((await told(on.chart('Loss'))).resumed, 1);
  assert.equal((await told(on.chart('Gradient norm'))).resumed, 1);
});

test('8 what is not finite is a mark, and a spike crushes nothing unless it is asked for', async () => {
  const { page, on } = await curves('broken');
  assert.equal((await told(on.chart('Loss'))).notFinite, 1);
  const gradient = await told(on.chart('Gradient norm'));
  assert.ok(gradient.spikes >= 1 && gradient.high < 100, gradient.text);
  await on.check('Outliers').check();
  await until(page, on.chart('Gradient norm'), ({ high }) => high > 5000);
  await page.waitForFunction(() => location.hash.includes('outliers=1'));
});

test('9 a place that is pointed at is told by all charts: raw, smoothed, step, tokens, time', async () => {
  const { page, on } = await curves();
  const box = await on.chart('Loss').locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + 50);
  const captions = page.locator('.legend caption');
  await captions.nth(0).getByText(/^At step \d+ · [\d.]+ K tokens · \d+ min \d+ s · .*\d\d:\d\d$/).waitFor();
  const said = await captions.allInnerTexts();
  assert.ok(said.length >= 4 && said.every((text) => text.startsWith('At step 7')), said.join('\n'));
  const step = Number(said[0].match(/step (\d+)/)[1]);
  const record = steps.find((each) => each.step === step);
  const row = await on.panel('Loss').locator('.legend tbody tr').nth(0).innerText();
  assert.ok(row.includes(record.loss_token.toPrecision(4).replace(/0+$/, '')), `${row}, not ${record.loss_token}`);
  assert.equal(await page.locator('.u-cursor-x').evaluateAll((all) => all.filter((line) => /translate\(\d{2,}/.test(line.style.transform)).length), said.length);
  await page.mouse.move(1, 1);
  await captions.nth(0).getByText('Newest: step 1,').waitFor();
});

test('10 runs are compared: overlay, best and last, what differs, shown and hidden, colours that stay', async () => {
  const page = await open('#runs');
  const on = parts(page);
  await page.getByLabel('Compare now').check();
  await page.getByLabel('Compare done').check();
  const colour = () =>
    page.getByRole('row', { name: /done/ }).locator('.swatch path').first().getAttribute('stroke');
  const before = await colour();
  await page.getByRole('navigation', { name: 'Runs' }).getByRole('link', { name: /Compare/ }).click();
  await page.getByText(/^done is best: 2\.2 bits per byte, [\d.]+ % less than now/).waitFor();
  assert.equal(await colour(), before);
  const differences = page.getByRole('region', { name: 'Differences of the configurations' });
  await differences.getByRole('rowheader', { name: 'lr' }).waitFor();
  assert.equal(await differences.getByRole('rowheader', { name: 'layers' }).count(), 0);
  const legend = on.panel('Loss').locator('.legend');
  await legend.getByText('done, training', { exact: true }).waitFor();
  await legend.getByText('now, validation', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Hide now' }).click();
  await page.getByText('Choose two runs or more').waitFor();
});

test('10 two hundred runs: filtered by an expression, sorted, chosen together', async () => {
  const many = await startFixture(folder, Array.from({ length: 200 }, (_, i) => {
    const run = fixtureRun(`sweep-${i}`, log.slice(0, 30), { bits_per_byte: 3 - ((i * 37) % 200) / 200, state: 'stopped' });
    return run;
  }));
  const page = await browser.page(many.url, {});
  const on = parts(page);
  await page.getByText('200 runs', { exact: true }).waitFor();
  await on.filter.fill('sweep-1[0-4]$');
  await page.getByText('5 of 200 runs', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Bits per byte' }).click();
  const bits = await page.locator('td[data-title="Bits per byte"]').allInnerTexts();
  const numbers = bits.map((text) => Number(text.replace('~', '')));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => a - b));
  await page.getByRole('button', { name: 'Show all of these' }).click();
  await on.filter.fill('(');
  await page.getByText(/no regular expression/).waitFor();
  await on.filter.fill('');
  await page.getByText('200 runs', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await page.getByRole('navigation', { name: 'Runs' }).getByRole('link', { name: 'Compare 200' }).click();
  await page.getByRole('heading', { name: '200 runs compared' }).waitFor();
  await on.chart('Loss').waitFor();
  await page.close();
  await many.stop();
});

test('10 and 25 charts by name; few are open, others unfold', async () => {
  const { page, on } = await curves();
  assert.equal(await page.getByRole('application').count(), 4);
  await on.fold('Learning rate').click();
  await until(page, on.chart('Learning rate'), ({ to }) => to > 1400);
  await on.fold('Throughput').click();
  await on.chart('Throughput').waitFor({ state: 'detached' });
  await page.getByLabel('Charts by name').fill('grad|form');
  await on.chart('Parts of the loss').waitFor();
  assert.deepEqual(
    await page.locator('.fold-title').allInnerTexts(),
    ['Gradient norm', 'Parts of the loss'],
  );
});

test('11 each chart is saved as CSV, PNG and SVG, and its link is copied', async () => {
  const { page, on } = await curves();
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const panel = on.panel('Loss');
  const saved = async (name) => {
    const [file] = await Promise.all([page.waitForEvent('download'), panel.getByText(name, { exact: true }).click()]);
    return { name: file.suggestedFilename(), bytes: fs.readFileSync(await file.path()) };
  };
  const png = await saved('PNG');
  assert.deepEqual([png.name, png.bytes.subarray(1, 4).toString()], ['done-loss.png', 'PNG']);
  const svg = await saved('SVG');
  assert.equal(svg.name, 'done-loss.svg');
  const text = svg.bytes.toString();
  assert.ok(text.startsWith('<svg xmlns=') && text.includes('Loss of done') && (text.match(/<polyline/g) ?? []).length === 3);
  const csv = await saved('CSV');
  assert.equal(csv.name, 'done-loss.csv');
  assert.ok(csv.bytes.toString().startsWith('step,timestamp'));
  await panel.getByRole('button', { name: 'Copy link' }).click();
  await page.getByText('The link to Loss is copied.').waitFor();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await page.goto('about:blank');
  await page.goto(link);
  await on.chart('Loss').waitFor();
  assert.equal(await page.getByRole('application').count(), 1);
});

test('12 a curve grows as the run trains, stands still while paused, and says when it ended', async () => {
  const own = fixtureRun('own', log);
  own.shown = 150;
  server.add(own);
  const { page, on } = await curves('own');
  const before = await told(on.chart('Loss'));
  await page.waitForFunction(() => document.querySelector('.live')?.textContent === 'live');
  while (own.listeners.size === 0) await new Promise(setImmediate);
  server.grow(own, 60);
  const after = await until(page, on.chart('Loss'), ({ to }) => to > before.to);
  assert.equal(after.to, log.slice(0, own.shown).findLast((each) => each.event === undefined || each.event === 'eval').step);
  await on.pause.click();
  await page.getByText('paused', { exact: true }).waitFor();
  while (own.listeners.size > 0) await new Promise(setImmediate);
  server.grow(own, 60);
  assert.equal((await told(on.chart('Loss'))).to, after.to);
  await on.pause.click();
  await until(page, on.chart('Loss'), ({ to }) => to > after.to);
  while (own.listeners.size === 0) await new Promise(setImmediate);
  server.grow(own, log.length);
  await page.getByText('finished').first().waitFor();
  await until(page, on.chart('Loss'), ({ to }) => to === 1493); // of the last evaluation
  assert.equal(await page.locator('.live').count(), 0);
  server.remove('own');
});

test('12 a server that goes away and comes back: told, and nothing is there twice', async () => {
  expected = /ERR_|status of 50/;
  const own = fixtureRun('own', log);
  own.shown = 150;
  let first = await startFixture(folder, [own]);
  const page = await browser.page(`${first.url}#curves?run=own`, {});
  const on = parts(page);
  const before = await until(page, on.chart('Loss'), ({ to }) => to !== null);
  while (own.listeners.size === 0) await new Promise(setImmediate);
  const { port } = first;
  await first.stop();
  await page.getByText('The server does not answer; trying again.').waitFor();
  assert.deepEqual(await told(on.chart('Loss')), before, 'what was read stays');
  own.listeners.clear();
  own.shown = 200;
  first = await startFixture(folder, [own], { port });
  const after = await until(page, on.chart('Loss'), ({ to }) => to > before.to);
  await page.getByText('The server does not answer; trying again.').waitFor({ state: 'detached' });
  // As many points as there are records: none twice.
  const counted = await page.evaluate(async () => {
    const answer = await fetch('api/runs/own/curves?names=loss_token&x=step&points=4000');
    const { x } = (await answer.json()).curves.loss_token;
    return [x.length, new Set(x).size];
  });
  assert.equal(counted[0], counted[1]);
  assert.ok(after.to < 1493);
  await page.close();
  await first.stop();
});

test('12 a run that has said nothing for long is called stale', async () => {
  const silent = fixtureRun('silent', log, { changed: Math.floor(Date.now() / 1000) - 400 });
  silent.shown = 150;
  server.add(silent);
  const page = await open('#overview?run=silent');
  await page.getByText(/^stale: no word for [67] min/).waitFor();
  server.remove('silent');
});

test('14 and 15 below a path of a proxy, with requests to its own server alone', async () => {
  const page = await browser.page('about:blank', {});
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  for (const view of ['runs', 'overview', 'curves', 'spheres', 'lattice', 'samples', 'history', 'configuration', 'playground']) {
    await page.goto(`${proxy.url}#${view}?run=done`);
    await page.locator('main h2, main h3, .runs').first().waitFor();
  }
  await until(page, parts(page).chart('Loss'), () => true).catch(() => undefined);
  assert.ok(asked.length > 10);
  assert.ok(asked.every((url) => url.startsWith(proxy.url) || url.startsWith('blob:')), asked.join('\n'));
  assert.ok(proxy.url.endsWith(prefix));
});

test('16 samples over time, the newest first, with what is copied marked', async () => {
  const page = await open('#samples?run=done');
  await page.getByText('ROMEO:', { exact: true }).waitFor();
  const titles = await page.locator('.sample h3').allInnerTexts();
  const numbers = titles.map((text) => Number(text.replace(/\D/g, '')));
  assert.deepEqual(numbers, [...numbers].sort((a, b) => b - a));
  assert.ok(numbers.length >= 6);
  assert.ok((await page.locator('.sample mark').count()) > 0);
  await page.locator('.sample').getByText(/ % copied, 11 tokens at a time at most/).first().waitFor();
  const left = await page.locator('.sample').nth(0).boundingBox();
  const right = await page.locator('.sample').nth(1).boundingBox();
  assert.equal(left.y, right.y, 'side by side');
  await page.getByRole('button', { name: /Show \d+ older ones/ }).click();
});

test('17 training and validation on one chart, bits per byte, perplexity, the gap', async () => {
  const { page, on } = await curves('done', '&open=loss,bits,gap');
  for (const [title, labels] of [
    ['Loss', ['training', 'validation']],
    ['Bits per byte', ['training', 'validation']],
    ['Generalisation gap', ['validation − training']],
  ]) {
    for (const label of labels) await on.panel(title).locator('.legend').getByText(label, { exact: true }).waitFor();
  }
  assert.ok((await told(on.chart('Bits per byte'))).high < (await told(on.chart('Loss'))).high);
  assert.equal(await page.locator('.legend tbody tr').count(), 5);
});

test('18 learning rate, gradient norm with its clip line, throughput, share of peak, time split, memory', async () => {
  const { page, on } = await curves('done', '&open=rate,gradient,speed,peak,split', {}, 'Throughput');
  for (const title of ['Learning rate', 'Gradient norm', 'Throughput', 'Share of peak', 'Where the time goes']) {
    await until(page, on.chart(title), ({ to }) => to > 1400);
  }
  assert.equal(await on.panel('Where the time goes').locator('.legend tbody tr').count(), 4);
  await on.panel('Share of peak').getByText(/^\d+(\.\d+)? %$/).first().waitFor();
  await on.tab('Overview').click();
  await page.getByText('40.2 MB').waitFor();
});

test('19 progress, what is left, and the clock of the end', async () => {
  const page = await open('#overview?run=now');
  await page.getByText(/^(\d+ (s|min|h) ?)+ left, until (tomorrow, )?\d\d:\d\d$/).first().waitFor();
  const share = await page.getByRole('progressbar', { name: 'Progress' }).first().evaluate((bar) => bar.value / bar.max);
  assert.ok(share > 0.3 && share < 0.9);
});

test('20 configuration, commands, seed and machine at one place; a command is copied', async () => {
  const page = await open('#configuration?run=done');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  for (const text of ['AMD EPYC', 'numerics', 'cllm resume runs/done']) await page.getByText(text, { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Copy: resume' }).click();
  await page.getByRole('button', { name: 'Copy: resume' }).getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'cllm resume runs/done');
});

test('21 checkpoints with size and validity, events by kind', async () => {
  const page = await open('#history?run=broken');
  await page.getByText('the best', { exact: false }).first().waitFor();
  await page.getByText('damaged: optimizer.safetensors: the hash is another').waitFor();
  assert.ok((await page.getByText('11.3 MB').count()) >= 5);
  await page.getByLabel('Kind of events').selectOption('resume');
  await page.getByText('gone on with').waitFor();
  assert.equal(await page.locator('.events li').count(), 1);
});

test('22 a note on a run, and a name of one\'s own, stay in the browser', async () => {
  const page = await open('#overview?run=done');
  await page.getByLabel('Name of this run').fill('the long one');
  await page.getByRole('heading', { name: 'the long one', exact: true }).waitFor();
  const note = page.getByLabel('Your note on this run');
  await note.fill('the one for the talk');
  await page.reload();
  await note.waitFor();
  assert.equal(await note.inputValue(), 'the one for the talk');
  await page.getByRole('heading', { name: 'the long one', exact: true }).waitFor();
  await page.getByRole('link', { name: /^Runs/ }).click();
  const row = page.getByRole('row', { name: 'the long one' });
  await row.waitFor();
  assert.match(await row.textContent(), /done/);
  await row.getByRole('link', { name: 'the long one' }).click();
  await page.getByLabel('Name of this run').fill('');
  await page.getByRole('heading', { name: 'done', exact: true }).waitFor();
});

test('24 a reload keeps axis, zoom, curves and panels; back goes to the view before', async () => {
  const { page, on } = await curves();
  await on.axis('Tokens').click();
  await until(page, on.chart('Loss'), ({ text }) => text.includes('By tokens'));
  await on.check('Log y').check();
  await on.panel('Loss').getByRole('button', { name: 'training', exact: true }).click();
  await select(page, on.chart('Loss'), 0.2, 0.6);
  await page.waitForFunction(() => location.hash.includes('from='));
  const before = await told(on.chart('Loss'));
  const address = page.url();
  await page.reload();
  const after = await until(page, on.chart('Loss'), ({ text }) => text === before.text);
  assert.deepEqual(after, before);
  assert.equal(page.url(), address);
  assert.equal(await on.panel('Loss').getByRole('button', { name: 'training', exact: true }).getAttribute('aria-pressed'), 'false');
  await on.tab('Samples').click();
  await page.getByRole('heading', { name: 'Samples' }).waitFor();
  await page.goBack();
  await until(page, on.chart('Loss'), ({ text }) => text === before.text);
});

test('26 what a run is warned of', async () => {
  const page = await open('#overview?run=broken');
  await page.getByRole('note').getByText('Validation has risen since step 700.').waitFor();
  await page.locator('.answer.bad').getByText('Validation rose.').waitFor();
  await page.locator('.answer.bad').getByText('It only learns its text by heart.').waitFor();
});

test('28 the log and the API are a click away', async () => {
  const page = await open('#configuration?run=done');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByText('log.jsonl', { exact: true }).click()]);
  const lines = fs.readFileSync(await file.path(), 'utf8').trim().split('\n');
  assert.equal(lines.length, log.length);
  assert.equal(await page.getByText('api/runs', { exact: true }).getAttribute('href'), 'api/runs');
});

test('spheres: the hierarchy and the table, of 2 workers and of 63', async () => {
  const page = await open('#spheres?run=done');
  await page.getByRole('img', { name: 'Node Zero, 1 groups and 2 workers' }).waitFor();
  assert.equal(await page.locator('.leaf').count(), 2);
  await page.goto(`${server.url}#spheres?run=hostile`);
  await page.getByText('63 workers, of which 48 may run at once').waitFor();
  assert.equal(await page.locator('.leaf').count(), 63);
  assert.equal(await page.locator('.figures tbody tr').count(), 63);
});

test('the lattice: colours, search, a token with its factors, family and neighbours', async () => {
  const page = await open('#lattice?run=done');
  const canvas = page.locator('.spiral canvas');
  await canvas.waitFor();
  for (const colouring of ['family', 'norm', 'loss', 'frequency']) {
    await page.locator('.choice').getByText(colouring, { exact: true }).click();
    await page.waitForFunction((name) => location.hash.includes(`colour=${name}`) || name === 'frequency', colouring);
  }
  await page.getByLabel('Search tokens').fill('king');
  await page.getByText(/\d+( or more)? found\.$/).waitFor();
  await page.keyboard.press('Enter');
  await page.getByText('space before').waitFor();
  await page.getByText('9442', { exact: true }).waitFor();
  assert.equal(await page.locator('.neighbours .near-spiral + .tokens button').count(), 12);
  assert.equal(await page.locator('.neighbours .near-embedding + .tokens button').count(), 12);
  await page.locator('.near-embedding + .tokens button').first().click();
  await page.waitForFunction(() => location.hash.includes('token=102'));
  await canvas.focus();
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('0');
  await page.keyboard.press('Escape');
  await page.getByText('Choose one to see what it is made of').waitFor();
});

test('the lattice: 32,768 tokens are panned and zoomed, frame by frame', async () => {
  const page = await open('#lattice?run=done', { viewport: { width: 1280, height: 860 } });
  const canvas = page.locator('.spiral canvas');
  await page.waitForFunction(() => Number(document.querySelector('canvas')?.dataset.frames ?? 0) > 0);
  const box = await canvas.boundingBox();
  // As many pictures as the screen asks for, each of another place: their time is what drawing takes.
  const took = await page.evaluate(
    async ({ x, y }) => {
      const element = document.querySelector('canvas');
      const frames = () => Number(element.dataset.frames);
      const times = [];
      for (let i = 0; i < 90; ++i) {
        const before = frames();
        const began = performance.now();
        const at = { clientX: x + 200 + 3 * i, clientY: y + 200 + 2 * i };
        if (i % 3 === 0) element.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: i < 45 ? -60 : 60, cancelable: true }));
        else {
          const pointer = { ...at, pointerId: 1, bubbles: true };
          element.dispatchEvent(new PointerEvent('pointermove', pointer));
          element.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: i % 2 ? 8 : -8, cancelable: true }));
        }
        while (frames() === before) await new Promise(requestAnimationFrame);
        times.push(performance.now() - began);
      }
      return times.sort((a, b) => a - b);
    },
    { x: box.x, y: box.y },
  );
  const rate = 1000 / took[Math.floor(took.length / 2)];
  console.log(`lattice of 32,768 tokens: ${rate.toFixed(0)} pictures a second (median), ${(1000 / took.at(-3)).toFixed(0)} at the slowest`);
  assert.equal(took.length, 90);
});

test('the playground writes with the newest checkpoint, and stops', async () => {
  const page = await open('#playground?run=done');
  await page.getByLabel('Text to go on with').fill('Once html');
  await page.keyboard.press('Control+Enter');
  await page.getByText(/word0 word1 .* word19/).waitFor();
  await page.locator('.played').getByText(kHostile).waitFor();
  assert.equal(await page.locator('.played img, .played script').count(), 0);
});

test('save, stop and sample are asked for, stop after a second thought', async () => {
  const page = await open('#overview?run=now');
  await page.getByRole('button', { name: 'Save now' }).click();
  await page.getByText('It saves a checkpoint after this step.').waitFor();
  await page.getByRole('button', { name: 'Sample now' }).click();
  await page.getByText('It writes a sample after this step.').waitFor();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  assert.deepEqual(runs.now.asked, ['save', 'sample']);
  await page.getByRole('button', { name: 'Yes, stop it' }).click();
  await page.getByText('It stops after this step and saves.').waitFor();
  assert.deepEqual(runs.now.asked, ['save', 'sample', 'stop']);
  await page.goto(`${server.url}#overview?run=done`);
  await page.getByText('It ended at step').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Save now' }).count(), 0);
});

test('hostile names, texts and samples are text in every view', async () => {
  for (const view of ['runs', 'overview', 'curves', 'spheres', 'lattice', 'samples', 'history', 'configuration', 'playground', 'compare']) {
    const page = await open(`#${view}?run=hostile&with=hostile&with=done&token=7`);
    await page.getByText('onerror=', { exact: false }).first().waitFor();
    assert.equal(await page.locator('main script, main img, .run-head img').count(), 0, view);
    assert.notEqual(await page.title(), 'taken');
    assert.notEqual(await page.title(), '1');
  }
});

test('a run that vanishes while it is looked at is told; one that never was, too', async () => {
  expected = /status of 404/;
  const own = fixtureRun('own', log, { state: 'stopped' });
  server.add(own);
  const page = await open('#curves?run=own');
  await parts(page).chart('Loss').waitFor();
  server.remove('own');
  await page.getByText('This run is not there any more.').waitFor();
  await parts(page).chart('Loss').waitFor();
  await page.goto(`${server.url}#overview?run=nobody`);
  await page.getByText('There is no such run.').waitFor();
});

const kViews = ['runs', 'compare', 'overview', 'curves', 'spheres', 'lattice', 'samples', 'history', 'configuration', 'playground'];

for (const colorScheme of ['light', 'dark']) {
  for (const width of [1280, 360]) {
    test(`23 no view breaks a rule of accessibility or leaves the window, ${colorScheme}, ${width} pixels`, async () => {
      const page = await open('', { colorScheme, viewport: { width, height: 800 }, reducedMotion: 'reduce' });
      for (const view of kViews) {
        await page.goto(`${server.url}#${view}?run=now&with=now&with=done&token=5`);
        await page.locator('main :is(h2, h3)').first().waitFor();
        if (view === 'lattice') await page.getByText('space before').waitFor();
        if (view === 'curves' || view === 'compare') await until(page, parts(page).chart('Loss'), ({ to }) => to !== null);
        assert.deepEqual(await violations(page), [], view);
        assert.ok(await fits(page), `${view} fits`);
      }
      const live = await page.locator('.live.on').first().evaluate((sign) => getComputedStyle(sign, '::before').animationName);
      assert.equal(live, 'none');
    });
  }
}

test('23 colours follow the system while the page is open', async () => {
  const { page, on } = await curves('done', '', { colorScheme: 'light' });
  const stroke = () => on.panel('Loss').locator('.swatch path').first().getAttribute('stroke');
  assert.equal(await stroke(), '#0067a5');
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForFunction(() => document.querySelector('.legend .swatch path').getAttribute('stroke') === '#5aaee6');
  await until(page, on.chart('Loss'), ({ to }) => to !== null);
});

test('23 with the keyboard alone', async () => {
  const page = await open('#overview?run=done');
  const on = parts(page);
  await page.getByRole('heading', { name: 'Is it still learning?' }).waitFor();
  await page.keyboard.press('2');
  await until(page, on.chart('Loss'), ({ to }) => to !== null);
  const tabTo = async (target) => {
    for (let i = 0; i < 80; ++i) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    assert.fail('the Tab key does not get there');
  };
  await tabTo(page.getByRole('radio', { name: 'Step' }));
  await page.keyboard.press('ArrowRight');
  await until(page, on.chart('Loss'), ({ text }) => text.includes('By tokens'));
  await tabTo(on.chart('Loss'));
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowLeft');
  await page.locator('.legend caption').first().getByText(/^At step/).waitFor();
  await page.keyboard.press('+');
  await page.waitForFunction(() => location.hash.includes('from='));
  await page.keyboard.press('0');
  await page.waitForFunction(() => !location.hash.includes('from='));
  await tabTo(on.fold('Learning rate'));
  await page.keyboard.press('Enter');
  await on.chart('Learning rate').waitFor();
  await page.keyboard.press('p');
  await page.getByText('Paused: nothing is read.').waitFor();
  await page.keyboard.press('p');
});

test('19 on a phone: fingers zoom by buttons, all is within the screen', async () => {
  const page = await open('#curves?run=done', { viewport: { width: 360, height: 740 }, hasTouch: true });
  const on = parts(page);
  const before = await until(page, on.chart('Loss'), ({ to }) => to !== null);
  await page.getByRole('button', { name: 'Zoom in on the newest' }).tap();
  await until(page, on.chart('Loss'), ({ from }) => from > before.from + 100);
  assert.ok(await fits(page));
});

test('WebGL is asked for by no view', async () => {
  const page = await browser.page('about:blank', {});
  await page.addInitScript(() => {
    const own = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      if (/gl/i.test(kind)) return null;
      return own.call(this, kind, ...rest);
    };
  });
  await page.goto(`${server.url}#lattice?run=done`);
  await page.waitForFunction(() => Number(document.querySelector('canvas')?.dataset.frames ?? 0) > 0);
  await page.goto(`${server.url}#spheres?run=done`);
  await page.locator('.leaf').first().waitFor();
});

test('the page runs nothing but its own files', async () => {
  const { page } = await curves();
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
