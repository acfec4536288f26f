/**
 * The loss-scale sentinel: how hard each term of the loss pulls at the student, measured now and then as the norm of that term's own
 * gradient on one micro-batch. A weight says little by itself: a term whose gradient is a thousandth of the others' is a knob that
 * does nothing, and one that outgrows its own past is about to take the training over.
 */
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import type { MicroBatch } from './batch.ts';
import type { FeatureMatching } from './features.ts';
import { INSIDE_TERMS, LOSS_TERMS, type LossTerm, type Objective } from './losses.ts';
import type { SoftTargets } from './softTargets.ts';
import { gradientsOf } from './step.ts';

export type TermNorms = Readonly<Partial<Record<LossTerm, number>>>;

/** Less than this share of all terms' norms is no influence. */
const DEAD_SHARE = 1e-3;
/** So many times the median of what it was before is an explosion. */
const EXPLODED = 100;
/** Measurements that a median is taken of, and from how many on it means something. */
const REMEMBERED = 20;
const ENOUGH = 5;

/** ‖w · gradient of the term‖ for each term that has a weight, over `batch` alone. Changes nothing. */
export async function termNorms(student: DecoderModel, targets: SoftTargets | null, features: FeatureMatching | null, objective: Objective, batch: MicroBatch): Promise<TermNorms> {
  const norms: Partial<Record<LossTerm, number>> = {};
  for (const term of LOSS_TERMS) {
    if (objective.weights[term] === 0) continue;
    const alone = { ...objective, terms: new Set([term]), weights: { kl: 0, ce: 0, mse: 0, hidden: 0, attention: 0, uld: 0, [term]: objective.weights[term] } };
    const inside = INSIDE_TERMS.some((each) => each === term);
    const { gradients, scalars } = gradientsOf(student, inside || term === 'ce' ? null : targets, alone, batch, batch.kept, inside ? features : null);
    // Projections are not the student.
    const own = [...gradients].filter(([name]) => student.trainable.has(name)).map(([, gradient]) => gradient);
    const squares = student.backend.ops.sumOfSquares(own);
    norms[term] = Math.sqrt((await squares.data())[0] ?? NaN);
    tf.dispose([squares, ...gradients.values(), ...scalars]);
  }
  return norms;
}

export interface Alarm {
  readonly code: 'loss-term-dead' | 'loss-term-exploded';
  readonly term: LossTerm;
  /** Of all terms' norms, or by how much it outgrew its past. */
  readonly value: number;
}

export class Sentinel {
  readonly #past = new Map<LossTerm, number[]>();
  readonly #told = new Set<string>();

  /** What is worth a warning in these norms; each alarm is raised once. */
  look(norms: TermNorms): readonly Alarm[] {
    const terms = Object.entries(norms) as (readonly [LossTerm, number])[];
    const total = terms.reduce((sum, [, norm]) => sum + norm, 0);
    return terms.flatMap(([term, norm]) => {
      const past = this.#past.get(term) ?? [];
      this.#past.set(term, [...past, norm].slice(-REMEMBERED));
      const before = past.length < ENOUGH ? Infinity : [...past].sort((a, b) => a - b)[past.length >> 1] ?? Infinity;
      return [
        ...(terms.length > 1 && norm < DEAD_SHARE * total ? this.#once({ code: 'loss-term-dead', term, value: norm / total }) : []),
        ...(before > 0 && norm > EXPLODED * before ? this.#once({ code: 'loss-term-exploded', term, value: norm / before }) : []),
      ];
    });
  }

  #once(alarm: Alarm): readonly Alarm[] {
    const key = `${alarm.code} ${alarm.term}`;
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    return [alarm];
  }
}
