// Cross-entropy and forward KL over rows of logits, straight from the logits: no probabilities are stored. Rows of
// weight 0 (prompts, padding) are skipped. The kernels leave each row's maximum and sum of exponentials (`stats`); the
// logarithm, one per row, is taken outside in float64.
import { exp1, exp4 } from './exp';
import { Job } from './jobs';
import { jobArguments, run } from './pool';
import { maximum, rowsPerTile, SUM_BLOCK, sum4, tilesOf } from './simd';

const X: usize = 0;
const WEIGHTS: usize = 4;
const STATS: usize = 8;
const ROWS: usize = 12;
const VOCABULARY: usize = 16;
const OUT: usize = 20;
const FACTOR: usize = 24;
const TARGETS: usize = 28;
const TEACHER: usize = 32;
const INVERSE_TEMPERATURE: usize = 36;

/** Bytes of `stats` for one row: maximum and sum of the student, of the teacher, and Σ e^t·(t − s); all float64. */
export const STATS_BYTES: i32 = 40;

function setArguments(x: usize, weights: usize, stats: usize, rows: i32, vocabulary: i32): usize {
  const args = jobArguments();
  store<usize>(args, x, X);
  store<usize>(args, weights, WEIGHTS);
  store<usize>(args, stats, STATS);
  store<i32>(args, rows, ROWS);
  store<i32>(args, vocabulary, VOCABULARY);
  return args;
}

/** Σ e^((x − best)·factor) */
function sumExp(x: usize, n: i32, best: f32, factor: f32): f64 {
  const best4 = f32x4.splat(best), factor4 = f32x4.splat(factor);
  let total: f64 = 0;
  let i = 0;
  while (i + 4 <= n) {
    let part = f32x4.splat(0);
    const end = min(n, i + SUM_BLOCK);
    for (; i + 4 <= end; i += 4, x += 16) part = f32x4.add(part, exp4(f32x4.mul(f32x4.sub(v128.load(x), best4), factor4)));
    total += sum4(part) as f64;
  }
  for (; i < n; i++, x += 4) total += exp1((load<f32>(x) - best) * factor) as f64;
  return total;
}

/** Leaves maximum and sum of every weighted row of logits [rows, vocabulary]. */
export function crossEntropy(logits: usize, weights: usize, stats: usize, rows: i32, vocabulary: i32): void {
  setArguments(logits, weights, stats, rows, vocabulary);
  run(Job.CROSS_ENTROPY, tilesOf(rows, rowsPerTile(vocabulary)));
}

export function crossEntropyTile(args: usize, tile: i32): void {
  const n = load<i32>(args, VOCABULARY), perTile = rowsPerTile(n), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  for (let r = tile * perTile; r < last; r++) {
    if (load<f32>(load<usize>(args, WEIGHTS) + ((r << 2) as usize)) === 0) continue;
    const x = load<usize>(args, X) + 4 * (r as usize) * (n as usize);
    const stats = load<usize>(args, STATS) + ((r * STATS_BYTES) as usize);
    const best = maximum(x, n);
    store<f64>(stats, best as f64);
    store<f64>(stats, sumExp(x, n, best, 1), 8);
  }
}

/** dLogits = (softmax(logits) − onehot(target)) · rowWeight · factor */
export function crossEntropyGradient(logits: usize, targets: usize, weights: usize, stats: usize, dLogits: usize, rows: i32, vocabulary: i32, factor: f32): void {
  const args = setArguments(logits, weights, stats, rows, vocabulary);
  store<usize>(args, targets, TARGETS);
  store<usize>(args, dLogits, OUT);
  store<f32>(args, factor, FACTOR);
  run(Job.CROSS_ENTROPY_GRADIENT, tilesOf(rows, rowsPerTile(vocabulary)));
}

export function crossEntropyGradientTile(args: usize, tile: i32): void {
  const n = load<i32>(args, VOCABULARY), perTile = rowsPerTile(n), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  const bytes = (n << 2) as usize;
  for (let r = tile * perTile; r < last; r++) {
    const out = load<usize>(args, OUT) + bytes * (r as usize);
    const weight = load<f32>(load<usize>(args, WEIGHTS) + ((r << 2) as usize)) * load<f32>(args, FACTOR);
    if (weight === 0) {
      memory.fill(out, 0, bytes);
      continue;
    }
    const x = load<usize>(args, X) + bytes * (r as usize);
    const stats = load<usize>(args, STATS) + ((r * STATS_BYTES) as usize);
    const best = load<f64>(stats) as f32, share = ((weight as f64) / load<f64>(stats, 8)) as f32;
    const best4 = f32x4.splat(best), share4 = f32x4.splat(share);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(exp4(f32x4.sub(v128.load(x + i), best4)), share4));
    for (; i < bytes; i += 4) store<f32>(out + i, exp1(load<f32>(x + i) - best) * share);
    const at = out + ((load<i32>(load<usize>(args, TARGETS) + ((r << 2) as usize)) << 2) as usize);
    store<f32>(at, load<f32>(at) - weight);
  }
}

/** Leaves the five numbers of every weighted row of student and teacher [rows, vocabulary]; logits are divided by the temperature. */
export function forwardKl(student: usize, teacher: usize, weights: usize, stats: usize, rows: i32, vocabulary: i32, inverseTemperature: f32): void {
  const args = setArguments(student, weights, stats, rows, vocabulary);
  store<usize>(args, teacher, TEACHER);
  store<f32>(args, inverseTemperature, INVERSE_TEMPERATURE);
  run(Job.FORWARD_KL, tilesOf(rows, rowsPerTile(vocabulary)));
}

