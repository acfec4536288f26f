import { describe, expect, it } from 'vitest';
import { downsample, firstAbove, firstNotBelow, Series, sliceRange, smoothed, thinned, toSeriesColumns } from '../../src/shared/series.ts';
import type { Columns } from '../../src/shared/series.ts';

/** A generator with a fixed start, so that every run sees the same numbers (Park & Miller 1988). */
function randoms(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

function series(values: readonly (number | null)[], stepOf: (index: number) => number = (index) => index): Series {
  const made = new Series('train/loss');
  values.forEach((value, index) => made.append(stepOf(index), 1000 + index * 7, index * 32, value));
  return made;
}

const list = (column: Float64Array): number[] => [...column];

describe('a series', () => {
  it('keeps what is appended, over every growth of its columns', () => {
    const values = Array.from({ length: 5000 }, (_, index) => (index % 100 === 3 ? null : index / 3));
    const { steps, times, tokens, values: kept } = series(values).columns();
    expect(list(kept)).toEqual(values.map((value) => value ?? NaN));
    expect([steps.length, times[4999], tokens[4999]]).toEqual([5000, 1000 + 4999 * 7, 4999 * 32]);
  });

  it('takes whole columns as it takes points', () => {
    const whole = series([1, 2, null, 4]);
    const other = series([1, 2]);
    other.appendColumns(whole.columns(2));
    expect(other.columns()).toEqual(whole.columns());
  });

  it('forgets what a resumed run does again, and goes on from there', () => {
    const resumed = series([5, 4, 3, 2], (index) => index * 10);
    expect(resumed.dropAbove(15)).toBe(2);
    expect(resumed.dropAbove(15)).toBe(0);
    resumed.append(20, 9999, 0, 7);
    expect(list(resumed.columns().steps)).toEqual([0, 10, 20]);
    expect(list(resumed.columns().values)).toEqual([5, 4, 7]);
  });

  it('becomes plain for a page, with null where there is no value', () => {
    expect(toSeriesColumns('x', series([1, null]).columns())).toEqual({ name: 'x', steps: [0, 1], times: [1000, 1007], tokens: [0, 32], values: [1, null] });
  });
});

describe('a range', () => {
  it('is found like a walk through the column finds it', () => {
    const column = Float64Array.from([0, 0, 1, 5, 5, 5, 9]);
    for (let bound = -1; bound <= 10; bound += 0.5) {
      const [notBelow, above] = [list(column).findIndex((x) => x >= bound), list(column).findIndex((x) => x > bound)];
      expect(firstNotBelow(column, bound)).toBe(notBelow < 0 ? 7 : notBelow);
      expect(firstAbove(column, bound)).toBe(above < 0 ? 7 : above);
    }
  });

  it('reaches one point over either edge, so that its line does', () => {
    const { steps } = sliceRange(series([0, 1, 2, 3, 4, 5], (index) => index * 10).columns(), 'step', 15, 35);
    expect(list(steps)).toEqual([10, 20, 30, 40]);
    const columns = series([0, 1, 2]).columns();
    expect(sliceRange(columns, 'step', 10, 20).steps.length).toBe(1); // the last point: its line comes from there
    expect(list(sliceRange(columns, 'time', -Infinity, Infinity).steps)).toEqual([0, 1, 2]);
    expect(list(sliceRange(columns, 'tokens', 32, 32).steps)).toEqual([0, 1, 2]);
  });
});

describe('a thinned series', () => {
  const random = randoms(7);
  const noisy = Array.from({ length: 20_000 }, (_, index) => (index === 12_345 ? 1000 : index === 777 ? -1000 : random()));

  it('is short, ascending, begins and ends where the series does, and loses no spike', () => {
    const columns = series(noisy).columns();
    for (const maxPoints of [1000, 501, 8, 4]) {
      const indices = thinned(columns, maxPoints);
      expect(indices.length).toBeLessThanOrEqual(maxPoints);
      expect([...indices]).toEqual([...new Set(indices)].sort((a, b) => a - b));
      expect([indices[0], indices.at(-1)]).toEqual([0, noisy.length - 1]);
      expect([...indices]).toEqual(expect.arrayContaining([777, 12_345]));
    }
  });

  it.each(['step', 'time', 'tokens'] as const)('has the extremes of every pixel column that all points have, on the axis of %s', (axis) => {
    // Steps that crowd at the beginning: equal shares of points are not equal shares of the axis.
    const columns = series(noisy, (index) => Math.round(index ** 1.5)).columns();
    const pixels = 200;
    const extremes = (of: Columns): string[] => {
      const x = { step: of.steps, time: of.times, tokens: of.tokens }[axis];
      const whole = { step: columns.steps, time: columns.times, tokens: columns.tokens }[axis];
      const [low, high] = [whole[0] ?? 0, whole.at(-1) ?? 0];
      const found = new Map<number, [number, number]>();
      x.forEach((position, index) => {
        const pixel = Math.min(pixels - 1, Math.floor((position - low) * (pixels / (high - low))));
        const [min, max] = found.get(pixel) ?? [Infinity, -Infinity];
        const value = of.values[index] ?? NaN;
        found.set(pixel, [Math.min(min, value), Math.max(max, value)]);
      });
      return [...found].map(([pixel, [min, max]]) => `${pixel}: ${min} ${max}`);
    };
    expect(extremes(downsample(columns, pixels * 4, axis))).toEqual(extremes(columns));
  });

  it('keeps a gap a gap', () => {
    const withGap = noisy.map((value, index) => (index >= 5000 && index < 5003 ? null : value));
    const thin = downsample(series(withGap).columns(), 500);
    expect(thin.values.length).toBeLessThanOrEqual(500);
    const gap = list(thin.values).findIndex(Number.isNaN);
    expect(thin.steps[gap]).toBe(5000);
    expect(list(thin.values.filter((value) => !Number.isNaN(value)))).toEqual(expect.arrayContaining([1000, -1000]));
    expect(list(downsample(series(noisy.map(() => null)).columns(), 100).values).every(Number.isNaN)).toBe(true);
  });

  it('of many values at one step is thinned all the same', () => {
    const thin = downsample(series(noisy, () => 3).columns(), 100);
    expect(thin.values.length).toBeLessThanOrEqual(100);
    expect(list(thin.values)).toEqual(expect.arrayContaining([1000, -1000]));
  });

  it('of few points is the series', () => {
    const columns = series([3, 1, 2]).columns();
    expect(downsample(columns, 3)).toEqual(columns);
    expect(downsample(new Series('empty').columns(), 3).values.length).toBe(0);
  });
});

describe('smoothing', () => {
  it('is the bias-corrected average that its formula says', () => {
    const random = randoms(3);
    const values = Float64Array.from({ length: 50 }, random);
    const weight = 0.9;
    // The sum written out: weights w^(n-i), normalised to one.
    const expected = list(values).map((_, n) => {
      const terms = list(values.subarray(0, n + 1)).map((value, i) => ({ value, share: weight ** (n - i) }));
      return terms.reduce((sum, { value, share }) => sum + value * share, 0) / terms.reduce((sum, { share }) => sum + share, 0);
    });
    const result = list(smoothed(values, weight));
    result.forEach((value, index) => expect(value).toBeCloseTo(expected[index] ?? NaN, 12));
  });

  it('leaves a constant alone from the first point on, and everything when the weight is 0', () => {
    list(smoothed(Float64Array.of(2, 2, 2), 0.99)).forEach((value) => expect(value).toBeCloseTo(2, 12));
    expect(list(smoothed(Float64Array.of(3, 1, 2), 0))).toEqual([3, 1, 2]);
  });

  it('passes over a gap', () => {
    const [a, gap, b] = smoothed(Float64Array.of(1, NaN, 3), 0.5);
    expect([a, gap]).toEqual([1, NaN]);
    expect(b).toBeCloseTo((1 * 0.5 + 3) / 1.5, 12);
  });
});
