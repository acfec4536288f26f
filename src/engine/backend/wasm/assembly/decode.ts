// Generation: projections of few rows by weights as they lie in memory, and attention over cached keys and values. Each
// number is summed in the same order however many rows there are, so what a row gets does not depend on its neighbours, and
// a prompt that is read whole gives what it gives token by token.
import { combine4, combine16, dot, dot4, multiplyAdd, sums4 } from './dot';
import { exp1, exp4 } from './exp';
import { Job } from './jobs';
import { jobArguments, run, scratchBlock } from './pool';
import { max4, maximum, rowsPerTile, sum4, tilesOf } from './simd';
import { swigluRun } from './swiglu';

/** Arguments of a projection; those of each part follow. */
const X: usize = 0;
const M: usize = 4;
const K: usize = 8;
const MODE: usize = 12;
const COLUMNS: usize = 16;
const PARTS: usize = 20;
const PART_BYTES: usize = 16;
const WEIGHT: usize = 0;
const BIAS: usize = 4;
const N: usize = 8;
const OUT: usize = 12;

/** out = x·wᵀ + bias */
const STORE: i32 = 0;
/** out = out + x·wᵀ + bias */
const ADD: i32 = 1;
/** Of two parts: out of the first = silu(first) · second. */
const SWIGLU: i32 = 2;

/** Multiplications that make a tile: some microseconds, more than handing it over takes. */
const TILE_WORK: i32 = 32768;
/** Rows of x that a tile takes: with 256 columns each 64 KiB, in L2. */
const TILE_ROWS: i32 = 64;
const LEAST_COLUMNS: i32 = 16;
const MOST_COLUMNS: i32 = 256;

/**
 * x [m, k] by up to three weights [n, k] (n 0: no such part) with their biases [n] (address 0: none) → outs [m, n]. For few
 * rows the weights' way from memory is all that counts, so nothing is packed.
 */
export function project(
  x: usize, m: i32, k: i32, mode: i32, w0: usize, b0: usize, n0: i32, out0: usize,
  w1: usize, b1: usize, n1: i32, out1: usize, w2: usize, b2: usize, n2: i32, out2: usize,
): void {
  const args = jobArguments();
  store<usize>(args, x, X);
  store<i32>(args, m, M);
  store<i32>(args, k, K);
  store<i32>(args, mode, MODE);
  const columns = min(MOST_COLUMNS, max(LEAST_COLUMNS, (TILE_WORK / max(1, min(m, TILE_ROWS) * k)) & ~7));
  store<i32>(args, columns, COLUMNS);
  part(args + PARTS, w0, b0, n0, out0);
  part(args + PARTS + PART_BYTES, w1, b1, n1, out1);
  part(args + PARTS + 2 * PART_BYTES, w2, b2, n2, out2);
  run(Job.PROJECT, tilesOf(m, TILE_ROWS) * columnTiles(args, mode, columns));
}

// @ts-ignore: decorator
@inline
function part(at: usize, weight: usize, bias: usize, n: i32, out: usize): void {
  store<usize>(at, weight, WEIGHT);
  store<usize>(at, bias, BIAS);
  store<i32>(at, n, N);
  store<usize>(at, out, OUT);
}

// @ts-ignore: decorator
@inline
function columnTiles(args: usize, mode: i32, columns: i32): i32 {
  const first = tilesOf(load<i32>(args + PARTS, N), columns);
  return mode === SWIGLU ? first : first + tilesOf(load<i32>(args + PARTS + PART_BYTES, N), columns) + tilesOf(load<i32>(args + PARTS + 2 * PART_BYTES, N), columns);
}

