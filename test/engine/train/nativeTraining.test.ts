/** Training on native TensorFlow: the losses of WebAssembly, nothing left behind, the same bits after a stop. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { nativeTensorflow } from '../../../src/engine/backend/tensorflow/backend.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';
import { makeInput, makeStage, openFor, openWasm, TINY, type Told } from './setup.ts';

const WIDE = { ...TINY, hiddenSize: 16, headDim: 8 };
const STEPS = 20;
const TOLERANCE = 1e-4;

const stage = (changes: Readonly<Record<string, unknown>> = {}) => makeStage({
  limits: { steps: STEPS }, batch: { size: 4, accumulate: 2 }, temperature: 2, alpha: 0.7, optimizer: { learningRate: 0.01 },
  validate: { every: 5 }, checkpoint: { every: 100 }, sentinel: 0, ...changes,
});

async function metricsOn(backend: Backend, changes: Readonly<Record<string, unknown>>): Promise<readonly Told[]> {
  const input = await makeInput({ student: createDecoder(TINY, 5, backend), teacher: createDecoder(WIDE, 3, backend), stage: stage(changes) });
  await trainStage(input);
  return input.reporter.exact();
}

describe.skipIf(tensorflowFolder === null)('on native TensorFlow', () => {
  let backend: Backend;
  beforeAll(async () => { backend = await openFor('tensorflow'); });
  afterAll(() => backend.dispose());

  const count = (): number => nativeTensorflow()!.tensors.count;
  const student = (): DecoderModel => createDecoder(TINY, 5, backend);
  const teacher = (): DecoderModel => createDecoder(WIDE, 3, backend);

  test('twenty steps have the losses of WebAssembly, as one function and operation by operation', async () => {
    const found = { auto: await metricsOn(backend, { compile: 'auto' }), off: await metricsOn(backend, { compile: 'off' }) };
    await backend.dispose();
    const other = await openWasm();
    const wasm = await metricsOn(other, {});
    await other.dispose();
    backend = await openFor('tensorflow');
    expect(wasm.length).toBeGreaterThan(STEPS);
    for (const [compile, told] of Object.entries(found)) {
      expect(told.map(({ step }) => step)).toEqual(wasm.map(({ step }) => step));
      for (const [at, { step, values }] of wasm.entries()) {
        for (const [name, value] of Object.entries(values)) {
          // How full a batch is depends on the lengths that a recorded step is made for.
          if (name === 'filled') continue;
          // A norm adds up what each gradient is off by.
          const allowed = (name === 'gradNorm' ? 10 : 1) * TOLERANCE * Math.max(1, Math.abs(value ?? 0));
          expect(Math.abs((told[at]?.values[name] ?? 0) - (value ?? 0)), `${name} at step ${step}, compile ${compile}`).toBeLessThan(allowed);
        }
      }
    }
  });

  test.each(['auto', 'off'])('fifty steps leave no tensor behind, neither of TensorFlow.js nor of TensorFlow (compile: %s)', async (compile) => {
    const before = count();
    const [model, other] = [student(), teacher()];
    const seen: { readonly step: number; readonly ofTensorflow: number; readonly ofTfjs: number }[] = [];
    const input = await makeInput({ student: model, teacher: other, stage: stage({ limits: { steps: 50 }, compile }) });
    const told = input.reporter.metric.bind(input.reporter);
    input.reporter.metric = (metric) => {
      told(metric);
      seen.push({ step: metric.step, ofTensorflow: count(), ofTfjs: tf.memory().numTensors });
    };
    await trainStage(input);
    expect(seen.length).toBeGreaterThanOrEqual(50);
    // By then every length has come up, and what is kept for each of them is there.
    const settled = seen.filter(({ step }) => step >= 20).map(({ ofTensorflow, ofTfjs }) => `${ofTensorflow} ${ofTfjs}`);
    expect(new Set(settled).size).toBe(1);
    model.dispose();
    other.dispose();
    expect(count()).toBe(before);
  });

  test('stopped and resumed operation by operation: the same losses to the last bit', async () => {
    const off = stage({ limits: { steps: 12 }, compile: 'off' });
    const whole = await makeInput({ student: student(), teacher: teacher(), stage: off });
    await trainStage(whole);
    const first = await makeInput({ student: student(), teacher: teacher(), stage: off, orders: { 5: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(first.checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), teacher: teacher(), stage: off, checkpoints: first.checkpoints, resume });
    await trainStage(second);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
  });
});
