import { useSignalEffect } from '@preact/signals';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Axis } from './address';
import { kAxisNames, placeText, xLabels, xTicks, yLabels, yTicks } from './axes';
import { short } from './figures';
import { pointed } from './hover';
import { paint, type Frame } from './paint';
import type { Palette } from './palette';
import { moved, zoomed, type Range } from './ranges';
import type { Scene } from './scene';
import { palette } from './theme';

export interface ChartProps {
  readonly label: string; // for who does not see it
  readonly scene: Scene;
  readonly axis: Axis;
  readonly percent: boolean;
  readonly perplexity: boolean; // on the right
  readonly onZoom: (range: Range | null) => void; // null: all
  readonly chart?: { current: uPlot | null };
}

const kHeight = 240;

// A chart: uPlot has the axes, the pointer and the selection; what is between them is painted from the scene.
export function Chart(props: ChartProps) {
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useRef(props);
  now.current = props;
  const colours = palette.value;
  const { scene } = props;
  // What uPlot cannot change afterwards.
  const kind = [props.axis, scene.logX, scene.logY, props.percent, props.perplexity, colours.sheet].join(' ');

  useEffect(() => {
    const element = root.current;
    if (element === null) return;
    const made = new uPlot(optionsOf(now, colours, element.clientWidth), dataOf(scene), element);
    plot.current = made;
    if (props.chart !== undefined) props.chart.current = made;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== made.width) {
        made.setSize({ width: element.clientWidth, height: kHeight });
      }
    });
    observer.observe(element);
    const whole = (): void => now.current.onZoom(null);
    made.over.addEventListener('dblclick', whole);
    made.over.addEventListener('mouseleave', () => (pointed.value = null));
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
      if (props.chart !== undefined) props.chart.current = null;
    };
  }, [kind]);

  useEffect(() => plot.current?.setData(dataOf(scene)), [scene]);

  // Another chart is pointed at, or this one with the keys.
  useSignalEffect(() => {
    const at = pointed.value;
    const chart = plot.current;
    if (chart === null || chart.root.matches(':hover')) return;
    const left = at === null ? -10 : chart.valToPos(at, 'x');
    chart.setCursor({ left: left >= 0 && left <= chart.over.clientWidth ? left : -10, top: 10 }, false);
  });

  const described = useMemo(() => describe(props), [scene, props.axis]);
  return (
    <div
      class="chart"
      ref={root}
      role="application"
      aria-roledescription="chart"
      tabIndex={0}
      aria-label={`${props.label}. ${described}`}
      aria-describedby="chart-keys"
      onKeyDown={(event) => onKey(event, now.current)}
      onBlur={() => (pointed.value = null)}
    />
  );
}

// uPlot knows nothing of the curves: its data are the corners.
const dataOf = (scene: Scene): uPlot.AlignedData => [
  [scene.x.min, scene.x.max],
  [scene.y.min, scene.y.max],
];

