/** A student cut from its teacher keeps what does something: parts without effect can go without changing a logit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { DecoderConfig, DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, readFloats } from '../../../src/engine/model/decoder.ts';
import { measureImportance } from '../../../src/engine/model/importance.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { chooseLayers, slimDecoder } from '../../../src/engine/model/slim.ts';
import { tf } from '../../../src/engine/tf.ts';
import { assign } from '../../../src/engine/train/optimizer.ts';

const CONFIG: DecoderConfig = {
  family: 'qwen3', vocabSize: 19, hiddenSize: 12, intermediateSize: 10, layers: 4, heads: 6, kvHeads: 3, headDim: 4, maxPositions: 32, ropeTheta: 10_000, ropeScaling: null,
  rmsNormEpsilon: 1e-5, tiedHead: true, qkvBias: true, outputBias: true, qkNorm: true, int8: false, bosTokenId: null, eosTokenIds: [1],
};
const ROWS = [[3, 1, 4, 1, 5, 9, 2, 6], [5, 3, 5, 8, 9], [7, 9, 3, 2, 3, 8, 4, 6, 2, 6]];

let backend: Backend;
beforeAll(async () => { backend = await openBackend({ backend: 'wasm', threads: 1 }); });
afterAll(() => backend.dispose());

/** Of ordinary size, so that every part does something. */
function teacher(): DecoderModel {
  const model = createDecoder(CONFIG, 1, backend);
  const random = new Random(2);
  for (const [name, weight] of model.weights) assign(weight, Float32Array.from({ length: weight.size }, () => Number(name.endsWith('norm.weight')) + 0.3 * random.normal()));
  return model;
}

/** Sets columns of a projection [out, in] to 0: whatever comes in there has no effect any more. */
async function mute(model: DecoderModel, name: string, columns: readonly number[]): Promise<void> {
  const weight = model.weights.get(name);
  if (weight === undefined) throw new Error(name);
  const values = await readFloats(weight);
  const width = weight.shape[1] ?? 0;
  assign(weight, values.map((value, i) => (columns.includes(i % width) ? 0 : value)));
}

function logits(model: DecoderModel): readonly number[][] {
  return ROWS.map((row) => [...tf.tidy(() => model.forward(tf.tensor2d(row, [1, row.length], 'int32')).dataSync<'float32'>())]);
}

function expectSame(a: readonly number[][], b: readonly number[][]): void {
  expect(Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - (b[i]?.[j] ?? NaN)))))).toBeLessThan(1e-4);
}

describe('narrowing', () => {
  test('takes the neurons away that nobody listens to', async () => {
    const model = teacher();
    for (let layer = 0; layer < 4; layer++) await mute(model, `model.layers.${layer}.mlp.down_proj.weight`, [layer, layer + 2, 9]);
    const student = await slimDecoder(model, { layers: [0, 1, 2, 3], intermediateSize: 7 }, await measureImportance(model, ROWS));
    expect(student.config.intermediateSize).toBe(7);
    expectSame(logits(student), logits(model));
  });

  test('takes whole groups of heads away that give nothing', async () => {
    const model = teacher();
    for (let layer = 0; layer < 4; layer++) {
      const kv = layer % 3;
      await mute(model, `model.layers.${layer}.self_attn.o_proj.weight`, Array.from({ length: 8 }, (_, i) => kv * 8 + i));
    }
    const student = await slimDecoder(model, { layers: [0, 1, 2, 3], kvHeads: 2 }, await measureImportance(model, ROWS));
    expect(student.config).toMatchObject({ heads: 4, kvHeads: 2 });
    expectSame(logits(student), logits(model));
    expect(student.parameters).toBeLessThan(model.parameters);
  });

  test('takes single query heads away that give nothing, equally many of each group', async () => {
    const model = teacher();
    for (let layer = 0; layer < 4; layer++) {
      // Heads 0 and 1 share the first key-value head, 2 and 3 the second, 4 and 5 the third.
      const muted = [layer % 2, 2 + ((layer + 1) % 2), 4];
      await mute(model, `model.layers.${layer}.self_attn.o_proj.weight`, muted.flatMap((head) => Array.from({ length: 4 }, (_, i) => head * 4 + i)));
    }
    const student = await slimDecoder(model, { layers: [0, 1, 2, 3], heads: 3 }, await measureImportance(model, ROWS));
    expect(student.config).toMatchObject({ heads: 3, kvHeads: 3 });
    expectSame(logits(student), logits(model));
  });

  test('of nothing leaves the teacher, weight for weight', async () => {
    const model = teacher();
    const student = await slimDecoder(model, { layers: [0, 1, 2, 3] }, null);
    for (const [name, weight] of model.weights) expect(await student.weights.get(name)?.data(), name).toEqual(await weight.data());
  });

  test('to more than the teacher has is refused', async () => {
    await expect(slimDecoder(teacher(), { layers: [0], intermediateSize: 11 }, null)).rejects.toMatchObject({ code: 'slim-too-wide', data: { what: 'intermediate_size', wanted: 11, have: 10 } });
    await expect(slimDecoder(teacher(), { layers: [0], heads: 7 }, null)).rejects.toMatchObject({ code: 'slim-too-wide', data: { what: 'num_attention_heads', wanted: 7, have: 6 } });
    await expect(slimDecoder(teacher(), { layers: [0], heads: 4 }, null)).rejects.toMatchObject({ code: 'slim-heads', data: { wanted: 4, kv: 3, most: 6 } });
    await expect(slimDecoder(teacher(), { layers: [4] }, null)).rejects.toMatchObject({ code: 'layers-not-in-teacher' });
  });
});

describe('layers', () => {
  test('uniform and last are those of the layer maps', () => {
    expect(chooseLayers('uniform', 3, 12, null)).toEqual([3, 7, 11]);
    expect(chooseLayers('last', 3, 12, null)).toEqual([9, 10, 11]);
  });

  test('by influence, a block that changes nothing goes first', async () => {
    const model = teacher();
    for (const name of ['mlp.down_proj.weight', 'self_attn.o_proj.weight', 'self_attn.o_proj.bias']) {
      const weight = model.weights.get(`model.layers.2.${name}`);
      if (weight !== undefined) assign(weight, new Float32Array(weight.size));
    }
    const importance = await measureImportance(model, ROWS);
    expect(importance.layers[2]).toBeCloseTo(0, 5);
    const layers = chooseLayers('importance', 3, 4, importance);
    expect(layers).toEqual([0, 1, 3]);
    expectSame(logits(await slimDecoder(model, { layers }, importance)), logits(model));
  });

  test('nothing stays on the backend when importance was measured', async () => {
    const model = teacher();
    await measureImportance(model, ROWS);
    const before = tf.memory().numTensors;
    await measureImportance(model, ROWS);
    expect(tf.memory().numTensors).toBe(before);
  });
});