export function projectTile(args: usize, tile: i32): void {
  const mode = load<i32>(args, MODE), columns = load<i32>(args, COLUMNS), m = load<i32>(args, M);
  const across = columnTiles(args, mode, columns), m0 = (tile / across) * TILE_ROWS, m1 = min(m, m0 + TILE_ROWS);
  let column = tile % across, at = args + PARTS;
  for (let own = tilesOf(load<i32>(at, N), columns); column >= own; own = tilesOf(load<i32>(at, N), columns)) {
    column -= own;
    at += PART_BYTES;
  }
  const n = load<i32>(at, N), n0 = column * columns, n1 = min(n, n0 + columns);
  products(args, at, m0, m1, n0, n1, mode === ADD);
  if (mode !== SWIGLU) return;
  products(args, at + PART_BYTES, m0, m1, n0, n1, false);
  for (let i = m0; i < m1; i++) {
    const start = 4 * ((i as usize) * (n as usize) + (n0 as usize)), gate = load<usize>(at, OUT) + start;
    swigluRun(gate, load<usize>(at + PART_BYTES, OUT) + start, gate, ((n1 - n0) << 2) as usize);
  }
}

/** Rows m0…m1 and columns n0…n1 of one part; n0 is a multiple of 8. */
function products(args: usize, at: usize, m0: i32, m1: i32, n0: i32, n1: i32, add: bool): void {
  const k = load<i32>(args, K), n = load<i32>(at, N), row = (k << 2) as usize, outRow = (n << 2) as usize;
  const x = load<usize>(args, X), weight = load<usize>(at, WEIGHT), bias = load<usize>(at, BIAS), out = load<usize>(at, OUT);
  let j = n0;
  if (m1 - m0 === 1) {
    // Eight weights at a time: more of them are on their way from memory.
    for (; j + 8 <= n1; j += 8) eight(x + row * (m0 as usize), weight + row * (j as usize), row, address(bias, j), out + outRow * (m0 as usize) + ((j << 2) as usize), add);
  }
  for (; j + 4 <= n1; j += 4) {
    const w = weight + row * (j as usize), b = address(bias, j), to = out + ((j << 2) as usize);
    let i = m0;
    for (; i + 2 <= m1; i += 2) pairOfFour(x + row * (i as usize), w, row, b, to + outRow * (i as usize), outRow, add);
    if (i < m1) finish4(dot4(x + row * (i as usize), w, k), b, to + outRow * (i as usize), add);
  }
  for (; j < n1; j++) {
    for (let i = m0; i < m1; i++) {
      const to = out + outRow * (i as usize) + ((j << 2) as usize);
      let value = dot(x + row * (i as usize), weight + row * (j as usize), k);
      if (bias !== 0) value += load<f32>(bias + ((j << 2) as usize));
      store<f32>(to, add ? load<f32>(to) + value : value);
    }
  }
}

// @ts-ignore: decorator
@inline
function address(bias: usize, j: i32): usize {
  return bias === 0 ? 0 : bias + ((j << 2) as usize);
}

// @ts-ignore: decorator
@inline
function finish4(value: v128, bias: usize, out: usize, add: bool): void {
  if (bias !== 0) value = f32x4.add(value, v128.load(bias));
  v128.store(out, add ? f32x4.add(v128.load(out), value) : value);
}

/** Two rows of x with four of w, rows `step` bytes long; each sum in the order of dot4. */
function pairOfFour(x: usize, w: usize, step: usize, bias: usize, out: usize, outRow: usize, add: bool): void {
  const w1 = w + step, w2 = w1 + step, w3 = w2 + step, y = x + step;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, t0 = s0, t1 = s0, t2 = s0, t3 = s0;
  let p: usize = 0;
  for (; p + 16 <= step; p += 16) {
    const x4 = v128.load(x + p), y4 = v128.load(y + p);
    let weight = v128.load(w + p);
    s0 = multiplyAdd(x4, weight, s0);
    t0 = multiplyAdd(y4, weight, t0);
    weight = v128.load(w1 + p);
    s1 = multiplyAdd(x4, weight, s1);
    t1 = multiplyAdd(y4, weight, t1);
    weight = v128.load(w2 + p);
    s2 = multiplyAdd(x4, weight, s2);
    t2 = multiplyAdd(y4, weight, t2);
    weight = v128.load(w3 + p);
    s3 = multiplyAdd(x4, weight, s3);
    t3 = multiplyAdd(y4, weight, t3);
  }
  finish4(sums4(s0, s1, s2, s3, x, w, p, step), bias, out, add);
  finish4(sums4(t0, t1, t2, t3, y, w, p, step), bias, out + outRow, add);
}

