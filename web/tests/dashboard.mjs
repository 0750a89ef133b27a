// The parts of the dashboard, as a person finds them.
export const parts = (page) => ({
  chart: (title) => page.getByRole('application', { name: new RegExp(`^${title},`) }),
  panel: (title) => page.getByRole('region', { name: title, exact: true }),
  fold: (title) => page.getByRole('button', { name: new RegExp(`^${title}`) }),
  axis: (label) => page.locator('.switches').getByText(label, { exact: true }),
  check: (label) => page.getByLabel(label, { exact: true }),
  smoothing: page.getByLabel('Smoothing'),
  tab: (name) => page.getByRole('navigation', { name: 'Views of the run' }).getByRole('link', { name, exact: true }),
  filter: page.getByLabel('Runs by name'),
  rows: page.locator('.runs tbody tr'),
  pause: page.getByRole('button', { name: /^(Pause|Go on)$/ }),
  live: page.locator('.live').first(),
});

// What a chart says of itself: the ends of its axes and its marks.
export async function told(chart) {
  const text = await chart.getAttribute('aria-label');
  const number = (value) => (value === undefined ? null : Number(value.replaceAll(',', '')));
  return {
    text,
    from: number(text.match(/from step ([\d,]+)/)?.[1]),
    to: number(text.match(/to step ([\d,]+)/)?.[1]),
    low: number(text.match(/values from (\S+) to/)?.[1]),
    high: number(text.match(/values from \S+ to ([\d.,e-]+?)\./)?.[1]),
    spikes: number(text.match(/spikes: (\d+)/)?.[1] ?? '0'),
    notFinite: number(text.match(/not finite: (\d+)/)?.[1] ?? '0'),
    resumed: number(text.match(/resumed: (\d+)/)?.[1] ?? '0'),
  };
}

// Waits until what a chart says is as wanted.
export async function until(page, chart, wanted) {
  for (;;) {
    const said = await told(chart);
    if (wanted(said)) return said;
    await page.waitForFunction(
      ([element, before]) => element.getAttribute('aria-label') !== before,
      [await chart.elementHandle(), said.text],
    );
  }
}

// Drags over a part of a chart's width.
export async function select(page, chart, from, to) {
  const box = await chart.locator('.u-over').boundingBox();
  await page.mouse.move(box.x + box.width * from, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * ((from + to) / 2), box.y + 70);
  await page.mouse.move(box.x + box.width * to, box.y + 70);
  await page.mouse.up();
}

export const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
