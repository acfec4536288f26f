/** Few shapes for backends that record a function for each, and rows of like length drawn together. */
import { describe, expect, test } from 'vitest';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { passesOf, sequenceLength } from '../../../src/engine/train/batch.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { packRows } from '../../../src/engine/train/packing.ts';
import { RowSampler } from '../../../src/engine/train/sampler.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { makeInput, makeRows, makeStage, openWasm, temporaryFolder, TINY, VOCABULARY, type Orders } from './setup.ts';

const rowOf = (length: number, row: number): EncodedRow => ({ row, file: 'x', ids: new Int32Array(length).fill(3), promptLength: 2, answerStart: 4, ended: true });

describe('coarse shapes', () => {
  test('lengths go up a ladder of four rungs to an octave: never more than a quarter is padding, never beyond the model', () => {
    const lengths = new Set<number>();
    for (let fed = 33; fed <= 1000; fed++) {
      const seq = sequenceLength(fed, 4096, 'coarse');
      expect(seq).toBeGreaterThanOrEqual(fed);
      expect(seq).toBeLessThanOrEqual(fed * 1.25);
      lengths.add(seq);
    }
    expect([...lengths]).toEqual([40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024]);
    expect(sequenceLength(3, 4096, 'coarse')).toBe(32);
    expect(sequenceLength(60, 61, 'coarse')).toBe(61);
  });

  test('a step has passes of as many rows as the recipe says, each row once', () => {
    const rows = Array.from({ length: 12 }, (_, row) => rowOf(10 + ((row * 29) % 50), row));
    const passes = passesOf(rows, 4, 128, 'coarse');
    expect(passes.map(({ batch }) => batch)).toEqual([4, 4, 4]);
    expect(passes.flatMap((pass) => pass.rows.map(({ row }) => row)).sort((a, b) => a - b)).toEqual(rows.map(({ row }) => row));
    for (const { rows: own, seq } of passes) for (const { ids } of own) expect(ids.length - 1).toBeLessThanOrEqual(seq);
  });

  test('steps of rows of any length have few shapes, packed or not', () => {
    for (const shapesOf of [
      (rows: readonly EncodedRow[]) => passesOf(rows, 16, 512, 'coarse'),
      (rows: readonly EncodedRow[]) => packRows(rows, 16, { maxPositions: 512, hiddenSize: 256 }, 'coarse'),
    ]) {
      const seen = new Set<string>();
      for (let step = 0; step < 200; step++) {
        const rows = Array.from({ length: 16 }, (_, i) => rowOf(30 + ((step * 7919 + i * 104729) % 60), i));
        for (const { batch, seq, segments, rowSlots } of shapesOf(rows)) seen.add([batch, seq, segments.think.positions.length, segments.answer.positions.length, rowSlots].join(' '));
      }
      // As many as are kept recorded (train/recordedStep.ts).
      expect(seen.size).toBeLessThanOrEqual(16);
    }
  });
});

describe('rows of like length drawn together', () => {
  const LENGTHS = Array.from({ length: 103 }, (_, row) => 10 + ((row * 37) % 91));
  const sampler = (buckets: number, state?: ConstructorParameters<typeof RowSampler>[3]): RowSampler =>
    new RowSampler(LENGTHS.length, 7, 0, state, buckets === 0 ? null : { lengths: LENGTHS, step: 8, pool: buckets });
  const spread = (rows: readonly number[]): number => {
    const own = rows.map((row) => LENGTHS[row] ?? NaN);
    return Math.max(...own) - Math.min(...own);
  };
  const steps = (from: RowSampler, count: number): number[][] => Array.from({ length: count }, () => from.take(8));

  test('every row comes once in an epoch, though steps run over its end', () => {
    const drawn = steps(sampler(4), 103).flat();
    expect(drawn).toHaveLength(8 * 103);
    for (let epoch = 0; epoch < 8; epoch++) {
      expect([...drawn.slice(epoch * 103, (epoch + 1) * 103)].sort((a, b) => a - b)).toEqual(LENGTHS.map((_, row) => row));
    }
  });

  test('a step’s rows are of like length, the more so the larger the pool', () => {
    const mean = (buckets: number): number => steps(sampler(buckets), 90).reduce((sum, rows) => sum + spread(rows), 0) / 90;
    const [none, few, many] = [mean(0), mean(3), mean(12)];
    expect(few).toBeLessThan(none / 2);
    expect(many).toBeLessThan(few);
  });

  test('the order of the steps is not that of the lengths, differs between epochs, and is the same for the same seed', () => {
    const lengthsOf = (from: RowSampler): number[] => steps(from, 24).map((rows) => LENGTHS[rows[0] ?? 0] ?? NaN);
    const first = lengthsOf(sampler(12));
    expect(lengthsOf(sampler(12))).toEqual(first);
    expect(first.slice(0, 12)).not.toEqual([...first.slice(0, 12)].sort((a, b) => a - b));
    expect(first.slice(0, 12)).not.toEqual(first.slice(12));
  });

  test('from its state a sampler goes on as if it had never stopped', () => {
    const whole = steps(sampler(4), 60);
    for (const stop of [1, 12, 13, 14, 37]) {
      const before = sampler(4);
      steps(before, stop);
      expect(steps(sampler(4, before.state()), 60 - stop)).toEqual(whole.slice(stop));
    }
  });

  test('fewer rows than a step: each comes as often', () => {
    const small = new RowSampler(5, 1, 0, undefined, { lengths: [3, 1, 2, 5, 4], step: 8, pool: 4 });
    const counts = new Map<number, number>();
    for (const row of steps(small, 5).flat()) counts.set(row, (counts.get(row) ?? 0) + 1);
    expect([...counts.values()]).toEqual([8, 8, 8, 8, 8]);
  });
});

test('a stage with buckets feeds less padding, and goes on from a stop to the last bit', async () => {
  const backend = await openWasm();
  const stage = (buckets: number) => makeStage({ limits: { steps: 20 }, objective: 'sequence', batch: { size: 4, buckets }, validate: { every: 100 }, checkpoint: { every: 100 } });
  const run = async (buckets: number, orders: Orders, checkpoints: string) => {
    const { found: resume } = await findCheckpoint(checkpoints);
    const student = resume === null ? createDecoder(TINY, 5, backend) : await loadDecoder(resume.folder, backend);
    const input = await makeInput({ student, stage: stage(buckets), checkpoints, resume, orders, validation: [], train: makeRows(90, 3).map((row) => ({ ...row, ids: Int32Array.from({ length: row.ids.length * 3 - 10 }, (_, i) => i % VOCABULARY) })) });
    await trainStage(input);
    return input.reporter.exact();
  };
  const whole = await run(10, {}, await temporaryFolder());
  const folder = await temporaryFolder();
  expect([...await run(10, { 7: ['stop'] }, folder), ...await run(10, {}, folder)]).toEqual(whole);
  const filled = (told: typeof whole): number => told.reduce((sum, { values }) => sum + (values.filled ?? 0), 0) / told.length;
  expect(filled(whole)).toBeGreaterThan(filled(await run(0, {}, await temporaryFolder())));
  await backend.dispose();
});
