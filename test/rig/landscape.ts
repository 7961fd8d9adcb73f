import type { Picture } from "./png.ts";

/** Red, green and blue, 0..1 each. */
type Colour = readonly [number, number, number];

/** One mountain chain. Heights and lengths are parts of the picture's height. */
interface Ridge {
  readonly seed: number;
  /** Where its foot would stand, 0 at the top of the picture. */
  readonly foot: number;
  readonly height: number;
  /** Peaks across the picture. */
  readonly peaks: number;
  readonly colour: Colour;
  /** How much of the haze at the horizon lies in front of its foot, 0..1. */
  readonly haze: number;
  readonly snow: number;
}

const SHORE = 0.7;
const SUN = { x: 1.2, y: 0.468, radius: 0.021 };
const HAZE: Colour = [0.98, 0.76, 0.6];

const SKY: readonly (readonly [at: number, colour: Colour])[] = [
  [0, [0.055, 0.105, 0.22]],
  [0.18, [0.13, 0.22, 0.38]],
  [0.34, [0.34, 0.4, 0.55]],
  [0.45, [0.72, 0.56, 0.58]],
  [0.55, [0.97, 0.72, 0.55]],
  [0.7, [1, 0.84, 0.66]],
];

/** From the farthest to the nearest. */
const RIDGES: readonly Ridge[] = [
  { seed: 11, foot: 0.66, height: 0.3, peaks: 3.1, colour: [0.5, 0.48, 0.6], haze: 0.86, snow: 0.75 },
  { seed: 29, foot: 0.68, height: 0.27, peaks: 4.3, colour: [0.34, 0.36, 0.5], haze: 0.7, snow: 0.4 },
  { seed: 47, foot: 0.7, height: 0.2, peaks: 5.2, colour: [0.2, 0.25, 0.38], haze: 0.5, snow: 0 },
  { seed: 71, foot: 0.71, height: 0.13, peaks: 6.4, colour: [0.1, 0.15, 0.24], haze: 0.26, snow: 0 },
];

/** A mountain lake at dawn, painted by arithmetic alone: the same picture on every run. */
export function paintLandscape(width: number, height: number): Picture {
  const pixels = new Uint8Array(width * height * 3);
  const skylines = RIDGES.map((ridge) => skyline(ridge, width, height));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = at(x / height, y / height, skylines, height);
      // Half a step of ordered dither hides the bands that eight bits leave in a sky.
      const dither = (((x & 1) ^ (y & 1)) + 2 * (y & 1)) / 4 - 0.375;
      const tone = vignette(x / width, y / height);
      for (let c = 0; c < 3; c++) {
        pixels[(y * width + x) * 3 + c] = Math.round(clamp(colour[c] ?? 0, 0, 1) * tone * 255 + dither * 0.6);
      }
    }
  }
  return { width, height, channels: 3, pixels };
}

function vignette(u: number, v: number): number {
  return 1 - 0.22 * smoothstep(0.3, 0.95, Math.hypot((u - 0.55) * 1.1, (v - 0.5) * 0.9));
}

function at(x: number, y: number, skylines: readonly Float64Array[], height: number): Colour {
  return y < SHORE ? land(x, y, skylines, height) : water(x, y, skylines, height);
}

function land(x: number, y: number, skylines: readonly Float64Array[], height: number): Colour {
  for (let i = RIDGES.length - 1; i >= 0; i--) {
    const ridge = RIDGES[i];
    const top = skylines[i]?.[Math.round(x * height)];
    if (ridge !== undefined && top !== undefined && y >= top) return rock(ridge, x, y, top);
  }
  return sky(x, y);
}

function sky(x: number, y: number): Colour {
  let colour = gradient(SKY, y);
  const distance = Math.hypot(x - SUN.x, (y - SUN.y) * 1.25);
  colour = mix(colour, [1, 0.8, 0.56], 0.75 * Math.exp(-distance * 4.2));
  // Long thin clouds, lit from below where they are near the sun.
  const drift = fractal(x * 1.5 + 3, y * 8.5, 5, 91);
  const cover = smoothstep(0.5, 0.82, drift) * smoothstep(0.02, 0.2, y) * (1 - smoothstep(0.4, 0.58, y));
  const lit = mix([0.44, 0.46, 0.6], [1, 0.7, 0.56], clamp(1.15 - distance * 0.95, 0, 1));
  colour = mix(colour, lit, cover * 0.72);
  const disc = Math.hypot(x - SUN.x, y - SUN.y);
  return mix(colour, [1, 0.97, 0.88], 1 - smoothstep(SUN.radius * 0.9, SUN.radius * 1.1, disc));
}

function rock(ridge: Ridge, x: number, y: number, top: number): Colour {
  const depth = y - top;
  // Slopes lean away from the peak above them, so that gullies run downhill and not straight down.
  const [u, v] = [x * 13 + y * 6 + ridge.seed, y * 15 - x * 4];
  const relief = crags(u, v, ridge.seed + 5);
  const slope = (relief - crags(u + 0.22, v - 0.12, ridge.seed + 5)) * 4.5;
  const contrast = Math.abs(clamp(slope, -1, 1)) * (0.08 + 0.92 * ridge.haze);
  let colour = mix(ridge.colour, slope > 0 ? [1, 0.7, 0.55] : [0.1, 0.12, 0.26], contrast * 0.4);
  const snow = ridge.snow * (1 - smoothstep(0.02, 0.07, depth + 0.11 * (relief - 0.5)));
  colour = mix(colour, mix([0.64, 0.64, 0.78], [1, 0.88, 0.8], smoothstep(-0.35, 0.45, slope)), snow * 0.8);
  const mist = ridge.haze * smoothstep(ridge.foot - ridge.height * 0.85, ridge.foot + 0.03, y);
  const warmth = Math.exp(-Math.abs(x - SUN.x) * 1.1);
  return mix(mix(colour, HAZE, ridge.haze * 0.22), mix([0.66, 0.66, 0.76], HAZE, warmth), mist);
}

