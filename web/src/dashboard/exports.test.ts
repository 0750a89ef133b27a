import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartCsv } from './chart_csv';
import { chartSvg, escaped } from './chart_svg';
import { kLight } from './palette';
import { sceneOf, type Line } from './scene';

const hostile = '</title><script>alert(1)</script>"&\u0000\ud800';
const line: Line = {
  key: 'a',
  label: hostile,
  colour: '#0067a5',
  dash: [],
  kind: 'validation',
  curve: {
    x: [1, 2, 3],
    last: [3, NaN, 1],
    min: [3, NaN, 1],
    max: [3, NaN, 1],
    total: 3,
    marks: [{ x: 2, value: 'nan' }],
  },
  unit: null,
};
const look = { logX: false, logY: true, zero: false, smoothing: 0, outliers: true, from: null, to: null };

test('an SVG is a document whose texts are texts', () => {
  const scene = sceneOf([line], { ...look, clip: 2, spikes: true, sessions: [2] });
  const ticks = [{ at: 2, label: '2' }];
  const svg = chartSvg({
    title: hostile,
    unit: 'nats',
    axis: 'step',
    scene,
    legend: [{ label: hostile, colour: line.colour, dash: [] }],
    ticksX: ticks,
    ticksY: ticks,
    palette: kLight,
  });
  assert.ok(!svg.includes('<script'));
  assert.ok(!/NaN|Infinity|undefined|\u0000/.test(svg));
  assert.equal(
    svg.match(/<(svg|g|clipPath|text|title|path)[ >]/g)!.length,
    [...svg.matchAll(/<\/(svg|g|clipPath|text|title|path)>|<path[^>]*\/>/g)].length,
  );
  assert.equal(svg.match(/<circle/g)!.length, 3);
});

test('texts of XML', () => {
  assert.equal(escaped('a<b>&"c"\u0001\ud800x\udc00'), 'a&lt;b&gt;&amp;&quot;c&quot;x');
  assert.equal(escaped('😀'), '😀');
});

test('CSV', () => {
  const csv = chartCsv('step', [line, { ...line, label: '=1+1', curve: { ...line.curve, x: [] } }]);
  const lines = csv.split('\r\n');
  assert.equal(lines[0], 'curve,step,last,min,max');
  assert.ok(lines[1]!.startsWith('"</title><script>alert(1)</script>""&'));
  assert.ok(lines[2]!.endsWith(',2,nan,nan,nan'));
  const formula = chartCsv('step', [{ ...line, label: '=1+1' }]);
  assert.ok(formula.split('\r\n')[1]!.startsWith("'=1+1,"));
});
