// Moving data: splitting and joining heads, and the gradient of an embedding look-up.
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { rowsPerTile, tilesOf } from './simd';

/** x [outer, first, second, width] → out [outer, second, first, width]. */
export function swapMiddle(x: usize, out: usize, outer: i32, first: i32, second: i32, width: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, out, 4);
  store<i32>(args, outer * first * second, 8);
  store<i32>(args, first, 12);
  store<i32>(args, second, 16);
  store<i32>(args, width, 20);
  run(Job.SWAP_MIDDLE, tilesOf(outer * first * second, rowsPerTile(width)));
}

export function swapMiddleTile(args: usize, tile: i32): void {
  const first = load<i32>(args, 12), second = load<i32>(args, 16), width = load<i32>(args, 20);
  const perTile = rowsPerTile(width), last = min(load<i32>(args, 8), (tile + 1) * perTile);
  const bytes = (width << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    // r counts rows of the output: (o, s, f) ← (o, f, s)
    const f = r % first, s = (r / first) % second, o = r / (first * second);
    const from = load<usize>(args) + bytes * (((o * first + f) * second + s) as usize);
    const to = load<usize>(args, 4) + bytes * (r as usize);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
    for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
  }
}

/** out [rows, width] = the rows of x that `ids` names; the ids are known to be within x. */
export function gatherRows(x: usize, ids: usize, out: usize, rows: i32, width: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, ids, 4);
  store<usize>(args, out, 8);
  store<i32>(args, rows, 12);
  store<i32>(args, width, 16);
  run(Job.GATHER_ROWS, tilesOf(rows, rowsPerTile(width)));
}

export function gatherRowsTile(args: usize, tile: i32): void {
  const width = load<i32>(args, 16), perTile = rowsPerTile(width), last = min(load<i32>(args, 12), (tile + 1) * perTile);
  const bytes = (width << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    const id = load<i32>(load<usize>(args, 4) + ((r << 2) as usize));
    memory.copy(load<usize>(args, 8) + bytes * (r as usize), load<usize>(args) + bytes * (id as usize), bytes);
  }
}

/** Columns that one tile of segmentSum covers. Tiles cut columns, so every sum has the order of the rows. */
const SEGMENT_COLUMNS: i32 = 64;

/** out [segments, width] = for every segment the sum of the rows of x [rows, width] whose id it is; other ids are left out. */
export function segmentSum(x: usize, ids: usize, out: usize, rows: i32, segments: i32, width: i32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, ids, 4);
  store<usize>(args, out, 8);
  store<i32>(args, rows, 12);
  store<i32>(args, segments, 16);
  store<i32>(args, width, 20);
  run(Job.SEGMENT_SUM, tilesOf(width, SEGMENT_COLUMNS));
}

export function segmentSumTile(args: usize, tile: i32): void {
  const rows = load<i32>(args, 12), segments = load<i32>(args, 16), width = load<i32>(args, 20);
  const from = tile * SEGMENT_COLUMNS, columns = min(SEGMENT_COLUMNS, width - from);
  const bytes = (columns << 2) as usize, start = (from << 2) as usize, step = (width << 2) as usize;
  const out = load<usize>(args, 8) + start;
  for (let s = 0; s < segments; s++) memory.fill(out + step * (s as usize), 0, bytes);
  for (let r = 0; r < rows; r++) {
    const id = load<i32>(load<usize>(args, 4) + ((r << 2) as usize));
    if (id < 0 || id >= segments) continue;
    const row = load<usize>(args) + step * (r as usize) + start, sum = out + step * (id as usize);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(sum + i, f32x4.add(v128.load(sum + i), v128.load(row + i)));
    for (; i < bytes; i += 4) store<f32>(sum + i, load<f32>(sum + i) + load<f32>(row + i));
  }
}
