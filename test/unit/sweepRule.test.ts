/** The median stopping rule on curves made by hand, and the page's axes, choices and order. */
import { describe, expect, test } from 'vitest';
import { judge, type CurvePoint } from '../../src/shared/sweepRule.ts';
import type { SweepRow } from '../../src/shared/sweepPanel.ts';
import { axesOf, goodness, isChosen, sorted } from '../../webview/sweep/scales.ts';

const curve = (...values: readonly number[]): readonly CurvePoint[] => values.map((value, index) => ({ share: index / 10, value }));
const rule = { goal: 'min', after: 0.3, runs: 3 } as const;
// Running averages up to share 0.3: 2.5, 3.5, 4.5; their median is 3.5.
const complete = [curve(4, 3, 2, 1, 1), curve(5, 4, 3, 2, 2), curve(6, 5, 4, 3, 3)];

describe('the median stopping rule', () => {
  test('stops a run whose best value is worse than the median of the averages so far, and says both', () => {
    expect(judge(rule, curve(9, 8, 4, 5), complete)).toEqual({ behind: true, best: 4, median: 3.5 });
    expect(judge(rule, curve(9, 8, 3.4, 5), complete)).toEqual({ behind: false, best: 3.4, median: 3.5 });
  });
  test('does not stop one that is just at the median', () => {
    expect(judge(rule, curve(9, 8, 7, 3.5), complete).behind).toBe(false);
  });
  test('is never heard before the stated share of the steps or the stated number of complete runs', () => {
    expect(judge(rule, curve(9, 9, 9), complete)).toEqual({ behind: false, best: null, median: null });
    expect(judge(rule, curve(9, 9, 9, 9), complete.slice(1))).toEqual({ behind: false, best: null, median: null });
    expect(judge(rule, [], complete).behind).toBe(false);
  });
  test('looks at the complete runs only as far as this one has come', () => {
    const late = [curve(4, 4, 4, 4, 0, 0, 0), curve(4, 4, 4, 4, 0, 0, 0), curve(4, 4, 4, 4, 0, 0, 0)];
    expect(judge(rule, curve(5, 5, 5, 3.9), late).behind).toBe(false);
    expect(judge(rule, curve(5, 5, 5, 4.1), late).behind).toBe(true);
  });
  test('turns round where more is better, and takes the middle of two medians', () => {
    const accuracies = [curve(0, 0.1, 0.2, 0.3), curve(0, 0.2, 0.4, 0.6), curve(0, 0.3, 0.6, 0.9), curve(0, 0, 0, 0)];
    // Averages 0.15, 0.3, 0.45, 0.
    expect(judge({ ...rule, goal: 'max' }, curve(0, 0.1, 0.1, 0.1), accuracies)).toMatchObject({ behind: true, best: 0.1 });
    expect(judge({ ...rule, goal: 'max' }, curve(0, 0.1, 0.1, 0.1), accuracies).median).toBeCloseTo(0.225, 12);
  });
  test('compares runs of different lengths by their shares', () => {
    const long = [0, 1, 2].map(() => Array.from({ length: 101 }, (_, index): CurvePoint => ({ share: index / 100, value: 2 })));
    expect(judge(rule, [{ share: 0.5, value: 2.1 }], long).behind).toBe(true);
  });
});

const row = (index: number, values: SweepRow['values'], value: number | null, rest: Partial<SweepRow> = {}): SweepRow =>
  ({ index, setting: index, seed: 0, values, run: null, status: 'done', value, mean: value, best: false, accuracy: null, step: 0, totalSteps: null, seconds: null, ...rest });
const rows = [row(0, { rate: 0.001, kind: 'a' }, 3), row(1, { rate: 0.01, kind: 'b' }, 1), row(2, { rate: 0.1, kind: 'a' }, null), row(3, { rate: 0.1, kind: 'b' }, 2)];
const page = { axes: [{ name: 'rate', label: 'rate', scale: 'linear' as const }, { name: 'kind', label: 'kind', scale: 'linear' as const }], metric: 'validation/ce', rows, goal: 'min' as const };

describe('the plot of a sweep', () => {
  const axes = axesOf(page);
  test('puts even ratios at even distances, words in their order, the metric by its size', () => {
    expect(rows.map((each) => axes[0]?.at(each))).toEqual([0, expect.closeTo(0.5, 9), 1, 1]);
    expect(rows.map((each) => axes[1]?.at(each))).toEqual([0, 1, 0, 1]);
    expect(rows.map((each) => axes[2]?.at(each))).toEqual([1, 0, null, 0.5]);
    expect(axes[0]?.ticks.map(({ text }) => text)).toEqual(['0.001', '0.01', '0.1']);
  });
  test('chooses the runs that lie in every part that was drawn, edges included; one without a value lies in none of the metric', () => {
    expect(rows.filter((each) => isChosen(each, axes, { rate: [0.5, 1] })).map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(rows.filter((each) => isChosen(each, axes, { rate: [0.5, 1], kind: [0.9, 1] })).map(({ index }) => index)).toEqual([1, 3]);
    expect(rows.filter((each) => isChosen(each, axes, { 'validation/ce': [0, 1] })).map(({ index }) => index)).toEqual([0, 1, 3]);
  });
  test('says how good a run is among all, by the goal', () => {
    expect(rows.map((each) => goodness(each, page))).toEqual([0, 1, null, 0.5]);
    expect(goodness(rows[0] as SweepRow, { ...page, goal: 'max' })).toBe(1);
  });
  test('sorts by any column, what has no value last whichever way', () => {
    const order = (key: Parameters<typeof sorted>[1]['key'], descending: boolean): readonly number[] => sorted(rows, { key, descending }).map(({ index }) => index);
    expect(order('value', false)).toEqual([1, 3, 0, 2]);
    expect(order('value', true)).toEqual([0, 3, 1, 2]);
    expect(order('axis:kind', false)).toEqual([0, 2, 1, 3]);
    expect(order('axis:rate', true)).toEqual([2, 3, 1, 0]);
  });
});
