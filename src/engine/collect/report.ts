/** What a collect stage did, as reports/collect-NAME.json: for the workbench's pages and for whoever pays. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Spend } from '../../shared/events.ts';
import type { CollectReport } from '../../shared/collectReport.ts';
import { RUN_FILES } from '../../shared/run.ts';
import type { DataRecord } from '../../shared/record.ts';
import { writeWholeFile } from '../../system/wholeFile.ts';
import { fileNameOf } from '../teacher/folder.ts';

/** Rows that are named in the report, of a kind; the counts say how many there are. */
export const NAMED_ROWS = 20;

export function reportName(stage: string): string {
  return `collect-${fileNameOf(stage)}.json`;
}

export async function writeReport(runFolder: string, report: CollectReport): Promise<void> {
  const folder = path.join(runFolder, RUN_FILES.reports);
  await mkdir(folder, { recursive: true });
  await writeWholeFile(path.join(folder, reportName(report.stage)), `${JSON.stringify(report, null, 2)}\n`);
}

/** Sums over the rows that were written. */
export class OutputSums {
  rows = 0;
  readonly #tokens = { input: 0, cachedInput: 0, output: 0, reasoning: 0 };
  readonly #cost = new Map<string, number>();
  readonly #tasks = new Map<string, number>();

  take({ task, provenance: { tokens, cost } }: DataRecord): void {
    this.rows += 1;
    this.#tasks.set(task ?? '', (this.#tasks.get(task ?? '') ?? 0) + 1);
    if (tokens !== null) for (const name of ['input', 'cachedInput', 'output', 'reasoning'] as const) this.#tokens[name] += tokens[name];
    if (cost !== null) this.#cost.set(cost.currency, (this.#cost.get(cost.currency) ?? 0) + cost.amount);
  }

  get tokens(): CollectReport['written']['tokens'] {
    return { ...this.#tokens };
  }

  /** By currency. */
  get cost(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cost);
  }

  /** Rows by task; '' where a row has none. */
  get tasks(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#tasks);
  }
}

/** What this run has spent: the difference of two moments of the same ledgers. */
export function spentSince(before: readonly Spend[], after: readonly Spend[]): CollectReport['spent'] {
  return after.map((spend) => {
    const first = before.find(({ teacher }) => teacher === spend.teacher);
    return {
      teacher: spend.teacher, currency: spend.currency, tokens: spend.tokens - (first?.tokens ?? 0),
      money: spend.money === null ? null : spend.money - (first?.money ?? 0),
      projectTokens: spend.tokens, projectMoney: spend.money,
    };
  });
}
