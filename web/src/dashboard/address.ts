// What the page shows, as it stands in its address behind the "#": a reload keeps it, and a copied link shows the same.

export const kViews = [
  'runs',
  'overview',
  'curves',
  'spheres',
  'lattice',
  'samples',
  'history',
  'configuration',
  'playground',
  'compare',
] as const;
export type View = (typeof kViews)[number];

export const kAxes = ['step', 'tokens', 'flop', 'seconds', 'time'] as const;
export type Axis = (typeof kAxes)[number];

export const kColourings = ['frequency', 'family', 'norm', 'loss'] as const;
export type Colouring = (typeof kColourings)[number];

export interface Address {
  view: View;
  run: string; // an id; "": none
  shown: readonly string[]; // ids of the runs that are compared
  filter: string; // of runs
  sort: string; // a column of the runs, with "-" before it: largest first
  axis: Axis;
  relative: boolean; // each curve begins at zero
  logX: boolean;
  logY: boolean;
  smoothing: number; // 0 to 0.999
  outliers: boolean; // shown, too
  from: number | null; // in units of the axis
  to: number | null;
  charts: string; // a filter by name
  open: readonly string[] | null; // panels; null: those that are open by themselves
  hidden: readonly string[]; // names of curves
  token: number | null;
  colouring: Colouring;
}

export const kHome: Address = {
  view: 'runs',
  run: '',
  shown: [],
  filter: '',
  sort: '-changed',
  axis: 'step',
  relative: false,
  logX: false,
  logY: false,
  smoothing: 0.9,
  outliers: false,
  from: null,
  to: null,
  charts: '',
  open: null,
  hidden: [],
  token: null,
  colouring: 'frequency',
};

// An address of anything: what it does not say, or says wrongly, is as at home.
export function parseAddress(hash: string): Address {
  const [view = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s);
  const fields = new URLSearchParams(query);
  const text = (name: string): string => fields.get(name) ?? '';
  return {
    view: oneOf(kViews, view, kHome.view),
    run: text('run'),
    shown: unique(fields.getAll('with')),
    filter: text('filter'),
    sort: /^-?[a-z_]+$/.test(text('sort')) ? text('sort') : kHome.sort,
    axis: oneOf(kAxes, text('x'), kHome.axis),
    relative: fields.has('relative'),
    logX: /x/.test(text('log')),
    logY: /y/.test(text('log')),
    smoothing: within(number(text('smooth')), 0, 0.999) ?? kHome.smoothing,
    outliers: fields.has('outliers'),
    from: number(text('from')),
    to: number(text('to')),
    charts: text('charts'),
    open: fields.has('open') ? unique(text('open').split(',').filter(Boolean)) : null,
    hidden: unique(text('hide').split(',').filter(Boolean)),
    token: within(number(text('token')), 0, 2 ** 32),
    colouring: oneOf(kColourings, text('colour'), kHome.colouring),
  };
}

// The shortest text that parseAddress reads back.
export function addressText(address: Address): string {
  const fields = new URLSearchParams();
  const set = (name: string, value: string, home: string): void => {
    if (value !== home) fields.set(name, value);
  };
  const flag = (name: string, value: boolean): void => {
    if (value) fields.set(name, '1');
  };
  set('run', address.run, '');
  for (const id of address.shown) fields.append('with', id);
  set('filter', address.filter, '');
  set('sort', address.sort, kHome.sort);
  set('x', address.axis, kHome.axis);
  flag('relative', address.relative);
  set('log', (address.logX ? 'x' : '') + (address.logY ? 'y' : ''), '');
  set('smooth', String(address.smoothing), String(kHome.smoothing));
  flag('outliers', address.outliers);
  if (address.from !== null) fields.set('from', String(rounded(address.from)));
  if (address.to !== null) fields.set('to', String(rounded(address.to)));
  set('charts', address.charts, '');
  if (address.open !== null) fields.set('open', address.open.join(','));
  set('hide', address.hidden.join(','), '');
  if (address.token !== null) fields.set('token', String(address.token));
  set('colour', address.colouring, kHome.colouring);
  const query = fields.toString();
  return `#${address.view}${query === '' ? '' : '?' + query}`;
}

const rounded = (value: number): number => Number(value.toPrecision(12));

const oneOf = <T extends string>(all: readonly T[], text: string, home: T): T =>
  all.includes(text as T) ? (text as T) : home;

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

function number(text: string): number | null {
  const value = Number(text);
  return text.trim() === '' || !Number.isFinite(value) ? null : value;
}

const within = (value: number | null, min: number, max: number): number | null =>
  value !== null && value >= min && value <= max ? value : null;
