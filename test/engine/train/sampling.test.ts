/** Which rows are trained on when, and which of their positions. */
import { describe, expect, test } from 'vitest';
import { collate, groupByLength, keptPositions } from '../../../src/engine/train/batch.ts';
import { EarlyStop, isBetter } from '../../../src/engine/train/earlyStop.ts';
import { RowSampler } from '../../../src/engine/train/sampler.ts';
import { totalSteps } from '../../../src/engine/train/schedule.ts';
import { describeRows } from '../../../src/engine/train/watch.ts';
import { makeRows, makeStage, rowsOf } from './setup.ts';

describe('the sampler', () => {
  test('hands out every row once in an epoch, in another order each time, batches running over the end', () => {
    const sampler = new RowSampler(10, 1, 0);
    const taken = Array.from({ length: 5 }, () => sampler.take(4)).flat();
    const [first, second] = [taken.slice(0, 10), taken.slice(10)];
    expect([...first].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...second].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(second).not.toEqual(first);
  });

  test('depends on the seed and on the stage', () => {
    const orders = [[1, 0], [2, 0], [1, 1]].map(([seed = 0, stage = 0]) => new RowSampler(50, seed, stage).take(50).join());
    expect(new Set(orders).size).toBe(3);
    expect(new RowSampler(50, 1, 0).take(50).join()).toBe(orders[0]);
  });

  test.each([0, 3, 10, 17, 20])('continues from its state after %i rows', (rows) => {
    const whole = new RowSampler(10, 5, 2);
    whole.take(rows);
    const state = JSON.parse(JSON.stringify(whole.state())) as ReturnType<RowSampler['state']>;
    expect(new RowSampler(10, 5, 2, state).take(25)).toEqual(whole.take(25));
  });

  test('puts every row at every place about equally often', () => {
    const counts = new Map<number, number>();
    const EPOCHS = 6000;
    const sampler = new RowSampler(6, 3, 0);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const first = sampler.take(6)[0] ?? -1;
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    // Binomial with p = 1/6: five standard deviations are 144; the seed is fixed, so this cannot fail by chance.
    for (const count of counts.values()) expect(Math.abs(count - EPOCHS / 6)).toBeLessThan(144);
    expect(counts.size).toBe(6);
  });
});

describe('a batch', () => {
  test('supervises each token behind the prompt at the position before it, apart for reasoning and answer', () => {
    const batch = collate(rowsOf([
      { ids: [10, 11, 12, 13, 14], promptLength: 2, answerStart: 4 },
      { ids: [20, 21, 22], promptLength: 1, answerStart: 1 },
    ]), 64);
    expect([batch.batch, batch.seq, batch.kept, batch.tokens]).toEqual([2, 8, 5, 6]);
    expect([...batch.ids]).toEqual([10, 11, 12, 13, 0, 0, 0, 0, 20, 21, 0, 0, 0, 0, 0, 0]);
    const kept = (name: 'think' | 'answer'): unknown => {
      const { positions, labels, mask, kept: count } = batch.segments[name];
      expect(mask.reduce((sum, value) => sum + value, 0)).toBe(count);
      return Array.from({ length: count }, (_, i) => [positions[i], labels[i]]);
    };
    expect(kept('think')).toEqual([[1, 12], [2, 13]]);
    expect(kept('answer')).toEqual([[3, 14], [8, 21], [9, 22]]);
  });

  test('is never padded beyond the model’s positions, and shapes repeat below them', () => {
    const row = (length: number): ReturnType<typeof rowsOf> => rowsOf([{ ids: Array.from({ length }, () => 1), promptLength: 1, answerStart: 2 }]);
    expect([9, 10, 17].map((length) => collate(row(length), 64).seq)).toEqual([8, 16, 16]);
    expect(collate(row(20), 19).seq).toBe(19);
    expect(collate(row(9), 64).segments.answer.positions.length % 32).toBe(0);
  });

  test('counts what it supervises as keptPositions does, an empty prompt included', () => {
    const rows = [...makeRows(20, 9), ...rowsOf([{ ids: [1, 2, 3], promptLength: 0, answerStart: 0 }, { ids: [1, 2, 3], promptLength: 3, answerStart: 3 }])];
    for (const row of rows) expect(collate([row], 64).kept).toBe(keptPositions(row));
  });
});

