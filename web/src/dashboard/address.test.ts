import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText, kHome, parseAddress, type Address } from './address';

test('an address is read back as it was written', () => {
  const cases: Partial<Address>[] = [
    {},
    { view: 'curves', run: 'books/lr 0.01&x=1#?', axis: 'tokens', logX: true, logY: true, smoothing: 0 },
    { view: 'compare', shown: ['a', 'b,c', 'd/e?f'], relative: true, outliers: true, from: 10.5, to: 1_795_792_965.25 },
    { view: 'lattice', run: 'ä', token: 0, colouring: 'loss', open: [], hidden: ['loss_token', 'val_nats'] },
    { filter: '^lr.*(a|b)$', sort: 'name', charts: 'loss|grad', open: ['loss', 'speed'], from: -1e-7, logY: true },
  ];
  for (const part of cases) {
    const address = { ...kHome, ...part };
    assert.deepEqual(parseAddress(addressText(address)), address);
  }
});

test('home is short', () => {
  assert.equal(addressText(kHome), '#runs');
});

test('rubbish is home', () => {
  for (const hash of ['', '#', '#nothing', '#?', '#runs?smooth=2&from=NaN&to=x&sort=<b>&token=-1&colour=red&x=y']) {
    assert.deepEqual(parseAddress(hash), kHome, hash);
  }
  assert.equal(parseAddress('#curves?run=%3Cscript%3E').run, '<script>');
  assert.doesNotThrow(() => parseAddress('#curves?run=%E0%A4%A'));
});
