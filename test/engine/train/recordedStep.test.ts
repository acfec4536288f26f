/** A step that runs as one TensorFlow function gives what the same step gives operation by operation. */
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { nativeTensorflow } from '../../../src/engine/backend/tensorflow/backend.ts';
import { recordFunction } from '../../../src/engine/backend/tensorflow/recorder.ts';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, quantisedDecoder, variantOf } from '../../../src/engine/model/decoder.ts';
import { loadDecoder } from '../../../src/engine/model/folder.ts';
import { withFrozen } from '../../../src/engine/model/freeze.ts';
import { withNewAdapter } from '../../../src/engine/model/lora.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { findCheckpoint } from '../../../src/engine/train/checkpoint.ts';
import { scalesOf, tensorsOf, totalLoss, upload, type Objective } from '../../../src/engine/train/losses.ts';
import { chunkedLosses } from '../../../src/engine/train/chunkedLosses.ts';
import { AdamW } from '../../../src/engine/train/optimizer.ts';
import { RecordedSteps } from '../../../src/engine/train/recordedStep.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { StepRunner } from '../../../src/engine/train/stepRunner.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { tf } from '../../../src/engine/tf.ts';
import type { TrainStage } from '../../../src/shared/recipe.ts';
import { openNativeOrNull } from './native.ts';
import { expectClose, makeInput, makeRows, makeStage, TINY, VOCABULARY } from './setup.ts';

const opened = await openNativeOrNull();
const backend = opened as Backend;
afterAll(() => opened?.dispose());

const WIDE = { ...TINY, hiddenSize: 16, headDim: 8, layers: 3 };
const student = (config = TINY): DecoderModel => createDecoder(config, 5, backend);
/** What a run makes of the student for a stage. */
function studentFor({ quantise, lora, freeze }: TrainStage): DecoderModel {
  const plain = student();
  const own = quantise === 'int8' ? quantisedDecoder(plain) : plain;
  if (lora !== undefined) return withNewAdapter(own, lora, 1, { base: '', baseDigest: '' });
  return freeze === undefined ? own : withFrozen(own, freeze);
}
const teacher = (): DecoderModel => createDecoder(WIDE, 3, backend);

async function train(changes: Readonly<Record<string, unknown>>): Promise<{ readonly metrics: readonly Readonly<Record<string, number | null>>[]; readonly warnings: readonly string[] }> {
  const stage = makeStage({ limits: { steps: 8 }, batch: { size: 4 }, optimizer: { learningRate: 0.01 }, validate: { every: 4 }, sentinel: 0, ...changes });
  const input = await makeInput({ student: studentFor(stage), teacher: teacher(), stage });
  await trainStage(input);
  return { metrics: input.reporter.exact().map(({ values }) => values), warnings: input.reporter.warnings.map(({ code, data }) => `${code} ${JSON.stringify(data)}`) };
}

