import { describe, expect, test } from 'vitest';
import { quotas } from '../../src/engine/data/mix/quotas.ts';
import { splitRecords, SIDES } from '../../src/engine/data/mix/split.ts';

const groups = [{ name: 'maths', rows: 800 }, { name: 'logic', rows: 200 }, { name: 'code', rows: 50 }];
const rowsOf = (options: Parameters<typeof quotas>[1]): readonly number[] => quotas(groups, options).map(({ rows }) => rows);

describe('quotas', () => {
  test('temperature 1 takes everything', () => {
    expect(rowsOf({ temperature: 1 })).toEqual([800, 200, 50]);
    expect(rowsOf({ temperature: 1, rows: 105 })).toEqual([80, 20, 5]);
  });

  test('temperature 2 counts with square roots, as many as it can without repeating', () => {
    // √800 : √200 : √50 = 4 : 2 : 1, and code has 50.
    expect(rowsOf({ temperature: 2 })).toEqual([200, 100, 50]);
    expect(rowsOf({ temperature: 2, rows: 700 })).toEqual([400, 200, 100]);
  });

  test('a high temperature makes groups equal', () => {
    expect(rowsOf({ temperature: 1e9, rows: 300 })).toEqual([100, 100, 100]);
  });

  test('weights hold; a group without one gives nothing', () => {
    expect(rowsOf({ temperature: 1, weights: { maths: 3, logic: 1 } })).toEqual([600, 200, 0]);
    expect(rowsOf({ temperature: 1, weights: { maths: 0 } })).toEqual([0, 0, 0]);
  });

  test('parts always sum to the rows, each within one of its share', () => {
    for (let rows = 1; rows < 60; rows++) {
      const parts = quotas(groups, { temperature: 3, rows });
      expect(parts.reduce((sum, each) => sum + each.rows, 0)).toBe(rows);
      for (const { rows: taken, wanted } of parts) expect(Math.abs(taken - wanted * rows)).toBeLessThan(1);
    }
  });
});

describe('splits', () => {
  /** 1200 rows of two tasks and three difficulties, in clusters of 1 … 6. */
  const strata: string[] = [];
  const clusters: number[] = [];
  for (let cluster = 0; strata.length < 1200; cluster++) {
    for (let i = 0; i <= cluster % 6; i++) {
      strata.push(`${cluster % 4 === 0 ? 'logic' : 'maths'} ${String(1 + cluster % 3)}`);
      clusters.push(cluster);
    }
  }

  test('keep every cluster whole and meet the shares of the whole and of each stratum within the largest cluster', () => {
    const { sides, report } = splitRecords({ strata, clusters }, { validation: 0.1, test: 0.2 }, 7);
    const sideOf = new Map<number, string>();
    sides.forEach((side, row) => {
      expect(sideOf.get(clusters[row] ?? -1) ?? side).toBe(side);
      sideOf.set(clusters[row] ?? -1, side);
    });
    const wanted = { train: 0.7, validation: 0.1, test: 0.2 };
    for (const side of SIDES) {
      expect(Math.abs(report.sides[side].rows - wanted[side] * strata.length)).toBeLessThanOrEqual(report.largestCluster);
      for (const stratum of new Set(strata)) {
        const [all, here] = [strata.filter((each) => each === stratum).length, strata.filter((each, row) => each === stratum && sides[row] === side).length];
        expect(Math.abs(here - all * wanted[side])).toBeLessThanOrEqual(report.largestCluster);
      }
    }
    expect(report.largestCluster).toBe(6);
    const { worstStratum } = report;
    expect(Math.abs((worstStratum?.rows ?? 0) - (worstStratum?.wanted ?? 0))).toBeLessThanOrEqual(6);
  });

  test('are the same for the same seed, others for another', () => {
    const sides = (seed: number): string => splitRecords({ strata, clusters }, { validation: 0.1, test: 0.1 }, seed).sides.join();
    expect(sides(1)).toBe(sides(1));
    expect(sides(1)).not.toBe(sides(2));
  });

  test('hold out one cluster at least, and leave one to train on', () => {
    const few = splitRecords({ strata: ['a', 'a', 'a'], clusters: [0, 1, 2] }, { validation: 0.01, test: 0.01 }, 1);
    expect(SIDES.map((side) => few.report.sides[side].rows)).toEqual([1, 1, 1]);
    const one = splitRecords({ strata: ['a', 'a'], clusters: [0, 0] }, { validation: 0.1, test: 0.1 }, 1);
    expect(one.report.sides.train.rows).toBe(2);
  });

  test('say what one huge cluster makes unavoidable', () => {
    const { report } = splitRecords({ strata: Array.from({ length: 100 }, () => 'a'), clusters: Array.from({ length: 100 }, (_, row) => row < 90 ? 0 : row) }, { validation: 0.5, test: 0 }, 1);
    expect(report.largestCluster).toBe(90);
    expect([report.sides.train.rows, report.sides.validation.rows].sort((a, b) => a - b)).toEqual([10, 90]);
  });
});
