/** Rows with their verdicts, and without those that `keep` leaves out; in the order of the rows. */
import { availableParallelism } from 'node:os';
import type { Verdict } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import type { DataRecord, RecordVerdict } from '../../shared/record.ts';
import type { VerifyRecipe } from '../../shared/recipeCollect.ts';
import { isKept, verifyRecord, type VerifyTools } from '../verify/verify.ts';
import { inOrder } from './inOrder.ts';

export interface VerifyCounts {
  readonly verdicts: Record<Verdict, number>;
  readonly reasons: Record<string, number>;
  readonly findings: Record<string, number>;
  removed: number;
  unjudged: number;
}

export const newVerifyCounts = (): VerifyCounts => ({ verdicts: { right: 0, wrong: 0, unknown: 0 }, reasons: {}, findings: {}, removed: 0, unjudged: 0 });

export interface VerifiedOptions {
  readonly verify: VerifyRecipe;
  readonly tools: VerifyTools;
  /** Questions that the judge takes at once; 0 without a judge. */
  readonly judges: number;
  readonly counts: VerifyCounts;
  /** The judge's budget is spent: rows that only it could decide are left out from here on. */
  readonly onSpent: (error: DistillError) => void;
  /** Each row that `keep` leaves out. */
  readonly onRemoved: (record: DataRecord) => Promise<void> | void;
}

/** Throws what the judge's teacher throws, and the signal's reason. */
export async function* verifiedRecords(records: AsyncIterable<DataRecord>, { verify, tools, judges, counts, onSpent, onRemoved }: VerifiedOptions): AsyncGenerator<DataRecord> {
  const verdictOf = async (record: DataRecord): Promise<{ readonly record: DataRecord; readonly verdict: RecordVerdict | null }> => {
    try {
      return { record, verdict: await verifyRecord(record, verify, tools) };
    } catch (error) {
      if (!(error instanceof DistillError) || error.code !== 'budget-spent') throw error;
      onSpent(error);
      return { record, verdict: null };
    }
  };
  // Sandboxed tests take a core each; a judge as many questions as its service; comparing answers is over at once.
  const atOnce = Math.max(judges, verify.code === 'sandbox' ? availableParallelism() : 1);
  for await (const { record, verdict } of inOrder(records, { atOnce, ahead: 2 * atOnce }, verdictOf)) {
    if (verdict === null) {
      counts.unjudged += 1;
      continue;
    }
    counts.verdicts[verdict.verdict] += 1;
    counts.reasons[verdict.reason] = (counts.reasons[verdict.reason] ?? 0) + 1;
    for (const finding of verdict.findings) counts.findings[finding] = (counts.findings[finding] ?? 0) + 1;
    const verified = { ...record, provenance: { ...record.provenance, verdict } };
    if (isKept(verdict, verify.keep)) {
      yield verified;
      continue;
    }
    counts.removed += 1;
    await onRemoved(verified);
  }
}
