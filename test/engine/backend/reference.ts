/** The decoder's operations in float64 on plain arrays, written from their formulas, and derivatives by central differences. */

export type Numbers = readonly number[];
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sum = (values: Numbers): number => values.reduce((total, value) => total + value, 0);
const row = (x: Numbers, r: number, width: number): Numbers => x.slice(r * width, (r + 1) * width);

/** Numbers in [−1, 1), the same for the same seed (mulberry32). */
export function random(n: number, seed: number, scale = 1): number[] {
  let state = seed >>> 0;
  return range(n).map(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    // Rounded to float32, so that reference and tensor start from the same numbers.
    return Math.fround((((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1) * scale);
  });
}

/** d f / d x by central differences. */
export function gradient(f: (x: Numbers) => number, x: Numbers, step = 1e-5): number[] {
  return x.map((value, i) => {
    const at = (shifted: number): number => f([...x.slice(0, i), shifted, ...x.slice(i + 1)]);
    return (at(value + step) - at(value - step)) / (2 * step);
  });
}

/** op(a) [m, k] · op(b) [k, n] */
export function matMul(a: Numbers, b: Numbers, m: number, n: number, k: number, ta: boolean, tb: boolean): number[] {
  return range(m * n).map((at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return sum(range(k).map((p) => a[ta ? p * m + i : i * k + p]! * b[tb ? j * k + p : p * n + j]!));
  });
}

export function rmsNorm(x: Numbers, weight: Numbers, epsilon: number): number[] {
  const width = weight.length;
  return range(x.length / width).flatMap((r) => {
    const values = row(x, r, width);
    const rms = Math.sqrt(sum(values.map((v) => v * v)) / width + epsilon);
    return values.map((v, i) => (v / rms) * weight[i]!);
  });
}

/** x [batch, heads, seq, 2·half]; cos, sin [tables, seq, half]. */
export function rotary(x: Numbers, cos: Numbers, sin: Numbers, batch: number, heads: number, seq: number, half: number): number[] {
  const tables = cos.length / (seq * half);
  return range(x.length).map((at) => {
    const i = at % (2 * half);
    const s = Math.floor(at / (2 * half)) % seq;
    const b = tables === 1 ? 0 : Math.floor(at / (2 * half * seq * heads));
    const angle = (b * seq + s) * half + (i % half);
    const other = i < half ? -x[at + half]! : x[at - half]!;
    return b < batch ? x[at]! * cos[angle]! + other * sin[angle]! : Number.NaN;
  });
}

export function swiglu(gate: Numbers, up: Numbers): number[] {
  return gate.map((g, i) => (g / (1 + Math.exp(-g))) * up[i]!);
}

export function softmax(x: Numbers): number[] {
  const best = Math.max(...x);
  const exponentials = x.map((v) => Math.exp(v - best));
  return exponentials.map((e) => e / sum(exponentials));
}

/** scores [batch, heads, q, k]; mask [masks, 1, q, k]. */
export function attentionSoftmax(scores: Numbers, mask: Numbers, heads: number, queries: number, keys: number, scale: number): number[] {
  const masks = mask.length / (queries * keys);
  return range(scores.length / keys).flatMap((r) => {
    const b = masks === 1 ? 0 : Math.floor(r / (heads * queries));
    const hidden = row(mask, b * queries + (r % queries), keys);
    return softmax(row(scores, r, keys).map((v, i) => v * scale + hidden[i]!));
  });
}

export function crossEntropy(logits: Numbers, targets: Numbers, weights: Numbers): number[] {
  const width = logits.length / targets.length;
  return targets.map((target, r) => weights[r]! * -Math.log(softmax(row(logits, r, width))[target]!));
}

export function forwardKl(student: Numbers, teacher: Numbers, temperature: number, weights: Numbers): number[] {
  const width = student.length / weights.length;
  return weights.map((weight, r) => {
    const p = softmax(row(student, r, width).map((v) => v / temperature));
    const q = softmax(row(teacher, r, width).map((v) => v / temperature));
    return weight * sum(q.map((value, i) => (value === 0 ? 0 : value * Math.log(value / p[i]!))));
  });
}

export interface Adam { readonly w: number[]; readonly m: number[]; readonly v: number[] }
export interface AdamRates {
  readonly learningRate: number; readonly beta1: number; readonly beta2: number; readonly epsilon: number; readonly decay: number; readonly gradientScale: number;
}

export function adamw({ w, m, v }: Adam, g: Numbers, rates: AdamRates, t: number): Adam {
  const scaled = g.map((value) => value * rates.gradientScale);
  const nextM = m.map((value, i) => rates.beta1 * value + (1 - rates.beta1) * scaled[i]!);
  const nextV = v.map((value, i) => rates.beta2 * value + (1 - rates.beta2) * scaled[i]! ** 2);
  const next = w.map((value, i) => {
    const mean = nextM[i]! / (1 - rates.beta1 ** t);
    const deviation = Math.sqrt(nextV[i]! / (1 - rates.beta2 ** t)) + rates.epsilon;
    return value - rates.learningRate * (mean / deviation + rates.decay * value);
  });
  return { w: next, m: nextM, v: nextV };
}
