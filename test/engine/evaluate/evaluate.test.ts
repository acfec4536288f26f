import { describe, expect, test } from 'vitest';
import { verdictOf } from '../../../src/engine/evaluate/answer.ts';
import { retentionInterval, wilson } from '../../../src/engine/evaluate/intervals.ts';

describe('an answer', () => {
  test.each([
    ['72', '72', 'right'], ['$1,234.50', '1234.5', 'right'], ['72.0', '72', 'right'], ['-0', '0', 'right'], ['007', '7', 'right'], ['１２', '12', 'right'],
    ['\\boxed{50\\%}', '50', 'right'], ['(B)', '(b)', 'right'], ['12345678901234567890', '12345678901234567891', 'wrong'], ['71', '72', 'wrong'],
    ['', '72', 'wrong'], ['72', null, 'unknown'], ['The answer is 72.', '... so\n#### 72', 'right'], ['1.5', '15', 'wrong'], ['-7', '7', 'wrong'],
  ] as const)('%j against %j is %s', (answer, gold, verdict) => {
    expect(verdictOf(answer, gold)).toBe(verdict);
  });
});

describe('an interval', () => {
  test('of an accuracy has ends at which the observed share lies 1.96 standard errors away', () => {
    for (const [right, total] of [[8, 10], [1, 50], [199, 200], [100, 200]] as const) {
      const { value, low, high } = wilson(right, total);
      // The definition of the score interval, solved for neither end but checked at both.
      for (const end of [low, high]) expect(Math.abs(value - end) / Math.sqrt(end * (1 - end) / total)).toBeCloseTo(1.959964, 5);
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    expect(wilson(0, 20)).toMatchObject({ value: 0, low: 0, high: expect.closeTo(0.16113, 4) as number });
    expect(wilson(20, 20).high).toBeCloseTo(1, 10);
    expect(wilson(0, 0)).toEqual({ value: 0, low: 0, high: 1 });
  });

  const pairs = (both: number, teacherOnly: number, studentOnly: number, neither: number) => [
    ...Array.from({ length: both }, () => ({ teacher: true, student: true })), ...Array.from({ length: teacherOnly }, () => ({ teacher: true, student: false })),
    ...Array.from({ length: studentOnly }, () => ({ teacher: false, student: true })), ...Array.from({ length: neither }, () => ({ teacher: false, student: false })),
  ];

  test('of retention is that of the delta method where there are many prompts', () => {
    const sample = pairs(700, 100, 50, 150);
    const interval = retentionInterval(sample, 1);
    // Ratio of two correlated means: var ≈ Σ(s − r·t)² / (n·mean(t))² (Cochran, Sampling Techniques, 6.3).
    const ratio = 750 / 800;
    const residuals = sample.reduce((sum, { teacher, student }) => sum + (Number(student) - ratio * Number(teacher)) ** 2, 0);
    const error = Math.sqrt(residuals) / 800;
    expect(interval?.value).toBeCloseTo(ratio, 12);
    expect(interval?.low).toBeCloseTo(ratio - 1.96 * error, 2);
    expect(interval?.high).toBeCloseTo(ratio + 1.96 * error, 2);
  });

  // 0 of 100: Wilson's upper bound is z² / (n + z²).
  const NONE_OF_100 = 3.841458820694124 / 103.841458820694124;

  test('of retention claims no certainty where the student has nothing right: its accuracy’s own interval over the teacher’s', () => {
    const interval = retentionInterval(pairs(0, 80, 0, 20), 1);
    expect(interval).toMatchObject({ value: 0, low: 0 });
    expect(interval?.high).toBeCloseTo(NONE_OF_100 / 0.8, 12);
    expect(interval?.high).toBeCloseTo(wilson(0, 100).high / 0.8, 12);
  });

  test('of retention claims no certainty where both have the same prompts right, all or some', () => {
    for (const [both, neither] of [[100, 0], [30, 70]] as const) {
      const interval = retentionInterval(pairs(both, 0, 0, neither), 1);
      expect(interval?.value).toBe(1);
      expect(interval?.low).toBeCloseTo(Math.max(0, 1 - NONE_OF_100 / (both / 100)), 12);
      expect(interval?.high).toBeCloseTo(1 + NONE_OF_100 / (both / 100), 12);
    }
    // Counts of three students: a prompt that differed could differ by all three.
    const counted = retentionInterval(Array.from({ length: 100 }, () => ({ teacher: 3, student: 0 })), 1);
    expect(counted?.high).toBeCloseTo(NONE_OF_100, 12);
  });

  test('of retention is none where the teacher knows nothing', () => {
    expect(retentionInterval(pairs(0, 0, 5, 5), 1)).toBeNull();
  });
});