/** One row of x with eight of w. */
function eight(x: usize, w: usize, step: usize, bias: usize, out: usize, add: bool): void {
  const w1 = w + step, w2 = w1 + step, w3 = w2 + step, w4 = w3 + step, w5 = w4 + step, w6 = w5 + step, w7 = w6 + step;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0;
  let p: usize = 0;
  for (; p + 16 <= step; p += 16) {
    const x4 = v128.load(x + p);
    s0 = multiplyAdd(x4, v128.load(w + p), s0);
    s1 = multiplyAdd(x4, v128.load(w1 + p), s1);
    s2 = multiplyAdd(x4, v128.load(w2 + p), s2);
    s3 = multiplyAdd(x4, v128.load(w3 + p), s3);
    s4 = multiplyAdd(x4, v128.load(w4 + p), s4);
    s5 = multiplyAdd(x4, v128.load(w5 + p), s5);
    s6 = multiplyAdd(x4, v128.load(w6 + p), s6);
    s7 = multiplyAdd(x4, v128.load(w7 + p), s7);
  }
  finish4(sums4(s0, s1, s2, s3, x, w, p, step), bias, out, add);
  finish4(sums4(s4, s5, s6, s7, x, w4, p, step), bias === 0 ? 0 : bias + 16, out + 16, add);
}

/** Tokens' places in the cache, which both jobs below read. */
const Q: usize = 0;
const NEW_K: usize = 4;
const NEW_V: usize = 8;
const KEYS: usize = 12;
const VALUES: usize = 16;
const SLOTS: usize = 20;
const POSITIONS: usize = 24;
const TOKENS: usize = 28;
const HEADS: usize = 32;
const KV_HEADS: usize = 36;
const HEAD_DIM: usize = 40;
const CAPACITY: usize = 44;
const COS: usize = 48;
const SIN: usize = 52;
const ATTENDED: usize = 56;
const SCALE: usize = 60;
const PER_TILE: usize = 64;

/**
 * Turns queries q [tokens, heads · headDim] in place and new keys k [tokens, kvHeads · headDim] by their positions' cos, sin
 * [positions, headDim / 2], and writes keys and values v to column positions[t] of slot slots[t]. keys, values [slots,
 * kvHeads, capacity, headDim].
 */
export function remember(
  q: usize, k: usize, v: usize, cos: usize, sin: usize, keys: usize, values: usize, slots: usize, positions: usize,
  tokens: i32, heads: i32, kvHeads: i32, headDim: i32, capacity: i32,
): void {
  const args = places(keys, values, slots, positions, tokens, heads, kvHeads, headDim, capacity);
  store<usize>(args, q, Q);
  store<usize>(args, k, NEW_K);
  store<usize>(args, v, NEW_V);
  store<usize>(args, cos, COS);
  store<usize>(args, sin, SIN);
  run(Job.REMEMBER, tilesOf(tokens, rowsPerTile(4 * heads * headDim)));
}

function places(keys: usize, values: usize, slots: usize, positions: usize, tokens: i32, heads: i32, kvHeads: i32, headDim: i32, capacity: i32): usize {
  const args = jobArguments();
  store<usize>(args, keys, KEYS);
  store<usize>(args, values, VALUES);
  store<usize>(args, slots, SLOTS);
  store<usize>(args, positions, POSITIONS);
  store<i32>(args, tokens, TOKENS);
  store<i32>(args, heads, HEADS);
  store<i32>(args, kvHeads, KV_HEADS);
  store<i32>(args, headDim, HEAD_DIM);
  store<i32>(args, capacity, CAPACITY);
  return args;
}

