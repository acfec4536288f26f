import { expect, test } from 'vitest';
import type { TraceEvent, TraceRole, Verdict } from '../../../src/shared/events.ts';
import { EXAMPLE_FILTERS, examplesOf, matchesFilter } from '../../../src/ui/tree/examples.ts';

const trace = (example: string, role: TraceRole, verdict: Verdict, seq = 0): TraceEvent => ({ kind: 'trace', seq, at: 0, id: `${role}-${example}-${seq}`, role, example, verdict, offset: 0, bytes: 1 });

const TRACES = [
  trace('a', 'teacher', 'right'), trace('b', 'teacher', 'right'), trace('c', 'teacher', 'wrong'), trace('d', 'teacher', 'unknown'),
  trace('a', 'student', 'right'), trace('b', 'student', 'wrong'), trace('c', 'student', 'wrong'), trace('d', 'student', 'unknown'), trace('e', 'student', 'right'),
];

test('teacher and student meet in one row per example; a later trace takes the place of an earlier one', () => {
  const rows = examplesOf([...TRACES, trace('b', 'student', 'right', 9)]);
  expect(rows.map(({ example }) => example)).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(rows[1]?.student?.seq).toBe(9);
  expect(rows[4]?.teacher).toBeNull();
});

test('each filter keeps the rows that its name says', () => {
  const kept = Object.fromEntries(EXAMPLE_FILTERS.map((filter) => [filter, examplesOf(TRACES).filter((row) => matchesFilter(row, filter)).map(({ example }) => example).join('')]));
  expect(kept).toEqual({ all: 'abcde', 'both-right': 'a', 'student-wrong': 'bc', 'teacher-wrong': 'c', differ: 'b', unknown: 'de' });
});