export function forwardKlTile(args: usize, tile: i32): void {
  const n = load<i32>(args, VOCABULARY), perTile = rowsPerTile(n), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  const inverse = load<f32>(args, INVERSE_TEMPERATURE);
  for (let r = tile * perTile; r < last; r++) {
    if (load<f32>(load<usize>(args, WEIGHTS) + ((r << 2) as usize)) === 0) continue;
    const row = 4 * (r as usize) * (n as usize);
    const student = load<usize>(args, X) + row, teacher = load<usize>(args, TEACHER) + row;
    const stats = load<usize>(args, STATS) + ((r * STATS_BYTES) as usize);
    const bestStudent = maximum(student, n), bestTeacher = maximum(teacher, n);
    store<f64>(stats, bestStudent as f64);
    store<f64>(stats, sumExp(student, n, bestStudent, inverse), 8);
    store<f64>(stats, bestTeacher as f64, 16);
    teacherSums(student, teacher, n, bestTeacher, inverse, stats);
  }
}

/** Writes Σ e^t (24) and Σ e^t·(t − s) (32) of one row, t and s divided by the temperature, t relative to its maximum in the exponent. */
function teacherSums(student: usize, teacher: usize, n: i32, best: f32, inverse: f32, stats: usize): void {
  const best4 = f32x4.splat(best), inverse4 = f32x4.splat(inverse);
  let total: f64 = 0, cross: f64 = 0;
  let i = 0;
  while (i + 4 <= n) {
    let totalPart = f32x4.splat(0), crossPart = totalPart;
    const end = min(n, i + SUM_BLOCK);
    for (; i + 4 <= end; i += 4, student += 16, teacher += 16) {
      const t = v128.load(teacher), e = exp4(f32x4.mul(f32x4.sub(t, best4), inverse4));
      totalPart = f32x4.add(totalPart, e);
      crossPart = f32x4.add(crossPart, f32x4.mul(e, f32x4.mul(f32x4.sub(t, v128.load(student)), inverse4)));
    }
    total += sum4(totalPart) as f64;
    cross += sum4(crossPart) as f64;
  }
  for (; i < n; i++, student += 4, teacher += 4) {
    const t = load<f32>(teacher), e = exp1((t - best) * inverse);
    total += e as f64;
    cross += (e * ((t - load<f32>(student)) * inverse)) as f64;
  }
  store<f64>(stats, total, 24);
  store<f64>(stats, cross, 32);
}

/** dStudent = (softmax(student / T) − softmax(teacher / T)) · rowWeight · factor; factor holds the 1 / T of the chain rule. */
export function forwardKlGradient(student: usize, teacher: usize, weights: usize, stats: usize, dStudent: usize, rows: i32, vocabulary: i32, inverseTemperature: f32, factor: f32): void {
  const args = setArguments(student, weights, stats, rows, vocabulary);
  store<usize>(args, teacher, TEACHER);
  store<f32>(args, inverseTemperature, INVERSE_TEMPERATURE);
  store<usize>(args, dStudent, OUT);
  store<f32>(args, factor, FACTOR);
  run(Job.FORWARD_KL_GRADIENT, tilesOf(rows, rowsPerTile(vocabulary)));
}

export function forwardKlGradientTile(args: usize, tile: i32): void {
  const n = load<i32>(args, VOCABULARY), perTile = rowsPerTile(n), last = min(load<i32>(args, ROWS), (tile + 1) * perTile);
  const bytes = (n << 2) as usize, inverse = load<f32>(args, INVERSE_TEMPERATURE), inverse4 = f32x4.splat(inverse);
  for (let r = tile * perTile; r < last; r++) {
    const row = bytes * (r as usize), out = load<usize>(args, OUT) + row;
    const weight = load<f32>(load<usize>(args, WEIGHTS) + ((r << 2) as usize)) * load<f32>(args, FACTOR);
    if (weight === 0) {
      memory.fill(out, 0, bytes);
      continue;
    }
    const student = load<usize>(args, X) + row, teacher = load<usize>(args, TEACHER) + row;
    const stats = load<usize>(args, STATS) + ((r * STATS_BYTES) as usize);
    const bestStudent = load<f64>(stats) as f32, shareStudent = ((weight as f64) / load<f64>(stats, 8)) as f32;
    const bestTeacher = load<f64>(stats, 16) as f32, shareTeacher = ((weight as f64) / load<f64>(stats, 24)) as f32;
    const bestStudent4 = f32x4.splat(bestStudent), shareStudent4 = f32x4.splat(shareStudent);
    const bestTeacher4 = f32x4.splat(bestTeacher), shareTeacher4 = f32x4.splat(shareTeacher);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const p = f32x4.mul(exp4(f32x4.mul(f32x4.sub(v128.load(student + i), bestStudent4), inverse4)), shareStudent4);
      const q = f32x4.mul(exp4(f32x4.mul(f32x4.sub(v128.load(teacher + i), bestTeacher4), inverse4)), shareTeacher4);
      v128.store(out + i, f32x4.sub(p, q));
    }
    for (; i < bytes; i += 4) {
      const p = exp1((load<f32>(student + i) - bestStudent) * inverse) * shareStudent;
      const q = exp1((load<f32>(teacher + i) - bestTeacher) * inverse) * shareTeacher;
      store<f32>(out + i, p - q);
    }
  }
}
