/** Few shapes for backends that record a function for each, and rows of like length drawn together. */
import { describe, expect, test } from 'vitest';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import { passesOf, sequenceLength } from '../../../src/engine/train/batch.ts';
import { packRows } from '../../../src/engine/train/packing.ts';

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
