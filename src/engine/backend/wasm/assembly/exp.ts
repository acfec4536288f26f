// e^x for four floats. Cody & Waite's reduction x = n·ln 2 + r with ln 2 in two parts, then the minimax polynomial of
// Cephes' expf (Moshier 1992) for |r| ≤ ln 2 / 2. Relative error at most 2.5e-7 for −87.3 ≤ x ≤ 88.3; below it gives 0,
// above it the value at 88.3; NaN stays NaN.

const LOG2_E: f32 = 1.44269504088896341;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.12194440e-4;
const SMALLEST: f32 = -87.33654;
const LARGEST: f32 = 88.3;
/** 1.5 · 2²³: adding it rounds to the nearest whole number and leaves that number in the low bits. */
const ROUNDING: f32 = 12582912;

// @ts-ignore: decorator
@inline
export function exp4(x: v128): v128 {
  const bounded = f32x4.pmin(f32x4.pmax(x, f32x4.splat(SMALLEST)), f32x4.splat(LARGEST));
  const shifted = f32x4.add(f32x4.mul(bounded, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDING));
  const n = f32x4.sub(shifted, f32x4.splat(ROUNDING));
  const r = f32x4.sub(f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(LN2_HIGH))), f32x4.mul(n, f32x4.splat(LN2_LOW)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r), f32x4.splat(1));
  // The low bits of `shifted` are n: shifted up and biased they are the exponent of 2ⁿ.
  const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(127 << 23));
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(SMALLEST)));
}

// @ts-ignore: decorator
@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** For the test of the error bound: e^x of `n` floats (a multiple of 4). */
export function expAll(x: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4, x += 16, y += 16) v128.store(y, exp4(v128.load(x)));
}
