import { stretches, markPlace, type Frame } from './paint';
import type { Palette } from './palette';
import type { Scene } from './scene';

// A chart as an SVG document of its own.

export interface SvgChart {
  readonly title: string;
  readonly unit: string;
  readonly axis: string;
  readonly scene: Scene;
  readonly legend: readonly { label: string; colour: string; dash: readonly number[] }[];
  readonly ticksX: readonly { at: number; label: string }[];
  readonly ticksY: readonly { at: number; label: string }[];
  readonly palette: Palette;
}

const kWidth = 820;
const kHeight = 400;

export function chartSvg(chart: SvgChart): string {
  const { scene, palette } = chart;
  const rows = Math.ceil(chart.legend.length / 3);
  const frame = frameOf(scene, 64, 56, kWidth - 84, kHeight - 116);
  const height = kHeight + 18 * rows;
  const parts: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${kWidth} ${height}" width="${kWidth}" height="${height}" ` +
      `font-family="system-ui, sans-serif" font-size="12" fill="${palette.ink}">`,
    `<title>${escaped(chart.title)}</title>`,
    `<rect width="100%" height="100%" fill="${palette.sheet}"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600">${escaped(chart.title)}</text>`,
    `<text x="16" y="44" fill="${palette.soft}">${escaped(chart.unit)}</text>`,
    `<clipPath id="plot"><rect x="${frame.left}" y="${frame.top}" ` +
      `width="${frame.width}" height="${frame.height}"/></clipPath>`,
    axes(chart, frame),
    `<g clip-path="url(#plot)">`,
    ...scene.bands.map((band) => {
      const up = band.x.map((x, i) => point(frame, x, band.high[i]!)).join(' ');
      const down = band.x.map((x, i) => point(frame, x, band.low[i]!)).reverse();
      return `<polygon points="${up} ${down.join(' ')}" fill="${band.colour}" fill-opacity="0.2"/>`;
    }),
    ...scene.verticals.map((at) => rule(frame.x(at), frame.top, frame.x(at), frame.top + frame.height, palette.soft)),
    scene.clip === null
      ? ''
      : rule(frame.left, frame.y(scene.clip), frame.left + frame.width, frame.y(scene.clip), palette.fault),
    ...scene.paths.map((path) => {
      const points: string[] = [];
      for (const [start, end] of stretches(path.x, path.y, scene)) {
        for (let i = start; i < end; ++i) points.push(point(frame, path.x[i]!, path.y[i]!));
      }
      return (
        `<polyline points="${points.join(' ')}" fill="none" stroke="${path.colour}" stroke-width="${path.width}" ` +
        `stroke-opacity="${path.alpha}" stroke-dasharray="${path.dash.join(' ')}"/>`
      );
    }),
    ...scene.marks.map((mark) => {
      const [x, y] = markPlace(mark, scene, frame);
      if (mark.shape === 'dot') return `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="2.5" fill="${mark.colour}"/>`;
      if (mark.shape === 'cross') {
        const d = `M${fixed(x - 4)} ${fixed(y - 4)}l8 8m0 -8l-8 8`;
        return `<path d="${d}" stroke="${palette.fault}" stroke-width="2"><title>not finite</title></path>`;
      }
      return `<path d="M${fixed(x)} ${fixed(y)}l-4 6h8z" fill="${mark.colour}"/>`;
    }),
    '</g>',
    legend(chart),
    '</svg>\n',
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function frameOf(scene: Scene, left: number, top: number, width: number, height: number): Frame {
  const to = (log: boolean, range: { min: number; max: number }, value: number): number =>
    log
      ? Math.log(value / range.min) / Math.log(range.max / range.min)
      : (value - range.min) / (range.max - range.min);
  return {
    left,
    top,
    width,
    height,
    ratio: 1,
    x: (value) => left + width * to(scene.logX, scene.x, value),
    y: (value) => top + height * (1 - to(scene.logY, scene.y, value)),
  };
}

const fixed = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : '-1000');
const point = (frame: Frame, x: number, y: number): string => `${fixed(frame.x(x))},${fixed(frame.y(y))}`;
const rule = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${fixed(x1)} ${fixed(y1)}L${fixed(x2)} ${fixed(y2)}" stroke="${colour}" stroke-dasharray="5 4"/>`;

function axes(chart: SvgChart, frame: Frame): string {
  const { palette } = chart;
  const bottom = frame.top + frame.height;
  const lines = [
    ...chart.ticksX.map(({ at, label }) => {
      const x = fixed(frame.x(at));
      return (
        `<path d="M${x} ${frame.top}V${bottom}" stroke="${palette.grid}"/>` +
        `<text x="${x}" y="${bottom + 16}" text-anchor="middle">${escaped(label)}</text>`
      );
    }),
    ...chart.ticksY.map(({ at, label }) => {
      const y = frame.y(at);
      return (
        `<path d="M${frame.left} ${fixed(y)}H${frame.left + frame.width}" stroke="${palette.grid}"/>` +
        `<text x="${frame.left - 8}" y="${fixed(y + 4)}" text-anchor="end">${escaped(label)}</text>`
      );
    }),
    `<text x="${frame.left + frame.width / 2}" y="${bottom + 34}" text-anchor="middle" fill="${palette.soft}">` +
      `${escaped(chart.axis)}</text>`,
  ];
  return lines.join('\n');
}

function legend(chart: SvgChart): string {
  return chart.legend
    .map(({ label, colour, dash }, i) => {
      const x = 64 + 250 * (i % 3);
      const y = kHeight + 18 * Math.floor(i / 3);
      const text = label.length > 34 ? label.slice(0, 33) + '…' : label;
      return (
        `<path d="M${x} ${y - 4}h22" stroke="${colour}" stroke-width="2" stroke-dasharray="${dash.join(' ')}"/>` +
        `<text x="${x + 28}" y="${y}">${escaped(text)}</text>`
      );
    })
    .join('\n');
}

// Names of runs are anybody's text. What XML cannot say is left out.
export const escaped = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])/g, '')
    .replace(/(?<![\ud800-\udbff])[\udc00-\udfff]/g, '')
    .replace(/[&<>"]/g, (each) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[each]!);
