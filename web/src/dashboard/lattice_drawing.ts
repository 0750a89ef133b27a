import type { Camera } from './lattice_layout';
import { rgb } from './palette';

// Draws tokens as discs into the pixels of a canvas. No call of the canvas a token: tens of thousands of them are drawn
// in a few milliseconds without a graphics processor, where a call for each takes ten times as long.

export interface Cloud {
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly colour: Uint32Array; // as pixels lie in memory
  readonly order: Uint32Array; // the last is on top
}

// A colour as a pixel in memory, whatever way around the machine has it.
export function pixelOf(colour: string): number {
  const bytes = new Uint8ClampedArray([...rgb(colour), 255]);
  return new Uint32Array(bytes.buffer)[0]!;
}

// The radius of a token's disc in pixels of the screen: it grows with the scale, so that discs never touch.
export const discRadius = (scale: number): number => Math.max(1.2, Math.min(14, 0.21 * scale));

const kSoft = 4; // pixels, from which on edges are seen

export class LatticeDrawing {
  private image: ImageData;
  private pixels: Uint32Array;

  constructor(
    private readonly context: CanvasRenderingContext2D,
    readonly width: number, // in pixels of the canvas
    readonly height: number,
  ) {
    this.image = context.createImageData(width, height);
    this.pixels = new Uint32Array(this.image.data.buffer);
  }

  // Discs that are large are few, and drawn with soft edges. ratio: pixels of the canvas to one of the screen. Returns
  // how many tokens are in sight.
  draw(cloud: Cloud, camera: Camera, ground: string, css: (token: number) => string, ratio: number): number {
    if (discRadius(camera.scale) >= kSoft) return this.drawSoft(cloud, camera, ground, css, ratio);
    return this.drawMany(cloud, camera, pixelOf(ground), ratio);
  }

  private drawMany(cloud: Cloud, camera: Camera, ground: number, ratio: number): number {
    const { pixels, width, height } = this;
    pixels.fill(ground);
    const scale = camera.scale * ratio;
    const radius = discRadius(camera.scale) * ratio;
    const stamp = stampOf(radius);
    const reach = Math.ceil(radius);
    const left = width / 2 - camera.x * scale;
    const top = height / 2 - camera.y * scale;
    const { x, y, colour, order } = cloud;
    let inSight = 0;
    for (let k = 0; k < order.length; ++k) {
      const i = order[k]!;
      const px = Math.round(x[i]! * scale + left);
      const py = Math.round(y[i]! * scale + top);
      if (px < -reach || py < -reach || px >= width + reach || py >= height + reach) continue;
      ++inSight;
      const fill = colour[i]!;
      for (let row = 0; row < stamp.length; ++row) {
        const line = py + row - reach;
        if (line < 0 || line >= height) continue;
        const half = stamp[row]!;
        if (half < 0) continue;
        const from = Math.max(0, px - half);
        const to = Math.min(width, px + half + 1);
        if (to - from === 1) pixels[line * width + from] = fill;
        else if (from < to) pixels.fill(fill, line * width + from, line * width + to);
      }
    }
    this.context.putImageData(this.image, 0, 0);
    return inSight;
  }

  private drawSoft(
    cloud: Cloud,
    camera: Camera,
    ground: string,
    css: (token: number) => string,
    ratio: number,
  ): number {
    const { context, width, height } = this;
    const scale = camera.scale * ratio;
    const radius = discRadius(camera.scale) * ratio;
    const { x, y, order } = cloud;
    context.fillStyle = ground;
    context.fillRect(0, 0, width, height);
    let inSight = 0;
    for (const i of order) {
      const px = (x[i]! - camera.x) * scale + width / 2;
      const py = (y[i]! - camera.y) * scale + height / 2;
      if (px < -radius || py < -radius || px > width + radius || py > height + radius) continue;
      ++inSight;
      context.fillStyle = css(i);
      context.beginPath();
      context.arc(px, py, radius, 0, 2 * Math.PI);
      context.fill();
    }
    return inSight;
  }
}

// Half the width of each row of a disc; -1: none.
function stampOf(radius: number): Int32Array {
  const reach = Math.ceil(radius);
  return Int32Array.from({ length: 2 * reach + 1 }, (_, row) => {
    const rest = radius * radius - (row - reach) ** 2;
    return rest < 0 ? -1 : Math.floor(Math.sqrt(rest));
  });
}