describe.skipIf(opened === null)('one function', () => {
  test.each([
    ['cross-entropy alone', { objective: 'sequence' }],
    ['soft targets with warm-up, clipping and a temperature that falls', { temperature: { from: 4, to: 1 }, alpha: 0.5, schedule: { warmupSteps: 3 }, optimizer: { learningRate: 0.02, clipNorm: 0.5, weightDecay: 0.1 } }],
    ['weights that change over the steps', { weights: { kl: { from: 1, to: 0 }, ce: { from: 0, to: 1 } } }],
    ['another divergence and MSE of the logits', { objective: 'jsd', weights: { kl: 1, ce: 0.5, mse: 0.1 } }],
    ['accumulated batches', { batch: { size: 4, accumulate: 3 } }],
    ['hidden states and attention', { weights: { kl: 0.5, ce: 0.5, hidden: 1, attention: 1 }, hidden: { embeddings: true } }],
    ['packed rows', { packing: true, batch: { size: 8 } }],
    ['recomputed blocks', { gradientCheckpointing: true }],
    ['INT8 products', { quantise: 'int8' }],
    ['adapters', { lora: { rank: 2 }, optimizer: { learningRate: 0.05 } }],
    ['adapters under INT8 products, accumulated batches', { lora: { rank: 2, targets: ['q_proj', 'down_proj'] }, quantise: 'int8', batch: { size: 4, accumulate: 2 } }],
    ['frozen embeddings and a block', { freeze: ['embeddings', 'layers.0'] }],
    ['frozen norms and projections, accumulated batches', { freeze: ['norms', '*.mlp.*'], batch: { size: 4, accumulate: 2 } }],
    ['no clipping, no decay', { optimizer: { learningRate: 0.01, clipNorm: null, weightDecay: 0 } }],
  ])('equals operation by operation to 1e-5: %s', async (_, changes) => {
    const whole = await train(changes);
    const single = await train({ ...changes, compile: 'off' });
    expect(whole.warnings).toEqual([]);
    expect(whole.metrics.length).toBe(single.metrics.length);
    whole.metrics.forEach((values, at) => {
      for (const [name, value] of Object.entries(single.metrics[at] ?? {})) {
        // Recorded shapes are few, so they pad more.
        if (name === 'filled') continue;
        const tolerance = name === 'gradNorm' ? 1e-4 : 1e-5;
        expect(Math.abs((values[name] ?? NaN) - (value ?? NaN)), `${name} of entry ${at}: ${values[name]} instead of ${value}`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value ?? NaN)));
      }
    });
  });

  test('a resumed run repeats the uninterrupted one to the last bit, its first step included', async () => {
    const stage = makeStage({ limits: { steps: 9 }, batch: { size: 4, accumulate: 2 }, temperature: { from: 3, to: 1 }, optimizer: { learningRate: 0.01 }, validate: { every: 3 }, checkpoint: { every: 100 } });
    const given = { teacher: teacher(), stage };
    const whole = await makeInput({ student: student(), ...given });
    await trainStage(whole);
    const first = await makeInput({ student: student(), ...given, orders: { 4: ['stop'] } });
    await trainStage(first);
    const { found: resume } = await findCheckpoint(first.checkpoints);
    const second = await makeInput({ student: await loadDecoder(resume?.folder ?? '', backend), ...given, checkpoints: first.checkpoints, resume });
    await trainStage(second);
    expect([...first.reporter.exact(), ...second.reporter.exact()]).toEqual(whole.reporter.exact());
  });
});

