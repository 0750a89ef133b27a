// Chromium, and pages in it that tell of everything that went wrong.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

// How long a test waits for what never comes. What is waited for is an event; no test passes by this.
const kNever_ms = 120_000;

export async function startBrowser() {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium-headless-shell', args: ['--no-sandbox'] });
  const faults = [];
  let usual; // the page of who wants nothing special: making another one takes as long as a test
  const make = async (options) => {
    const page = await (await browser.newContext(options)).newPage();
    page.context().setDefaultTimeout(kNever_ms);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && faults.push(message.text()));
    return page;
  };
  const special = [];
  return {
    // options: of a browser context, such as {viewport, colorScheme, reducedMotion}.
    page: async (url, options) => {
      const page = options === undefined ? (usual ??= await make({})) : await make(options);
      if (options !== undefined) special.push(page);
      await page.goto(url);
      return page;
    },
    // After a test: the pages must have had no faults but those that are expected, and nothing of them is left.
    closePages: async (expected = /^$/) => {
      for (const page of special.splice(0)) await page.context().close();
      if (usual !== undefined) {
        if (usual.url() !== 'about:blank') await usual.evaluate(() => sessionStorage.clear());
        await usual.goto('about:blank');
      }
      assert.deepEqual(
        faults.splice(0).filter((fault) => !expected.test(fault)),
        [],
      );
    },
    stop: () => browser.close(),
  };
}

// What the rules of accessibility find.
export async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((each) => `${each.id}: ${each.nodes.map((node) => node.target.join(' ')).join(', ')}`);
}
