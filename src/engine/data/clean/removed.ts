/**
 * The side file of a cleaning: OUT.jsonl → OUT.removed.jsonl. One line for each row that a rule took away, and for each row
 * whose texts a rule changed what they were. In the order of the input.
 */
import type { CleanRule, RuleDetail, TextRule } from '../../../shared/cleanReport.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { GrowingFile } from '../formats/write.ts';

export interface RemovedRow {
  readonly format: 1;
  readonly kind: 'removed';
  readonly rule: CleanRule;
  /** Such as the row that it is a duplicate of, and how similar. */
  readonly detail: RuleDetail;
  /** 0-based, in the order of the input. */
  readonly row: number;
  /** Rows of OUT before it. */
  readonly keptBefore: number;
  readonly record: DataRecord;
}

export interface ChangedRow {
  readonly format: 1;
  readonly kind: 'changed';
  readonly rules: readonly TextRule[];
  readonly row: number;
  /** Its number among the rows that stayed, 0-based; null of one that was taken. */
  readonly kept: number | null;
  readonly id: string;
  /** The texts as they were, those that changed. */
  readonly original: Partial<Pick<DataRecord, 'prompt' | 'think' | 'answer' | 'gold' | 'messages' | 'options'>>;
}

export type SideRow = RemovedRow | ChangedRow;

export interface SideSink {
  write(row: SideRow): Promise<void> | void;
}

export interface SideWriter extends SideSink {
  write(row: SideRow): Promise<void>;
  /** As RecordFile's. */
  flush(): Promise<void>;
  close(): Promise<void>;
  abandon(): Promise<void>;
}

export function removedFileOf(out: string): string {
  return `${out.replace(/\.jsonl$/, '')}.removed.jsonl`;
}

/** Written whole, like the rows themselves. Throws DistillError of the file system. */
export async function sideWriter(file: string): Promise<SideWriter> {
  const growing = await GrowingFile.begin(file);
  return {
    write: (row) => growing.append(`${JSON.stringify(row)}\n`),
    flush: () => growing.flush(),
    close: () => growing.close(),
    abandon: () => growing.abandon(),
  };
}
