// Sums of tensors, row-wise and column-wise sums, the sum of squares.
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { rowsPerTile, SUM_BLOCK, sum4, TILE_ELEMENTS, tilesOf } from './simd';

/** out = x + y, n elements. */
export function add(x: usize, y: usize, out: usize, n: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, y, 4);
  store<usize>(args, out, 8);
  store<i32>(args, n, 12);
  run(Job.ADD, tilesOf(n, TILE_ELEMENTS));
}

export function addTile(args: usize, tile: i32): void {
  const from = tile * TILE_ELEMENTS;
  const start = (from << 2) as usize;
  addSpan(load<usize>(args) + start, load<usize>(args, 4) + start, load<usize>(args, 8) + start, min(TILE_ELEMENTS, load<i32>(args, 12) - from));
}

function addSpan(x: usize, y: usize, out: usize, n: i32): void {
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    v128.store(out, f32x4.add(v128.load(x), v128.load(y)));
    v128.store(out, f32x4.add(v128.load(x, 16), v128.load(y, 16)), 16);
    x += 32;
    y += 32;
    out += 32;
  }
  for (; i < n; i++) {
    store<f32>(out, load<f32>(x) + load<f32>(y));
    x += 4;
    y += 4;
    out += 4;
  }
}

/** out [rows, width] = x [rows, width] + row [width]. */
export function addRow(x: usize, row: usize, out: usize, rows: i32, width: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, row, 4);
  store<usize>(args, out, 8);
  store<i32>(args, rows, 12);
  store<i32>(args, width, 16);
  run(Job.ADD_ROW, tilesOf(rows, rowsPerTile(width)));
}

export function addRowTile(args: usize, tile: i32): void {
  const rows = load<i32>(args, 12), width = load<i32>(args, 16), perTile = rowsPerTile(width);
  const last = min(rows, (tile + 1) * perTile);
  for (let r = tile * perTile; r < last; r++) {
    const start = 4 * (r as usize) * (width as usize);
    addSpan(load<usize>(args) + start, load<usize>(args, 4), load<usize>(args, 8) + start, width);
  }
}

/** Columns that one tile of sumRows covers: a cache line's worth times four. */
const SUM_COLUMNS: i32 = 64;

/** out [width] = Σ over the rows of x [rows, width]. */
export function sumRows(x: usize, out: usize, rows: i32, width: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, out, 4);
  store<i32>(args, rows, 8);
  store<i32>(args, width, 12);
  run(Job.SUM_ROWS, tilesOf(width, SUM_COLUMNS));
}

export function sumRowsTile(args: usize, tile: i32): void {
  const rows = load<i32>(args, 8), width = load<i32>(args, 12);
  const from = tile * SUM_COLUMNS, to = min(width, from + SUM_COLUMNS);
  const step = (width << 2) as usize;
  let column = from;
  for (; column + 4 <= to; column += 4) {
    let at = load<usize>(args) + ((column << 2) as usize);
    // Two sums, carried in blocks, keep the rounding of long columns small.
    let total = f32x4.splat(0);
    for (let r = 0; r < rows; r += SUM_BLOCK) {
      let part = f32x4.splat(0);
      for (let i = min(SUM_BLOCK, rows - r); i > 0; i--, at += step) part = f32x4.add(part, v128.load(at));
      total = f32x4.add(total, part);
    }
    v128.store(load<usize>(args, 4) + ((column << 2) as usize), total);
  }
  for (; column < to; column++) {
    let at = load<usize>(args) + ((column << 2) as usize);
    let total: f64 = 0;
    for (let r = 0; r < rows; r++, at += step) total += load<f32>(at) as f64;
    store<f32>(load<usize>(args, 4) + ((column << 2) as usize), total as f32);
  }
}

/** Σ x², n elements. `partials` holds 8 bytes for every TILE_ELEMENTS of them. */
export function sumOfSquares(x: usize, n: i32, partials: usize): f64 {
  const args = jobArguments();
  store<usize>(args, x);
  store<i32>(args, n, 4);
  store<usize>(args, partials, 8);
  const tiles = tilesOf(n, TILE_ELEMENTS);
  run(Job.SUM_OF_SQUARES, tiles);
  let total: f64 = 0;
  for (let tile = 0; tile < tiles; tile++) total += load<f64>(partials + ((tile << 3) as usize));
  return total;
}

export function sumOfSquaresTile(args: usize, tile: i32): void {
  const from = tile * TILE_ELEMENTS;
  const n = min(TILE_ELEMENTS, load<i32>(args, 4) - from);
  let x = load<usize>(args) + ((from << 2) as usize);
  let total: f64 = 0;
  for (let start = 0; start < n; start += SUM_BLOCK) {
    total += squares(x, min(SUM_BLOCK, n - start)) as f64;
    x += SUM_BLOCK * 4;
  }
  store<f64>(load<usize>(args, 8) + ((tile << 3) as usize), total);
}

/** Σ x² of up to a few thousand elements in float32, 16 sums side by side. */
export function squares(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = 0;
  for (; i + 16 <= n; i += 16, x += 64) {
    const a = v128.load(x), b = v128.load(x, 16), c = v128.load(x, 32), d = v128.load(x, 48);
    s0 = f32x4.add(s0, f32x4.mul(a, a));
    s1 = f32x4.add(s1, f32x4.mul(b, b));
    s2 = f32x4.add(s2, f32x4.mul(c, c));
    s3 = f32x4.add(s3, f32x4.mul(d, d));
  }
  let total = sum4(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)));
  for (; i < n; i++, x += 4) {
    const value = load<f32>(x);
    total += value * value;
  }
  return total;
}
