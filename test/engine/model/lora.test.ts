/** Low-rank adapters: what PEFT computes of them, taken out again to the last bit, and PEFT's files in both directions. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, quantisedDecoder, readFloats } from '../../../src/engine/model/decoder.ts';
import { loadDecoder, saveDecoder } from '../../../src/engine/model/folder.ts';
import { digestOfWeights, merge, withNewAdapter } from '../../../src/engine/model/lora.ts';
import { readAdapterConfig, saveAdapter } from '../../../src/engine/model/peft.ts';
import { openSafetensors } from '../../../src/engine/model/safetensors.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { lora } from '../../../src/shared/recipeAdapter.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { BACKENDS, expectClose, openFor, rowsOf, TINY, type FixtureRow } from '../train/setup.ts';

const MODELS = fileURLToPath(new URL('../../fixtures/models', import.meta.url));
const fixture = JSON.parse(readFileSync(new URL('../../fixtures/torch/lora.json', import.meta.url), 'utf8')) as {
  readonly rows: readonly FixtureRow[];
  readonly cases: readonly {
    readonly folder: string; readonly loss: number; readonly logits: number[][]; readonly merged: number[][]; readonly gradients: Readonly<Record<string, number[][]>>; readonly gradientNorm: number; readonly trainable: readonly string[];
  }[];
};
const BASE = { base: 'base', baseDigest: '' };
const OBJECTIVE = { weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 1, vocabulary: 50 } as const;

function logitsOf(model: DecoderModel, row: readonly number[]): Float32Array {
  return tf.tidy(() => model.forward(tf.tensor2d([...row], [1, row.length], 'int32')).dataSync<'float32'>());
}

/** All weights of a model, to the last bit. */
async function bits(model: DecoderModel): Promise<ReadonlyMap<string, Float32Array>> {
  return new Map(await Promise.all([...model.weights].map(async ([name, weight]) => [name, await readFloats(weight)] as const)));
}

/** An adapter that does something: B is zero to begin with. */
function withEffect(model: DecoderModel, settings: object = { rank: 3 }): DecoderModel {
  const adapted = withNewAdapter(model, lora.parse(settings), 5, BASE);
  for (const { b } of adapted.adapter?.pairs.values() ?? []) {
    const values = tf.randomNormal(b.shape, 0, 0.2, 'float32', 7);
    b.assign(values);
    values.dispose();
  }
  return adapted;
}

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => { backend = await openFor(name); });
  afterAll(() => backend.dispose());

  describe.each(fixture.cases)('an adapter that PEFT wrote ($folder)', (expected) => {
    const load = (): Promise<DecoderModel> => loadDecoder(path.join(MODELS, 'tiny-llama'), backend, path.join(MODELS, expected.folder));
    const ids = fixture.rows[0]?.ids ?? [];

    test('gives PEFT’s logits beside the weights and merged into them', async () => {
      const model = await load();
      const close = { absolute: 2e-5, relative: 1e-4 };
      expectClose(logitsOf(model, ids), expected.logits.flat(), close);
      const merged = merge(model);
      expectClose(logitsOf(merged.model, ids), expected.merged.flat(), close);
      merged.unmerge().dispose();
    });

    test('has PEFT’s loss and gradients, and nothing else is trained', async () => {
      const model = await load();
      expect([...model.trainable.keys()].sort()).toEqual(expected.trainable);
      const batch = collate(rowsOf(fixture.rows), 48);
      const { gradients, scalars } = gradientsOf(model, null, OBJECTIVE, batch, batch.kept);
      expect([...gradients.keys()].sort()).toEqual(expected.trainable);
      let squares = 0;
      for (const gradient of gradients.values()) squares += (await gradient.data<'float32'>()).reduce((sum, value) => sum + value * value, 0);
      expect(Math.sqrt(squares) / expected.gradientNorm).toBeCloseTo(1, 4);
      for (const [weight, values] of Object.entries(expected.gradients)) {
        expectClose(await gradients.get(weight)?.data<'float32'>(), values.flat(), { relative: 1e-4, absolute: 2e-6, what: weight });
      }
      tf.dispose([...gradients.values(), ...scalars]);
      model.dispose();
    });
  });

  test('merged and taken out again, the weights are those from before to the last bit', async () => {
    const model = withEffect(createDecoder(TINY, 1, backend));
    const before = await bits(model);
    const beside = logitsOf(model, [1, 2, 3, 4]);
    const merged = merge(model);
    expect(merged.model.adapter).toBeNull();
    expect(await bits(merged.model)).not.toEqual(before);
    expectClose(logitsOf(merged.model, [1, 2, 3, 4]), beside, { absolute: 1e-5 });
    const again = merged.unmerge();
    expect(await bits(again)).toEqual(before);
    expect(logitsOf(again, [1, 2, 3, 4])).toEqual(beside);
    again.dispose();
  });

  test('nothing stays on the backend of an adapter that was merged for good, or of a model that is gone', async () => {
    const tensors = tf.memory().numTensors;
    const kept = merge(withEffect(createDecoder(TINY, 1, backend))).keep();
    expect(tf.memory().numTensors).toBe(tensors + kept.weights.size);
    kept.dispose();
    withEffect(createDecoder(TINY, 1, backend)).dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('computed as INT8, the merged and exported model gives the same answers', async () => {
    const model = quantisedDecoder(withEffect(createDecoder(TINY, 1, backend)));
    const folder = path.join(temporaryFolder(), 'int8');
    await saveDecoder(model, folder, { dtype: 'int8' });
    const exported = await loadDecoder(folder, backend);
    expectClose(logitsOf(exported, [1, 2, 3, 4]), logitsOf(model, [1, 2, 3, 4]), { absolute: 1e-5 });
    exported.dispose();
    model.dispose();
  });
});