/** Sharp crests and rounded gullies, 0..1. */
function crags(x: number, y: number, seed: number): number {
  let [sum, weight] = [0, 0.52];
  for (let octave = 0; octave < 4; octave++, weight *= 0.5) {
    sum +=
      weight * (1 - Math.abs(2 * noise(x * 2 ** octave * 0.5, y * 2 ** octave * 0.5, seed + octave) - 1));
  }
  return sum;
}

function water(x: number, y: number, skylines: readonly Float64Array[], height: number): Colour {
  const depth = (y - SHORE) / (1 - SHORE);
  const ripple = fractal(x * (5 - 2.5 * depth), (y - SHORE) * 130 * (1.15 - depth), 3, 7) - 0.5;
  const mirrored = SHORE - (y - SHORE) * 1.5 - ripple * 0.09 * (0.12 + depth);
  const sideways = clamp(x + ripple * 0.02 * depth, 0, 16 / 9 - 0.002);
  const reflected = land(sideways, clamp(mirrored, 0, SHORE - 0.001), skylines, height);
  let colour = mix(reflected, [0.06, 0.12, 0.22], 0.2 + 0.5 * depth);
  const path = Math.exp(-(((x - SUN.x) / (0.03 + 0.09 * depth)) ** 2)) * smoothstep(0.03, 0.3, ripple + 0.08);
  colour = mix(colour, [1, 0.8, 0.6], path * 0.75 * (1 - 0.55 * depth));
  // A pale line of mist where the far shore meets the water.
  return mix(colour, HAZE, 0.45 * (1 - smoothstep(0, 0.05, depth)));
}

/** For each column the height of the ridge's top edge; the nearest ridge carries trees. */
function skyline(ridge: Ridge, width: number, height: number): Float64Array {
  const nearest = ridge === RIDGES[RIDGES.length - 1];
  return Float64Array.from({ length: width + 1 }, (_, column) => {
    const x = column / height;
    let shape = 0;
    let weight = 0.56;
    for (let octave = 0, scale = ridge.peaks / 1.78; octave < 7; octave++, scale *= 2.03, weight *= 0.47) {
      const wave = 1 - Math.abs(2 * noise(x * scale + ridge.seed, octave * 7.3, ridge.seed) - 1);
      shape += weight * (octave < 3 ? wave : 2 * noise(x * scale, octave * 3.1, ridge.seed) - 1);
    }
    const trees = nearest ? tree(x) : 0;
    return ridge.foot - ridge.height * clamp(shape, 0, 1.1) - trees;
  });
}

/** How far spruces stand out above the nearest ridge at x. */
function tree(x: number): number {
  let tallest = 0;
  for (const spacing of [0.011, 0.0173]) {
    const cell = Math.floor(x / spacing);
    for (const near of [cell - 1, cell, cell + 1]) {
      const centre = (near + 0.5 + 0.6 * (hash(near, 3, 17) - 0.5)) * spacing;
      const tall = (0.012 + 0.026 * hash(near, 9, 23)) * smoothstep(0.25, 0.6, noise(x * 3, 0.5, 31));
      const slope = Math.abs(x - centre) / (spacing * 0.52);
      tallest = Math.max(tallest, tall * (1 - slope));
    }
  }
  return tallest;
}

/** Value noise, 0..1. */
function noise(x: number, y: number, seed: number): number {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const [u, v] = [smoothstep(0, 1, x - column), smoothstep(0, 1, y - row)];
  const top = lerp(hash(column, row, seed), hash(column + 1, row, seed), u);
  return lerp(top, lerp(hash(column, row + 1, seed), hash(column + 1, row + 1, seed), u), v);
}

function fractal(x: number, y: number, octaves: number, seed: number): number {
  let [sum, weight, total] = [0, 1, 0];
  for (let octave = 0; octave < octaves; octave++, weight *= 0.5) {
    sum += weight * noise(x * 2 ** octave, y * 2 ** octave, seed + octave);
    total += weight;
  }
  return sum / total;
}

/** A number in 0..1 that looks random and depends on nothing else. Constants from the murmur3 finaliser. */
function hash(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x27d4eb2d) ^ Math.imul(y, 0x165667b1) ^ Math.imul(seed, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 0x1_0000_0000;
}

function gradient(stops: readonly (readonly [number, Colour])[], y: number): Colour {
  const after = stops.findIndex(([place]) => place > y);
  const [from, to] = [stops[after - 1], stops[after]];
  if (from === undefined || to === undefined) return stops[stops.length - 1]?.[1] ?? HAZE;
  return mix(from[1], to[1], smoothstep(from[0], to[0], y));
}

function mix(a: Colour, b: Colour, part: number): Colour {
  return [lerp(a[0], b[0], part), lerp(a[1], b[1], part), lerp(a[2], b[2], part)];
}

function lerp(a: number, b: number, part: number): number {
  return a + (b - a) * part;
}

function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
