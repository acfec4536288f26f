/** The kernels of generation against plain float64, at sizes that fill no vector, block or tile; the same bits for any neighbours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHeap, type Heap } from '../../../src/engine/backend/wasm/heap.ts';
import { openPool, type Pool } from '../../../src/engine/backend/wasm/workers.ts';
import { Random } from '../../../src/engine/model/random.ts';

const TOLERANCE = 1e-5;

describe.each(['plain', 'fma'] as const)('%s kernels', (variant) => {
  let heap: Heap;
  let pool: Pool;
  const random = new Random(1);
  beforeAll(async () => {
    heap = await openHeap();
    pool = await openPool(heap, 2, variant);
  });
  afterAll(() => pool.close());

  const put = (values: ArrayLike<number>): number => {
    const at = heap.reserve(values.length * 4);
    new Float32Array(heap.memory.buffer, at, values.length).set(values);
    return at;
  };
  const ints = (values: readonly number[]): number => {
    const at = heap.reserve(values.length * 4);
    new Int32Array(heap.memory.buffer, at, values.length).set(values);
    return at;
  };
  const get = (at: number, length: number): Float32Array => new Float32Array(heap.memory.buffer, at, length).slice();
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  const expectClose = (actual: Float32Array, expected: readonly number[]): void => {
    expect(actual).toHaveLength(expected.length);
    expect(expected.reduce((worst, value, i) => Math.max(worst, Math.abs(actual[i]! - value) / (1 + Math.abs(value))), 0)).toBeLessThan(TOLERANCE);
  };
  const product = (x: Float32Array, weight: Float32Array, bias: Float32Array | null, m: number, k: number, n: number): number[] =>
    Array.from({ length: m * n }, (_, at) => {
      const [i, j] = [Math.floor(at / n), at % n];
      let sum = bias?.[j] ?? 0;
      for (let p = 0; p < k; p++) sum += x[i * k + p]! * weight[j * k + p]!;
      return sum;
    });

  test.each([[1, 7, 5], [1, 64, 37], [2, 30, 16], [5, 33, 21], [67, 20, 300]])('projections of %i rows, depth %i, %i columns: stored, added, gated', (m, k, n) => {
    const x = normal(m * k);
    const [a, b, c] = [normal(n * k), normal((n + 3) * k), normal(2 * k)];
    const bias = normal(n);
    const [outA, outB, outC] = [put(new Float32Array(m * n)), put(new Float32Array(m * (n + 3))), put(new Float32Array(m * 2))];
    const [at, atA] = [put(x), put(a)];
    pool.kernels.project(at, m, k, 0, atA, put(bias), n, outA, put(b), 0, n + 3, outB, put(c), 0, 2, outC);
    const stored = product(x, a, bias, m, k, n);
    expectClose(get(outA, m * n), stored);
    expectClose(get(outB, m * (n + 3)), product(x, b, null, m, k, n + 3));
    expectClose(get(outC, m * 2), product(x, c, null, m, k, 2));

    pool.kernels.project(at, m, k, 1, atA, 0, n, outA, 0, 0, 0, 0, 0, 0, 0, 0);
    const again = product(x, a, null, m, k, n);
    expectClose(get(outA, m * n), stored.map((value, i) => value + again[i]!));

    const up = normal(n * k);
    pool.kernels.project(at, m, k, 2, atA, 0, n, outA, put(up), 0, n, put(new Float32Array(m * n)), 0, 0, 0, 0);
    const [gates, ups] = [product(x, a, null, m, k, n), product(x, up, null, m, k, n)];
    expectClose(get(outA, m * n), gates.map((gate, i) => gate / (1 + Math.exp(-gate)) * ups[i]!));
  });

  test('a row of a product is the same bits alone and among others', () => {
    const [m, k, n] = [9, 45, 70];
    const [x, weight] = [normal(m * k), put(normal(n * k))];
    const all = put(new Float32Array(m * n));
    pool.kernels.project(put(x), m, k, 0, weight, 0, n, all, 0, 0, 0, 0, 0, 0, 0, 0);
    for (let i = 0; i < m; i++) {
      const one = put(new Float32Array(n));
      pool.kernels.project(put(x.subarray(i * k, (i + 1) * k)), 1, k, 0, weight, 0, n, one, 0, 0, 0, 0, 0, 0, 0, 0);
      expect(get(one, n)).toEqual(get(all, m * n).slice(i * n, (i + 1) * n));
    }
  });

  test.each([[4, 2, 6], [3, 1, 16], [2, 2, 20]])('attention of %i heads over %i of keys, %i wide: what was remembered up to the own position', (heads, kvHeads, headDim) => {
    const [slots, capacity] = [3, 11];
    const tokens = [{ slot: 2, position: 0 }, { slot: 2, position: 1 }, { slot: 0, position: 6 }, { slot: 2, position: 2 }];
    const [keys, values] = [normal(slots * kvHeads * capacity * headDim), normal(slots * kvHeads * capacity * headDim)];
    const [q, k, v] = [normal(tokens.length * heads * headDim), normal(tokens.length * kvHeads * headDim), normal(tokens.length * kvHeads * headDim)];
    const half = headDim / 2;
    const [cos, sin] = [normal(capacity * half), normal(capacity * half)];
    const turn = (x: Float32Array, from: number, position: number): number[] => Array.from({ length: headDim }, (_, d) => {
      const i = d % half;
      const [a, b, c, s] = [x[from + i]!, x[from + half + i]!, cos[position * half + i]!, sin[position * half + i]!];
      return d < half ? a * c - b * s : b * c + a * s;
    });
    const [atQ, atKeys, atValues, out] = [put(q), put(keys), put(values), put(new Float32Array(q.length))];
    const [atSlots, atPositions] = [ints(tokens.map(({ slot }) => slot)), ints(tokens.map(({ position }) => position))];
    pool.kernels.remember(atQ, put(k), put(v), put(cos), put(sin), atKeys, atValues, atSlots, atPositions, tokens.length, heads, kvHeads, headDim, capacity);
    pool.kernels.attend(atQ, atKeys, atValues, out, atSlots, atPositions, tokens.length, heads, kvHeads, headDim, capacity, 0.3, 20);

    const row = (slot: number, head: number, column: number): number => ((slot * kvHeads + head) * capacity + column) * headDim;
    const [allKeys, allValues] = [Float64Array.from(keys), Float64Array.from(values)];
    tokens.forEach(({ slot, position }, t) => {
      for (let h = 0; h < kvHeads; h++) {
        allKeys.set(turn(k, (t * kvHeads + h) * headDim, position), row(slot, h, position));
        allValues.set(v.subarray((t * kvHeads + h) * headDim, (t * kvHeads + h + 1) * headDim), row(slot, h, position));
      }
    });
    expectClose(get(atKeys, keys.length), [...allKeys]);
    const expected = tokens.flatMap(({ slot, position }, t) => Array.from({ length: heads }, (_, h) => {
      const query = turn(q, (t * heads + h) * headDim, position);
      const head = Math.floor(h / (heads / kvHeads));
      const weights = Array.from({ length: position + 1 }, (_key, column) => Math.exp(0.3 * query.reduce((sum, value, d) => sum + value * allKeys[row(slot, head, column) + d]!, 0)));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return Array.from({ length: headDim }, (_value, d) => weights.reduce((sum, weight, column) => sum + weight * allValues[row(slot, head, column) + d]!, 0) / total);
    }).flat());
    expectClose(get(out, q.length), expected);
  });

  test('probabilities and the first of the largest', () => {
    const [rows, width] = [3, 13];
    const logits = normal(rows * width);
    logits.set([4, 9, 9], 2);
    const [at, out, best] = [put(logits), put(new Float32Array(rows * width)), ints([0, 0, 0])];
    pool.kernels.best(at, best, rows, width);
    pool.kernels.probabilities(at, out, rows, width, 0.5);
    const ids = new Int32Array(heap.memory.buffer, best, rows);
    expect(ids[0]).toBe(3);
    for (let r = 0; r < rows; r++) {
      const own = [...logits.subarray(r * width, (r + 1) * width)];
      expect(ids[r]).toBe(own.indexOf(Math.max(...own)));
      const total = own.reduce((sum, value) => sum + Math.exp(value / 2), 0);
      expectClose(get(out + r * width * 4, width), own.map((value) => Math.exp(value / 2) / total));
    }
  });
});
