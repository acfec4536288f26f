// Pieces that several kernels share.

/** A tile of an elementwise or row-wise job covers about this many elements (64 KiB): enough work to be worth handing over. */
export const TILE_ELEMENTS: i32 = 16384;

/** Float32 sums run over at most this many elements before they are carried over to float64. */
export const SUM_BLOCK: i32 = 256;

/** Rows of `width` elements that make up a tile. */
// @ts-ignore: decorator
@inline
export function rowsPerTile(width: i32): i32 {
  return max(1, TILE_ELEMENTS / max(1, width));
}

// @ts-ignore: decorator
@inline
export function tilesOf(count: i32, perTile: i32): i32 {
  return (count + perTile - 1) / perTile;
}

// @ts-ignore: decorator
@inline
export function sum4(x: v128): f32 {
  const pairs = f32x4.add(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
export function max4(x: v128): f32 {
  const pairs = f32x4.pmax(x, v128.shuffle<f32>(x, x, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/** Largest of `n` floats; NaN counts as small here, it shows up in the sums. */
export function maximum(x: usize, n: i32): f32 {
  let best = f32x4.splat(-f32.MAX_VALUE);
  let i = 0;
  for (; i + 4 <= n; i += 4, x += 16) best = f32x4.pmax(best, v128.load(x));
  let result = max4(best);
  for (; i < n; i++, x += 4) {
    const value = load<f32>(x);
    if (value > result) result = value;
  }
  return result;
}
