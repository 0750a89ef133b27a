import { useEffect, useMemo } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { Choice } from '../shared/choice';
import { copy } from '../shared/clipboard';
import { Notice } from '../shared/notice';
import { kAxes, type Address, type Axis } from './address';
import { kAxisNames } from './axes';
import { CurveStore, type Wish } from './curve_store';
import { flopPerToken, kPlaces, namesFor } from './derived';
import { figure } from './figures';
import { linesOf, onAxis, unitOf, type LineRun } from './lines';
import { isOpen, kPanels, panelsOf, toggled, type Panel } from './panels';
import { PanelView, said } from './panel_view';
import { patternOf } from './patterns';
import { go, place, write } from './place';
import { moved, xRangeOf, zoomed, type Range } from './ranges';
import { curvesVersion, details } from './run';
import { lookNumber, summaryOf } from './runs';
import { csvPath, type RunDetails } from './server';
import { lineColour } from './theme';

// The charts of one run or of several, below one row of switches that holds for all of them.

const store = new CurveStore();
const kPoints = 1200; // of a curve, at most
const kPointsOfMany = 400;

const kNone: ReadonlyMap<string, RunDetails> = new Map();

// only: these panels, without switches. known: what is known of runs beside the one that is looked at.
export function ChartsView(props: {
  runs: readonly string[];
  only?: readonly string[];
  known?: ReadonlyMap<string, RunDetails>;
}) {
  const { runs, only, known = kNone } = props;
  const at = place.value;
  const pattern = patternOf(at.charts);
  const looked = details.value;
  const detailsOf = (id: string): RunDetails | undefined => known.get(id) ?? (looked?.id === id ? looked : undefined);
  const ranks = runs.some((id) => (figure(detailsOf(id)?.description['ranks']) ?? 1) > 1);
  const panels = only === undefined ? panelsOf(pattern.matches, ranks) : kPanels.filter(({ id }) => only.includes(id));
  const open = panels.filter((panel) => only !== undefined || at.charts.trim() !== '' || isOpen(panel, at.open));
  const single = runs.length === 1;
  const flopOf = (id: string): number | null => flopPerToken(detailsOf(id)?.description);
  const flops = runs.map(flopOf);
  const flop = flops.every((each) => each !== null);
  const wish = wishOf(runs, open, at, single ? (flops[0] ?? null) : null);
  useEffect(() => store.want(wish), [JSON.stringify(wish), curvesVersion.value]);

  const sets = store.sets.value;
  const answered = store.answered.value;
  // What was read for another axis is not shown on this one.
  const fresh = answered !== null && answered.axis === at.axis;
  const lineRuns = useMemo(
    () => runs.map((id) => lineRunOf(id, fresh ? sets.get(id) : undefined, at, flopOf(id))),
    [runs.join('\n'), sets, fresh, at.axis, at.relative, flops.join(' ')],
  );
  const whole = wholeOf(lineRuns, runs.join('\n') + at.axis + String(at.relative), answered);
  const zoom = (range: Range | null): void => go(zoomTo(range, whole));
  const clip = figure(details.value?.clip) ?? figure(details.value?.config['clip']);
  return (
    <div class="charts">
      {only === undefined && <Switches single={single} flop={flop} fault={pattern.fault} whole={whole} zoom={zoom} />}
      {store.fault.value !== '' && (
        <Notice kind="fault">
          <p>{store.fault.value}</p>
        </Notice>
      )}
      <p class="unseen" id="chart-keys">
        Left and right arrow keys point; with Shift they move; plus and minus zoom; 0 shows all.
      </p>
      <div class={`panels ${only === undefined ? '' : 'few'}`}>
        {[...open, ...panels.filter((panel) => !open.includes(panel))].map((panel) => (
          <Fold key={panel.id} panel={panel} open={open.includes(panel)} fixed={only !== undefined}>
            <PanelView
              panel={panel}
              lines={linesOf(panel, lineRuns, lineColour)}
              runs={lineRuns}
              sessions={single ? (lineRuns[0]?.set?.sessions ?? []) : []}
              clip={single ? clip : null}
              onZoom={zoom}
              csv={single ? csvPath(runs[0]!, namesFor(panel.curves.map((curve) => curve.name))) : null}
            />
          </Fold>
        ))}
        {panels.length === 0 && <p class="about">No chart is called so.</p>}
      </div>
      <p class="unseen" aria-live="polite">
        {said.value}
      </p>
    </div>
  );
}

function wishOf(runs: readonly string[], open: readonly Panel[], at: Address, flop: number | null): Wish {
  const names = namesFor(open.flatMap((panel) => panel.curves.map((curve) => curve.name)));
  // A window of a relative axis, or of operations, is of each run another one: all is read, and shown in part.
  const asked = (value: number | null): number | null => {
    if (value === null || at.relative) return null;
    if (at.axis !== 'flop') return value;
    return flop === null ? null : value / flop;
  };
  return {
    runs,
    names: runs.length === 1 ? [...names, ...kPlaces] : names,
    axis: at.axis,
    from: asked(at.from),
    to: asked(at.to),
    points: runs.length > 4 ? kPointsOfMany : kPoints,
  };
}

function lineRunOf(id: string, set: LineRun['set'], at: Address, flop: number | null): LineRun {
  const summary = summaryOf(id) ?? (details.value?.id === id ? details.value : undefined);
  return {
    id,
    name: summary?.name ?? id,
    number: lookNumber(id),
    set: set === undefined ? undefined : onAxis(set, at.axis, at.relative, flop),
    unit: unitOf(at.axis, summary, flop),
  };
}

