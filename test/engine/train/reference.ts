/**
 * A Llama and its distillation loss in plain float64 loops, written from the papers and sharing no code with the engine:
 * what finite differences are taken of, and what tells whether float32 gradients are right.
 */
import type { DecoderConfig } from '../../../src/engine/model/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';

/** Hugging Face names to values, row by row. */
export type Weights = ReadonlyMap<string, Float64Array>;

/** Logits of every position, [seq][vocab]. */
export function referenceLogits(config: DecoderConfig, weights: Weights, ids: readonly number[]): Float64Array[] {
  const { hiddenSize, heads, kvHeads, headDim } = config;
  const weight = (name: string): Float64Array => {
    const values = weights.get(name);
    if (values === undefined) throw new Error(`no weight ${name}`);
    return values;
  };
  const product = (name: string, x: Float64Array, bias: boolean): Float64Array => {
    const w = weight(`${name}.weight`);
    const out = new Float64Array(w.length / x.length);
    const b = bias ? weight(`${name}.bias`) : null;
    for (let o = 0; o < out.length; o++) out[o] = dot(x, w, o * x.length) + (b?.[o] ?? 0);
    return out;
  };
  const norm = (name: string, x: Float64Array): Float64Array => {
    const w = weight(name);
    const inverse = 1 / Math.sqrt(dot(x, x) / x.length + config.rmsNormEpsilon);
    return x.map((value, i) => value * inverse * (w[i] ?? NaN));
  };
  /** Each head's halves (i, i + headDim/2) turned by position · θ^(−2i/headDim). */
  const rotate = (x: Float64Array, position: number): Float64Array => {
    const out = new Float64Array(x.length);
    const half = headDim / 2;
    for (let h = 0; h < x.length; h += headDim) {
      for (let i = 0; i < half; i++) {
        const angle = position * config.ropeTheta ** ((-2 * i) / headDim);
        const [a, b] = [x[h + i] ?? NaN, x[h + i + half] ?? NaN];
        out[h + i] = a * Math.cos(angle) - b * Math.sin(angle);
        out[h + i + half] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return out;
  };

  /** Each head normed by itself, where the model does so. */
  const headNorm = (name: string, x: Float64Array): Float64Array => {
    if (!config.qkNorm) return x;
    const out = new Float64Array(x.length);
    for (let h = 0; h < x.length; h += headDim) out.set(norm(name, x.slice(h, h + headDim)), h);
    return out;
  };

  const embeddings = weight('model.embed_tokens.weight');
  let states = ids.map((id) => embeddings.slice(id * hiddenSize, (id + 1) * hiddenSize));
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const normed = states.map((x) => norm(`${at}.input_layernorm.weight`, x));
    const queries = normed.map((x, i) => rotate(headNorm(`${at}.self_attn.q_norm.weight`, product(`${at}.self_attn.q_proj`, x, config.qkvBias)), i));
    const keys = normed.map((x, i) => rotate(headNorm(`${at}.self_attn.k_norm.weight`, product(`${at}.self_attn.k_proj`, x, config.qkvBias)), i));
    const values = normed.map((x) => product(`${at}.self_attn.v_proj`, x, config.qkvBias));
    states = states.map((x, i) => {
      const mixed = new Float64Array(heads * headDim);
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor(h / (heads / kvHeads)) * headDim;
        const query = (queries[i] as Float64Array).subarray(h * headDim, (h + 1) * headDim);
        const scores = Float64Array.from({ length: i + 1 }, (_, j) => dot(query, (keys[j] as Float64Array).subarray(kv, kv + headDim)) / Math.sqrt(headDim));
        softmax(scores).forEach((p, j) => {
          for (let d = 0; d < headDim; d++) mixed[h * headDim + d] = (mixed[h * headDim + d] ?? 0) + p * (values[j]?.[kv + d] ?? NaN);
        });
      }
      return add(x, product(`${at}.self_attn.o_proj`, mixed, config.outputBias));
    });
    states = states.map((x) => {
      const inner = norm(`${at}.post_attention_layernorm.weight`, x);
      const gate = product(`${at}.mlp.gate_proj`, inner, false);
      const up = product(`${at}.mlp.up_proj`, inner, false);
      return add(x, product(`${at}.mlp.down_proj`, gate.map((g, i) => (g / (1 + Math.exp(-g))) * (up[i] ?? NaN)), false));
    });
  }
  const head = config.tiedHead ? 'model.embed_tokens' : 'lm_head';
  return states.map((x) => product(head, norm('model.norm.weight', x), false));
}

/** w.kl · T² · KL + w.ce · CE over the supervised positions of all rows. */
export function referenceLoss(
  student: (ids: readonly number[]) => readonly Float64Array[], teacher: (ids: readonly number[]) => readonly Float64Array[],
  rows: readonly EncodedRow[], weights: { readonly kl: number; readonly ce: number }, temperature: number,
): number {
  let ce = 0;
  let kl = 0;
  let kept = 0;
  for (const row of rows) {
    const ids = [...row.ids];
    const s = student(ids);
    const t = teacher(ids);
    for (let j = row.promptLength; j < ids.length; j++) {
      const [at, soft] = [s[j - 1] as Float64Array, t[j - 1] as Float64Array];
      ce -= Math.log(softmax(at)[ids[j] ?? -1] ?? NaN);
      const p = softmax(soft.map((x) => x / temperature));
      const q = softmax(at.map((x) => x / temperature));
      kl += p.reduce((sum, value, i) => sum + value * Math.log(value / (q[i] ?? NaN)), 0);
      kept++;
    }
  }
  return (weights.kl * temperature ** 2 * kl + weights.ce * ce) / kept;
}

function softmax(x: Float64Array): Float64Array {
  const largest = Math.max(...x);
  const powers = x.map((value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** Of a and as many values of b from `offset` on. */
function dot(a: Float64Array, b: Float64Array, offset = 0): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? NaN) * (b[offset + i] ?? NaN);
  return sum;
}

function add(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  return Float64Array.from(a, (value, i) => value + (b[i] ?? NaN));
}
