// Takes the pictures of docs/serving.md: pictures.mjs MODEL CHAT_MODEL FOLDER.
import { startBrowser } from './browser.mjs';
import { parts, written } from './playground.mjs';

const [model, chatModel, folder] = process.argv.slice(2);
process.env.CLLM_MODEL = `shakespeare=${model}`;
const { startServer } = await import('./server.mjs');
const server = await startServer(`players=${chatModel}`);
const browser = await startBrowser();
const url = server.base.replace(/v1$/, '');
const desktop = { width: 1200, height: 800 };

async function continued(options, seed) {
  const page = await browser.page(url, options);
  const on = parts(page);
  await on.prompt.fill('ROMEO:\nWhat light is this that');
  if (!(await on.seed.isVisible())) await page.getByText('Settings', { exact: true }).click();
  await on.seed.fill(seed);
  await on.atMost.fill(options.viewport.width < 900 ? '70' : '90');
  if (options.viewport.width < 900) await page.getByText('Settings', { exact: true }).click();
  await on.proceed.click();
  await written(page);
  return { page, on };
}

{
  const { page } = await continued({ viewport: desktop, colorScheme: 'light' }, '3');
  await page.locator('[data-cell="11"]').click();
  await page.screenshot({ path: `${folder}/page-light.png` });
}
{
  const page = await browser.page(url, { viewport: desktop, colorScheme: 'dark' });
  const on = parts(page);
  await on.mode('Chat').click();
  await on.model.selectOption('players');
  await on.seed.fill('11');
  for (const said of ['Good morrow, my lord. What news?', 'And how fares the king?']) {
    await on.message.fill(said);
    await on.send.click();
    await page.getByText(said).waitFor();
    await on.send.waitFor();
  }
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}/page-dark.png` });
}
{
  const { page } = await continued({ viewport: { width: 390, height: 760 }, colorScheme: 'light' }, '3');
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${folder}/page-phone.png` });
}
await browser.closePages();
await browser.stop();
await server.stop();
