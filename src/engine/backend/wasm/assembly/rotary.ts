// Rotary positions (Su et al. 2021): the two halves of a head are rotated together. The gradient is the same with −sin.
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { rowsPerTile, tilesOf } from './simd';

/** x, y [batch, heads, seq, 2·half]; cos, sin [tables, seq, half], tables = batch or 1; sign −1 rotates backwards. */
export function rotary(x: usize, cos: usize, sin: usize, y: usize, batch: i32, heads: i32, seq: i32, half: i32, tables: i32, sign: f32): void {
  const args = jobArguments();
  store<usize>(args, x);
  store<usize>(args, cos, 4);
  store<usize>(args, sin, 8);
  store<usize>(args, y, 12);
  store<i32>(args, batch * heads * seq, 16);
  store<i32>(args, tables === 1 ? i32.MAX_VALUE : heads * seq, 20);
  store<i32>(args, seq, 24);
  store<i32>(args, half, 28);
  store<f32>(args, sign, 32);
  run(Job.ROTARY, tilesOf(batch * heads * seq, rowsPerTile(2 * half)));
}

export function rotaryTile(args: usize, tile: i32): void {
  const rowsPerTable = load<i32>(args, 20), seq = load<i32>(args, 24), half = load<i32>(args, 28);
  const sign = load<f32>(args, 32), sign4 = f32x4.splat(sign);
  const perTile = rowsPerTile(2 * half), last = min(load<i32>(args, 16), (tile + 1) * perTile);
  const halfBytes = (half << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    const row = 2 * halfBytes * (r as usize);
    const table = halfBytes * (((r / rowsPerTable) * seq + (r % seq)) as usize);
    const x = load<usize>(args) + row, y = load<usize>(args, 12) + row;
    const cos = load<usize>(args, 4) + table, sin = load<usize>(args, 8) + table;
    let i: usize = 0;
    for (; i + 16 <= halfBytes; i += 16) {
      const a = v128.load(x + i), b = v128.load(x + halfBytes + i);
      const c = v128.load(cos + i), s = f32x4.mul(v128.load(sin + i), sign4);
      v128.store(y + i, f32x4.sub(f32x4.mul(a, c), f32x4.mul(b, s)));
      v128.store(y + halfBytes + i, f32x4.add(f32x4.mul(b, c), f32x4.mul(a, s)));
    }
    for (; i < halfBytes; i += 4) {
      const a = load<f32>(x + i), b = load<f32>(x + halfBytes + i);
      const c = load<f32>(cos + i), s = load<f32>(sin + i) * sign;
      store<f32>(y + i, a * c - b * s);
      store<f32>(y + halfBytes + i, b * c + a * s);
    }
  }
}
