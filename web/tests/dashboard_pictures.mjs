// Takes the pictures of docs/dashboard.md: dashboard_pictures.mjs RUNS FOLDER, with at least two runs in RUNS; the one
// with most steps is looked at.
import { spawn } from 'node:child_process';
import { startBrowser } from './browser.mjs';
import { parts, until } from './dashboard.mjs';

const [runs, folder] = process.argv.slice(2);
const child = spawn(process.env.CLLM_PROGRAM, ['dashboard', runs, '--port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
const url = await new Promise((resolve, reject) => {
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += bytes;
    const found = said.match(/dashboard: (http:\S+)/);
    if (found) resolve(found[1]);
  });
  child.on('exit', () => reject(new Error(said)));
});
const browser = await startBrowser();
const list = await (await fetch(new URL('api/runs', url))).json();
const [first, ...others] = list.runs.sort((a, b) => b.step - a.step);
const together = [first, ...others].slice(0, 4).map((run) => `with=${encodeURIComponent(run.id)}`).join('&');
const desk = { width: 1280, height: 860 };
const phone = { width: 390, height: 780 };

async function picture(name, address, colorScheme, viewport, ready) {
  const page = await browser.page(`${url}${address}`, { viewport, colorScheme, reducedMotion: 'reduce' });
  await page.mouse.move(1, 1);
  await ready(page, parts(page));
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  await page.screenshot({ path: `${folder}/dashboard-${name}.png` });
}
const drawn = (page, on) => until(page, on.chart('Loss'), ({ to }) => to !== null);
const id = encodeURIComponent(first.id);

await picture('runs', `#runs?${together}`, 'light', desk, (page) => page.locator('.runs tbody tr').first().waitFor());
await picture('overview', `#overview?run=${id}`, 'light', desk, drawn);
await picture('curves', `#curves?run=${id}`, 'dark', desk, async (page, on) => {
  await drawn(page, on);
  const box = await on.chart('Loss').locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80);
});
await picture('compare', `#compare?${together}`, 'light', desk, async (page, on) => {
  await page.locator('.differences thead th').nth(Math.min(4, list.runs.length)).waitFor();
  await drawn(page, on);
});
await picture('spheres', `#spheres?run=${id}`, 'light', desk, (page) => page.locator('.leaf').first().waitFor());
await picture('lattice', `#lattice?run=${id}&colour=frequency`, 'dark', desk, async (page) => {
  await page.getByLabel('Search tokens').fill('king');
  await page.getByLabel('Search tokens').press('Enter');
  await page.locator('.near-embedding + .tokens button').nth(11).waitFor();
});
await picture('samples', `#samples?run=${id}`, 'light', desk, async (page) => {
  await page.locator('.sample').first().waitFor();
  await page.getByText('being searched').waitFor({ state: 'detached' });
});
await picture('history', `#history?run=${id}`, 'light', desk, (page) => page.locator('.timeline').waitFor());
await picture('phone', `#overview?run=${id}`, 'dark', phone, drawn);
await browser.closePages();
await browser.stop();
child.kill('SIGINT');
