/** The losses as numbers: sums of segments read from the backend, added up over micro-batches, divided by the weight of their positions. */
import { tf } from '../tf.ts';
import { SEGMENTS } from './batch.ts';
import type { MicroBatch, SegmentName } from './batch.ts';
import { countsOf, type FeatureMatching, type FeatureSums } from './features.ts';
import { computes, INSIDE_TERMS, type InsideTerm, type Objective, type SegmentSums } from './losses.ts';

interface Sum {
  ce: number;
  kl: number;
  mse: number;
  /** Of its positions: what the sums are divided by. */
  weight: number;
}

/** Of each segment and of both together; null where there was none (no such positions, no teacher). */
export interface LossValues {
  readonly loss: number;
  readonly ce: number;
  readonly kl: number | null;
  readonly mse: number | null;
  readonly hidden: number | null;
  readonly attention: number | null;
  readonly uld: number | null;
  readonly thinkCe: number | null;
  readonly answerCe: number | null;
  readonly thinkKl: number | null;
  readonly answerKl: number | null;
}

export class LossTotals {
  private readonly sums: Record<SegmentName, Sum> = { think: { ce: 0, kl: 0, mse: 0, weight: 0 }, answer: { ce: 0, kl: 0, mse: 0, weight: 0 } };

  private readonly inside: Record<InsideTerm, number> = { hidden: 0, attention: 0, uld: 0 };
  private readonly batches: MicroBatch[] = [];

  constructor(private readonly objective: Objective, private readonly hasTeacher: boolean, private readonly features: FeatureMatching | null = null) {}

  /** `values` are those of `scalarsOf` for the same micro-batch, in its order. */
  add(batch: MicroBatch, values: readonly number[]): void {
    let next = 0;
    for (const name of SEGMENTS) {
      const { kept, weight } = batch.segments[name];
      if (kept === 0) continue;
      const sum = this.sums[name];
      sum.weight += weight;
      sum.ce += values[next++] ?? NaN;
      if (this.hasTeacher) sum.kl += values[next++] ?? NaN;
      if (this.hasMse) sum.mse += values[next++] ?? NaN;
    }
    this.batches.push(batch);
    for (const term of this.terms) this.inside[term] += values[next++] ?? NaN;
  }

  private get hasMse(): boolean {
    return this.hasTeacher && computes(this.objective, 'mse');
  }

  /** The losses of the inside that the recipe weighs. */
  private get terms(): readonly InsideTerm[] {
    return this.features === null ? [] : INSIDE_TERMS.filter((term) => computes(this.objective, term));
  }

  values(): LossValues {
    const { think, answer } = this.sums;
    const { weights, temperature } = this.objective;
    const weight = think.weight + answer.weight;
    const ce = (think.ce + answer.ce) / weight;
    const kl = this.hasTeacher ? (think.kl + answer.kl) / weight : null;
    const mse = this.hasMse ? (think.mse + answer.mse) / weight : null;
    const divisors = this.features?.divisors(countsOf(this.batches)) ?? { hidden: 1, attention: 1, uld: 1 };
    const insideOf = (term: InsideTerm): number | null => this.terms.includes(term) ? this.inside[term] / divisors[term] : null;
    const [hidden, attention, uld] = [insideOf('hidden'), insideOf('attention'), insideOf('uld')];
    const share = (sum: Sum, value: number): number | null => (sum.weight === 0 ? null : value / sum.weight);
    return {
      loss: weights.ce * ce + (kl === null ? 0 : weights.kl * temperature ** 2 * kl) + (mse === null ? 0 : weights.mse * mse)
        + weights.hidden * (hidden ?? 0) + weights.attention * (attention ?? 0) + weights.uld * (uld ?? 0),
      ce,
      kl,
      mse,
      hidden,
      attention,
      uld,
      thinkCe: share(think, think.ce),
      answerCe: share(answer, answer.ce),
      thinkKl: this.hasTeacher ? share(think, think.kl) : null,
      answerKl: this.hasTeacher ? share(answer, answer.kl) : null,
    };
  }
}

/** The values that there are, each under `prefix` and its name. */
export function presentValues(values: object, prefix = ''): Record<string, number> {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (typeof value === 'number' ? [[`${prefix}${name}`, value]] : [])));
}

/** The scalars of a micro-batch in the order in which LossTotals.add expects their values. */
export function scalarsOf(sums: readonly SegmentSums[]): SegmentSums['ce'][] {
  return sums.flatMap(({ ce, kl, mse }) => [ce, ...(kl === null ? [] : [kl]), ...(mse === null ? [] : [mse])]);
}

/** Those of the inside, in the order in which LossTotals.add expects them after the others. */
export function featureScalars(sums: FeatureSums | null): SegmentSums['ce'][] {
  return sums === null ? [] : INSIDE_TERMS.map((term) => sums[term]).filter((sum) => sum !== null);
}

/** Reads groups of scalars (and small tensors, flat) with one read-back: on a GPU each is a wait. */
export async function readScalars(groups: readonly (readonly tf.Tensor[])[]): Promise<number[][]> {
  const all = groups.flat();
  if (all.length === 0) return groups.map(() => []);
  const together = tf.tidy(() => tf.concat1d(all.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [-1]))));
  try {
    const values = await together.data();
    let at = 0;
    return groups.map((group) => {
      const begin = at;
      at += group.reduce((sum, { size }) => sum + size, 0);
      return [...values.subarray(begin, at)];
    });
  } finally {
    together.dispose();
  }
}