function optionsOf(now: { current: ChartProps }, colours: Palette, width: number): uPlot.Options {
  const props = now.current;
  const { axis, scene, percent } = props;
  const distribution = (log: boolean): { distr: 1 | 3 } => ({ distr: log ? 3 : 1 });
  const font = '12px system-ui, sans-serif';
  const common = {
    stroke: colours.soft,
    font,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { show: false },
    filter: (_: uPlot, splits: number[]): number[] => splits,
  };
  const xMost = Math.max(2, Math.floor(width / (axis === 'time' || axis === 'seconds' ? 100 : 75)));
  return {
    width: Math.max(120, width),
    height: kHeight,
    legend: { show: false },
    padding: [10, props.perplexity ? 0 : 14, 0, 0],
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false, dist: 6 },
    },
    scales: {
      x: { time: false, ...distribution(scene.logX), range: () => ends(now.current.scene.x) },
      y: { ...distribution(scene.logY), range: () => ends(now.current.scene.y) },
    },
    series: [{}, { scale: 'y', paths: () => null, points: { show: false } }],
    axes: [
      {
        ...common,
        size: 34,
        splits: (_, __, min, max) => xTicks(axis, min, max, scene.logX, xMost),
        values: (_, splits) => xLabels(axis, splits),
      },
      {
        ...common,
        scale: 'y',
        size: (_, labels) => 16 + 7 * Math.max(3, ...(labels ?? []).map((label) => label.length)),
        splits: (_, __, min, max) => yTicks(min, max, scene.logY, 6),
        values: (_, splits) => yLabels(splits, percent),
      },
      ...(props.perplexity
        ? [
            {
              ...common,
              scale: 'y',
              side: 1 as const,
              size: 52,
              grid: { show: false },
              splits: (_: uPlot, __: number, min: number, max: number) => yTicks(min, max, scene.logY, 6),
              values: (_: uPlot, splits: number[]) => splits.map((nats) => short(Math.exp(nats), 3)),
            },
          ]
        : []),
    ],
    hooks: {
      draw: [(chart) => paint(chart.ctx, now.current.scene, frameOf(chart), colours)],
      setCursor: [
        (chart) => {
          if (!chart.root.matches(':hover')) return;
          const left = chart.cursor.left ?? -10;
          pointed.value = left < 0 ? null : chart.posToVal(left, 'x');
        },
      ],
      setSelect: [
        (chart) => {
          const { left, width: wide } = chart.select;
          if (wide < 4) return;
          const range = { min: chart.posToVal(left, 'x'), max: chart.posToVal(left + wide, 'x') };
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          now.current.onZoom(range);
        },
      ],
    },
  };
}

const ends = (range: Range): [number, number] => [range.min, range.max];

const frameOf = (chart: uPlot): Frame => ({
  left: chart.bbox.left,
  top: chart.bbox.top,
  width: chart.bbox.width,
  height: chart.bbox.height,
  ratio: devicePixelRatio,
  x: (value) => chart.valToPos(value, 'x', true),
  y: (value) => chart.valToPos(value, 'y', true),
});

function describe({ scene, axis }: ChartProps): string {
  if (scene.paths.length === 0) return 'Nothing to draw yet.';
  const [from, to] = [placeText(axis, scene.x.min), placeText(axis, scene.x.max)];
  const count = (shape: string): number => scene.marks.filter((mark) => mark.shape === shape).length;
  const marks: [number, string][] = [
    [count('cross'), 'not finite'],
    [count('spike'), 'spikes'],
    [scene.verticals.length, 'resumed'],
  ];
  const told = marks.filter(([number]) => number > 0).map(([number, what]) => ` ${what}: ${number}.`);
  const log = [scene.logX ? 'x' : '', scene.logY ? 'y' : ''].filter(Boolean).join(' and ');
  return (
    `By ${kAxisNames[axis]}, from ${from} to ${to}; values from ${short(scene.y.min)} to ${short(scene.y.max)}.` +
    `${log === '' ? '' : ` Logarithmic ${log}.`}${told.join('')}`
  );
}

// Arrow keys point; with Shift they move what is shown; + and - zoom around what is pointed at; 0 shows all.
function onKey(event: KeyboardEvent, props: ChartProps): void {
  const { x: range, logX } = props.scene;
  const share = (at: number): number =>
    logX ? Math.log(at / range.min) / Math.log(range.max / range.min) : (at - range.min) / (range.max - range.min);
  const around = pointed.peek() === null ? 1 : Math.min(1, Math.max(0, share(pointed.peek()!)));
  const at = (place: number): number => zoomed(range, 0, Math.min(1, Math.max(0, place)), logX).min;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (step !== undefined && event.shiftKey) props.onZoom(moved(range, step * 0.25, logX));
  else if (step !== undefined) pointed.value = at(pointed.peek() === null ? (step < 0 ? 1 : 0) : around + step * 0.01);
  else if (event.key === 'Home') pointed.value = range.min;
  else if (event.key === 'End') pointed.value = range.max;
  else if (event.key === '+' || event.key === '=') props.onZoom(zoomed(range, 0.5, around, logX));
  else if (event.key === '-') props.onZoom(zoomed(range, 2, around, logX));
  else if (event.key === '0') props.onZoom(null);
  else if (event.key === 'Escape') pointed.value = null;
  else return;
  event.preventDefault();
}
