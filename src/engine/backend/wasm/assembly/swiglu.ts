// y = g·σ(g)·u and its gradient: dg = dy·u·σ(g)·(1 + g·(1 − σ(g))), du = dy·g·σ(g).
import { exp1, exp4 } from './exp';
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { TILE_ELEMENTS, tilesOf } from './simd';

export function swiglu(gate: usize, up: usize, y: usize, n: i32): void {
  const args = jobArguments();
  store<usize>(args, gate);
  store<usize>(args, up, 4);
  store<usize>(args, y, 8);
  store<i32>(args, n, 12);
  run(Job.SWIGLU, tilesOf(n, TILE_ELEMENTS));
}

export function swigluGradient(gate: usize, up: usize, dy: usize, dGate: usize, dUp: usize, n: i32): void {
  const args = jobArguments();
  store<usize>(args, gate);
  store<usize>(args, up, 4);
  store<usize>(args, dGate, 8);
  store<i32>(args, n, 12);
  store<usize>(args, dy, 16);
  store<usize>(args, dUp, 20);
  run(Job.SWIGLU_GRADIENT, tilesOf(n, TILE_ELEMENTS));
}

// @ts-ignore: decorator
@inline
function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

// @ts-ignore: decorator
@inline
function sigmoid1(x: f32): f32 {
  return (1 as f32) / ((1 as f32) + exp1(-x));
}

export function swigluTile(args: usize, tile: i32): void {
  const from = tile * TILE_ELEMENTS, n = min(TILE_ELEMENTS, load<i32>(args, 12) - from);
  const start = (from << 2) as usize;
  swigluRun(load<usize>(args) + start, load<usize>(args, 4) + start, load<usize>(args, 8) + start, (n << 2) as usize);
}

export function swigluRun(gate: usize, up: usize, y: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const g = v128.load(gate + i);
    v128.store(y + i, f32x4.mul(f32x4.mul(g, sigmoid4(g)), v128.load(up + i)));
  }
  for (; i < bytes; i += 4) {
    const g = load<f32>(gate + i);
    store<f32>(y + i, g * sigmoid1(g) * load<f32>(up + i));
  }
}

export function swigluGradientTile(args: usize, tile: i32): void {
  const from = tile * TILE_ELEMENTS, n = min(TILE_ELEMENTS, load<i32>(args, 12) - from);
  const start = (from << 2) as usize, bytes = (n << 2) as usize;
  const gate = load<usize>(args) + start, up = load<usize>(args, 4) + start, dGate = load<usize>(args, 8) + start;
  const dy = load<usize>(args, 16) + start, dUp = load<usize>(args, 20) + start;
  const one = f32x4.splat(1);
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const g = v128.load(gate + i), d = v128.load(dy + i), s = sigmoid4(g);
    const silu = f32x4.mul(g, s);
    v128.store(dUp + i, f32x4.mul(d, silu));
    // σ·(1 + g·(1 − σ)) = σ + silu·(1 − σ)
    v128.store(dGate + i, f32x4.mul(f32x4.mul(d, v128.load(up + i)), f32x4.add(s, f32x4.mul(silu, f32x4.sub(one, s)))));
  }
  for (; i < bytes; i += 4) {
    const g = load<f32>(gate + i), d = load<f32>(dy + i), s = sigmoid1(g);
    store<f32>(dUp + i, d * g * s);
    store<f32>(dGate + i, d * load<f32>(up + i) * (s + g * s * ((1 as f32) - s)));
  }
}
