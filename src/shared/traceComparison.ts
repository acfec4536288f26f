/** Teacher and student on one prompt: their steps, reasoning with reasoning and answer with answer, aligned. */
import { alignSteps, type AlignedRow, type Alignment } from './align.ts';
import { splitSteps, type Step } from './steps.ts';
import type { Trace } from './trace.ts';

export interface ComparedSection {
  readonly name: 'think' | 'answer';
  readonly teacher: readonly Step[];
  readonly student: readonly Step[];
  readonly alignment: Alignment;
}

export interface TraceComparison {
  readonly example: string;
  readonly prompt: string;
  readonly gold: string | null;
  /** Null where that model has no trace of the prompt. */
  readonly teacher: Trace | null;
  readonly student: Trace | null;
  /** The sections that at least one of them has, reasoning first. */
  readonly sections: readonly ComparedSection[];
}

/** Splits and aligns both traces of a prompt; at least one is there. */
export function compareTraces(teacher: Trace | null, student: Trace | null): TraceComparison {
  const one = teacher ?? student;
  const sections = (['think', 'answer'] as const).flatMap((name): ComparedSection[] => {
    const ours = splitSteps(teacher?.[name] ?? '');
    const theirs = splitSteps(student?.[name] ?? '');
    return ours.length + theirs.length === 0 ? [] : [{ name, teacher: ours, student: theirs, alignment: alignSteps(ours, theirs) }];
  });
  return {
    example: one?.example ?? '', prompt: one?.prompt ?? '', gold: teacher?.gold ?? student?.gold ?? null, teacher, student, sections,
  };
}

/** Consecutive rows that are shown under one heading: gaps of one kind together, everything else by itself. */
export interface RowGroup {
  /** Indices of the first and the last row. */
  readonly from: number;
  readonly to: number;
}

export function groupRows(rows: readonly AlignedRow[]): RowGroup[] {
  const groups: RowGroup[] = [];
  rows.forEach((row, index) => {
    const before = groups.at(-1);
    const first = before && rows[before.from];
    const joins = first !== undefined && first.relation === row.relation && (row.relation === 'skipped' || row.relation === 'extra') && first.rounds === 0 && row.rounds === 0;
    if (before && joins) groups[groups.length - 1] = { from: before.from, to: index };
    else groups.push({ from: index, to: index });
  });
  return groups;
}