test('a stage ends at the smaller of its limits', () => {
  const steps = (limits: object): unknown => totalSteps(makeStage({ limits, batch: { size: 4, accumulate: 2 } }), 100);
  expect(steps({ steps: 10 })).toEqual({ steps: 10, limit: 'steps' });
  expect(steps({ epochs: 2 })).toEqual({ steps: 25, limit: 'epochs' });
  expect(steps({ epochs: 0.5, steps: 10 })).toEqual({ steps: 7, limit: 'epochs' });
  expect(steps({ epochs: 1, steps: 13 })).toEqual({ steps: 13, limit: 'steps' });
});

describe('early stopping', () => {
  test('ends after as many validations without improvement as its patience', () => {
    const stop = new EarlyStop({ metric: 'validation/loss', patience: 2, minDelta: 0.1 });
    expect([3, 2, 1.95, 1.5, 1.45, 1.44].map((value) => stop.shouldStop(value))).toEqual([false, false, false, false, false, true]);
    expect(stop.state()).toEqual({ best: 1.5, waited: 2 });
  });
  test('knows that accuracy rises and that NaN is no improvement', () => {
    const stop = new EarlyStop({ metric: 'validation/tokenAccuracy', patience: 2, minDelta: 0 });
    expect([0.5, 0.6, NaN, 0.7, null, 0.1].map((value) => stop.shouldStop(value))).toEqual([false, false, false, false, false, true]);
    expect(isBetter('validation/tokenAccuracy', 0.6, 0.5)).toBe(true);
    expect(isBetter('validation/kl', 0.6, 0.5)).toBe(false);
  });
});

test('rows are named by file and line, as editors count them', () => {
  const rows = [{ file: 'a.jsonl', row: 11 }, { file: 'b.jsonl', row: 0 }, { file: 'a.jsonl', row: 2 }];
  expect(describeRows(rows.map((row) => ({ ...row, ids: new Int32Array(2), promptLength: 1, answerStart: 1, ended: true })))).toBe('a.jsonl:3,12; b.jsonl:1');
});

describe('rows of one batch', () => {
  const fed = (groups: readonly (readonly { readonly ids: Int32Array }[])[]): number[] => groups.map((group) => group.length);
  const row = (length: number, number: number): ReturnType<typeof makeRows>[number] => ({ row: number, file: 'x', ids: new Int32Array(length), promptLength: 1, answerStart: 1, ended: true });

  test('are passed in groups of like length, every row once, never more than the batch’s size at a time', () => {
    const rows = Array.from({ length: 70 }, (_, i) => row(10 + ((i * 37) % 90), i));
    const groups = groupByLength(rows, 32);
    expect(groups.flat().map(({ row: number }) => number).sort((a, b) => a - b)).toEqual(rows.map((_, i) => i));
    expect(Math.max(...fed(groups))).toBeLessThanOrEqual(32);
    const cost = (parts: readonly (readonly { readonly ids: Int32Array }[])[]): number =>
      parts.reduce((sum, part) => sum + part.length * (Math.max(...part.map(({ ids }) => ids.length)) - 1), 0);
    expect(cost(groups)).toBeLessThan(0.75 * cost([rows.slice(0, 32), rows.slice(32, 64), rows.slice(64)]));
  });

  test('stay together where cutting would save less than another pass costs', () => {
    expect(fed(groupByLength([row(9, 0), row(17, 1), row(25, 2)], 32))).toEqual([3]);
    expect(fed(groupByLength([row(9, 0), row(9, 1), row(500, 2)], 32))).toEqual([2, 1]);
  });
});
