/** What each row contributed to a step, from the values that its passes left. */
import type { EncodedRow } from '../data/contract.ts';
import { keptPositions, weightOf, type MicroBatch } from './batch.ts';

/** Sums over the row's supervised positions, without the row's weight. */
export interface RowLoss {
  readonly row: EncodedRow;
  readonly positions: number;
  readonly ce: number;
  /** The divergence that the objective names, without T² and weight; null without a teacher. */
  readonly kl: number | null;
}

/** `values` are those that were read of a pass: the last ones are rowSums'. */
export function rowLossesOf({ rows, rowSlots }: MicroBatch, values: readonly number[], hasTeacher: boolean): RowLoss[] {
  const first = values.length - (hasTeacher ? 2 : 1) * rowSlots;
  return rows.map((row, index) => ({
    row, positions: keptPositions(row), ce: (values[first + index] ?? NaN) / weightOf(row), kl: hasTeacher ? (values[first + rowSlots + index] ?? NaN) / weightOf(row) : null,
  }));
}
