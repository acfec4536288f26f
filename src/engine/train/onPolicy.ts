/**
 * On-policy batches (GKD: Agarwal et al. 2024, algorithm 1): with probability λ the completions of a batch are written by the student
 * as it is, from the prompts of the batch that would have been learnt from. What is drawn depends on seed, stage and step alone, and
 * no gradient flows through the sampling.
 */
import type { TrainStage } from '../../shared/recipe.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { Random } from '../model/random.ts';
import { keptPositions } from './batch.ts';
import type { MetricValues } from './contract.ts';
import type { Objective } from './losses.ts';
import { stepSeed, write, writtenRow, type Writing } from './written.ts';

export type OnPolicy = NonNullable<TrainStage['onPolicy']>;

/** Where in a run a batch stands. */
export interface Place {
  readonly seed: number;
  readonly stage: number;
  /** Of the stage, from 0. */
  readonly step: number;
}

/** Whether the student writes the batch of this step. */
export function isOnPolicy({ share }: OnPolicy, { seed, stage, step }: Place): boolean {
  return new Random(seed, stage, step, 'on-policy').uniform() < share;
}

export interface WrittenBatch {
  readonly rows: readonly EncodedRow[];
  readonly metrics: MetricValues;
}

/** The batch in the student's own words; null where no prompt leaves it room for a single one. Rows that have none are left out. */
export async function writtenBatch(student: DecoderModel, asked: readonly EncodedRow[], writing: Writing, { maxNewTokens, temperature, topP }: OnPolicy, { seed, stage, step }: Place): Promise<WrittenBatch | null> {
  const generated = await write(student, asked, writing, { samples: 1, maxNewTokens, temperature, topP, seed: stepSeed(seed, stage, step, 'written') });
  const rows = generated.map((each, index) => writtenRow(asked[index] as EncodedRow, each, writing)).filter((row) => keptPositions(row) > 0);
  if (rows.length === 0) return null;
  const tokens = rows.reduce((sum, row) => sum + keptPositions(row), 0);
  return { rows, metrics: { completionTokens: tokens / rows.length, unfinishedShare: rows.filter(({ ended }) => !ended).length / rows.length } };
}

/** There is no reference for what the student wrote: cross-entropy counts on the data's own completions only. */
export function onPolicyObjective(objective: Objective): Objective {
  return { ...objective, weights: { ...objective.weights, ce: 0 } };
}

/** The same of what is told: a student's cross-entropy with its own words says nothing of any reference. */
export function withoutReference(values: Readonly<Record<string, number>>): MetricValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !['ce', 'thinkCe', 'answerCe'].includes(name)));
}
