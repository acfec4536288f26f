/** INT8 as it is trained for, against PyTorch, and as it is exported: the same answers. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { decoderFrom, quantisedDecoder } from '../../../src/engine/model/decoder.ts';
import { quantiseRows, widenRows } from '../../../src/engine/model/fakeQuantise.ts';
import { loadDecoder, saveDecoder } from '../../../src/engine/model/folder.ts';
import { generate } from '../../../src/engine/model/generate.ts';
import { openSafetensors } from '../../../src/engine/model/safetensors.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { LossTotals, readScalars } from '../../../src/engine/train/lossValues.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { BACKENDS, expectClose, openFor, rowsOf, TINY, type FixtureRow } from '../train/setup.ts';

const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/int8.json', import.meta.url), 'utf8')) as {
  readonly vocabulary: number; readonly rows: readonly FixtureRow[]; readonly config: Readonly<Record<string, number>>; readonly loss: number; readonly logits: number[][];
  readonly weights: Readonly<Record<string, number[] | number[][]>>; readonly gradients: Readonly<Record<string, number[] | number[][]>>;
};

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => { backend = await openFor(name); });
  afterAll(() => backend.dispose());

  const plain = (): DecoderModel => decoderFrom({
    ...TINY, vocabSize: fixture.vocabulary, hiddenSize: 8, intermediateSize: 12, layers: 2, heads: 2, kvHeads: 1, headDim: 4, maxPositions: 32,
  }, backend, (weight) => Float32Array.from(fixture.weights[weight]?.flat() ?? []));
  const logitsOf = (model: DecoderModel, row: readonly number[]): Float32Array => tf.tidy(() => model.forward(tf.tensor2d([...row], [1, row.length], 'int32')).dataSync<'float32'>());
  const [first] = fixture.rows;

  test('logits, loss and every gradient are those of PyTorch', async () => {
    const model = quantisedDecoder(plain());
    expectClose(logitsOf(model, first?.ids ?? []), fixture.logits.flat(), { absolute: 2e-5, relative: 1e-5 });
    const batch = collate(rowsOf(fixture.rows), 32);
    const objective = { weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 1, vocabulary: fixture.vocabulary } as const;
    const { gradients, scalars } = gradientsOf(model, null, objective, batch, batch.kept);
    const totals = new LossTotals(objective, false);
    totals.add(batch, (await readScalars([scalars]))[0] ?? []);
    expectClose([totals.values().ce], [fixture.loss], { relative: 1e-5 });
    for (const [weight, wanted] of Object.entries(fixture.gradients)) expectClose(await gradients.get(weight)?.data(), wanted.flat(), { relative: 2e-4, absolute: 3e-6, what: weight });
  });

  test('the exported int8 model gives the answers of the fake-quantised one', async () => {
    const model = quantisedDecoder(plain());
    const folder = path.join(temporaryFolder(), 'student');
    await saveDecoder(model, folder, { dtype: 'int8' });
    const again = await loadDecoder(folder, backend);
    expect(again.config).toEqual(model.config);
    expectClose(logitsOf(again, first?.ids ?? []), logitsOf(model, first?.ids ?? []), { absolute: 1e-5 });
    const options = { maxNewTokens: 12, temperature: 0, topP: 1, seed: 0, eosTokenIds: [1] };
    expect(await generate(again, [[3, 1, 4], [5]], options)).toEqual(await generate(model, [[3, 1, 4], [5]], options));
    const file = await openSafetensors(path.join(folder, 'model.safetensors'));
    expect(file.tensors.get('model.layers.0.mlp.gate_proj.weight')).toMatchObject({ dtype: 'I8', shape: [12, 8] });
    expect(file.tensors.get('model.layers.0.mlp.gate_proj.weight_scale')).toMatchObject({ dtype: 'F32', shape: [12, 1] });
    expect(file.tensors.get('model.embed_tokens.weight')).toMatchObject({ dtype: 'F32' });
    await file.close();
    expect([...file.tensors].reduce((sum, [, { bytes }]) => sum + bytes, 0)).toBe([...model.weights].reduce((sum, [weight, { size, shape }]) => sum + (weight.endsWith('_proj.weight') ? size + 4 * (shape[0] ?? 0) : 4 * size), 0));
    const whole = path.join(temporaryFolder(), 'whole');
    await saveDecoder(model, whole);
    // A checkpoint of float weights remembers what they are trained for.
    expect((await loadDecoder(whole, backend)).config.int8).toBe(true);
  });
});

test('rounding a weight keeps it within half a step of each row’s own scale, and twice is once', () => {
  const weight = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * i) * (i < 20 ? 1 : i < 40 ? 100 : 0));
  const rows = quantiseRows(weight, 3);
  const wide = widenRows(rows);
  weight.forEach((value, i) => expect(Math.abs(value - (wide[i] ?? NaN))).toBeLessThanOrEqual((rows.scales[Math.floor(i / 20)] ?? NaN) * 0.5001));
  expect(Math.max(...rows.values.subarray(0, 20).map(Math.abs))).toBe(127);
  expect(quantiseRows(wide, 3).values).toEqual(rows.values);
});
