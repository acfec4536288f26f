/** The rows of a step, as the Metrics page lists them, and where a row is opened. Without vscode. */
import path from 'node:path';
import { readRunFile } from '../../runs/folder.ts';
import { meanOf, RowLosses } from '../../runs/rowLosses.ts';
import type { MetricsToPage, StepRow } from '../../shared/panel.ts';

/** What a person reads; the command line lists them all. */
const MOST_ROWS = 200;

/** The rows that `step` of a run trained on, the largest loss first; `rows` is null where it has recorded none. */
export async function stepRows(run: string, step: number): Promise<Extract<MetricsToPage, { kind: 'rows' }>> {
  const losses = await RowLosses.open(run);
  try {
    const visits = await losses?.ofStep(step) ?? null;
    const total = (visits ?? []).reduce((sum, { loss }) => sum + loss, 0);
    const rows = visits?.slice(0, MOST_ROWS).map((visit): StepRow => {
      const per = (sum: number): number => sum / Math.max(1, visit.positions);
      return { place: visit.place, loss: meanOf(visit), ce: per(visit.ce), kl: visit.kl === null ? null : per(visit.kl), positions: visit.positions, share: visit.loss / total };
    }) ?? null;
    return { kind: 'rows', run, step, rows, all: visits?.length ?? 0 };
  } finally {
    await losses?.close();
  }
}

/** A file as the row table writes it, as a path of this machine. */
export async function rowFile(run: string, file: string): Promise<string> {
  return path.resolve((await readRunFile(run)).base, file);
}
