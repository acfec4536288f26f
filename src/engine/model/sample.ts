/** Choosing the next token from the probabilities of all, on the host: the same numbers on every backend draw the same. */
import type { Random } from './random.ts';

/** The first of the largest values. */
export function argmax(values: Float32Array): number {
  let best = 0;
  for (let id = 1; id < values.length; id++) if (values[id]! > values[best]!) best = id;
  return best;
}

/**
 * probabilities [vocab] → an id, with one number from `random`: in proportion to the probabilities of the smallest set of
 * tokens that has at least `topP` of them (nucleus sampling, Holtzman et al. 2020, section 3.1; of equals the lower ids).
 */
export function draw(probabilities: Float32Array, topP: number, random: Random): number {
  const kept = topP < 1 ? nucleus(probabilities, topP) : EVERYTHING;
  let rest = random.uniform() * kept.mass;
  let last = 0;
  for (let id = 0; id < probabilities.length; id++) {
    const probability = probabilities[id]!;
    if (probability < kept.least || probability === 0 || (probability === kept.least && id > kept.lastOfLeast)) continue;
    last = id;
    rest -= probability;
    if (rest < 0) return id;
  }
  // Rounding left a little of the mass: it belongs to the last token that has any.
  return last;
}

interface Nucleus {
  /** What its tokens have together. */
  readonly mass: number;
  /** Its smallest probability, and the last id of those with just that one that still belongs to it. */
  readonly least: number;
  readonly lastOfLeast: number;
}
const EVERYTHING: Nucleus = { mass: 1, least: 0, lastOfLeast: Infinity };

/** Of a positive float32's bits so many are cut: exponent and two bits of the fraction are left, in the numbers' order. */
const CUT_BITS = 21;
const BINS = 2 ** (31 - CUT_BITS);
const binMass = new Float64Array(BINS);

/** Without sorting the vocabulary: masses by magnitude first, then only the bin in which `topP` is reached is sorted. */
function nucleus(probabilities: Float32Array, topP: number): Nucleus {
  const bits = new Int32Array(probabilities.buffer, probabilities.byteOffset, probabilities.length);
  binMass.fill(0);
  let total = 0;
  for (let id = 0; id < bits.length; id++) {
    const probability = probabilities[id]!;
    binMass[bits[id]! >>> CUT_BITS]! += probability;
    total += probability;
  }
  const wanted = topP * total;
  let above = 0;
  let bin = BINS - 1;
  for (; bin > 0 && above + binMass[bin]! < wanted; bin--) above += binMass[bin]!;
  const within: number[] = [];
  for (let id = 0; id < bits.length; id++) if (bits[id]! >>> CUT_BITS === bin) within.push(id);
  within.sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  let mass = above;
  let least = Infinity;
  let lastOfLeast = -1;
  for (const id of within) {
    if (mass >= wanted) break;
    mass += probabilities[id]!;
    least = probabilities[id]!;
    lastOfLeast = id;
  }
  return least === Infinity ? EVERYTHING : { mass, least, lastOfLeast };
}
