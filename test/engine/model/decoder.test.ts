/** New models, students made of a teacher's layers, folders. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { parseConfig } from '../../../src/engine/model/config.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, readFloats } from '../../../src/engine/model/decoder.ts';
import { slimDecoder } from '../../../src/engine/model/slim.ts';
import { loadDecoder, readConfig, saveDecoder } from '../../../src/engine/model/folder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { MODELS } from './reference.ts';

const config = parseConfig({
  model_type: 'llama', vocab_size: 40, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 2,
  max_position_embeddings: 32, tie_word_embeddings: true, attention_bias: true,
}, 'config.json');
const qwen = path.join(MODELS, 'tiny-qwen2');

let backend: Backend;
beforeAll(async () => { backend = await openBackend({ backend: 'cpu', threads: 1 }); });
afterAll(() => backend.dispose());

const floats = (model: DecoderModel, name: string): Promise<Float32Array> => readFloats(model.weights.get(name)!);

function logits(model: DecoderModel, rows: readonly (readonly number[])[]): number[][] {
  return tf.tidy(() => tf.reshape(model.forward(tf.tensor2d(rows.map((row) => [...row]), undefined, 'int32')), [rows.length, -1]).arraySync() as number[][]);
}

describe('a new model', () => {
  test('has the deviations it promises, ones in its norms and zeros in its biases', async () => {
    const model = createDecoder(config, 1, backend);
    const deviation = async (name: string): Promise<number> => {
      const values = await floats(model, name);
      return Math.sqrt(values.reduce((sum, x) => sum + x * x, 0) / values.length);
    };
    for (const [name, expected] of [
      ['model.embed_tokens.weight', 0.02], ['model.layers.0.self_attn.q_proj.weight', 0.02], ['model.layers.3.mlp.gate_proj.weight', 0.02],
      ['model.layers.1.self_attn.o_proj.weight', 0.02 / Math.sqrt(8)], ['model.layers.2.mlp.down_proj.weight', 0.02 / Math.sqrt(8)],
    ] as const) expect(await deviation(name) / expected).toBeCloseTo(1, 1);
    expect(new Set(await floats(model, 'model.layers.0.input_layernorm.weight'))).toEqual(new Set([1]));
    expect(new Set(await floats(model, 'model.layers.0.self_attn.o_proj.bias'))).toEqual(new Set([0]));
    expect(await floats(model, 'model.layers.0.self_attn.q_proj.weight')).not.toEqual(await floats(model, 'model.layers.1.self_attn.q_proj.weight'));
    expect(model.parameters).toBe([...model.weights.values()].reduce((sum, { size }) => sum + size, 0));
    model.dispose();
  });

  test('is the same for the same seed on every backend, another for another seed', async () => {
    const name = 'model.layers.1.mlp.up_proj.weight';
    const onCpu = createDecoder(config, 1, backend);
    const other = createDecoder(config, 2, backend);
    const expected = await floats(onCpu, name);
    expect(await floats(other, name)).not.toEqual(expected);
    onCpu.dispose();
    other.dispose();
    const wasm = await openBackend({ backend: 'wasm', threads: 1 });
    const onWasm = createDecoder(config, 1, wasm);
    expect(await floats(onWasm, name)).toEqual(expected);
    onWasm.dispose();
    await wasm.dispose();
    await tf.setBackend('cpu');
  });
});

describe('the forward pass', () => {
  test('is causal: what comes later, padding included, changes nothing before it', () => {
    const model = createDecoder(config, 3, backend);
    const [one, two] = logits(model, [[5, 6, 7, 8, 9], [5, 6, 7, 0, 0]]) as [number[], number[]];
    expect(two.slice(0, 3 * 40)).toEqual(one.slice(0, 3 * 40));
    expect(two.slice(3 * 40)).not.toEqual(one.slice(3 * 40));
    const [alone] = logits(model, [[5, 6, 7]]) as [number[]];
    alone.forEach((logit, i) => expect(logit).toBeCloseTo(two[i]!, 6));
    model.dispose();
  });

  test('refuses more positions than the model has', () => {
    const model = createDecoder(config, 3, backend);
    expect(() => model.forward(tf.zeros([1, 33], 'int32'))).toThrow(/33 tokens is longer than the 32 positions/);
    model.dispose();
  });

  test('keeps nothing but its tables, however many lengths it has seen', () => {
    const model = createDecoder(config, 3, backend);
    const lengths = Array.from({ length: 20 }, (_, i) => i + 1);
    const counts = lengths.map((length) => {
      logits(model, [lengths.slice(0, length)]);
      return tf.memory().numTensors;
    });
    expect(counts.at(-1)).toBe(counts.at(9));
    model.dispose();
  });
});

describe('a student from a teacher\'s layers', () => {
  test('with all of them is the teacher; with some it has copies of those', async () => {
    const teacher = await loadDecoder(qwen, backend);
    const twin = await slimDecoder(teacher, { layers: [0, 1] }, null);
    expect(logits(twin, [[3, 4, 5]])).toEqual(logits(teacher, [[3, 4, 5]]));
    const student = await slimDecoder(teacher, { layers: [1] }, null);
    expect(student.config).toEqual({ ...teacher.config, layers: 1 });
    expect(await floats(student, 'model.layers.0.self_attn.q_proj.bias')).toEqual(await floats(teacher, 'model.layers.1.self_attn.q_proj.bias'));
    expect(student.parameters).toBeLessThan(teacher.parameters);
    // A copy: training the student leaves the teacher alone.
    const before = await floats(teacher, 'lm_head.weight');
    student.weights.get('lm_head.weight')!.assign(tf.zeros([385, 32]));
    expect(await floats(teacher, 'lm_head.weight')).toEqual(before);
    for (const model of [teacher, twin, student]) model.dispose();
  });

  test('a layer that the teacher lacks is named', async () => {
    const teacher = await loadDecoder(qwen, backend);
    await expect(slimDecoder(teacher, { layers: [0, 2] }, null)).rejects.toThrow('Layer 2 is not in the teacher, whose layers are 0 to 1');
    teacher.dispose();
  });
});

describe('folders', () => {
  test('a saved model has its tokenizer, its template and its generation config beside it, and no temporary file', async () => {
    const model = await loadDecoder(qwen, backend);
    const parent = temporaryFolder();
    const folder = path.join(parent, 'student');
    await saveDecoder(model, folder, { tokenizerFolder: qwen, more: async (temporary) => { writeFileSync(path.join(temporary, 'trainer.json'), '{}'); } });
    expect(readdirSync(folder).sort()).toEqual(['chat_template.jinja', 'config.json', 'generation_config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'trainer.json']);
    expect(readFileSync(path.join(folder, 'tokenizer.json'))).toEqual(readFileSync(path.join(qwen, 'tokenizer.json')));
    expect(readdirSync(parent)).toEqual(['student']);
    model.dispose();
  });

  test.each(['bfloat16', 'float16'] as const)('weights that were %s are written as such without loss', async (dtype) => {
    const source = dtype === 'bfloat16' ? qwen : path.join(MODELS, 'tiny-llama');
    const model = await loadDecoder(source, backend);
    const folder = path.join(temporaryFolder(), 'copy');
    await saveDecoder(model, folder, { dtype });
    const again = await loadDecoder(folder, backend);
    for (const name of model.weights.keys()) expect(await floats(again, name)).toEqual(await floats(model, name));
    expect(JSON.parse(readFileSync(path.join(folder, 'config.json'), 'utf8'))).toMatchObject({ dtype });
    model.dispose();
    again.dispose();
  });

  test('a model folder is replaced; a folder of something else is left alone', async () => {
    const model = createDecoder(config, 1, backend);
    const parent = temporaryFolder();
    const folder = path.join(parent, 'student');
    await saveDecoder(model, folder);
    await saveDecoder(model, folder, { tokenizerFolder: qwen });
    expect(readdirSync(folder)).toContain('tokenizer.json');
    const photos = path.join(parent, 'photos');
    mkdirSync(photos);
    writeFileSync(path.join(photos, 'summer.jpg'), '');
    await expect(saveDecoder(model, photos)).rejects.toMatchObject({ code: 'model-folder-exists', data: { folder: photos } });
    expect(readdirSync(photos)).toEqual(['summer.jpg']);
    // A web project has a config.json too.
    writeFileSync(path.join(photos, 'config.json'), '{}');
    await expect(saveDecoder(model, photos)).rejects.toMatchObject({ code: 'model-folder-exists' });
    await expect(saveDecoder(model, path.join(photos, 'summer.jpg'))).rejects.toMatchObject({ code: 'model-folder-exists' });
    await saveDecoder(model, path.join(parent, 'new', 'place'));
    expect(readdirSync(path.join(parent, 'new'))).toEqual(['place']);
    model.dispose();
  });

  test('an error while writing leaves nothing behind', async () => {
    const model = createDecoder(config, 1, backend);
    const parent = temporaryFolder();
    await expect(saveDecoder(model, path.join(parent, 'student'), { more: () => Promise.reject(new Error('no')) })).rejects.toThrow('no');
    expect(readdirSync(parent)).toEqual([]);
    model.dispose();
  });

  test('what is missing is named: the folder, or its config.json', async () => {
    const folder = temporaryFolder();
    await expect(readConfig(path.join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'model-folder-missing' });
    await expect(readConfig(folder)).rejects.toMatchObject({ code: 'model-file-missing', data: { file: path.join(folder, 'config.json') } });
  });

  test('weights that do not fit config.json are named, and nothing stays on the backend', async () => {
    const folder = path.join(temporaryFolder(), 'model');
    const model = createDecoder(config, 1, backend);
    await saveDecoder(model, folder);
    model.dispose();
    const before = tf.memory().numTensors;
    const file = path.join(folder, 'config.json');
    const json = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...json, intermediate_size: 64 }));
    await expect(loadDecoder(folder, backend)).rejects.toMatchObject({ code: 'tensor-shape', data: { tensor: 'model.layers.0.mlp.gate_proj.weight' } });
    writeFileSync(file, JSON.stringify({ ...json, num_hidden_layers: 5 }));
    await expect(loadDecoder(folder, backend)).rejects.toMatchObject({ code: 'tensor-missing', data: { tensor: 'model.layers.4.input_layernorm.weight' } });
    expect(tf.memory().numTensors).toBe(before);
  });
});
