/** The examples of a run as teacher and student met them, from the index of its traces. */
import type { TraceEvent, Verdict } from '../../shared/events.ts';

export interface Example {
  readonly example: string;
  /** The newest trace of each; null where that model has none. */
  readonly teacher: TraceEvent | null;
  readonly student: TraceEvent | null;
}

export const EXAMPLE_FILTERS = ['all', 'both-right', 'student-wrong', 'teacher-wrong', 'differ', 'unknown'] as const;
export type ExampleFilter = (typeof EXAMPLE_FILTERS)[number];

/** One row per example, in the order in which they first appear. */
export function examplesOf(traces: readonly TraceEvent[]): readonly Example[] {
  const rows = new Map<string, { example: string; teacher: TraceEvent | null; student: TraceEvent | null }>();
  for (const trace of traces) {
    const row = rows.get(trace.example) ?? { example: trace.example, teacher: null, student: null };
    row[trace.role] = trace;
    rows.set(trace.example, row);
  }
  return [...rows.values()];
}

/** `differ`: one is right and the other is wrong. `unknown`: a verdict is missing or could not be given. */
export function matchesFilter({ teacher, student }: Example, filter: ExampleFilter): boolean {
  const ofTeacher: Verdict = teacher?.verdict ?? 'unknown';
  const ofStudent: Verdict = student?.verdict ?? 'unknown';
  switch (filter) {
    case 'all': return true;
    case 'both-right': return ofTeacher === 'right' && ofStudent === 'right';
    case 'student-wrong': return ofStudent === 'wrong';
    case 'teacher-wrong': return ofTeacher === 'wrong';
    case 'differ': return ofTeacher !== ofStudent && ofTeacher !== 'unknown' && ofStudent !== 'unknown';
    case 'unknown': return ofTeacher === 'unknown' || ofStudent === 'unknown';
  }
}
