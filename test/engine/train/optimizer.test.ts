/** AdamW, clipping, schedules and whole accumulated steps of a real Llama against PyTorch in float64. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { DecoderConfig, DecoderModel } from '../../../src/engine/model/contract.ts';
import { decoderFrom } from '../../../src/engine/model/decoder.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import type { Objective } from '../../../src/engine/train/losses.ts';
import { AdamW } from '../../../src/engine/train/optimizer.ts';
import { learningRateAt } from '../../../src/engine/train/schedule.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { gradientsOf, optimiserStep } from '../../../src/engine/train/step.ts';
import type { TrainStage } from '../../../src/shared/recipe.ts';
import { BACKENDS, expectClose, openFor, rowsOf, TINY } from './setup.ts';
import type { FixtureRow } from './setup.ts';

type Settings = TrainStage['optimizer'];
type Matrix = readonly (readonly number[])[];
interface Pair {
  readonly matrix: Matrix;
  readonly vector: readonly number[];
}
interface OptimizerFixture {
  readonly trajectories: readonly { readonly name: string; readonly settings: Settings; readonly start: Pair; readonly steps: readonly { readonly gradients: Pair; readonly after: Pair }[] }[];
  readonly schedules: readonly { readonly kind: 'cosine' | 'linear' | 'constant'; readonly warmupSteps: number; readonly totalSteps: number; readonly floor: number; readonly rates: readonly number[] }[];
}
interface TinyFixture {
  readonly config: Readonly<Record<string, number>>;
  readonly weights: Readonly<Record<string, number[] | number[][]>>;
}
interface ModelFixture {
  readonly vocabulary: number;
  readonly weights: Objective['weights'];
  readonly temperature: number;
  readonly warmupSteps: number;
  readonly optimizer: Settings;
  readonly student: TinyFixture;
  readonly teacher: TinyFixture;
  readonly batches: readonly (readonly (readonly FixtureRow[])[])[];
  readonly gradients: Readonly<Record<string, number[] | number[][]>>;
  readonly steps: readonly Readonly<Record<string, number>>[];
  readonly after: Readonly<Record<string, number[] | number[][]>>;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(new URL(`../../fixtures/torch/${name}`, import.meta.url), 'utf8')) as T;
const optimizerFixture = read<OptimizerFixture>('optimizer.json');
const modelFixture = read<ModelFixture>('model.json');

test.each(optimizerFixture.schedules)('$kind with $warmupSteps warm-up steps is the schedule of torch and transformers', ({ kind, warmupSteps, totalSteps, floor, rates }) => {
  for (const [step, rate] of rates.entries()) {
    // Theirs begins at 0, ours one warm-up step later, so that no step is without effect; the decay is the same.
    const wanted = step < warmupSteps ? rates[step + 1] ?? 1 : rate;
    const got = learningRateAt({ kind, warmupSteps, floor }, 3, step, totalSteps);
    expect(got / 3).toBeCloseTo(step === warmupSteps - 1 ? 1 : wanted, 8);
  }
});

describe.each(BACKENDS)('on %s', (name) => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await openFor(name);
  });
  afterAll(() => backend.dispose());

  test.each(optimizerFixture.trajectories)('five AdamW steps end where torch.optim.AdamW does: $name', async ({ settings, start, steps }) => {
    const weights = new Map([
      ['matrix', tf.variable(tf.tensor2d(start.matrix as number[][]))], ['vector', tf.variable(tf.tensor1d([...start.vector]))],
    ] as [string, tf.Variable][]);
    const optimizer = new AdamW(backend.ops, weights, settings);
    for (const { gradients, after } of steps) {
      const tensors = new Map([['matrix', tf.tensor2d(gradients.matrix as number[][])], ['vector', tf.tensor1d([...gradients.vector])]] as [string, tf.Tensor][]);
      const norm = Math.sqrt((await backend.ops.sumOfSquares([...tensors.values()]).data())[0] ?? NaN);
      optimizer.step(tensors, settings.learningRate, optimizer.clipScale(norm));
      expectClose(await weights.get('matrix')?.data(), after.matrix.flat(), { absolute: 2e-6, what: 'matrix' });
      expectClose(await weights.get('vector')?.data(), after.vector, { absolute: 2e-6, what: 'vector' });
    }
  });

  test('the gradient of every weight of a Llama of Hugging Face, distilled from another', async () => {
    const { student, teacher, objective } = models(backend);
    const batch = collate(rowsOf((modelFixture.batches[0] ?? []).flat()), TINY.maxPositions);
    const { gradients } = gradientsOf(student, liveTargets(teacher, objective.vocabulary), objective, batch, batch.kept);
    expect([...gradients.keys()].sort()).toEqual(Object.keys(modelFixture.gradients).sort());
    for (const [weight, wanted] of Object.entries(modelFixture.gradients)) {
      expectClose(await gradients.get(weight)?.data(), wanted.flat(), { relative: 1e-4, absolute: 2e-6, what: weight });
    }
  });

  test('five steps of two micro-batches: losses, gradient norms and weights of one whole batch in PyTorch', async () => {
    const { student, teacher, objective } = models(backend);
    const optimizer = new AdamW(backend.ops, student.weights, modelFixture.optimizer);
    const schedule = { kind: 'constant', warmupSteps: modelFixture.warmupSteps, floor: 0 } as const;
    for (const [step, wanted] of modelFixture.steps.entries()) {
      const batches = (modelFixture.batches[step] ?? []).map((micro) => collate(rowsOf(micro), TINY.maxPositions));
      const learningRate = learningRateAt(schedule, modelFixture.optimizer.learningRate, step, modelFixture.steps.length);
      const values = await optimiserStep({ student, targets: liveTargets(teacher, objective.vocabulary), objective, optimizer, batches, learningRate });
      for (const [key, value] of Object.entries(wanted)) {
        const got = Number(values?.[key as keyof typeof values] ?? NaN);
        expect(Math.abs(got - value), `${key} at step ${step}: ${got} instead of ${value}`).toBeLessThan(1e-4 * Math.abs(value));
      }
    }
    for (const [weight, wanted] of Object.entries(modelFixture.after)) {
      expectClose(await student.weights.get(weight)?.data(), wanted.flat(), { absolute: 1e-4, what: weight });
    }
  });
});

function models(backend: Backend): { readonly student: DecoderModel; readonly teacher: DecoderModel; readonly objective: Objective } {
  const model = ({ config, weights }: TinyFixture): DecoderModel => {
    const number = (field: string): number => config[field] ?? NaN;
    const decoder: DecoderConfig = {
      ...TINY, vocabSize: modelFixture.vocabulary, hiddenSize: number('hidden_size'), intermediateSize: number('intermediate_size'),
      layers: number('num_hidden_layers'), heads: number('num_attention_heads'), kvHeads: number('num_key_value_heads'), headDim: number('head_dim'),
    };
    return decoderFrom(decoder, backend, (name) => Float32Array.from(weights[name]?.flat() ?? []));
  };
  const { weights, temperature, vocabulary } = modelFixture;
  return { student: model(modelFixture.student), teacher: model(modelFixture.teacher), objective: { weights: { ...weights, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature, vocabulary } };
}