describe('files', () => {
  let backend: Backend;
  beforeAll(async () => { backend = await openBackend({ backend: 'cpu', threads: null }); });
  afterAll(() => backend.dispose());
  const tiny = (): DecoderModel => createDecoder(TINY, 1, backend);

  test('are those of PEFT: the same names, shapes and settings, and the same numbers when read again', async () => {
    const model = await loadDecoder(path.join(MODELS, 'tiny-llama'), backend, path.join(MODELS, 'tiny-lora'));
    const folder = path.join(temporaryFolder(), 'adapter');
    await saveAdapter(model, folder);
    const [ours, theirs] = [await openSafetensors(path.join(folder, 'adapter_model.safetensors')), await openSafetensors(path.join(MODELS, 'tiny-lora', 'adapter_model.safetensors'))];
    expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
    for (const [tensor, info] of theirs.tensors) {
      expect(ours.tensors.get(tensor)?.shape, tensor).toEqual(info.shape);
      expect(await ours.floats(tensor), tensor).toEqual(await theirs.floats(tensor));
    }
    await ours.close();
    await theirs.close();
    const [written, read] = [folder, path.join(MODELS, 'tiny-lora')].map((each) => JSON.parse(readFileSync(path.join(each, 'adapter_config.json'), 'utf8')) as Record<string, unknown>);
    for (const field of ['peft_type', 'task_type', 'r', 'lora_alpha', 'use_rslora', 'bias', 'use_dora', 'fan_in_fan_out']) expect(written?.[field], field).toEqual(read?.[field]);
    expect(new Set(written?.['target_modules'] as string[])).toEqual(new Set(read?.['target_modules'] as string[]));
    model.dispose();
  });

  test('an adapter beside its base is read as one model, and refused when the base is another one now', async () => {
    const folder = temporaryFolder();
    const base = tiny();
    await saveDecoder(base, path.join(folder, 'base-0'));
    const model = withNewAdapter(base, lora.parse({ rank: 2, targets: ['v_proj'] }), 3, { base: path.join(folder, 'base-0'), baseDigest: await digestOfWeights(base) });
    await saveAdapter(model, path.join(folder, 'step-000001'), { base: '../base-0' });
    const again = await loadDecoder(path.join(folder, 'step-000001'), backend);
    expect([...again.trainable.keys()]).toEqual([...model.trainable.keys()]);
    expect(await bits(again)).toEqual(await bits(model));
    again.dispose();
    model.dispose();
    const other = createDecoder(TINY, 2, backend);
    await saveDecoder(other, path.join(folder, 'base-0'));
    await expect(loadDecoder(path.join(folder, 'step-000001'), backend)).rejects.toMatchObject({ code: 'adapter-base-changed' });
    other.dispose();
  });

  test('an adapter alone doesn’t choose what is read beside it', async () => {
    const folder = temporaryFolder();
    for (const base of ['/etc', '../../secret', 'meta-llama/Llama-3', '../base-0/../..']) {
      mkdirSync(path.join(folder, 'a'), { recursive: true });
      cpSync(path.join(MODELS, 'tiny-lora'), path.join(folder, 'a'), { recursive: true });
      const config = JSON.parse(readFileSync(path.join(folder, 'a', 'adapter_config.json'), 'utf8')) as object;
      writeFileSync(path.join(folder, 'a', 'adapter_config.json'), JSON.stringify({ ...config, base_model_name_or_path: base }));
      await expect(loadDecoder(path.join(folder, 'a'), backend)).rejects.toMatchObject({ code: 'adapter-needs-base', data: { base } });
    }
  });

  test.each([
    ['use_dora', true], ['bias', 'all'], ['modules_to_save', ['lm_head']], ['rank_pattern', { 'layers.0': 8 }], ['peft_type', 'IA3'], ['r', 2.5], ['lora_alpha', 'eight'], ['kasa_config', { beta: 1 }],
  ])('a kind of adapter that would compute something else is refused: %s', async (field, value) => {
    const folder = temporaryFolder();
    cpSync(path.join(MODELS, 'tiny-lora'), folder, { recursive: true });
    const config = JSON.parse(readFileSync(path.join(folder, 'adapter_config.json'), 'utf8')) as object;
    writeFileSync(path.join(folder, 'adapter_config.json'), JSON.stringify({ ...config, [field]: value }));
    await expect(readAdapterConfig(folder)).rejects.toMatchObject({ code: 'adapter-unsupported', data: { field } });
  });

  test('an adapter of another model is refused with the tensor that does not fit', async () => {
    const folder = temporaryFolder();
    const base = tiny();
    await saveDecoder(base, path.join(folder, 'other'));
    await expect(loadDecoder(path.join(folder, 'other'), backend, path.join(MODELS, 'tiny-rslora'))).rejects.toMatchObject({ code: expect.stringMatching(/tensor-shape|adapter-unsupported/) as string });
    base.dispose();
  });
});