describe.skipIf(opened === null)('steps by themselves', () => {
  const objective: Objective = { weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY };
  const settings = makeStage({ optimizer: { learningRate: 0.01 } }).optimizer;
  const batchOf = (rows: number, at = 0): ReturnType<typeof collate> => collate(makeRows(rows + at, 9).slice(at), TINY.maxPositions);

  function steps(model: DecoderModel): { readonly recorded: RecordedSteps; readonly optimizer: AdamW } {
    const optimizer = new AdamW(backend.ops, model.trainable, settings);
    const recorded = RecordedSteps.of(model, optimizer);
    if (recorded === null) throw new Error('native TensorFlow has functions');
    onTestFinished(() => {
      recorded.dispose();
      optimizer.dispose();
      model.dispose();
    });
    return { recorded, optimizer };
  }
  const stateOf = async (model: DecoderModel, optimizer: AdamW): Promise<unknown> => [await Promise.all([...model.weights.values()].map((weight) => weight.data())), await optimizer.read(), optimizer.t];

  test('a gradient that is not finite changes neither weights nor moments, not a bit', async () => {
    const model = student();
    const { recorded, optimizer } = steps(model);
    const healthy = teacher();
    const input = { student: model, objective, optimizer, batches: [batchOf(4)], learningRate: 0.01 };
    expect(await recorded.step({ ...input, targets: liveTargets(healthy, VOCABULARY) })).not.toBeNull();
    const before = await stateOf(model, optimizer);
    const sick = teacher();
    const norm = sick.weights.get('model.norm.weight');
    norm?.assign(tf.fill(norm.shape, Number.NaN));
    expect(await recorded.step({ ...input, targets: liveTargets(sick, VOCABULARY) })).toBeNull();
    expect(await stateOf(model, optimizer)).toEqual(before);
    expect(await recorded.step({ ...input, batches: [batchOf(4), batchOf(4, 4)], targets: liveTargets(sick, VOCABULARY) })).toBeNull();
    expect(await stateOf(model, optimizer)).toEqual(before);
  });

  test('few functions are kept, and no tensor is left behind', async () => {
    const model = student();
    const { recorded, optimizer } = steps(model);
    const step = (rows: number): Promise<unknown> => recorded.step({ student: model, targets: null, objective: { ...objective, weights: { ...objective.weights, kl: 0, ce: 1 } }, optimizer, batches: [batchOf(rows)], learningRate: 0.01 });
    for (let rows = 1; rows <= 20; rows++) await step(rows);
    expect(recorded.size).toBe(16);
    // Tables of positions are kept as well.
    for (const rows of [1, 20]) await step(rows);
    const tensors = tf.memory().numTensors;
    for (const rows of [1, 20]) await step(rows);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('weights that are assigned between steps are what the next step begins with; a clone keeps its values', async () => {
    const [a, b] = [student(), student()];
    const [one, two] = [steps(a), steps(b)];
    const run = ({ recorded, optimizer }: typeof one, model: DecoderModel): Promise<unknown> => recorded.step({ student: model, targets: null, objective, optimizer, batches: [batchOf(4)], learningRate: 0.01 });
    await run(one, a);
    const embedding = a.weights.get('model.embed_tokens.weight') as tf.Variable;
    const clone = embedding.clone();
    const values = await clone.data();
    await run(one, a);
    expect(await clone.data()).toEqual(values);
    expect(await embedding.data()).not.toEqual(values);
    // The same first weights and moments again.
    const fresh = student();
    for (const [name, weight] of a.weights) weight.assign(fresh.weights.get(name) as tf.Variable);
    one.optimizer.restore(0, await two.optimizer.read());
    expect(await run(one, a)).toEqual(await run(two, b));
  });
});

describe.skipIf(opened === null)('losses piece by piece', () => {
  test('inside a function the pieces give what they give outside', () => {
    const native = nativeTensorflow();
    if (native === null) throw new Error('it is open');
    const [own, other] = [student(), teacher()];
    const objective: Objective = { weights: { kl: 0.7, ce: 0.3, mse: 0.1, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY };
    const device = upload(collate(makeRows(4, 3), TINY.maxPositions));
    const scales = scalesOf(objective, 30, { hidden: 1, attention: 1, uld: 1 });
    const work = (): tf.Tensor[] => {
      const asked = { model: other, states: other.hidden(device.ids, device.layout) };
      const { value, grads } = tf.variableGrads(() => totalLoss(objective, [], scales, {}, chunkedLosses(own, objective, device, own.hidden(device.ids, device.layout), null, asked, { temperature: 2, scales, rows: 7 }).totals), [...own.weights.values()]);
      return [value, ...[...own.weights.values()].map((weight) => grads[weight.name] as tf.Tensor)];
    };
    const recorded = recordFunction(native, { inputs: [...tensorsOf(device), ...own.weights.values(), ...other.weights.values()], resources: [] }, work);
    const got = recorded.run([...tensorsOf(device), ...own.weights.values(), ...other.weights.values()]);
    tf.tidy(work).forEach((wanted, index) => { expectClose(got[index]?.dataSync(), wanted.dataSync(), { relative: 1e-4, absolute: 1e-6, what: `result ${index}` }); });
    recorded.dispose();
  });
});

describe.skipIf(opened === null)('what a function can’t hold', () => {
  test('runs operation by operation, with a warning that says why', async () => {
    const { ops } = backend;
    const swiglu = (gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D => {
      gate.dataSync();
      return ops.swiglu(gate, up);
    };
    const model = variantOf(student(), { backend: { ...backend, ops: { ...ops, swiglu } } });
    const optimizer = new AdamW(ops, model.trainable, makeStage({}).optimizer);
    const told: string[] = [];
    const runner = new StepRunner(makeStage({}), model, optimizer, undefined, (reason) => told.push(reason));
    const values = await runner.step({ student: model, targets: null, features: null, objective: { weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 1, vocabulary: VOCABULARY }, batches: [collate(makeRows(4, 1), TINY.maxPositions)], learningRate: 0.01 });
    expect(values?.loss).toBeGreaterThan(0);
    expect(told).toEqual(['values are read back in the middle of it']);
    runner.dispose();
    optimizer.dispose();
  });
});
