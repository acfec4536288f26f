// Sums of products over vectors as they lie in memory.
import { sum4 } from './simd';

/** x·y + sum: one instruction where WebAssembly has relaxed SIMD, which is a third faster on processors that add and multiply on the same ports. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(x: v128, y: v128, sum: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(x, y, sum) : f32x4.add(sum, f32x4.mul(x, y));
}

/** x [k] with four rows of b [4, k]. */
export function dot4(x: usize, b0: usize, k: i32): v128 {
  const step = (k << 2) as usize, b1 = b0 + step, b2 = b1 + step, b3 = b2 + step;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let p: usize = 0;
  for (; p + 16 <= step; p += 16) {
    const x4 = v128.load(x + p);
    s0 = multiplyAdd(x4, v128.load(b0 + p), s0);
    s1 = multiplyAdd(x4, v128.load(b1 + p), s1);
    s2 = multiplyAdd(x4, v128.load(b2 + p), s2);
    s3 = multiplyAdd(x4, v128.load(b3 + p), s3);
  }
  return sums4(s0, s1, s2, s3, x, b0, p, step);
}

/** The sums of four vectors, and to them what is left of x and four rows of b, `step` bytes long, from byte `p` on. */
// @ts-ignore: decorator
@inline
export function sums4(s0: v128, s1: v128, s2: v128, s3: v128, x: usize, b0: usize, p: usize, step: usize): v128 {
  const s01 = v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), t01 = v128.shuffle<f32>(s0, s1, 2, 6, 3, 7);
  const s23 = v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), t23 = v128.shuffle<f32>(s2, s3, 2, 6, 3, 7);
  const u01 = f32x4.add(s01, t01), u23 = f32x4.add(s23, t23);
  let total = f32x4.add(v128.shuffle<f32>(u01, u23, 0, 1, 4, 5), v128.shuffle<f32>(u01, u23, 2, 3, 6, 7));
  const b1 = b0 + step, b2 = b1 + step, b3 = b2 + step;
  for (; p < step; p += 4) {
    const column = f32x4.replace_lane(f32x4.replace_lane(f32x4.replace_lane(v128.load_splat<f32>(b0 + p), 1, load<f32>(b1 + p)), 2, load<f32>(b2 + p)), 3, load<f32>(b3 + p));
    total = f32x4.add(total, f32x4.mul(v128.load_splat<f32>(x + p), column));
  }
  return total;
}

export function dot(x: usize, b: usize, k: i32): f32 {
  let sum = f32x4.splat(0);
  let p = 0;
  for (; p + 4 <= k; p += 4, x += 16, b += 16) sum = f32x4.add(sum, f32x4.mul(v128.load(x), v128.load(b)));
  let total = sum4(sum);
  for (; p < k; p++, x += 4, b += 4) total += load<f32>(x) * load<f32>(b);
  return total;
}

/** out [16] = x [k] · b [k, 16], rows of b `n` apart. */
export function combine16(x: usize, b: usize, n: i32, k: i32, out: usize): void {
  const step = (n << 2) as usize;
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let p = 0; p < k; p++, x += 4, b += step) {
    const x4 = v128.load_splat<f32>(x);
    s0 = multiplyAdd(x4, v128.load(b), s0);
    s1 = multiplyAdd(x4, v128.load(b, 16), s1);
    s2 = multiplyAdd(x4, v128.load(b, 32), s2);
    s3 = multiplyAdd(x4, v128.load(b, 48), s3);
  }
  v128.store(out, s0);
  v128.store(out, s1, 16);
  v128.store(out, s2, 32);
  v128.store(out, s3, 48);
}

/** The same for 4 columns. */
export function combine4(x: usize, b: usize, n: i32, k: i32, out: usize): void {
  const step = (n << 2) as usize;
  let sum = f32x4.splat(0);
  for (let p = 0; p < k; p++, x += 4, b += step) sum = multiplyAdd(v128.load_splat<f32>(x), v128.load(b), sum);
  v128.store(out, sum);
}
