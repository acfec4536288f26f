// Root mean square normalisation and its gradient. y = x·k·w with k = 1/√(mean(x²) + ε);
// dx = w·dy·k − x·k³·mean(w·dy·x); dw = Σ rows dy·x·k.
import { squares } from './elementwise';
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { rowsPerTile, sum4, tilesOf } from './simd';

const X: usize = 0;
const WEIGHT: usize = 4;
const OUT: usize = 8;
const ROWS: usize = 12;
const WIDTH: usize = 16;
const EPSILON: usize = 20;
const DY: usize = 24;
const PARTIALS: usize = 28;

function setArguments(x: usize, weight: usize, out: usize, rows: i32, width: i32, epsilon: f32): usize {
  const args = jobArguments();
  store<usize>(args, x, X);
  store<usize>(args, weight, WEIGHT);
  store<usize>(args, out, OUT);
  store<i32>(args, rows, ROWS);
  store<i32>(args, width, WIDTH);
  store<f32>(args, epsilon, EPSILON);
  return args;
}

// @ts-ignore: decorator
@inline
function inverseRms(x: usize, width: i32, epsilon: f32): f32 {
  return (1 as f32) / sqrt<f32>(squares(x, width) / (width as f32) + epsilon);
}

/** y [rows, width]. */
export function rmsNorm(x: usize, weight: usize, y: usize, rows: i32, width: i32, epsilon: f32): void {
  setArguments(x, weight, y, rows, width, epsilon);
  run(Job.RMS_NORM, tilesOf(rows, rowsPerTile(width)));
}

export function rmsNormTile(args: usize, tile: i32): void {
  const width = load<i32>(args, WIDTH), perTile = rowsPerTile(width), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  for (let r = tile * perTile; r < last; r++) {
    const start = 4 * (r as usize) * (width as usize);
    let x = load<usize>(args, X) + start, y = load<usize>(args, OUT) + start, w = load<usize>(args, WEIGHT);
    const k = inverseRms(x, width, load<f32>(args, EPSILON));
    const k4 = f32x4.splat(k);
    let i = 0;
    for (; i + 4 <= width; i += 4, x += 16, y += 16, w += 16) v128.store(y, f32x4.mul(f32x4.mul(v128.load(x), k4), v128.load(w)));
    for (; i < width; i++, x += 4, y += 4, w += 4) store<f32>(y, load<f32>(x) * k * load<f32>(w));
  }
}

/** Bytes of `partials`: every tile sums its rows' share of the weight's gradient on its own. */
export function rmsNormPartialsBytes(rows: i32, width: i32): usize {
  return 4 * (tilesOf(rows, rowsPerTile(width)) as usize) * (width as usize);
}

/** dx [rows, width], dWeight [width]. */
export function rmsNormGradient(x: usize, weight: usize, dy: usize, dx: usize, dWeight: usize, partials: usize, rows: i32, width: i32, epsilon: f32): void {
  const args = setArguments(x, weight, dx, rows, width, epsilon);
  store<usize>(args, dy, DY);
  store<usize>(args, partials, PARTIALS);
  const tiles = tilesOf(rows, rowsPerTile(width));
  run(Job.RMS_NORM_GRADIENT, tiles);
  for (let i = 0; i < width; i++) {
    let total: f64 = 0;
    for (let tile = 0; tile < tiles; tile++) total += load<f32>(partials + 4 * ((tile * width + i) as usize)) as f64;
    store<f32>(dWeight + ((i << 2) as usize), total as f32);
  }
}

export function rmsNormGradientTile(args: usize, tile: i32): void {
  const width = load<i32>(args, WIDTH), perTile = rowsPerTile(width), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  const weight = load<usize>(args, WEIGHT);
  const partial = load<usize>(args, PARTIALS) + 4 * (tile as usize) * (width as usize);
  memory.fill(partial, 0, (width << 2) as usize);
  for (let r = tile * perTile; r < last; r++) {
    const start = 4 * (r as usize) * (width as usize);
    const x = load<usize>(args, X) + start, dy = load<usize>(args, DY) + start, dx = load<usize>(args, OUT) + start;
    const k = inverseRms(x, width, load<f32>(args, EPSILON));
    const projection = weightedDot(x, weight, dy, width);
    const c = projection * k * k * k / (width as f32);
    const k4 = f32x4.splat(k), c4 = f32x4.splat(c);
    let i: usize = 0;
    const bytes = (width << 2) as usize;
    for (; i + 16 <= bytes; i += 16) {
      const x4 = v128.load(x + i), dyk = f32x4.mul(v128.load(dy + i), k4);
      v128.store(dx + i, f32x4.sub(f32x4.mul(dyk, v128.load(weight + i)), f32x4.mul(x4, c4)));
      v128.store(partial + i, f32x4.add(v128.load(partial + i), f32x4.mul(dyk, x4)));
    }
    for (; i < bytes; i += 4) {
      const x1 = load<f32>(x + i), dyk = load<f32>(dy + i) * k;
      store<f32>(dx + i, dyk * load<f32>(weight + i) - x1 * c);
      store<f32>(partial + i, load<f32>(partial + i) + dyk * x1);
    }
  }
}

/** Σ x·w·dy */
function weightedDot(x: usize, w: usize, dy: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8, x += 32, w += 32, dy += 32) {
    s0 = f32x4.add(s0, f32x4.mul(f32x4.mul(v128.load(x), v128.load(w)), v128.load(dy)));
    s1 = f32x4.add(s1, f32x4.mul(f32x4.mul(v128.load(x, 16), v128.load(w, 16)), v128.load(dy, 16)));
  }
  let total = sum4(f32x4.add(s0, s1));
  for (; i < n; i++, x += 4, w += 4, dy += 4) total += load<f32>(x) * load<f32>(w) * load<f32>(dy);
  return total;
}
