/** Weight files: what is written is read again, and what is broken is told by name. */
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSafetensors, writeSafetensors } from '../../../src/engine/model/safetensors.ts';
import { openWeights, writeWeights } from '../../../src/engine/model/weightFiles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { MODELS } from './reference.ts';

const stories = path.join(MODELS, 'stories260k');
const layout = [{ name: 'b', shape: [2, 3] }, { name: 'a', shape: [2] }, { name: 'steps', shape: [2], integer: true }, { name: 'empty', shape: [0, 4] }] as const;
const values: Readonly<Record<string, Float32Array | Int32Array>> = {
  a: Float32Array.of(1.1, -2), b: Float32Array.of(0.1, 2, 3, 4, 5, 6e-8), steps: Int32Array.of(7, -8), empty: new Float32Array(0),
};
const read = (name: string): Promise<Float32Array | Int32Array> => Promise.resolve(values[name]!);

test('floats, integers and metadata come back as they were', async () => {
  const file = path.join(temporaryFolder(), 'x.safetensors');
  await writeSafetensors(file, layout, read, { metadata: { step: '12' } });
  const open = await openSafetensors(file);
  for (const { name } of layout) expect(name === 'steps' ? await open.integers(name) : await open.floats(name)).toEqual(values[name]);
  expect(open.metadata).toEqual({ format: 'pt', step: '12' });
  expect(open.tensors.get('b')?.shape).toEqual([2, 3]);
  await open.close();
  expect(readdirSync(path.dirname(file))).toEqual(['x.safetensors']);
});

test.each([['bfloat16', [1.1015625, -2]], ['float16', [1.099609375, -2]]] as const)('as %s they come back rounded', async (dtype, rounded) => {
  const file = path.join(temporaryFolder(), 'x.safetensors');
  await writeSafetensors(file, layout, read, { dtype });
  const open = await openSafetensors(file);
  expect([...await open.floats('a')]).toEqual(rounded);
  expect(await open.integers('steps')).toEqual(values['steps']);
  await open.close();
});

test('a model too large for one file is written in shards that are read as one', async () => {
  const folder = temporaryFolder();
  const floats = layout.filter(({ name }) => name !== 'steps');
  await writeWeights(folder, floats, (name) => Promise.resolve(values[name] as Float32Array), { dtype: 'float32', maxShardBytes: 24 });
  expect(readdirSync(folder).sort()).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'model.safetensors.index.json']);
  const weights = await openWeights(folder);
  for (const { name, shape } of floats) expect(await weights.floats(name, shape)).toEqual(values[name]);
  await weights.close();
});

test('an error while writing leaves the older file and nothing else', async () => {
  const file = path.join(temporaryFolder(), 'x.safetensors');
  await writeSafetensors(file, layout, read);
  const before = readFileSync(file);
  await expect(writeSafetensors(file, layout, () => Promise.reject(new Error('device lost')))).rejects.toThrow('device lost');
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(readdirSync(path.dirname(file))).toEqual(['x.safetensors']);
});

