import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Colours } from './lattice_colours';
import { discRadius, LatticeDrawing, type Cloud } from './lattice_drawing';
import { scaled, tokenAt, toScreen, toSpiral, wholeSpiral, type Camera, type Point } from './lattice_layout';
import type { Palette } from './palette';
import { palette, still } from './theme';

// The spiral on a canvas: wheel, drag, two fingers or keys move it; a click chooses a token.

export interface Marked {
  readonly token: number | null;
  readonly family: readonly number[];
  readonly spiral: readonly number[]; // its neighbours there
  readonly embedding: readonly number[];
  readonly found: readonly number[]; // by the search
}

export interface CanvasProps {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly text: readonly string[];
  readonly colours: Colours;
  readonly marked: Marked;
  readonly onChoose: (token: number | null) => void;
}

const kLabels = 160; // at most
const kLabelScale = 26; // pixels to a unit, from which on tokens have their text
const kSlide_ms = 350;

export function LatticeCanvas(props: CanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const now = useRef(props);
  now.current = props;
  const view = useRef<SpiralView | null>(null);
  const hint = useSignal('');
  const colours = palette.value;
  const radius = props.x.reduce((most, x, i) => Math.max(most, Math.hypot(x, props.y[i]!)), 1);

  useEffect(() => {
    const made = new SpiralView(canvas.current!, now, radius, (token) => {
      hint.value = token < 0 ? '' : now.current.text[token]!;
    });
    view.current = made;
    return () => made.end();
  }, [props.x]);
  useEffect(() => view.current?.redraw(), [props.colours, props.marked, colours]);
  useEffect(() => {
    if (props.marked.token !== null) view.current?.show(props.marked.token);
  }, [props.marked.token, props.x]);

  return (
    <div class="spiral">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-roledescription="map of tokens"
        aria-label={
          `${props.text.length.toLocaleString('en')} tokens on the spiral of their roots, ` +
          'the most frequent in the middle. Arrow keys move, plus and minus zoom, 0 shows all; ' +
          'the search beside it finds tokens by their text.'
        }
        onKeyDown={(event) => view.current?.key(event)}
      />
      <span class="hint" aria-hidden="true">
        {hint.value}
      </span>
      <div class="map-buttons row">
        <button aria-label="Nearer" onClick={() => view.current?.nearer(1.6)}>
          +
        </button>
        <button aria-label="Farther" onClick={() => view.current?.nearer(1 / 1.6)}>
          −
        </button>
        <button onClick={() => view.current?.all()}>All</button>
      </div>
    </div>
  );
}

