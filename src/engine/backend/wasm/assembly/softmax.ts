// Softmax of attention scores with their scale and mask, and its gradient.
import { exp1, exp4 } from './exp';
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { max4, rowsPerTile, sum4, tilesOf } from './simd';

/** A mask value at or below this hides a key completely; keys hidden at the end of a row (causal masks) are not computed. */
const HIDDEN: f32 = -1e8;

/** scores, out [batch, heads, queries, keys]; mask [masks, 1, queries, keys], masks = batch or 1. */
export function attentionSoftmax(scores: usize, mask: usize, out: usize, batch: i32, heads: i32, queries: i32, keys: i32, masks: i32, scale: f32): void {
  const args = jobArguments(), rows = batch * heads * queries;
  store<usize>(args, scores);
  store<usize>(args, mask, 4);
  store<usize>(args, out, 8);
  store<i32>(args, rows, 12);
  store<i32>(args, masks === 1 ? i32.MAX_VALUE : heads * queries, 16);
  store<i32>(args, queries, 20);
  store<i32>(args, keys, 24);
  store<f32>(args, scale, 28);
  run(Job.ATTENTION_SOFTMAX, tilesOf(rows, rowsPerTile(keys)));
}

export function attentionSoftmaxTile(args: usize, tile: i32): void {
  const rowsPerMask = load<i32>(args, 16), queries = load<i32>(args, 20), keys = load<i32>(args, 24), scale = load<f32>(args, 28);
  const perTile = rowsPerTile(keys), last = min(load<i32>(args, 12), (tile + 1) * perTile);
  const bytes = (keys << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    const mask = load<usize>(args, 4) + bytes * (((r / rowsPerMask) * queries + (r % queries)) as usize);
    softmaxRow(load<usize>(args) + bytes * (r as usize), mask, load<usize>(args, 8) + bytes * (r as usize), keys, scale);
  }
}

/** How many keys are left when the hidden ones at the end are taken away; all of them when every one is hidden. */
function visibleKeys(mask: usize, keys: i32): i32 {
  const hidden = f32x4.splat(HIDDEN);
  let n = keys;
  while (n >= 4 && i32x4.all_true(f32x4.le(v128.load(mask + (((n - 4) << 2) as usize)), hidden))) n -= 4;
  while (n > 0 && load<f32>(mask + (((n - 1) << 2) as usize)) <= HIDDEN) n--;
  return n === 0 ? keys : n;
}

function softmaxRow(x: usize, mask: usize, y: usize, keys: i32, scale: f32): void {
  const n = visibleKeys(mask, keys), bytes = (n << 2) as usize, scale4 = f32x4.splat(scale);
  let best4 = f32x4.splat(-f32.MAX_VALUE);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const value = f32x4.add(f32x4.mul(v128.load(x + i), scale4), v128.load(mask + i));
    v128.store(y + i, value);
    best4 = f32x4.pmax(best4, value);
  }
  let best = max4(best4);
  for (; i < bytes; i += 4) {
    const value = load<f32>(x + i) * scale + load<f32>(mask + i);
    store<f32>(y + i, value);
    if (value > best) best = value;
  }
  best4 = f32x4.splat(best);
  let total4 = f32x4.splat(0);
  for (i = 0; i + 16 <= bytes; i += 16) {
    const value = exp4(f32x4.sub(v128.load(y + i), best4));
    v128.store(y + i, value);
    total4 = f32x4.add(total4, value);
  }
  let total = sum4(total4);
  for (; i < bytes; i += 4) {
    const value = exp1(load<f32>(y + i) - best);
    store<f32>(y + i, value);
    total += value;
  }
  const share = (1 as f32) / total, share4 = f32x4.splat(share);
  for (i = 0; i + 16 <= bytes; i += 16) v128.store(y + i, f32x4.mul(v128.load(y + i), share4));
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) * share);
  if (n < keys) memory.fill(y + bytes, 0, ((keys - n) << 2) as usize);
}

/** dx = scale · p · (dy − Σ p·dy) for every row of p, dy, dx [rows, keys]. */
export function attentionSoftmaxGradient(p: usize, dy: usize, dx: usize, rows: i32, keys: i32, scale: f32): void {
  const args = jobArguments();
  store<usize>(args, p);
  store<usize>(args, dy, 4);
  store<usize>(args, dx, 8);
  store<i32>(args, rows, 12);
  store<i32>(args, keys, 16);
  store<f32>(args, scale, 20);
  run(Job.ATTENTION_SOFTMAX_GRADIENT, tilesOf(rows, rowsPerTile(keys)));
}

export function attentionSoftmaxGradientTile(args: usize, tile: i32): void {
  const keys = load<i32>(args, 16), scale = load<f32>(args, 20), scale4 = f32x4.splat(scale);
  const perTile = rowsPerTile(keys), last = min(load<i32>(args, 12), (tile + 1) * perTile);
  const bytes = (keys << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    const row = bytes * (r as usize);
    const p = load<usize>(args) + row, dy = load<usize>(args, 4) + row, dx = load<usize>(args, 8) + row;
    let dot4 = f32x4.splat(0);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) dot4 = f32x4.add(dot4, f32x4.mul(v128.load(p + i), v128.load(dy + i)));
    let dot = sum4(dot4);
    for (; i < bytes; i += 4) dot += load<f32>(p + i) * load<f32>(dy + i);
    dot4 = f32x4.splat(dot);
    for (i = 0; i + 16 <= bytes; i += 16) {
      v128.store(dx + i, f32x4.mul(f32x4.mul(v128.load(p + i), f32x4.sub(v128.load(dy + i), dot4)), scale4));
    }
    for (; i < bytes; i += 4) store<f32>(dx + i, load<f32>(p + i) * (load<f32>(dy + i) - dot) * scale);
  }
}
