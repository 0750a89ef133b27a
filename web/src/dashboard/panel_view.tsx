import { signal } from '@preact/signals';
import { useMemo, useRef } from 'preact/hooks';
import type uPlot from 'uplot';
import { copy } from '../shared/clipboard';
import type { Axis } from './address';
import { kAxisNames, placeText, shownAxis, xLabels, xTicks, yLabels, yTicks } from './axes';
import { Chart } from './chart';
import { chartCsv } from './chart_csv';
import { chartSvg } from './chart_svg';
import { download } from './download';
import { amount, clock, duration, fileName, short } from './figures';
import { pointed } from './hover';
import type { Panel } from './panels';
import { go, linkTo, place, write } from './place';
import type { Range } from './ranges';
import { placeReading, readingOf } from './readout';
import { sceneOf, type Line, type Scene } from './scene';
import type { LineRun } from './lines';
import { palette } from './theme';

// A chart with its title, its legend, which says the figures of what is pointed at, and what can be done with it.

export const said = signal(''); // to who listens: what a button did

export function PanelView(props: {
  panel: Panel;
  lines: readonly Line[];
  runs: readonly LineRun[];
  sessions: readonly number[];
  clip: number | null;
  onZoom: (range: Range | null) => void;
  csv: string | null; // the address of all records, where the server has them
}) {
  const { panel, lines, sessions } = props;
  const at = place.value;
  const chart = useRef<uPlot | null>(null);
  const axis = shownAxis(at.axis, at.relative);
  const scene = useMemo(() => {
    const visible = lines.filter((line) => !at.hidden.includes(nameOf(line)));
    return sceneOf(visible, { ...at, ...lookOf(panel), sessions, clip: panel.clip ? props.clip : null });
  }, [lines, sessions, props.clip, at.logX, at.logY, at.smoothing, at.outliers, at.from, at.to, at.hidden]);
  const file = fileName([...(props.runs.length === 1 ? [props.runs[0]!.name] : []), panel.id].join('-'));
  const title = props.runs.length === 1 ? `${panel.title} of ${props.runs[0]!.name}` : panel.title;
  return (
    <>
      <p class="about">{panel.about}</p>
      <Chart
        label={`${panel.title}, ${panel.unit}`}
        scene={scene}
        axis={axis}
        percent={panel.percent === true}
        perplexity={panel.perplexity === true}
        onZoom={props.onZoom}
        chart={chart}
      />
      <Legend panel={panel} lines={lines} scene={scene} runs={props.runs} />
      <div class="row chart-actions">
        <button
          class="quiet"
          onClick={async () => {
            write();
            const link = new URL(linkTo({ open: [panel.id] }), location.href).href;
            said.value = (await copy(link))
              ? `The link to ${panel.title} is copied.`
              : 'The browser does not let us copy.';
          }}
        >
          Copy link
        </button>
        {props.csv === null ? (
          <button class="quiet" onClick={() => download(`${file}.csv`, 'text/csv', chartCsv(axis, lines))}>
            CSV
          </button>
        ) : (
          <a class="button quiet" href={props.csv} download={`${file}.csv`}>
            CSV
          </a>
        )}
        <button class="quiet" onClick={() => savePng(chart.current, title, panel.unit, lines, file)}>
          PNG
        </button>
        <button
          class="quiet"
          onClick={() => download(`${file}.svg`, 'image/svg+xml', svgOf(title, panel, scene, lines, axis))}
        >
          SVG
        </button>
      </div>
    </>
  );
}

const lookOf = (panel: Panel): { zero: boolean; spikes: boolean } => ({
  zero: panel.zero === true,
  spikes: panel.spikes === true,
});

// The name by which a line is hidden: its curve of one run, or its run.
export const nameOf = (line: Line): string => line.key.slice(line.key.lastIndexOf(' ') + 1);

