/** The decoder's operations in float64 on plain arrays: what a backend is checked against before it is trusted. */

export type Numbers = readonly number[];

export const total = (values: Numbers): number => values.reduce((sum, value) => sum + value, 0);
const rowsOf = (x: Numbers, width: number): Numbers[] => Array.from({ length: x.length / width }, (_, r) => x.slice(r * width, (r + 1) * width));

/** Numbers in [−scale, scale) that float32 holds exactly; the same for the same seed (xorshift, Marsaglia 2003). */
export function sampleNumbers(n: number, seed: number, scale = 1): number[] {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Array.from({ length: n }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Math.fround(((state >>> 0) / 2 ** 31 - 1) * scale);
  });
}

/** ∂f/∂x by central differences; f in float64. */
export function differences(f: (x: Numbers) => number, x: Numbers): number[] {
  const step = 1e-5;
  return x.map((value, i) => (f(x.with(i, value + step)) - f(x.with(i, value - step))) / (2 * step));
}

/** op(a) [m, k] · op(b) [k, n] */
export function matMul64(a: Numbers, b: Numbers, m: number, n: number, k: number, ta: boolean, tb: boolean): number[] {
  const out = new Array<number>(m * n).fill(0);
  for (let i = 0; i < m; i += 1) {
    for (let j = 0; j < n; j += 1) {
      let sum = 0;
      for (let p = 0; p < k; p += 1) sum += a[ta ? p * m + i : i * k + p]! * b[tb ? j * k + p : p * n + j]!;
      out[i * n + j] = sum;
    }
  }
  return out;
}

export function rmsNorm64(x: Numbers, weight: Numbers, epsilon: number): number[] {
  return rowsOf(x, weight.length).flatMap((row) => {
    const inverse = 1 / Math.sqrt(total(row.map((v) => v * v)) / row.length + epsilon);
    return row.map((v, i) => v * inverse * weight[i]!);
  });
}

/** x [1, heads, seq, 2·half]; cos, sin [seq, half]. */
export function rotary64(x: Numbers, cos: Numbers, sin: Numbers, seq: number, half: number): number[] {
  return rowsOf(x, 2 * half).flatMap((row, r) => {
    const at = (i: number): number => (r % seq) * half + (i % half);
    return row.map((v, i) => v * cos[at(i)]! + (i < half ? -row[i + half]! : row[i - half]!) * sin[at(i)]!);
  });
}

export function swiglu64(gate: Numbers, up: Numbers): number[] {
  return gate.map((g, i) => g / (1 + Math.exp(-g)) * up[i]!);
}

function softmax64(x: Numbers): number[] {
  const best = Math.max(...x);
  const powers = x.map((v) => Math.exp(v - best));
  const sum = total(powers);
  return powers.map((v) => v / sum);
}

/** scores [rows, keys]; mask [queries, keys], rows a multiple of queries. */
export function attentionSoftmax64(scores: Numbers, mask: Numbers, keys: number, scale: number): number[] {
  return rowsOf(scores, keys).flatMap((row, r) => softmax64(row.map((v, i) => v * scale + mask[(r * keys + i) % mask.length]!)));
}

export function crossEntropy64(logits: Numbers, targets: Numbers, weights: Numbers): number[] {
  return rowsOf(logits, logits.length / targets.length).map((row, r) => -weights[r]! * Math.log(softmax64(row)[targets[r]!]!));
}

export function forwardKl64(student: Numbers, teacher: Numbers, temperature: number, weights: Numbers): number[] {
  const rows = (logits: Numbers): Numbers[] => rowsOf(logits, logits.length / weights.length).map((row) => softmax64(row.map((v) => v / temperature)));
  const [s, t] = [rows(student), rows(teacher)];
  return weights.map((weight, r) => weight * total(t[r]!.map((q, i) => q * Math.log(q / s[r]![i]!))));
}
