import { describe, expect, test } from 'vitest';
import { EVALUATION_METRICS, ON_POLICY_METRICS, REINFORCE_METRICS, REINFORCE_VALIDATION_METRICS, SENTINEL_METRICS, TRAINING_METRICS, VALIDATION_METRICS, WEIGHT_METRICS } from '../../src/shared/metrics.ts';
import { metricsText, type MetricsTextKey } from '../../src/shared/metricsText.ts';
import { formatClock, formatDuration, formatTick, formatValue } from '../../webview/shared/format.ts';
import { arrange, groupOf, isNoisy, shownAtFirst } from '../../webview/metrics/groups.ts';
import { lineStyle } from '../../webview/metrics/lineStyle.ts';
import { clockTicks, rangeY, ticks, zoomed } from '../../webview/metrics/scale.ts';
import { summarise } from '../../webview/metrics/summary.ts';
import { FRESH_VIEW, isVisible, restoreView, withVisible } from '../../webview/metrics/view.ts';

const curve = (x: readonly number[], y: readonly number[]): { x: Float64Array; y: Float64Array } => ({ x: Float64Array.from(x), y: Float64Array.from(y) });

describe('which chart a metric is drawn in', () => {
  test('every metric of the engine has a chart with a name in both languages', () => {
    for (const metric of [...TRAINING_METRICS, ...SENTINEL_METRICS, ...WEIGHT_METRICS, ...VALIDATION_METRICS, ...EVALUATION_METRICS, ...REINFORCE_METRICS, ...REINFORCE_VALIDATION_METRICS, ...ON_POLICY_METRICS]) {
      const { title } = groupOf(metric);
      expect(title, metric).not.toBeNull();
      expect(metricsText('zh-cn')[title as MetricsTextKey]).not.toBe(metricsText('en')[title as MetricsTextKey]);
    }
  });

  test('all loss terms share one chart, with the total first; think and answer are one beside it', () => {
    const [first, second] = arrange(['validation/kl', 'answerCe', 'ce', 'thinkKl', 'kl', 'validation/loss', 'loss']);
    expect(first).toMatchObject({ group: { id: 'loss' }, metrics: ['loss', 'kl', 'ce', 'validation/loss', 'validation/kl'] });
    expect(second).toMatchObject({ group: { id: 'regions' }, metrics: ['answerCe', 'thinkKl'] });
  });

  test('the rest goes to charts of its own', () => {
    expect(['learningRate', 'temperature', 'weightKl', 'gradNorm', 'tokensPerSecond', 'memoryMiB', 'validation/tokenAccuracy', 'evaluation/retention'].map((metric) => groupOf(metric).id))
      .toEqual(['learningRate', 'temperature', 'weights', 'gradient', 'speed', 'memory', 'accuracy', 'accuracy']);
    expect(groupOf('myOwn').title).toBeNull();
  });

  test('schedules and rare measurements are not averaged', () => {
    expect(['loss', 'gradNorm', 'learningRate', 'validation/loss'].map(isNoisy)).toEqual([true, true, false, false]);
  });
});

describe('how curves are told apart', () => {
  test('without colour: no two curves of a chart have the same dash and marker', () => {
    for (const [runs, metrics] of [[1, 6], [1, 16], [6, 1], [10, 1], [4, 6], [6, 8]] as const) {
      const seen = new Set<string>();
      for (let run = 0; run < runs; run += 1) {
        for (let metric = 0; metric < metrics; metric += 1) {
          const { dash, marker } = lineStyle(run, metric, runs, metrics);
          seen.add(`${dash.join(' ')} ${marker}`);
        }
      }
      expect(seen.size).toBe(runs * metrics);
    }
  });

  test('a run keeps its colour over all charts when several are drawn', () => {
    expect(lineStyle(2, 0, 3, 6).colour).toBe(lineStyle(2, 0, 3, 1).colour);
    expect(lineStyle(2, 5, 3, 6).colour).toBe(lineStyle(2, 0, 3, 6).colour);
  });
});