// How far the curves go in all, from the last time that all was read; null where that never was.
const wholes = new Map<string, Range>();
function wholeOf(runs: readonly LineRun[], key: string, answered: Wish | null): Range | null {
  const curves = runs.flatMap((run) => Object.values(run.set?.curves ?? {}).map((curve) => curve.x));
  if (answered !== null && answered.from === null && answered.to === null && curves.some((xs) => xs.length > 0)) {
    wholes.set(key, xRangeOf(curves, { from: null, to: null }, false));
  }
  return wholes.get(key) ?? null;
}

function zoomTo(range: Range | null, whole: Range | null): { from: number | null; to: number | null } {
  if (range === null || !(range.max > range.min)) return { from: null, to: null };
  if (whole === null) return { from: range.min, to: range.max };
  if (range.min <= whole.min && range.max >= whole.max) return { from: null, to: null };
  const width = range.max - range.min;
  // Moved against an end it stays as wide as it is.
  const from = Math.max(whole.min, Math.min(range.min, whole.max - width));
  return { from, to: Math.min(whole.max, Math.max(range.max, from + width)) };
}

function Fold(props: { panel: Panel; open: boolean; fixed: boolean; children: ComponentChildren }) {
  const { panel } = props;
  const head = (
    <>
      <span class="fold-title">{panel.title}</span> <span class="about">{panel.unit}</span>
    </>
  );
  if (props.fixed) {
    return (
      <section class="panel" aria-label={panel.title}>
        <h3>{head}</h3>
        {props.children}
      </section>
    );
  }
  return (
    <section class={`panel ${props.open ? '' : 'folded'}`} aria-label={panel.title}>
      <h3>
        <button
          class="fold"
          aria-expanded={props.open}
          onClick={() => go({ open: toggled(place.peek().open, panel.id) })}
        >
          {head}
        </button>
      </h3>
      {props.open && props.children}
    </section>
  );
}

function Switches(props: {
  single: boolean;
  flop: boolean;
  fault: string;
  whole: Range | null;
  zoom: (range: Range | null) => void;
}) {
  const at = place.value;
  const axes = kAxes.filter((axis) => axis !== 'flop' || props.flop);
  const short: Record<Axis, string> = { step: 'Step', tokens: 'Tokens', flop: 'FLOP', seconds: 'Time', time: 'Clock' };
  return (
    <div class="switches" role="group" aria-label="Of all charts">
      <span title={`x axis: ${kAxisNames[at.axis]}`}>
        <Choice
          label="x axis"
          name="axis"
          options={axes.map((axis) => ({ value: axis, label: short[axis] }))}
          value={at.axis}
          onChoose={(axis) => go({ axis })}
        />
      </span>
      <Check label="Log x" value={at.logX} set={(logX) => go({ logX })} />
      <Check label="Log y" value={at.logY} set={(logY) => go({ logY })} />
      <Check label="Outliers" value={at.outliers} set={(outliers) => go({ outliers })} />
      <Check
        label="Relative x"
        value={at.relative}
        set={(relative) => go({ relative, from: null, to: null })}
      />
      <label class="slider">
        Smoothing
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={at.smoothing}
          aria-valuetext={at.smoothing === 0 ? 'none' : String(at.smoothing)}
          onInput={(event) => go({ smoothing: Number(event.currentTarget.value) })}
        />
        <output>{at.smoothing === 0 ? 'none' : at.smoothing.toFixed(2)}</output>
      </label>
      <label class="filter">
        <span class="unseen">Charts by name</span>
        <input
          type="search"
          placeholder="Charts by name"
          value={at.charts}
          aria-invalid={props.fault !== ''}
          title={props.fault}
          onInput={(event) => go({ charts: event.currentTarget.value })}
        />
      </label>
      <Zoom whole={props.whole} zoom={props.zoom} />
      <button
        class="quiet"
        onClick={async () => {
          write();
          said.value = (await copy(location.href))
            ? 'The link to this view is copied.'
            : 'The browser does not let us copy.';
        }}
      >
        Copy link to this view
      </button>
    </div>
  );
}

// Zoom without a mouse.
function Zoom({ whole, zoom }: { whole: Range | null; zoom: (range: Range | null) => void }) {
  const at = place.value;
  if (whole === null) return null;
  const log = at.logX && whole.min > 0;
  const range = { min: at.from ?? whole.min, max: at.to ?? whole.max };
  const isWhole = at.from === null && at.to === null;
  return (
    <span class="zoom" role="group" aria-label="Zoom">
      <button class="quiet" aria-label="Earlier" disabled={isWhole} onClick={() => zoom(moved(range, -0.25, log))}>
        ‹
      </button>
      <button class="quiet" aria-label="Zoom in on the newest" onClick={() => zoom(zoomed(range, 0.5, 1, log))}>
        +
      </button>
      <button class="quiet" aria-label="Zoom out" disabled={isWhole} onClick={() => zoom(zoomed(range, 2, 0.5, log))}>
        −
      </button>
      <button class="quiet" aria-label="Later" disabled={isWhole} onClick={() => zoom(moved(range, 0.25, log))}>
        ›
      </button>
      <button class="quiet" disabled={isWhole} onClick={() => zoom(null)}>
        All
      </button>
    </span>
  );
}

function Check({ label, value, set }: { label: string; value: boolean; set: (value: boolean) => void }) {
  return (
    <label class="check">
      <input type="checkbox" checked={value} onChange={(event) => set(event.currentTarget.checked)} />
      {label}
    </label>
  );
}
