// The dashboard of the program itself: a training that is watched from its first step to its end, its runs afterwards,
// a server that is started again, logs that are broken.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { startBrowser, violations } from './browser.mjs';
import { parts, until } from './dashboard.mjs';

const program = process.env.CLLM_PROGRAM;
const line = '<b title="x">bold</b><script>document.title="taken"</script><img src="none" onerror="document.title=1">';

let browser, folder, runs;
let expected; // faults of a page that belong to the test
const children = new Set();

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cllm-dashboard-'));
  runs = path.join(folder, 'runs');
  fs.writeFileSync(path.join(folder, 'text.txt'), `${line}\n`.repeat(80));
  browser = await startBrowser();
});
after(async () => {
  await browser.stop();
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(folder, { recursive: true });
});
afterEach(async () => {
  await browser.closePages(expected);
  expected = undefined;
});

// Starts the program; url: of the dashboard that it tells of, if it does.
function start(...args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, CLLM_CACHE: path.join(folder, 'cache') } });
  children.add(child);
  let said = '';
  let heard = () => undefined;
  const listen = (bytes) => {
    said += bytes;
    heard();
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  const ended = new Promise((resolve) =>
    child.on('exit', (code, signal) => {
      children.delete(child);
      resolve(code ?? signal);
    }),
  );
  const url = new Promise((resolve, reject) => {
    heard = () => {
      const found = said.match(/dashboard: (http:\S+)/);
      if (found) resolve(found[1]);
    };
    ended.then((code) => reject(new Error(`it ended with ${code}:\n${said}`)));
  });
  url.catch(() => undefined);
  return { child, url, ended, said: () => said };
}

const train = (name, ...options) =>
  start('train', path.join(folder, 'text.txt'), '--out', path.join(runs, name), '--tokenizer', 'bpe:300', '--layers', '1', '--heads', '2', '--width', '32', '--hidden', '64', '--context', '64', '--batch', '4', '--warmup', '5', ...options);

test('a training is watched from its beginning to its end', async () => {
  const training = train('first', '--steps', '1000000', '--eval-every', '40', '--dashboard=0');
  const page = await browser.page(await training.url, {});
  const on = parts(page);
  // A directory of one run is that run.
  await page.getByRole('heading', { name: 'Is it still learning?' }).waitFor();
  await page.getByText(/^live/).first().waitFor();
  await page.getByText(/ left, until /).first().waitFor();
  await on.tab('Curves').click();
  const early = await until(page, on.chart('Loss'), ({ to }) => to > 1);
  await until(page, on.chart('Loss'), ({ to }) => to > early.to + 50);
  await on.panel('Loss').locator('.legend').getByText('validation', { exact: true }).waitFor();
  await on.tab('Spheres').click();
  await page.locator('.leaf').first().waitFor();
  await on.tab('Samples').click();
  await page.locator('.sample').first().waitFor();
  await on.tab('Lattice').click();
  await page.waitForFunction(() => Number(document.querySelector('canvas')?.dataset.frames ?? 0) > 0);
  await page.getByLabel('Search tokens').fill('b');
  await page.getByLabel('Search tokens').press('Enter');
  await page.locator('.near-spiral + .tokens button').nth(11).waitFor();
  await page.locator('.near-embedding + .tokens button').nth(11).waitFor();
  await on.tab('Overview').click();
  await page.getByRole('button', { name: 'Save now' }).click();
  await page.getByText('It saves a checkpoint after this step.').waitFor();
  await on.tab('History').click();
  await page.getByText('whole', { exact: false }).first().waitFor();
  await on.tab('Playground').click();
  await page.getByLabel('Text to go on with').fill('document');
  await page.getByLabel('Tokens').fill('8');
  // Its checkpoints come and go several times in a second: the newest that is there writes.
  await page.getByRole('button', { name: 'Write' }).click();
  await page.waitForFunction((typed) => (document.querySelector('.played')?.textContent ?? '').length > typed, 'document'.length);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.notEqual(await page.title(), 'taken');
  await on.tab('Overview').click();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  expected = /ERR_|Failed to load/;
  await page.getByRole('button', { name: 'Yes, stop it' }).click();
  assert.notEqual(await training.ended, 'SIGKILL');
  await page.getByText('The server does not answer; trying again.').waitFor();
});

test('runs of a directory: compared, each of them looked at, gone on with, without a broken rule', async () => {
  assert.equal(await train('second', '--steps', '60', '--eval-every', '20', '--lr', '0.02').ended, 0);
  const dashboard = start('dashboard', runs, '--port', '0');
  const url = await dashboard.url;
  const page = await browser.page(url, {});
  const on = parts(page);
  await page.getByText('2 runs', { exact: true }).waitFor();
  await page.getByLabel('Compare first').check();
  await page.getByLabel('Compare second').check();
  await page.getByRole('navigation', { name: 'Runs' }).getByRole('link', { name: 'Compare 2' }).click();
  await page.getByText(/is best: [\d.]+ bits per byte/).waitFor();
  await page.getByRole('region', { name: 'Differences of the configurations' }).getByRole('rowheader', { name: 'lr' }).waitFor();
  await on.panel('Loss').locator('.legend').getByText('second, training').waitFor();
  await until(page, on.chart('Loss'), ({ to }) => to > 60);
  const list = await (await fetch(new URL('api/runs', url))).json();
  const { id } = list.runs.find((run) => run.name === 'second');
  for (const view of ['overview', 'curves', 'spheres', 'lattice', 'samples', 'history', 'configuration', 'playground']) {
    await page.goto(`${url}#${view}?run=${id}`);
    await page.locator('main :is(h2, h3)').first().waitFor();
    assert.deepEqual(await violations(page), [], view);
  }
  await page.goto(`${url}#curves?run=${id}`);
  const before = await until(page, on.chart('Loss'), ({ to }) => to === 60);
  assert.equal(before.resumed, 0);
  assert.equal(await start('resume', path.join(runs, 'second'), '--steps', '90').ended, 0);
  await until(page, on.chart('Loss'), ({ to, resumed }) => to === 90 && resumed === 1);
  dashboard.child.kill('SIGINT');
  await dashboard.ended;
  expected = /ERR_|Failed to load/;
});

