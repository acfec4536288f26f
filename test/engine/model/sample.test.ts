/** Sampling draws what the probabilities say; the random numbers are the same for ever. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/engine/model/random.ts';
import { argmax, draw } from '../../../src/engine/model/sample.ts';

const DRAWS = 40_000;
/** About five standard deviations of a share measured with that many draws. */
const TOLERANCE = 5 * Math.sqrt(0.25 / DRAWS);

/** Shares of the ids drawn. */
function shares(probabilities: readonly number[], topP: number): number[] {
  const given = Float32Array.from(probabilities);
  const random = new Random(5);
  const counts = new Array<number>(probabilities.length).fill(0);
  for (let i = 0; i < DRAWS; i++) counts[draw(given, topP, random)]! += 1;
  return counts.map((count) => count / DRAWS);
}

describe('drawing', () => {
  const probabilities = [0.1, 0.4, 0.05, 0.25, 0.2];

  test.each([
    ['every token as often as its probability', 1, probabilities],
    // The smallest set with 0.8 is {0.4, 0.25, 0.2}.
    ['only the smallest set that has topP', 0.8, [0, 0.4 / 0.85, 0, 0.25 / 0.85, 0.2 / 0.85]],
    ['a set that has exactly topP is enough', 0.4 - 1e-6, [0, 1, 0, 0, 0]],
  ])('%s', (_, topP, expected) => {
    for (const [id, share] of shares(probabilities, topP).entries()) {
      if (expected[id] === 0) expect(share).toBe(0);
      else expect(Math.abs(share - expected[id]!)).toBeLessThan(TOLERANCE);
    }
  });

  test('the nucleus is the one that sorting all tokens gives, of equals the lower ids', () => {
    const random = new Random(9);
    for (let round = 0; round < 40; round++) {
      // Few different values: many equals.
      const weights = Array.from({ length: 50 }, () => Math.floor(random.uniform() * 8) ** 3);
      const sum = weights.reduce((total, weight) => total + weight, 0);
      const probabilities = Float32Array.from(weights, (weight) => weight / sum);
      const topP = 0.05 + 0.9 * random.uniform();
      const sorted = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
      let mass = 0;
      const expected = new Set<number>();
      for (const id of sorted) {
        if (mass >= topP * probabilities.reduce((total, p) => total + p, 0)) break;
        mass += probabilities[id]!;
        expected.add(id);
      }
      const drawn = new Set<number>();
      // Evenly spread numbers in the generator's place: every token of the nucleus has more than a share of 1/1000.
      for (let i = 0; i < 2000; i++) drawn.add(draw(probabilities, topP, { uniform: () => (i + 0.5) / 2000 } as Random));
      expect([...drawn].sort((a, b) => a - b)).toEqual([...expected].sort((a, b) => a - b));
    }
  });

  test('a forbidden token (probability 0) is never drawn', () => {
    const random = new Random(1);
    for (let i = 0; i < 1000; i++) expect(draw(Float32Array.of(0, 0.5, 0, 0.5), 1, random) % 2).toBe(1);
  });

  test('the first of equals is the largest', () => {
    expect(argmax(Float32Array.of(1, 3, 3, 2))).toBe(1);
  });
});

describe('Random', () => {
  test('a seed means the same numbers for ever: checkpoints and recorded runs rely on it', () => {
    // From a second implementation, in Python, which gives the known 11520, 0, 5927040, 70819200 for the state 1, 2, 3, 4.
    const random = new Random(42, 'model.norm.weight', 3);
    expect(Array.from({ length: 6 }, () => random.word())).toMatchInlineSnapshot(`
      [
        347398172,
        1184697219,
        3292720912,
        2643041776,
        2441303682,
        2103182250,
      ]
    `);
  });

  test('streams of different seeds, words and texts differ from the first number on', () => {
    const first = [new Random(0), new Random(1), new Random(2 ** 32), new Random(0, 0), new Random(0, 1), new Random(0, 1, 0), new Random(0, 'a'), new Random(0, 'b'), new Random(0, 'ab')].map((random) => random.word());
    expect(new Set(first).size).toBe(first.length);
  });

  test('uniform numbers fill [0, 1), normal ones have mean 0 and deviation 1', () => {
    const random = new Random(3);
    const uniform = Array.from({ length: DRAWS }, () => random.uniform());
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    for (let tenth = 0; tenth < 10; tenth++) expect(Math.abs(uniform.filter((u) => Math.floor(u * 10) === tenth).length / DRAWS - 0.1)).toBeLessThan(TOLERANCE);
    const normal = Array.from({ length: DRAWS }, () => random.normal());
    const mean = normal.reduce((sum, x) => sum + x, 0) / DRAWS;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(DRAWS));
    expect(Math.abs(normal.reduce((sum, x) => sum + x * x, 0) / DRAWS - 1)).toBeLessThan(5 * Math.sqrt(2 / DRAWS));
    expect(normal.filter((x) => Math.abs(x) > 1.96).length / DRAWS).toBeCloseTo(0.05, 2);
  });
});