describe('axes', () => {
  test('ticks are round and within the range', () => {
    expect(ticks({ min: 0, max: 4.1 }, 5, false).values).toEqual([0, 1, 2, 3, 4]);
    expect(ticks({ min: 0.03, max: 0.11 }, 4, false).values).toEqual([0.04, 0.06, 0.08, 0.1]);
    expect(ticks({ min: 1e-5, max: 1e-2 }, 4, true).values).toEqual([1e-5, 1e-4, 1e-3, 1e-2]);
    expect(ticks({ min: 0.21, max: 3.9 }, 6, true).values).toEqual([0.3, 0.5, 0.7, 1, 2, 3]);
    expect(clockTicks({ min: 0, max: 700 }, 6).values).toEqual([0, 120, 240, 360, 480, 600]);
  });

  test('the y range holds what is in view, and the line that enters it', () => {
    const line = curve([0, 10, 20, 30], [100, 4, 2, 1]);
    const { min, max } = rangeY([line], { min: 15, max: 30 }, { log: false, fromZero: false });
    expect(min).toBeGreaterThanOrEqual(0);
    expect(max).toBeGreaterThan(4);
    expect(max).toBeLessThan(5);
  });

  test('a logarithmic axis passes over zero and below, and gaps', () => {
    const { min, max } = rangeY([curve([0, 1, 2, 3], [0, -1, Number.NaN, 0.5])], { min: 0, max: 3 }, { log: true, fromZero: true });
    expect(min).toBeGreaterThan(0);
    expect(max).toBeGreaterThan(0.5);
  });

  test('a constant value has a range, and nothing at all as well', () => {
    expect(rangeY([curve([0, 1], [2, 2])], { min: 0, max: 1 }, { log: false, fromZero: false })).toEqual({ min: 1.8, max: 2.2 });
    expect(rangeY([], { min: 0, max: 1 }, { log: false, fromZero: false })).toEqual({ min: 0, max: 1 });
  });

  test('zoom keeps the point under the cursor, stays inside, and ends at the whole', () => {
    const whole = { min: 0, max: 1000 };
    const half = zoomed(whole, whole, { factor: 0.5, about: 200 });
    expect(half).toEqual({ min: 100, max: 600 });
    expect(zoomed(half ?? whole, whole, { shift: 900 })).toEqual({ min: 500, max: 1000 });
    expect(zoomed(half ?? whole, whole, { shift: -900 })).toEqual({ min: 0, max: 500 });
    expect(zoomed(half ?? whole, whole, { factor: 4 })).toBeNull();
  });
});

describe('values as people read them', () => {
  const text = metricsText('en');
  test.each([[0.123456, '0.1235'], [5049.3, '5,049'], [3.2e-4, '3.20e-4'], [1.5e7, '1.50e7'], [0, '0'], [Number.NaN, '–'], [null, '–']])('%s is %s', (value, shown) => {
    expect(formatValue(value)).toBe(shown);
  });
  test('an axis writes all its numbers in one way', () => {
    expect([0, 5e-4, 1e-3].map((value) => formatTick(value, 5e-4))).toEqual(['0', '5e-4', '1e-3']);
    expect([1.8, 2, 2.2].map((value) => formatTick(value, 0.2))).toEqual(['1.8', '2', '2.2']);
    expect(formatTick(20_000, 10_000)).toBe('20k');
  });
  test('durations', () => {
    expect([5, 65, 7265].map((seconds) => formatDuration(seconds, text))).toEqual(['5 s', '1 min 5 s', '2 h 1 min']);
    expect([5, 65, 7265].map(formatClock)).toEqual(['5s', '1:05', '2:01:05']);
  });
  test('the best of a loss is its lowest, of an accuracy its highest, of a learning rate none', () => {
    const line = curve([1, 2, 3, 4], [3, 1, Number.NaN, 2]);
    expect(summarise(line, 'validation/loss')).toEqual({ last: 2, best: 1, bestX: 2 });
    expect(summarise(line, 'validation/tokenAccuracy')).toEqual({ last: 2, best: 3, bestX: 1 });
    expect(summarise(line, 'learningRate')).toEqual({ last: 2, best: null, bestX: null });
  });
});

describe('what is kept while a page is hidden', () => {
  test('state of any age is read', () => {
    expect(restoreView(undefined)).toEqual(FRESH_VIEW);
    expect(restoreView({ format: 1, axis: 'time', smoothing: 7, zoom: { min: 3, max: 1 }, hidden: ['a', 4] })).toEqual({ ...FRESH_VIEW, axis: 'time', hidden: ['a'] });
    const kept = { ...FRESH_VIEW, runs: ['/r'], axis: 'tokens', zoom: { min: 1, max: 2 }, smoothing: 0, log: true };
    expect(restoreView(JSON.parse(JSON.stringify(kept)))).toEqual(kept);
  });

  test('of several runs the halves of a metric are off until they are switched on', () => {
    expect([shownAtFirst('validation/thinkCe', 1), shownAtFirst('validation/thinkCe', 2), shownAtFirst('ce', 2)]).toEqual([true, false, true]);
    const on = { ...FRESH_VIEW, ...withVisible(FRESH_VIEW, ['k'], true) };
    expect(isVisible(on, 'k', 'validation/thinkCe', 2)).toBe(true);
    const off = { ...on, ...withVisible(on, ['k'], false) };
    expect(isVisible(off, 'k', 'thinkCe', 1)).toBe(false);
  });
});

test('ticks are written with the decimals of their distance', () => {
  expect([0, 2.5, 5, 7.5].map((value) => formatTick(value, 2.5))).toEqual(['0', '2.5', '5', '7.5']);
  expect([0.25, 0.5, 0.75].map((value) => formatTick(value, 0.25))).toEqual(['0.25', '0.5', '0.75']);
  expect([0.1, 0.30000000000000004].map((value) => formatTick(value, 0.1))).toEqual(['0.1', '0.3']);
  expect(formatTick(1200, 200)).toBe('1200');
});