test('a server that is started again at its port goes on, and nothing is there twice', async () => {
  const training = train('third', '--steps', '1000000', '--eval-every', '50');
  let dashboard = start('dashboard', runs, '--port', '0');
  const url = await dashboard.url;
  const page = await browser.page(url, {});
  const on = parts(page);
  await page.getByRole('link', { name: 'third', exact: true }).click();
  await page.getByText(/^live/).first().waitFor();
  await on.tab('Curves').click();
  const before = await until(page, on.chart('Loss'), ({ to }) => to > 20);
  expected = /ERR_|Failed to load/;
  dashboard.child.kill('SIGKILL');
  await dashboard.ended;
  await page.getByText('The server does not answer; trying again.').waitFor();
  dashboard = start('dashboard', runs, '--port', new URL(url).port);
  await dashboard.url;
  await page.getByText('The server does not answer; trying again.').waitFor({ state: 'detached' });
  await until(page, on.chart('Loss'), ({ to }) => to > before.to);
  const { id } = (await (await fetch(new URL('api/runs', url))).json()).runs.find((run) => run.name === 'third');
  const { curves } = await (await fetch(new URL(`api/runs/${id}/curves?names=loss_token&points=4000`, url))).json();
  assert.equal(new Set(curves.loss_token.x).size, curves.loss_token.x.length);
  training.child.kill('SIGINT');
  await training.ended;
  await page.locator('.live').first().waitFor({ state: 'detached' });
  await page.getByText('stopped').first().waitFor();
  dashboard.child.kill('SIGINT');
  await dashboard.ended;
});

test('a log that is cut, foreign, out of order and hostile shows what is a record, and runs nothing', async () => {
  const broken = path.join(runs, '<img src=x onerror=document.title=1>');
  fs.cpSync(path.join(runs, 'second'), broken, { recursive: true, verbatimSymlinks: true });
  const log = path.join(broken, 'log.jsonl');
  const records = fs.readFileSync(log, 'utf8').trim().split('\n');
  const steps = records.filter((each) => each.includes('"loss_token"'));
  const last = JSON.parse(steps.at(-1));
  const lines = [
    ...records,
    ...steps.slice(3, 9), // again, and out of order
    '{"event":"from-tomorrow","format":99,"step":5}',
    'not JSON at all <script>document.title="taken"</script>',
    JSON.stringify({ ...last, step: last.step + 1 }).replace(/"loss_token":[^,]+/, '"loss_token":null'),
    JSON.stringify({ event: 'note', step: 91, text: line }),
    JSON.stringify({ event: 'sample', step: 91, text: line }),
    steps[0].slice(0, 40),
  ];
  fs.writeFileSync(log, lines.join('\n'));
  const dashboard = start('dashboard', broken, '--port', '0');
  const page = await browser.page(await dashboard.url, {});
  const on = parts(page);
  await page.getByRole('heading', { name: 'Is it still learning?' }).waitFor();
  await on.tab('Curves').click();
  const chart = await until(page, on.chart('Loss'), ({ to }) => to !== null);
  assert.ok(chart.to >= last.step, chart.text);
  for (const view of ['Samples', 'History', 'Configuration', 'Lattice', 'Spheres']) {
    await on.tab(view).click();
    await page.locator('main h2').first().waitFor();
    assert.equal(await page.locator('main img, main script, .run-head img').count(), 0, view);
    assert.match(await page.title(), /Crystalline CLLM$/);
  }
  await on.tab('Samples').click();
  await page.locator('.sample').getByText('onerror=').first().waitFor();
  // It vanishes while it is looked at.
  expected = /status of 404|ERR_|Failed to load/;
  fs.rmSync(broken, { recursive: true });
  await page.getByText('This run is not there any more.').waitFor();
  dashboard.child.kill('SIGINT');
  await dashboard.ended;
});

test('13 of a long log the newest part is shown, then all of it, without an index and by it', async () => {
  const long = path.join(folder, 'long');
  fs.cpSync(path.join(runs, 'second'), long, { recursive: true, verbatimSymlinks: true });
  const records = fs.readFileSync(path.join(long, 'log.jsonl'), 'utf8').trim().split('\n');
  const step = JSON.parse(records.find((each) => each.includes('"loss_token"')));
  const lines = [records[0]];
  for (let i = 1; i <= 120_000; ++i) lines.push(JSON.stringify({ ...step, step: i, tokens: 256 * i, elapsed_s: i / 10 }));
  fs.writeFileSync(path.join(long, 'log.jsonl'), `${lines.join('\n')}\n`);
  for (const kept of [false, true]) {
    const indices = path.join(folder, 'cache');
    if (!kept) fs.rmSync(indices, { recursive: true, force: true });
    const dashboard = start('dashboard', long, '--port', '0');
    const page = await browser.page(`${await dashboard.url}#curves?run=long`, {});
    const loss = parts(page).chart('Loss');
    const first = await until(page, loss, ({ to }) => to === 120_000);
    assert.ok(!kept || first.from === 1, first.text);
    await until(page, loss, ({ from, to }) => from === 1 && to === 120_000);
    expected = /ERR_|Failed to load/;
    dashboard.child.kill('SIGINT');
    await dashboard.ended;
    await browser.closePages(expected);
  }
});