describe('broken files', () => {
  const copied = (): string => {
    const file = path.join(temporaryFolder(), 'model.safetensors');
    cpSync(path.join(stories, 'model.safetensors'), file);
    return file;
  };

  test('a missing file is named, with what a model folder needs', async () => {
    const file = path.join(temporaryFolder(), 'model.safetensors');
    await expect(openSafetensors(file)).rejects.toThrow(`${file} is missing. A model folder needs`);
    await expect(openWeights(path.dirname(file)).then((weights) => weights.floats('x', [1]))).rejects.toMatchObject({ code: 'model-file-missing' });
  });

  test('a truncated file names the tensor, the bytes it should have and those it has', async () => {
    const file = copied();
    truncateSync(file, 900_000);
    await expect(openSafetensors(file)).rejects.toMatchObject({ code: 'tensor-truncated', data: { file, tensor: expect.stringMatching(/^model\.layers\./) as string } });
  });

  test.each([
    ['a few bytes', Buffer.from('abc')],
    ['an HTML page in its place', Buffer.from('<!DOCTYPE html><html><body>Not Found</body></html>')],
    ['a Git LFS pointer', Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1044992\n')],
    ['a header that is no JSON', file('{"a":')],
    ['a list as header', file('[1]')],
    ['an unknown dtype', file('{"a":{"dtype":"F7","shape":[1],"data_offsets":[0,4]}}', 4)],
    ['a negative side', file('{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', 4)],
    ['offsets that are not the shape', file('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', 4)],
    ['a hole', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', 8)],
    ['an overlap', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4)],
    ['bytes after the last tensor', file('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 9)],
  ])('%s is refused as damaged', async (_, content) => {
    const name = path.join(temporaryFolder(), 'model.safetensors');
    writeFileSync(name, content);
    await expect(openSafetensors(name)).rejects.toMatchObject({ code: 'model-file-malformed', data: { file: name } });
  });

  test('a tensor that is missing, of another shape or of another kind is named', async () => {
    const folder = temporaryFolder();
    await writeWeights(folder, [{ name: 'a', shape: [2] }], () => Promise.resolve(Float32Array.of(1, 2)), { dtype: 'float32' });
    const weights = await openWeights(folder);
    await expect(weights.floats('b', [2])).rejects.toMatchObject({ code: 'tensor-missing', data: { tensor: 'b' } });
    await expect(weights.floats('a', [1, 2])).rejects.toThrow('tensor a is [2], config.json calls for [1, 2]');
    await weights.close();
    const open = await openSafetensors(path.join(folder, 'model.safetensors'));
    await expect(open.integers('a')).rejects.toMatchObject({ code: 'tensor-dtype', data: { found: 'F32' } });
    await open.close();
  });

  test('a 64-bit integer that does not fit is refused, others are read', async () => {
    const name = path.join(temporaryFolder(), 'x.safetensors');
    const numbers = Buffer.from(BigInt64Array.of(5n, 2n ** 40n).buffer);
    writeFileSync(name, Buffer.concat([file('{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}'), numbers]));
    const open = await openSafetensors(name);
    expect([...await open.integers('a')]).toEqual([5]);
    await expect(open.integers('b')).rejects.toThrow('b has a value beyond 32 bits');
    await open.close();
  });

  test('a missing shard is named', async () => {
    const folder = path.join(temporaryFolder(), 'model');
    cpSync(path.join(MODELS, 'tiny-qwen2'), folder, { recursive: true });
    rmSync(path.join(folder, 'model-00002-of-00002.safetensors'));
    const weights = await openWeights(folder);
    await expect(weights.floats('lm_head.weight', [385, 32])).rejects.toThrow(/model-0000[12]-of-00002\.safetensors is missing|tensor/);
    await weights.close();
  });

  test('an index cannot point out of its folder', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: { a: '../secret.safetensors' } }));
    await expect((await openWeights(folder)).floats('a', [1])).rejects.toMatchObject({ code: 'model-file-malformed' });
  });

  test('a pickle alone is never opened: the error says how to convert it', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'pytorch_model.bin'), 'cos\nsystem\n');
    await expect(openWeights(folder)).rejects.toThrow(/is a pickle file.*save_pretrained/);
  });

  test('beside a pickle the safetensors file is taken', async () => {
    const file_ = copied();
    writeFileSync(path.join(path.dirname(file_), 'pytorch_model.bin'), 'x');
    const weights = await openWeights(path.dirname(file_));
    expect((await weights.floats('model.norm.weight', [64])).length).toBe(64);
    await weights.close();
  });

  test('a folder in the place of the file', async () => {
    const folder = temporaryFolder();
    renameSync(path.dirname(copied()), path.join(folder, 'model.safetensors'));
    await expect(openSafetensors(path.join(folder, 'model.safetensors'))).rejects.toThrow();
    expect(existsSync(folder)).toBe(true);
  });
});

/** A file with this header and `bytes` zeros behind it. */
function file(header: string, bytes = 0): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(bytes)]);
}
