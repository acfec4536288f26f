/** Gradient checkpointing: the same losses and gradients to the last bit, from less memory. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderConfig, DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, quantisedDecoder, variantOf } from '../../../src/engine/model/decoder.ts';
import { withNewAdapter } from '../../../src/engine/model/lora.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate, collatePacked, type MicroBatch } from '../../../src/engine/train/batch.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { readScalars } from '../../../src/engine/train/lossValues.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { trainStage } from '../../../src/engine/train/trainer.ts';
import { lora } from '../../../src/shared/recipeAdapter.ts';
import { BACKENDS, expectClose, makeInput, makeRows, makeStage, openFor, openWasm, TINY, VOCABULARY } from './setup.ts';

const WEIGHTS = { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 };
const OBJECTIVE: Objective = { weights: WEIGHTS, divergence: { kind: 'forward-kl' }, temperature: 2, vocabulary: VOCABULARY };
const ROWS = makeRows(6, 3);
const PLAIN = collate(ROWS, TINY.maxPositions);

interface Measured {
  readonly scalars: readonly number[];
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

async function measured(student: DecoderModel, teacher: DecoderModel, batch: MicroBatch = PLAIN, features: FeatureMatching | null = null, objective = OBJECTIVE): Promise<Measured> {
  const { gradients, scalars } = gradientsOf(student, liveTargets(teacher, VOCABULARY), objective, batch, batch.kept, features);
  const [values = []] = await readScalars([scalars]);
  const read = Object.fromEntries(await Promise.all([...gradients].map(async ([name, gradient]) => [name, (await gradient.data()) as Float32Array] as const)));
  tf.dispose([...gradients.values(), ...scalars]);
  return { scalars: values, gradients: read };
}

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  let teacher: DecoderModel;
  beforeAll(async () => {
    backend = await openFor(name);
    teacher = createDecoder(TINY, 3, backend);
  });
  afterAll(() => backend.dispose());

  const kinds: Readonly<Record<string, (of: (change?: Partial<DecoderConfig>) => DecoderModel) => DecoderModel>> = {
    'a Llama': (of) => of(),
    'a Qwen3, whose heads are normed': (of) => of({ family: 'qwen3', qkNorm: true, tiedHead: false, kvHeads: 2 }),
    'biases': (of) => of({ family: 'qwen2', qkvBias: true }),
    'training for INT8': (of) => quantisedDecoder(of()),
    'LoRA': (of) => withNewAdapter(of(), lora.parse({ rank: 2, alpha: 4 }), 5, { base: '', baseDigest: '' }),
    'a frozen first layer': (of) => {
      const model = of();
      return variantOf(model, { trainable: new Map([...model.trainable].filter(([weight]) => !/embed|layers\.0\./.test(weight))) });
    },
  };
  test.each(Object.keys(kinds))('%s: losses and gradients are the same bits', async (kind) => {
    const student = kinds[kind]?.((change = {}) => createDecoder({ ...TINY, layers: 3, ...change }, 5, backend)) as DecoderModel;
    const kept = await measured(student, teacher);
    const before = tf.memory();
    const recomputed = await measured(variantOf(student, { recomputes: true }), teacher);
    expect(recomputed).toEqual(kept);
    expect(Object.keys(recomputed.gradients)).toEqual([...student.trainable.keys()]);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    student.dispose();
  });

  test('packed rows and matched hidden states too', async () => {
    const student = createDecoder({ ...TINY, layers: 3 }, 5, backend);
    const recomputing = variantOf(student, { recomputes: true });
    const packed = collatePacked([ROWS.slice(0, 3), ROWS.slice(3)], TINY.maxPositions);
    expect(await measured(recomputing, teacher, packed)).toEqual(await measured(student, teacher, packed));
    const weights = { ...WEIGHTS, hidden: 1 };
    const features = FeatureMatching.of(makeStage({ weights, hidden: { embeddings: true } }), teacher, student, 1);
    const kept = await measured(student, teacher, PLAIN, features, { ...OBJECTIVE, weights });
    expect(kept.gradients['projection.0-0']).toBeDefined();
    // A state's gradient comes from its block and from its own term: these are added in another order.
    const again = await measured(recomputing, teacher, PLAIN, features, { ...OBJECTIVE, weights });
    expect(again.scalars).toEqual(kept.scalars);
    for (const [weight, gradient] of Object.entries(kept.gradients)) expectClose(again.gradients[weight], gradient, { relative: 1e-6, absolute: 1e-8, what: weight });
    features?.dispose();
    student.dispose();
  });

  test('the most that tensors hold at once falls to less than a third with eight layers', async () => {
    const deep = createDecoder({ ...TINY, layers: 8 }, 5, backend);
    const peak = async (student: DecoderModel): Promise<number> => {
      const { peakBytes } = await tf.profile(async () => {
        await measured(student, teacher);
        return tf.scalar(0);
      });
      return peakBytes - [...deep.weights.values()].reduce((sum, { size }) => sum + 4 * size, 0);
    };
    const [kept, recomputed] = [await peak(deep), await peak(variantOf(deep, { recomputes: true }))];
    expect(recomputed).toBeLessThan(kept / 3);
    deep.dispose();
  });
});

test('a stage that asks for it trains to the same losses to the last bit', async () => {
  const backend = await openWasm();
  const teacher = createDecoder(TINY, 3, backend);
  const run = async (gradientCheckpointing: boolean) => {
    const input = await makeInput({ student: createDecoder(TINY, 5, backend), teacher, stage: makeStage({ limits: { steps: 6 }, batch: { size: 4, accumulate: 2 }, gradientCheckpointing, validate: { every: 3 } }) });
    await trainStage(input);
    return input.reporter.exact();
  };
  expect(await run(true)).toEqual(await run(false));
  await backend.dispose();
});