function Legend(props: { panel: Panel; lines: readonly Line[]; scene: Scene; runs: readonly LineRun[] }) {
  const { lines, scene } = props;
  const at = pointed.value;
  const { hidden, relative } = place.value;
  const axis = shownAxis(place.value.axis, relative);
  const several = props.runs.length > 1;
  const toggle = (name: string): void =>
    go({ hidden: hidden.includes(name) ? hidden.filter((each) => each !== name) : [...hidden, name] });
  const first = lines[0];
  if (first === undefined) return <p class="about empty">The run has no such records yet.</p>;
  const where = at ?? readingOf(first, scene, null).x ?? 0;
  const smooth = scene.smooth.size > 0;
  return (
    <table class="legend">
      <caption>
        <Where x={where} last={at === null} run={several ? undefined : props.runs[0]} axis={axis} />
      </caption>
      <thead class="unseen">
        <tr>
          <th scope="col">curve</th>
          <th scope="col">value</th>
          {smooth && <th scope="col">smoothed</th>}
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => {
          const off = !several && hidden.includes(nameOf(line));
          const reading = readingOf(line, scene, at);
          return (
            <tr key={line.key} class={off ? 'off' : ''}>
              <th scope="row">
                <Swatch colour={line.colour} dash={line.dash} />
                {several ? (
                  line.label
                ) : (
                  <button
                    class="link plain"
                    aria-pressed={!off}
                    title={off ? 'Show' : 'Hide'}
                    onClick={() => toggle(nameOf(line))}
                  >
                    {line.label}
                  </button>
                )}
              </th>
              <td>
                {figureText(reading.raw, props.panel.percent)}
                {reading.low !== null && (
                  <span class="spread">
                    {' '}
                    {figureText(reading.low, props.panel.percent)} to {figureText(reading.high, props.panel.percent)}
                  </span>
                )}
              </td>
              {smooth && (
                <td>
                  {reading.smooth === null ? '' : <>smoothed {figureText(reading.smooth, props.panel.percent)}</>}
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const figureText = (value: number | null, percent: boolean | undefined): string =>
  percent && value !== null && Number.isFinite(value) ? `${short(100 * value, 3)} %` : short(value);

// What a legend's figures are of: the place that is pointed at, or the newest.
function Where(props: { x: number; last: boolean; run: LineRun | undefined; axis: Axis }) {
  const reading = placeReading(props.run?.set, props.x);
  const parts = [
    reading.step === null ? placeText(props.axis, props.x) : `step ${Math.round(reading.step).toLocaleString('en')}`,
    reading.tokens === null ? '' : `${amount(reading.tokens)} tokens`,
    reading.seconds === null ? '' : duration(reading.seconds),
    reading.time === null ? '' : clock(reading.time),
  ];
  return (
    <>
      {props.last ? 'Newest: ' : 'At '}
      {parts.filter(Boolean).join(' · ')}
    </>
  );
}

export function Swatch({ colour, dash }: { colour: string; dash: readonly number[] }) {
  return (
    <svg class="swatch" width="22" height="10" aria-hidden="true">
      <path d="M0 5H22" stroke={colour} stroke-width="2.5" stroke-dasharray={dash.join(' ')} />
    </svg>
  );
}

function svgOf(title: string, panel: Panel, scene: Scene, lines: readonly Line[], axis: Axis): string {
  const x = xTicks(axis, scene.x.min, scene.x.max, scene.logX, 7);
  const y = yTicks(scene.y.min, scene.y.max, scene.logY, 6);
  const labelled = (ticks: number[], labels: string[]) => ticks.map((tick, i) => ({ at: tick, label: labels[i]! }));
  return chartSvg({
    title,
    unit: panel.unit,
    axis: kAxisNames[axis],
    scene,
    legend: lines,
    ticksX: labelled(x, xLabels(axis, x)),
    ticksY: labelled(y, yLabels(y, panel.percent === true)),
    palette: palette.peek(),
  });
}

// What the chart shows, with its title and legend.
function savePng(chart: uPlot | null, title: string, unit: string, lines: readonly Line[], file: string): void {
  const source = chart?.ctx.canvas;
  if (source === undefined) return;
  const ratio = devicePixelRatio;
  const colours = palette.peek();
  const canvas = document.createElement('canvas');
  const [head, row] = [52 * ratio, 18 * ratio];
  canvas.width = source.width;
  canvas.height = head + source.height + row * lines.length + 8 * ratio;
  const context = canvas.getContext('2d')!;
  context.fillStyle = colours.sheet;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colours.ink;
  context.font = `600 ${16 * ratio}px system-ui, sans-serif`;
  context.fillText(title, 12 * ratio, 22 * ratio);
  context.font = `${12 * ratio}px system-ui, sans-serif`;
  context.fillText(unit, 12 * ratio, 42 * ratio);
  context.drawImage(source, 0, head);
  lines.forEach((line, i) => {
    const y = head + source.height + row * (i + 0.5);
    context.strokeStyle = line.colour;
    context.lineWidth = 2 * ratio;
    context.setLineDash(line.dash.map((each) => each * ratio));
    context.beginPath();
    context.moveTo(12 * ratio, y);
    context.lineTo(36 * ratio, y);
    context.stroke();
    context.fillText(line.label, 44 * ratio, y + 4 * ratio);
  });
  canvas.toBlob((blob) => blob !== null && download(`${file}.png`, 'image/png', blob));
}