export function rememberTile(args: usize, tile: i32): void {
  const heads = load<i32>(args, HEADS), kvHeads = load<i32>(args, KV_HEADS), headDim = load<i32>(args, HEAD_DIM), capacity = load<i32>(args, CAPACITY);
  const bytes = (headDim << 2) as usize, half = bytes >> 1;
  const perTile = rowsPerTile(4 * heads * headDim), last = min(load<i32>(args, TOKENS), (tile + 1) * perTile);
  for (let t = tile * perTile; t < last; t++) {
    const slot = load<i32>(load<usize>(args, SLOTS) + ((t << 2) as usize)), position = load<i32>(load<usize>(args, POSITIONS) + ((t << 2) as usize));
    const cos = load<usize>(args, COS) + half * (position as usize), sin = load<usize>(args, SIN) + half * (position as usize);
    for (let h = 0; h < heads; h++) {
      const x = load<usize>(args, Q) + bytes * ((t * heads + h) as usize);
      turn(x, cos, sin, half, x);
    }
    for (let h = 0; h < kvHeads; h++) {
      const from = bytes * ((t * kvHeads + h) as usize), to = bytes * (((slot * kvHeads + h) as usize) * (capacity as usize) + (position as usize));
      turn(load<usize>(args, NEW_K) + from, cos, sin, half, load<usize>(args, KEYS) + to);
      memory.copy(load<usize>(args, VALUES) + to, load<usize>(args, NEW_V) + from, bytes);
    }
  }
}

/** As in rotary.ts. */
function turn(x: usize, cos: usize, sin: usize, half: usize, y: usize): void {
  let i: usize = 0;
  for (; i + 16 <= half; i += 16) {
    const a = v128.load(x + i), b = v128.load(x + half + i), c = v128.load(cos + i), s = v128.load(sin + i);
    v128.store(y + i, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
    v128.store(y + half + i, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
  }
  for (; i < half; i += 4) {
    const a = load<f32>(x + i), b = load<f32>(x + half + i), c = load<f32>(cos + i), s = load<f32>(sin + i);
    store<f32>(y + i, a * c - b * s);
    store<f32>(y + half + i, b * c + a * s);
  }
}

/**
 * Each token's queries q [tokens, heads · headDim] over the columns 0…positions[t] of its slot → out [tokens, heads · headDim].
 * `work` is how many columns all tokens see together.
 */
export function attend(
  q: usize, keys: usize, values: usize, out: usize, slots: usize, positions: usize,
  tokens: i32, heads: i32, kvHeads: i32, headDim: i32, capacity: i32, scale: f32, work: i32,
): void {
  const args = places(keys, values, slots, positions, tokens, heads, kvHeads, headDim, capacity);
  store<usize>(args, q, Q);
  store<usize>(args, out, ATTENDED);
  store<f32>(args, scale, SCALE);
  const perItem = 2 * (heads / kvHeads) * headDim * (work / max(1, tokens) + 1);
  const perTile = max(1, TILE_WORK / perItem);
  store<i32>(args, perTile, PER_TILE);
  run(Job.ATTEND, tilesOf(tokens * kvHeads, perTile));
}

export function attendTile(args: usize, tile: i32): void {
  const heads = load<i32>(args, HEADS), kvHeads = load<i32>(args, KV_HEADS), headDim = load<i32>(args, HEAD_DIM), capacity = load<i32>(args, CAPACITY);
  const bytes = (headDim << 2) as usize, group = heads / kvHeads, perTile = load<i32>(args, PER_TILE);
  const last = min(load<i32>(args, TOKENS) * kvHeads, (tile + 1) * perTile);
  for (let item = tile * perTile; item < last; item++) {
    const t = item / kvHeads, h = item % kvHeads;
    const slot = load<i32>(load<usize>(args, SLOTS) + ((t << 2) as usize)), columns = load<i32>(load<usize>(args, POSITIONS) + ((t << 2) as usize)) + 1;
    const cache = bytes * ((slot * kvHeads + h) as usize) * (capacity as usize);
    const first = bytes * ((t * heads + h * group) as usize);
    attendHeads(load<usize>(args, Q) + first, load<usize>(args, KEYS) + cache, load<usize>(args, VALUES) + cache, load<usize>(args, ATTENDED) + first, group, columns, headDim, load<f32>(args, SCALE));
  }
}

/** The query heads of one group, which share keys and values [columns, headDim]. */
function attendHeads(q: usize, keys: usize, values: usize, out: usize, group: i32, columns: i32, headDim: i32, scale: f32): void {
  const bytes = (headDim << 2) as usize, scores = scratchBlock();
  for (let g = 0; g < group; g++, q += bytes, out += bytes) {
    let j = 0;
    for (; j + 4 <= columns; j += 4) v128.store(scores + ((j << 2) as usize), dot4(q, keys + bytes * (j as usize), headDim));
    for (; j < columns; j++) store<f32>(scores + ((j << 2) as usize), dot(q, keys + bytes * (j as usize), headDim));
    const share = exponentials(scores, scores, columns, scale);
    let d = 0;
    for (; d + 16 <= headDim; d += 16) combine16(scores, values + ((d << 2) as usize), headDim, columns, out + ((d << 2) as usize));
    for (; d + 4 <= headDim; d += 4) combine4(scores, values + ((d << 2) as usize), headDim, columns, out + ((d << 2) as usize));
    for (; d < headDim; d++) {
      let total: f32 = 0;
      for (j = 0; j < columns; j++) total += load<f32>(scores + ((j << 2) as usize)) * load<f32>(values + bytes * (j as usize) + ((d << 2) as usize));
      store<f32>(out + ((d << 2) as usize), total);
    }
    multiply(out, headDim, share);
  }
}

/** y = e^((x − max x) · scale) → 1 / Σ y. */
function exponentials(x: usize, y: usize, n: i32, scale: f32): f32 {
  const best = maximum(x, n), best4 = f32x4.splat(best), scale4 = f32x4.splat(scale), bytes = (n << 2) as usize;
  let total4 = f32x4.splat(0);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const value = exp4(f32x4.mul(f32x4.sub(v128.load(x + i), best4), scale4));
    v128.store(y + i, value);
    total4 = f32x4.add(total4, value);
  }
  let total = sum4(total4);
  for (; i < bytes; i += 4) {
    const value = exp1((load<f32>(x + i) - best) * scale);
    store<f32>(y + i, value);
    total += value;
  }
  return (1 as f32) / total;
}

function multiply(x: usize, n: i32, factor: f32): void {
  const factor4 = f32x4.splat(factor);
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), factor4));
  for (; i < n; i++, x += 4) store<f32>(x, load<f32>(x) * factor);
}

