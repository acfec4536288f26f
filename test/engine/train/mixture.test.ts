/** Several teachers as one: a mean of probabilities at the temperature, against plain arithmetic in float64. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate, SEGMENTS } from '../../../src/engine/train/batch.ts';
import { release, supervisedLogits, upload } from '../../../src/engine/train/losses.ts';
import { mixtureTargets } from '../../../src/engine/train/mixture.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { expectClose, makeInput, makeRows, makeStage, openWasm, TINY, VOCABULARY } from './setup.ts';

let backend: Backend;
let teachers: readonly DecoderModel[];
beforeAll(async () => {
  backend = await openWasm();
  teachers = [3, 4, 5].map((seed) => createDecoder({ ...TINY, hiddenSize: 16, headDim: 8 }, seed, backend));
  // New models hold all tokens for nearly equal: these have opinions.
  for (const model of teachers) for (const weight of model.weights.values()) assign(weight, (await weight.data()).map((value) => 8 * value) as Float32Array);
});
afterAll(() => backend.dispose());

const tasks = ['maths', 'logic', undefined];
const ROWS: readonly EncodedRow[] = makeRows(6, 9).map((row, index) => { const task = tasks[index % 3]; return task === undefined ? row : { ...row, task }; });

function softmax(logits: readonly number[], temperature: number): number[] {
  const best = Math.max(...logits);
  const powers = logits.map((value) => Math.exp((value - best) / temperature));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
}

describe.each([[null], [0.7]])('with tau %s', (tau) => {
  test.each([1, 2.5])('is the weighted mean of probabilities at T = %f', (temperature) => {
    const weights = [{ weight: 1, tasks: { maths: 3 } }, { weight: 2, tasks: {} }, { weight: 0.5, tasks: { logic: 0 } }];
    const mixed = teachers.map((model, index) => ({ model, ...(weights[index] ?? { weight: 1, tasks: {} }) }));
    const batch = collate(ROWS, TINY.maxPositions);
    const device = upload(batch);
    const each = teachers.map((model) => tf.tidy(() => supervisedLogits(model, device, VOCABULARY)));
    const before = tf.memory().numTensors;
    const got = mixtureTargets(mixed, VOCABULARY, tau).of(batch, device, temperature);
    expect(tf.memory().numTensors).toBe(before + got.length);
    for (const [index, name] of SEGMENTS.entries()) {
      const target = got[index];
      if (target?.kind !== 'logits') throw new Error('no logits');
      const rows = target.logits.arraySync();
      const opinions = each.map((segments) => segments[index]?.arraySync() ?? []);
      const taskOf = ROWS.flatMap((row) => {
        const kept = row.ids.length - Math.max(1, row.promptLength);
        const think = Math.min(row.answerStart, row.ids.length) - Math.max(1, row.promptLength);
        return Array.from({ length: name === 'think' ? think : kept - think }, () => row.task);
      });
      for (let position = 0; position < batch.segments[name].kept; position++) {
        const shares = mixed.map(({ weight, tasks: own }, k) => {
          const p = softmax(opinions[k]?.[position] ?? [], 1);
          const entropy = -p.reduce((sum, value) => sum + value * Math.log(value), 0);
          return ((own as Record<string, number>)[taskOf[position] ?? ''] ?? weight) * (tau === null ? 1 : Math.exp(-entropy / tau));
        });
        const total = shares.reduce((a, b) => a + b, 0);
        const wanted = Array.from({ length: VOCABULARY }, (_, id) => mixed.reduce((sum, __, k) => sum + ((shares[k] ?? NaN) / total) * (softmax(opinions[k]?.[position] ?? [], temperature)[id] ?? NaN), 0));
        expectClose(softmax(rows[position] ?? [], temperature), wanted, { absolute: 1e-5, what: `${name} ${position}` });
      }
      expect(rows.flat().every(Number.isFinite)).toBe(true);
    }
    release(device);
  });
});

test('one teacher, however often, is that teacher', async () => {
  const [teacher] = teachers as [DecoderModel];
  const run = async (mixture: object) => {
    const input = await makeInput({ student: createDecoder(TINY, 5, backend), teacher, train: makeRows(30, 1), stage: makeStage({ limits: { steps: 8 }, batch: { size: 4 }, validate: { every: 4 } }), ...mixture });
    await trainStage(input);
    return input.reporter.exact();
  };
  const [alone, thrice] = [await run({}), await run({ mixture: [1, 2, 5].map((weight) => ({ model: teacher, weight, tasks: {} })) })];
  for (const [index, { values }] of alone.entries()) for (const [name, value] of Object.entries(values)) expectClose([thrice[index]?.values[name] ?? NaN], [value ?? NaN], { relative: 1e-3, absolute: 1e-5, what: name });
});

test('several teachers’ logits are never in memory together: the peak is that of two, however many there are', async () => {
  const batch = collate(makeRows(8, 9), TINY.maxPositions);
  const device = upload(batch);
  const peak = async (count: number): Promise<number> => {
    const mixed = Array.from({ length: count }, (_, i) => ({ model: teachers[i % teachers.length] as DecoderModel, weight: 1 + i, tasks: {} }));
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => {
      for (const target of mixtureTargets(mixed, VOCABULARY, 0.7).of(batch, device, 2)) if (target.kind === 'logits') target.logits.dispose();
    });
    expect(tf.memory().numBytes, 'nothing is left').toBe(before);
    return peakBytes - before;
  };
  const [two, eight] = [await peak(2), await peak(8)];
  expect(two).toBeGreaterThan(0);
  expect(eight).toBe(two);
  release(device);
});
