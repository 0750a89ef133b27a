// The parts of the playground, as a person finds them.
export const parts = (page) => ({
  prompt: page.getByLabel('Text to continue'),
  proceed: page.getByRole('button', { name: 'Continue' }),
  stop: page.getByRole('button', { name: 'Stop', exact: true }),
  retry: page.getByRole('button', { name: 'Retry' }),
  edit: page.getByRole('button', { name: 'Edit' }),
  code: page.getByRole('button', { name: 'Code' }),
  clear: page.getByRole('button', { name: 'Clear' }),
  written: page.getByRole('group', { name: /^What the (model|assistant) wrote$/ }),
  card: page.locator('.card'),
  alternatives: page.getByRole('dialog', { name: 'Alternatives to this token' }),
  fault: page.getByRole('alert'),
  facts: page.locator('.facts'),
  context: page.locator('.context'),
  message: page.getByLabel('Message', { exact: true }),
  send: page.getByRole('button', { name: 'Send' }),
  model: page.getByLabel('Model', { exact: true }),
  seed: page.getByLabel('Seed', { exact: true }),
  temperature: page.getByLabel('Temperature', { exact: true }),
  atMost: page.getByLabel('Tokens at most', { exact: true }),
  stops: page.getByLabel('Stop texts'),
  mode: (name) => page.getByText(name, { exact: true }),
});

// The text that was written, without the names of special tokens.
export const textOf = (written) =>
  written.evaluate((element) =>
    [...element.querySelectorAll('[data-cell]:not(.special)')].map((cell) => cell.textContent).join(''),
  );

// Waits until nothing is being written: the last thing that was asked for has come to its end.
export async function written(page) {
  await page
    .locator('.facts')
    .last()
    .getByText(/asked for|full|ended|stopped|broken/)
    .waitFor();
}