/** logits [rows, width] → softmax(logits · inverseTemperature) [rows, width]. */
export function probabilities(logits: usize, out: usize, rows: i32, width: i32, inverseTemperature: f32): void {
  const args = jobArguments();
  store<usize>(args, logits);
  store<usize>(args, out, 4);
  store<i32>(args, rows, 8);
  store<i32>(args, width, 12);
  store<f32>(args, inverseTemperature, 16);
  run(Job.PROBABILITIES, tilesOf(rows, rowsPerTile(width)));
}

export function probabilitiesTile(args: usize, tile: i32): void {
  const width = load<i32>(args, 12), perTile = rowsPerTile(width), last = min(load<i32>(args, 8), (tile + 1) * perTile);
  for (let r = tile * perTile; r < last; r++) {
    const start = 4 * (r as usize) * (width as usize), y = load<usize>(args, 4) + start;
    multiply(y, width, exponentials(load<usize>(args) + start, y, width, load<f32>(args, 16)));
  }
}

/** logits [rows, width] → of each row the first of its largest [rows]. */
export function best(logits: usize, out: usize, rows: i32, width: i32): void {
  for (let r = 0; r < rows; r++) {
    const row = logits + 4 * (r as usize) * (width as usize), largest = maximum(row, width);
    let id = 0;
    while (id < width - 1 && !(load<f32>(row + ((id << 2) as usize)) >= largest)) id++;
    store<i32>(out + ((r << 2) as usize), id);
  }
}
