import { describe, expect, test } from 'vitest';
import { alignSteps, type AlignedRow, type Alignment } from '../../src/shared/align.ts';
import { splitSteps, type Step } from '../../src/shared/steps.ts';
import { labelledPairs, type LabelledPair } from '../fixtures/traces.ts';

interface Aligned {
  readonly teacher: readonly Step[];
  readonly student: readonly Step[];
  readonly alignment: Alignment;
}

function aligned(teacher: string, student: string): Aligned {
  const sides = { teacher: splitSteps(teacher), student: splitSteps(student) };
  return { ...sides, alignment: alignSteps(sides.teacher, sides.student) };
}

/** The one step that holds the quoted words (the first, in a loop). */
function stepWith(steps: readonly Step[], words: string): number {
  const found = steps.findIndex(({ text }) => text.includes(words));
  if (found < 0) throw new Error(`no step holds "${words}"`);
  return found;
}

function rowWith({ alignment, ...sides }: Aligned, side: 'teacher' | 'student', words: string): AlignedRow {
  const step = stepWith(sides[side], words);
  const row = alignment.rows.find((each) => each[side].includes(step));
  if (row === undefined) throw new Error(`no row holds "${words}"`);
  return row;
}

describe.each(labelledPairs.map((pair): [string, LabelledPair] => [pair.name, pair]))('the labelled pair %s', (_name, pair) => {
  const result = aligned(pair.teacher.think, pair.student.think);

  test('pairs the steps that do the same', () => {
    for (const [teacher, student] of pair.matched) {
      expect(rowWith(result, 'teacher', teacher).student, `${teacher} ↔ ${student}`).toContain(stepWith(result.student, student));
    }
  });

  test('tells what contradicts, and nothing else', () => {
    const expected = pair.contradicting.map((words) => stepWith(result.student, words));
    const found = result.alignment.rows.filter(({ relation }) => relation === 'contradicting').map(({ student }) => student[0]);
    expect(found).toEqual(expected);
  });

  test('leaves alone what only one of them says', () => {
    for (const words of pair.skipped) expect(rowWith(result, 'teacher', words).relation, words).toBe('skipped');
    for (const words of pair.extra) expect(rowWith(result, 'student', words).relation, words).toBe('extra');
  });

  test('finds the first wrong step', () => {
    const wrong = result.alignment.firstWrong;
    expect(wrong?.step ?? null).toBe(pair.firstWrong === null ? null : stepWith(result.student, pair.firstWrong));
  });

  test('finds wrong arithmetic with its right value', () => {
    for (const side of ['teacher', 'student'] as const) {
      const slips = result[side].flatMap(({ slips: own }) => own);
      expect(slips.map(({ claimed, expected }) => [claimed, expected])).toEqual(pair.slips[side].map(([, claimed, expected]) => [claimed, expected]));
    }
  });
});

describe('an alignment', () => {
  const steps = (texts: readonly string[]): string => texts.join('\n\n');

  test('holds every step of both sides once, in order', () => {
    for (const pair of labelledPairs) {
      const { alignment, teacher, student } = aligned(pair.teacher.think, pair.student.think);
      expect(alignment.rows.flatMap((row) => row.teacher)).toEqual(teacher.map(({ index }) => index));
      expect(alignment.rows.flatMap((row) => row.student)).toEqual(student.map(({ index }) => index));
    }
  });

  test('of a trace with itself matches everything and diverges nowhere', () => {
    for (const pair of labelledPairs.filter(({ name }) => name !== 'cube-loop')) {
      const { alignment } = aligned(pair.teacher.think, pair.teacher.think);
      expect(alignment.summary.matchedShare).toBe(1);
      expect(alignment.firstDivergence).toBeNull();
      expect(alignment.firstWrong).toBeNull();
    }
  });

  test('with an empty side is all gaps', () => {
    const { alignment } = aligned('First, 2 + 2 = 4. Then 4 + 1 = 5.', '');
    expect(alignment.rows.map(({ relation }) => relation)).toEqual(['skipped', 'skipped']);
    expect(aligned('', '').alignment.rows).toEqual([]);
    expect(aligned('', 'It is 5 of them.').alignment.summary).toMatchObject({ extra: 1, matchedShare: 1 });
  });

  test('joins two short steps to the long one that does both', () => {
    const { alignment } = aligned(
      steps(['There are 3 boxes of pens.', 'Each box holds 8 pens. So there are 3 × 8 = 24 pens.', 'Giving 4 away leaves 24 - 4 = 20 pens.']),
      steps(['There are 3 boxes of pens.', 'Each box holds 8 pens, that is 3 × 8 = 24 pens together.', 'After 4 pens are given away, 24 - 4 = 20 pens are left.']),
    );
    expect(alignment.rows.map(({ teacher, student }) => [teacher.length, student.length])).toEqual([[1, 1], [2, 1], [1, 1]]);
  });

  test('tells of a lone step where the other side says the same', () => {
    const { alignment } = aligned(
      steps(['The red ball weighs 15 grams.', 'The blue ball weighs 27 grams.', 'A scale shows their weights in grams.', 'Sum of both: 15 + 27 = 42.']),
      steps(['A scale shows their weights in grams.', 'Sum of both: 15 + 27 = 42.', 'The red ball weighs 15 grams.']),
    );
    const red = alignment.rows.find(({ relation, teacher }) => relation === 'skipped' && teacher[0] === 0);
    expect(red?.elsewhere).toBe(2);
  });

  test('collapses the rounds of a loop into one row that counts them', () => {
    const pair = labelledPairs.find(({ name }) => name === 'cube-loop') as LabelledPair;
    const { alignment } = aligned(pair.teacher.think, pair.student.think);
    const loop = alignment.rows.filter(({ rounds }) => rounds > 0);
    expect(loop).toMatchObject([{ relation: 'extra', rounds: 5, student: { length: 10 } }]);
    expect(alignment.summary.looped).toEqual({ teacher: 0, student: 10 });
  });

  test('does not blame the student where the teacher slipped', () => {
    const { alignment } = aligned('So 9 × 8 = 74 stamps are in the album.', 'So 9 × 8 = 72 stamps are in the album.');
    expect(alignment.rows[0]?.relation).toBe('contradicting');
    expect(alignment.firstWrong).toBeNull();
  });

  test('stays right where the traces are too long to fill every cell', () => {
    const line = (i: number): string => `Item ${i} costs ${i * 3 + 1} coins and weighs ${(i * 7919) % 10007} grams.`;
    const all = Array.from({ length: 4000 }, (_, i) => i + 1);
    const { alignment } = aligned(steps(all.map(line)), steps(all.filter((i) => i % 10 !== 0).map(line)));
    expect(alignment.summary).toMatchObject({ matched: 3600, skipped: 400, extra: 0, contradicting: 0 });
    for (const { teacher, student, relation } of alignment.rows) {
      if (relation === 'matched') expect(student[0]).toBe((teacher[0] as number) - Math.floor((teacher[0] as number) / 10));
    }
  });
});
