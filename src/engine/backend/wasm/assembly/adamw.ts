// One AdamW step in place (Loshchilov & Hutter 2019, algorithm 2).
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { TILE_ELEMENTS, tilesOf } from './simd';

/** correction1 = 1 / (1 − β₁ᵗ), correction2 = 1 / (1 − β₂ᵗ). */
export function adamw(
  w: usize, m: usize, v: usize, g: usize, n: i32, learningRate: f32, beta1: f32, beta2: f32, epsilon: f32, decay: f32,
  correction1: f32, correction2: f32, gradientScale: f32,
): void {
  const args = jobArguments();
  store<usize>(args, w);
  store<usize>(args, m, 4);
  store<usize>(args, v, 8);
  store<usize>(args, g, 12);
  store<i32>(args, n, 16);
  store<f32>(args, learningRate, 20);
  store<f32>(args, beta1, 24);
  store<f32>(args, beta2, 28);
  store<f32>(args, epsilon, 32);
  store<f32>(args, decay, 36);
  store<f32>(args, correction1, 40);
  store<f32>(args, correction2, 44);
  store<f32>(args, gradientScale, 48);
  run(Job.ADAMW, tilesOf(n, TILE_ELEMENTS));
}

export function adamwTile(args: usize, tile: i32): void {
  const from = tile * TILE_ELEMENTS, n = min(TILE_ELEMENTS, load<i32>(args, 16) - from);
  const start = (from << 2) as usize, bytes = (n << 2) as usize;
  const w = load<usize>(args) + start, m = load<usize>(args, 4) + start, v = load<usize>(args, 8) + start, g = load<usize>(args, 12) + start;
  const rate = load<f32>(args, 20), beta1 = load<f32>(args, 24), beta2 = load<f32>(args, 28), epsilon = load<f32>(args, 32);
  const decay = load<f32>(args, 36), c1 = load<f32>(args, 40), c2 = load<f32>(args, 44), scale = load<f32>(args, 48);
  const rest1 = (1 as f32) - beta1, rest2 = (1 as f32) - beta2;
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const gradient = f32x4.mul(v128.load(g + i), f32x4.splat(scale)), weight = v128.load(w + i);
    const m4 = f32x4.add(f32x4.mul(v128.load(m + i), f32x4.splat(beta1)), f32x4.mul(gradient, f32x4.splat(rest1)));
    const v4 = f32x4.add(f32x4.mul(v128.load(v + i), f32x4.splat(beta2)), f32x4.mul(f32x4.mul(gradient, gradient), f32x4.splat(rest2)));
    v128.store(m + i, m4);
    v128.store(v + i, v4);
    const deviation = f32x4.add(f32x4.sqrt(f32x4.mul(v4, f32x4.splat(c2))), f32x4.splat(epsilon));
    const direction = f32x4.add(f32x4.div(f32x4.mul(m4, f32x4.splat(c1)), deviation), f32x4.mul(weight, f32x4.splat(decay)));
    v128.store(w + i, f32x4.sub(weight, f32x4.mul(direction, f32x4.splat(rate))));
  }
  for (; i < bytes; i += 4) {
    const gradient = load<f32>(g + i) * scale, weight = load<f32>(w + i);
    const m1 = load<f32>(m + i) * beta1 + gradient * rest1;
    const v1 = load<f32>(v + i) * beta2 + gradient * gradient * rest2;
    store<f32>(m + i, m1);
    store<f32>(v + i, v1);
    store<f32>(w + i, weight - (m1 * c1 / (sqrt<f32>(v1 * c2) + epsilon) + weight * decay) * rate);
  }
}
