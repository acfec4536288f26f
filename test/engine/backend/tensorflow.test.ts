/** Native TensorFlow through our binding: every call of it, what goes wrong, and that nothing stays behind. */
import { execFile, spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { nativeTensorflow } from '../../../src/engine/backend/tensorflow/backend.ts';
import type { NativeTensorflow } from '../../../src/engine/backend/tensorflow/binding.ts';
import { findLibrary } from '../../../src/engine/backend/tensorflow/find.ts';
import { GraphBuilder } from '../../../src/engine/backend/tensorflow/functions.ts';
import { olderThan, openLibrary } from '../../../src/engine/backend/tensorflow/library.ts';
import { ATTRIBUTE, DATA_TYPE, type TensorValues } from '../../../src/engine/backend/tensorflow/types.ts';
import { tf } from '../../../src/engine/tf.ts';
import { root } from '../../fixtures/bundles.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

/** A Python in a virtual environment has no packages of the user's own. */
const hasPython = spawnSync('python3', ['-c', 'import site; print(site.ENABLE_USER_SITE)'], { encoding: 'utf8' }).stdout?.trim() === 'True';

async function scratch(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-tensorflow-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('looking for the library', () => {
  const linux = process.platform === 'linux';

  test('a folder that is named outright is the only one that is asked, and says what is missing in it', async () => {
    const folder = await scratch();
    const { library, candidates } = await findLibrary({ ...process.env, DISTILL_TENSORFLOW: folder });
    expect(library).toBeNull();
    expect(candidates).toEqual([{ source: 'environment', folder, version: null, problem: { code: expect.stringMatching(/^tensorflow-(file-missing|platform)$/) as string, data: expect.anything() as object } }]);
  });

  test('without one, what was set up is asked, then Python; each says why it is passed over', async () => {
    const folder = await scratch();
    const environment = { ...process.env, DISTILL_TENSORFLOW: '', DISTILL_DATA_FOLDER: folder, PATH: folder, Path: folder };
    const { candidates } = await findLibrary(environment);
    expect(candidates.map(({ source, problem }) => [source, problem?.code])).toEqual([['setup', 'tensorflow-not-set-up'], ['python', 'tensorflow-no-python']]);
    await mkdir(path.join(folder, 'tensorflow'));
    await writeFile(path.join(folder, 'tensorflow/used.json'), '{"format": 1, "fol');
    expect((await findLibrary(environment)).candidates[0]?.problem?.code).toBe('tensorflow-setup-unreadable');
  });

  test.runIf(linux)('what Python names is taken as it says', async () => {
    const folder = await scratch();
    // A Python that has one: the folder of the package is what it answers.
    await writeFile(path.join(folder, 'python3'), `#!/bin/sh\necho ${folder}/python3\necho ${folder}/site-packages/tensorflow\n`, { mode: 0o755 });
    const { candidates } = await findLibrary({ ...process.env, DISTILL_TENSORFLOW: '', DISTILL_DATA_FOLDER: folder, PATH: folder });
    expect(candidates.at(-1)).toMatchObject({ source: 'python', folder: `${folder}/site-packages/tensorflow`, problem: { code: 'tensorflow-file-missing' } });
  });

  test.runIf(linux && hasPython)('a TensorFlow of the user’s own site-packages is found, one in the folder that it runs in is not', async () => {
    const folder = await scratch();
    const { stdout } = await promisify(execFile)('python3', ['-c', 'import site; print(site.getusersitepackages())'], { env: { ...process.env, PYTHONUSERBASE: folder } });
    const installed = path.join(stdout.trim(), 'tensorflow');
    for (const place of [installed, path.join(folder, 'tensorflow')]) {
      await mkdir(place, { recursive: true });
      await writeFile(path.join(place, '__init__.py'), 'raise SystemExit("imported")');
    }
    const environment = { ...process.env, DISTILL_TENSORFLOW: '', DISTILL_DATA_FOLDER: folder };
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => { process.chdir(before); });
    expect((await findLibrary({ ...environment, PYTHONUSERBASE: folder })).candidates.at(-1)).toMatchObject({ source: 'python', folder: installed, problem: { code: 'tensorflow-file-missing' } });
    expect((await findLibrary({ ...environment, PYTHONNOUSERSITE: '1' })).candidates.at(-1)?.folder).not.toBe(path.join(folder, 'tensorflow'));
  });

  test.runIf(linux)('a file that is no library, and a library that is not TensorFlow, are named', async () => {
    const folder = await scratch();
    for (const name of ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2']) await writeFile(path.join(folder, name), 'PK');
    await expect(openLibrary(folder)).rejects.toMatchObject({ code: 'tensorflow-cant-load', data: { file: path.join(folder, 'libtensorflow_framework.so.2') } });
    const other = await scratch();
    const some = path.join(root, `node_modules/@koromix/koffi-linux-${process.arch}/linux_${process.arch}/koffi.node`);
    for (const name of ['libtensorflow_framework.so.2', 'libtensorflow_cc.so.2']) await copyFile(some, path.join(other, name));
    await expect(openLibrary(other)).rejects.toMatchObject({ code: 'tensorflow-functions-missing', data: { functions: 'TF_Version, TF_NewStatus, TF_GetCode' } });
  });

  test('versions are compared as numbers', () => {
    expect(['2.9.1', '1.15.0', '2.11.9'].map((version) => olderThan(version, [2, 12]))).toEqual([true, true, true]);
    expect(['2.12.0', '2.20.0-rc0', '3.0.0', 'nightly'].map((version) => olderThan(version, [2, 12]))).toEqual([false, false, false, false]);
  });
});

describe.skipIf(tensorflowFolder === null)('on native TensorFlow', () => {
  let backend: Backend;
  let native: NativeTensorflow;
  beforeAll(async () => {
    process.env['DISTILL_TENSORFLOW'] = tensorflowFolder ?? '';
    backend = await openBackend({ backend: 'tensorflow', threads: 2 });
    native = nativeTensorflow()!;
  });
  afterAll(() => backend.dispose());

  /** What `work` leaves behind, in tensors of TensorFlow. */
  function left(work: () => void): number {
    const before = native.tensors.count;
    work();
    return native.tensors.count - before;
  }

  test('says what it runs on, and has passed its check', () => {
    expect(backend.device).toMatch(/^TensorFlow 2\.\d+\.\d+, CPU, 2 threads$/);
    expect(backend).toMatchObject({ name: 'tensorflow', threads: 2, attempts: [{ backend: 'tensorflow', outcome: 'taken' }] });
    expect(native.tensors.count).toBe(0);
  });

  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  test.each<readonly [name: string, type: number, shape: number[], values: TensorValues]>([
    ['float32', DATA_TYPE.float, [2, 2], Float32Array.of(1.5, -0, Infinity, 3e-38)],
    ['int32', DATA_TYPE.int32, [3], Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1)],
    ['uint8', DATA_TYPE.uint8, [2], Uint8Array.of(0, 255)],
    ['bool', DATA_TYPE.bool, [2], Uint8Array.of(1, 0)],
    ['int64', DATA_TYPE.int64, [2], BigInt64Array.of(-1n, 2n ** 62n)],
    ['complex64', DATA_TYPE.complex64, [1], Float32Array.of(1, -2)],
    ['bfloat16, as its bits', DATA_TYPE.bfloat16, [2], Uint16Array.of(0x3f80, 0xc000)],
    ['half, as its bits', DATA_TYPE.half, [1], Uint16Array.of(0x3c00)],
    ['strings: none, short, long, of bytes that are no text', DATA_TYPE.string, [4], [bytes(''), bytes('héllo'), bytes('x'.repeat(100_000)), Uint8Array.of(0, 255, 0)]],
    ['a scalar', DATA_TYPE.float, [], Float32Array.of(7)],
    ['nothing at all', DATA_TYPE.float, [0, 3], new Float32Array(0)],
  ])('a tensor comes back as it went in: %s', (_, type, shape, values) => {
    expect(left(() => {
      const id = native.direct.createTensor(shape, type, values);
      expect(native.tensors.describe(id)).toEqual({ id, shape, dtype: type });
      expect(native.direct.tensorDataSync(id)).toEqual(values);
      native.direct.deleteTensor(id);
    })).toBe(0);
  });

  test('an int64 may come as pairs of 32 bits, as tfjs-node makes them', () => {
    const id = native.direct.createTensor([], DATA_TYPE.int64, Int32Array.of(5, 0));
    expect(native.direct.tensorDataSync(id)).toEqual(BigInt64Array.of(5n));
    native.direct.deleteTensor(id);
  });

  test('what can’t be is refused in words, and leaves nothing behind', () => {
    const { direct } = native;
    expect(left(() => {
      expect(() => direct.createTensor([3], DATA_TYPE.float, Float32Array.of(1))).toThrow('a tensor of shape [3] has 12 bytes, not 4');
      expect(() => direct.createTensor([2], DATA_TYPE.string, [bytes('one')])).toThrow('2 strings, not 1');
      expect(() => direct.createTensor([1], 99, Float32Array.of(1))).toThrow('type 99');
      expect(() => { direct.deleteTensor(123_456); }).toThrow('no tensor 123456');
      expect(() => direct.tensorDataSync(123_456)).toThrow('no tensor 123456');
      expect(() => direct.executeOp('NoSuchOperation', [], [], 1)).toThrow(/NoSuchOperation/);
      expect(() => direct.executeOp('AddV2', [{ name: 'T', type: 42, value: 1 }], [], 1)).toThrow('no type 42');
      const [a, b] = [direct.createTensor([2], DATA_TYPE.float, new Float32Array(2)), direct.createTensor([3], DATA_TYPE.float, new Float32Array(3))];
      expect(() => direct.executeOp('AddV2', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [a, b], 1)).toThrow(/Incompatible shapes/);
      for (const id of [a, b]) direct.deleteTensor(id);
    })).toBe(0);
    // And it goes on working.
    expect(tf.tidy(() => tf.add(1, 2).dataSync()[0])).toBe(3);
  });

  test('attributes of every type arrive: lists of numbers, words, shapes, flags', () => {
    const { direct } = native;
    expect(left(() => {
      const image = direct.createTensor([1, 4, 4, 1], DATA_TYPE.float, Float32Array.from({ length: 16 }, (_, i) => i));
      const [pooled] = direct.executeOp('MaxPool', [
        { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }, { name: 'ksize', type: ATTRIBUTE.int, value: [1, 2, 2, 1] }, { name: 'strides', type: ATTRIBUTE.int, value: [1, 2, 2, 1] },
        { name: 'padding', type: ATTRIBUTE.string, value: 'VALID' }, { name: 'data_format', type: ATTRIBUTE.string, value: 'NHWC' }, { name: 'explicit_paddings', type: ATTRIBUTE.int, value: [] },
      ], [image], 1);
      expect(direct.tensorDataSync(pooled!.id)).toEqual(Float32Array.of(5, 7, 13, 15));
      const [leaky] = direct.executeOp('LeakyRelu', [{ name: 'alpha', type: ATTRIBUTE.float, value: 0.5 }, { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [image], 1);
      expect(leaky?.shape).toEqual([1, 4, 4, 1]);
      const [resource] = direct.executeOp('VarHandleOp', [{ name: 'dtype', type: ATTRIBUTE.type, value: DATA_TYPE.float }, { name: 'shape', type: ATTRIBUTE.shape, value: [2, 3] }, { name: 'shared_name', type: ATTRIBUTE.string, value: 'of-a-test' }], [], 1);
      expect(resource?.dtype).toBe(DATA_TYPE.resource);
      const [bounds] = direct.executeOp('Bucketize', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }, { name: 'boundaries', type: ATTRIBUTE.float, value: [3.5, 9.5] }], [image], 1);
      expect([...(direct.tensorDataSync(bounds!.id) as Int32Array)].slice(2, 12)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 2, 2]);
      const axis = direct.createTensor([1], DATA_TYPE.int32, Int32Array.of(1));
      const [sum] = direct.executeOp('Sum', [{ name: 'keep_dims', type: ATTRIBUTE.bool, value: true }, { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }, { name: 'Tidx', type: ATTRIBUTE.type, value: DATA_TYPE.int32 }], [image, axis], 1);
      expect(sum?.shape).toEqual([1, 1, 4, 1]);
      for (const id of [image, pooled!.id, leaky!.id, resource!.id, bounds!.id, axis, sum!.id]) direct.deleteTensor(id);
    })).toBe(0);
  });

  test('an operation with several results, and words through TensorFlow.js', () => {
    expect(left(() => {
      tf.tidy(() => {
        const { values, indices } = tf.topk(tf.tensor1d([3, 9, 1, 7]), 2);
        expect([[...values.dataSync()], [...indices.dataSync()]]).toEqual([[9, 7], [1, 3]]);
        expect(tf.concat([tf.tensor(['思考', 'a word that is longer than what fits inside'], [2], 'string'), tf.tensor([''], [1], 'string')]).dataSync()).toEqual(['思考', 'a word that is longer than what fits inside', '']);
        expect(() => tf.gather(tf.tensor1d([1, 2, 3]), tf.tensor1d([3], 'int32')).dataSync()).toThrow('not in [0, 3)');
      });
    })).toBe(0);
  });

  test('a graph becomes a function, which runs like an operation and can be taken away again', () => {
    const { direct } = native;
    expect(left(() => {
      const graph = new GraphBuilder(native);
      const constant = direct.createTensor([2], DATA_TYPE.float, Float32Array.of(10, 20));
      const float = { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float };
      const x = graph.placeholder(DATA_TYPE.float, [2]);
      const [sum] = graph.add('AddV2', [float], [x, graph.constant(constant)], 1);
      const [packed] = graph.add('Pack', [float, { name: 'axis', type: ATTRIBUTE.int, value: 0 }], [[x, sum!]], 1);
      expect(graph.describe(packed!)).toEqual({ dtype: DATA_TYPE.float, shape: [2, 2] });
      const made = graph.addFunction('of_a_test', [x], [sum!, packed!]);
      graph.delete();
      const argument = direct.createTensor([2], DATA_TYPE.float, Float32Array.of(1, 2));
      const results = direct.executeOp('of_a_test', [], [argument], 2);
      expect(results.map(({ id }) => direct.tensorDataSync(id))).toEqual([Float32Array.of(11, 22), Float32Array.of(1, 2, 11, 22)]);
      made.remove();
      expect(() => direct.executeOp('of_a_test', [], [argument], 2)).toThrow(/of_a_test/);
      for (const id of [constant, argument, ...results.map((result) => result.id)]) direct.deleteTensor(id);
    })).toBe(0);
  });

  test('a graph that can’t be is refused, with TensorFlow’s words', () => {
    const graph = new GraphBuilder(native);
    const x = graph.placeholder(DATA_TYPE.float, [2]);
    expect(() => graph.add('MatMul', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [x, x], 1)).toThrow(/rank/);
    expect(() => graph.add('MatMul', [{ name: 'T', type: 42, value: 0 }], [x, x], 1)).toThrow('no type 42');
    graph.delete();
  });

  test('a route of somebody else gets the calls of TensorFlow.js until it is taken back', () => {
    const seen: string[] = [];
    const back = native.divert({ ...native.direct, executeOp: (name, ...rest) => {
      seen.push(name);
      return native.direct.executeOp(name, ...rest);
    } });
    tf.tidy(() => { tf.mul(2, 3).dataSync(); });
    back();
    tf.tidy(() => { tf.mul(2, 3).dataSync(); });
    expect(seen).toEqual(['Mul']);
  });

  test('more memory than there is ends as our own error', () => {
    // Asked for at once, 4 TB: nobody waits for somebody else to free it.
    const sizes = native.direct.createTensor([2], DATA_TYPE.int64, BigInt64Array.of(10n ** 6n, 10n ** 6n));
    const value = native.direct.createTensor([], DATA_TYPE.float, Float32Array.of(1));
    expect(() => native.direct.executeOp('Fill', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }, { name: 'index_type', type: ATTRIBUTE.type, value: DATA_TYPE.int64 }], [sizes, value], 1))
      .toThrow(expect.objectContaining({ code: 'out-of-memory', data: expect.objectContaining({ backend: 'tensorflow', wantedMiB: 3_814_698 }) as object }) as Error);
    for (const id of [sizes, value]) native.direct.deleteTensor(id);
  });

  test('opened and closed again, it begins anew; what was held is let go', async () => {
    const kept = tf.tensor1d([1, 2, 3]);
    tf.square(kept).dataSync();
    await backend.dispose();
    expect(nativeTensorflow()).toBeNull();
    backend = await openBackend({ backend: 'tensorflow', threads: 1 });
    native = nativeTensorflow()!;
    expect(backend.device).toMatch(/1 thread$/);
    expect(native.tensors.count).toBe(0);
    expect(tf.tidy(() => tf.square(tf.tensor1d([3])).dataSync()[0])).toBe(9);
  });

  test('a process that used it ends by itself, disposed of or not', async () => {
    const { build } = await import('esbuild');
    const { forNode, nativePackages } = await import(/* @vite-ignore */ `${root}/scripts/lib/bundle.mjs`) as { readonly forNode: object; readonly nativePackages: string[] };
    const folder = await mkdtemp(path.join(root, 'dist/tensorflow-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await build({
      ...forNode, external: nativePackages, outfile: path.join(folder, 'program.js'), logLevel: 'error',
      stdin: { resolveDir: root, loader: 'ts', contents: `
        import { openNative } from './src/engine/backend/native.ts';
        import { tf } from './src/engine/tf.ts';
        openNative('tensorflow', 2).then(async (opened) => {
          process.stdout.write(String(tf.matMul(tf.ones([100, 100]), tf.ones([100, 100])).dataSync()[0]));
          if (process.argv[2] === 'dispose') await opened.dispose();
        });
      ` },
    });
    for (const word of ['dispose', 'leave']) {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [path.join(folder, 'program.js'), word], { timeout: 50_000 });
      expect({ stdout, stderr }).toEqual({ stdout: '100', stderr: '' });
    }
  });
});
