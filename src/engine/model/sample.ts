/** Choosing the next token from its logits, on the host. */
import type { Random } from './random.ts';

export interface SamplingOptions {
  /** 0 takes the most likely token. */
  readonly temperature: number;
  /** The smallest set of tokens with at least this probability is kept (nucleus sampling, Holtzman et al. 2020, section 3.1). */
  readonly topP: number;
}

/** The first of the largest values. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if (logits[id]! > logits[best]!) best = id;
  return best;
}

/** logits [vocab] → an id. Draws one number from `random` when `temperature` is above 0. */
export function sample(logits: Float32Array, options: SamplingOptions, random: Random): number {
  if (options.temperature === 0) return argmax(logits);
  const probabilities = softmax(logits, options.temperature);
  const kept = options.topP < 1 ? nucleus(probabilities, options.topP) : null;
  let mass = 0;
  if (kept === null) mass = 1;
  else for (const id of kept) mass += probabilities[id]!;
  let rest = random.uniform() * mass;
  const count = kept?.length ?? probabilities.length;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const id = kept === null ? i : kept[i]!;
    const probability = probabilities[id]!;
    if (probability === 0) continue;
    last = id;
    rest -= probability;
    if (rest < 0) return id;
  }
  // Rounding left a little of the mass: it belongs to the last token that has any.
  return last;
}

function softmax(logits: Float32Array, temperature: number): Float64Array {
  const largest = logits[argmax(logits)]!;
  const probabilities = new Float64Array(logits.length);
  let sum = 0;
  for (let id = 0; id < logits.length; id++) sum += probabilities[id] = Math.exp((logits[id]! - largest) / temperature);
  for (let id = 0; id < logits.length; id++) probabilities[id]! /= sum;
  return probabilities;
}

/** Ids of the nucleus, most likely first (ties: lower id first). */
function nucleus(probabilities: Float64Array, topP: number): number[] {
  // A token below this can't be needed: even all such tokens together are less than 1 − topP. It spares most of the sort.
  const cutoff = (1 - topP) / probabilities.length;
  const candidates: number[] = [];
  for (let id = 0; id < probabilities.length; id++) if (probabilities[id]! >= cutoff) candidates.push(id);
  candidates.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  let mass = 0;
  const end = candidates.findIndex((id) => (mass += probabilities[id]!) >= topP);
  return end === -1 ? candidates : candidates.slice(0, end + 1);
}