// All that moves; nothing of it is drawn by Preact.
class SpiralView {
  private camera: Camera;
  private drawing: LatticeDrawing | null = null;
  private frame = 0;
  private slide: { from: Camera; to: Camera; began: number } | null = null;
  private readonly pointers = new Map<number, Point>();
  private dragged = 0;
  private readonly ended = new AbortController();
  private readonly observer: ResizeObserver;
  private readonly context: CanvasRenderingContext2D;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly now: { current: CanvasProps },
    private readonly radius: number,
    private readonly hovered: (token: number) => void,
  ) {
    this.context = canvas.getContext('2d', { alpha: false })!;
    this.camera = wholeSpiral(radius, canvas.clientWidth, canvas.clientHeight);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(canvas);
    const { signal } = this.ended;
    canvas.addEventListener('wheel', this.wheel, { passive: false, signal });
    canvas.addEventListener('pointerdown', this.down, { signal });
    canvas.addEventListener('pointermove', this.move, { signal });
    canvas.addEventListener('pointerup', this.up, { signal });
    canvas.addEventListener('pointercancel', this.up, { signal });
    canvas.addEventListener('pointerleave', this.leave, { signal });
    this.resize();
  }

  end(): void {
    this.ended.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
  }

  redraw(): void {
    if (this.frame !== 0) return;
    this.frame = requestAnimationFrame((time) => {
      this.frame = 0;
      this.advance(time);
      this.draw();
      if (this.slide !== null) this.redraw();
    });
  }

  all(): void {
    this.go(this.whole());
  }
  nearer(factor: number): void {
    const { width, height } = this.size();
    this.go(scaled(this.camera, factor, { x: width / 2, y: height / 2 }, this.size(), this.whole().scale * 0.8));
  }
  // Goes to a token, unless it is in sight and near enough.
  show(token: number): void {
    const { x, y } = this.now.current;
    const place = this.screen({ x: x[token]!, y: y[token]! });
    const { width, height } = this.size();
    const inSight = place.x > 40 && place.y > 40 && place.x < width - 40 && place.y < height - 40;
    if (inSight && this.camera.scale >= 20) return this.redraw();
    this.go({ x: x[token]!, y: y[token]!, scale: Math.max(this.camera.scale, 40) });
  }

  key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = 60 / this.camera.scale;
    const move = { ArrowLeft: [-by, 0], ArrowRight: [by, 0], ArrowUp: [0, -by], ArrowDown: [0, by] }[event.key];
    const { token } = this.now.current.marked;
    if (move !== undefined) {
      this.camera = { ...this.camera, x: this.camera.x + move[0]!, y: this.camera.y + move[1]! };
      this.redraw();
    } else if (event.key === '+' || event.key === '=') this.nearer(1.6);
    else if (event.key === '-') this.nearer(1 / 1.6);
    else if (event.key === '0') this.all();
    else if (event.key === 'Enter') this.choose(this.middle());
    else if (event.key === 'Escape' && token !== null) this.now.current.onChoose(null);
    else return;
    event.preventDefault();
  }

  private size = () => ({ width: this.canvas.clientWidth, height: this.canvas.clientHeight });
  private whole = (): Camera => wholeSpiral(this.radius, this.canvas.clientWidth, this.canvas.clientHeight);
  private screen = (point: Point): Point =>
    toScreen(this.camera, this.canvas.clientWidth, this.canvas.clientHeight, point);
  private middle = (): Point => ({ x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 });

  private resize(): void {
    const ratio = Math.min(2, devicePixelRatio);
    const { width, height } = this.size();
    if (width === 0 || height === 0) return;
    if (
      this.drawing !== null &&
      this.canvas.width === Math.round(width * ratio) &&
      this.canvas.height === Math.round(height * ratio)
    ) {
      return;
    }
    const first = this.drawing === null;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.drawing = new LatticeDrawing(this.context, this.canvas.width, this.canvas.height);
    if (first && this.now.current.marked.token === null) this.camera = this.whole();
    this.redraw();
  }

  private go(to: Camera): void {
    if (still.peek()) {
      this.camera = to;
      this.slide = null;
    } else {
      this.slide = { from: this.camera, to, began: performance.now() };
    }
    this.redraw();
  }

  private advance(time: number): void {
    if (this.slide === null) return;
    const { from, to, began } = this.slide;
    const share = Math.min(1, Math.max(0, (time - began) / kSlide_ms));
    const eased = 1 - (1 - share) ** 3;
    const scale = from.scale * (to.scale / from.scale) ** eased;
    // The way is even on the screen, not on the spiral.
    const part = to.scale === from.scale ? eased : (1 / from.scale - 1 / scale) / (1 / from.scale - 1 / to.scale);
    this.camera = { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part, scale };
    if (share === 1) this.slide = null;
  }

  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault();
    this.slide = null;
    const lines = event.deltaMode === 1 ? 16 : 1;
    const factor = Math.exp(-0.0016 * event.deltaY * lines);
    this.camera = scaled(this.camera, factor, this.pixel(event), this.size(), this.whole().scale * 0.8);
    this.redraw();
  };
  private pixel(event: MouseEvent): Point {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private readonly down = (event: PointerEvent): void => {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, this.pixel(event));
    this.dragged = this.pointers.size > 1 ? 100 : 0;
    this.slide = null;
  };
  private readonly move = (event: PointerEvent): void => {
    const at = this.pixel(event);
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return this.hovered(this.tokenUnder(at));
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.dragged += Math.hypot(at.x - before.x, at.y - before.y);
    const { scale } = this.camera;
    if (other === undefined) {
      this.camera = {
        x: this.camera.x - (at.x - before.x) / scale,
        y: this.camera.y - (at.y - before.y) / scale,
        scale,
      };
    } else {
      const factor =
        Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      this.camera = scaled(this.camera, factor, middle, this.size(), this.whole().scale * 0.8);
    }
    this.pointers.set(event.pointerId, at);
    this.redraw();
  };
  private readonly up = (event: PointerEvent): void => {
    const was = this.pointers.delete(event.pointerId);
    if (was && event.type === 'pointerup' && this.dragged < 5) this.choose(this.pixel(event));
  };
  private readonly leave = (): void => this.hovered(-1);

  private tokenUnder(pixel: Point): number {
    const { x, y } = this.now.current;
    const { width, height } = this.size();
    const place = toSpiral(this.camera, width, height, pixel);
    return tokenAt(x, y, place, Math.max(6, discRadius(this.camera.scale) + 3) / this.camera.scale);
  }
  private choose(pixel: Point): void {
    const token = this.tokenUnder(pixel);
    this.now.current.onChoose(token < 0 ? null : token);
  }

  private draw(): void {
    const { drawing, canvas, context } = this;
    if (drawing === null) return;
    const { colours, x, y, marked } = this.now.current;
    const look = palette.peek();
    const ratio = canvas.width / Math.max(1, canvas.clientWidth);
    const cloud: Cloud = { x, y, colour: colours.pixels, order: colours.order };
    drawing.draw(cloud, this.camera, look.sheet, colours.css, ratio);
    context.save();
    context.scale(ratio, ratio);
    this.drawMarked(marked, look);
    if (this.camera.scale >= kLabelScale) this.drawLabels(look);
    context.restore();
    canvas.dataset['frames'] = String(Number(canvas.dataset['frames'] ?? 0) + 1);
  }

  private drawMarked(marked: Marked, look: Palette): void {
    const { context } = this;
    for (const token of marked.found) this.ring(token, look.ink, 1.5, 3);
    if (marked.token === null) return;
    for (const token of marked.family) this.ring(token, look.lines[2]!, 2, 3);
    const from = this.screen(this.at(marked.token));
    const threads = (tokens: readonly number[], colour: string, dash: number[]): void => {
      context.strokeStyle = colour;
      context.lineWidth = 1.5;
      context.setLineDash(dash);
      context.beginPath();
      for (const token of tokens) {
        const to = this.screen(this.at(token));
        context.moveTo(from.x, from.y);
        context.lineTo(to.x, to.y);
      }
      context.stroke();
      context.setLineDash([]);
    };
    threads(marked.spiral, look.lines[0]!, []);
    threads(marked.embedding, look.lines[1]!, [5, 4]);
    this.ring(marked.token, look.ink, 3, 4);
  }

  private at = (token: number): Point => ({ x: this.now.current.x[token]!, y: this.now.current.y[token]! });

  private ring(token: number, colour: string, width: number, gap: number): void {
    const place = this.screen(this.at(token));
    this.context.strokeStyle = colour;
    this.context.lineWidth = width;
    this.context.beginPath();
    this.context.arc(place.x, place.y, discRadius(this.camera.scale) + gap, 0, 2 * Math.PI);
    this.context.stroke();
  }

  // The texts of tokens in sight, below their discs.
  private drawLabels(look: Palette): void {
    const { context } = this;
    const { x, y, text } = this.now.current;
    const { width, height } = this.size();
    const size = Math.min(15, 9 + this.camera.scale / 30);
    context.font = `${size}px ui-monospace, 'DejaVu Sans Mono', monospace`;
    context.textAlign = 'center';
    context.fillStyle = look.ink;
    context.strokeStyle = look.sheet;
    context.lineWidth = 3;
    const below = discRadius(this.camera.scale) + size;
    const drawn: { left: number; right: number; y: number }[] = [];
    // The one that is chosen first; of others none covers another.
    const chosen = this.now.current.marked.token;
    for (let k = chosen === null ? 0 : -1; k < x.length && drawn.length < kLabels; ++k) {
      const i = k < 0 ? chosen! : k;
      const place = this.screen({ x: x[i]!, y: y[i]! });
      if (place.x < -20 || place.y < -20 || place.x > width + 20 || place.y > height + 20) continue;
      const label = text[i]!.replace(/ /g, '␣').replace(/\n/g, '↵').slice(0, 14);
      const half = label.length * size * 0.31;
      const box = { left: place.x - half, right: place.x + half, y: place.y + below };
      if (drawn.some((each) => Math.abs(each.y - box.y) < size && each.left < box.right && box.left < each.right)) {
        continue;
      }
      drawn.push(box);
      context.strokeText(label, place.x, box.y);
      context.fillText(label, place.x, box.y);
    }
  }
}

