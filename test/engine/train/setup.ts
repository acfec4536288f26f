/** What the tests of training share: tiny models, made-up rows, a reporter that remembers. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import type { EncodedRow } from '../../../src/engine/data/contract.ts';
import type { DecoderConfig, DecoderModel } from '../../../src/engine/model/contract.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { tf } from '../../../src/engine/tf.ts';
import type { MetricValues, TrainInput, TrainOrder, TrainReporter } from '../../../src/engine/train/contract.ts';
import type { GateTold } from '../../../src/engine/train/gate.ts';
import { trainStage as trainStageSchema } from '../../../src/shared/recipe.ts';
import type { TrainStage } from '../../../src/shared/recipe.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

export const VOCABULARY = 17;

export const TINY: DecoderConfig = {
  family: 'llama', vocabSize: VOCABULARY, hiddenSize: 8, intermediateSize: 12, layers: 2, heads: 2, kvHeads: 1, headDim: 4,
  maxPositions: 64, ropeTheta: 10_000, ropeScaling: null, qkNorm: false, rmsNormEpsilon: 1e-5, tiedHead: true, qkvBias: false, outputBias: false,
  int8: false, bosTokenId: null, eosTokenIds: [1],
};

/** Two threads, as on the smallest machine we care for. */
export function openWasm(): Promise<Backend> {
  return openBackend({ backend: 'wasm', threads: 2 });
}

export function openCpu(): Promise<Backend> {
  return openBackend({ backend: 'cpu', threads: null });
}

/** What every loss and gradient is held against PyTorch on; native TensorFlow where the tests have one. */
export const BACKENDS: readonly ('cpu' | 'wasm' | 'tensorflow')[] = ['cpu', 'wasm', ...(tensorflowFolder === null ? [] : ['tensorflow' as const])];

export function openFor(name: (typeof BACKENDS)[number]): Promise<Backend> {
  if (name === 'tensorflow') process.env['DISTILL_TENSORFLOW'] = tensorflowFolder ?? '';
  return openBackend({ backend: name, threads: 2 });
}

/** Rows of different lengths with something to learn: each id follows from the one before. */
export function makeRows(count: number, seed: number, file = 'train.jsonl'): EncodedRow[] {
  return Array.from({ length: count }, (_, row) => {
    const random = new Random(seed, row);
    const below = (bound: number): number => random.word() % bound;
    const length = 8 + below(12);
    const stride = 1 + below(3);
    const start = below(VOCABULARY);
    const ids = Int32Array.from({ length }, (_, i) => (start + i * stride) % VOCABULARY);
    const promptLength = 2 + below(3);
    return { row, file, ids, promptLength, answerStart: promptLength + 1 + below(length - promptLength - 1), ended: true };
  });
}

export type StageInput = Parameters<typeof trainStageSchema.parse>[0];

export function makeStage(changes: Readonly<Record<string, unknown>>): TrainStage {
  return trainStageSchema.parse({ type: 'train', name: 'distil', limits: { steps: 10 }, ...changes });
}

export interface Told {
  readonly step: number;
  readonly values: MetricValues;
}

export class Recorder implements TrainReporter {
  readonly metrics: Told[] = [];
  readonly checkpoints: { readonly step: number; readonly name: string; readonly best: boolean }[] = [];
  readonly removed: string[] = [];
  readonly warnings: { readonly code: string; readonly data: unknown }[] = [];
  readonly orders: { readonly id: string; readonly accepted: boolean }[] = [];
  readonly gates: GateTold[] = [];
  metric({ step, values }: Told): void {
    this.metrics.push({ step, values });
  }
  checkpoint({ step, name, best }: { step: number; name: string; best: boolean }): void {
    this.checkpoints.push({ step, name, best });
  }
  checkpointRemoved(name: string): void {
    this.removed.push(name);
  }
  progress(): void {}
  warning(code: string, data: unknown): void {
    this.warnings.push({ code, data });
  }
  gate(told: GateTold): void {
    this.gates.push(told);
  }
  acknowledged(id: string, accepted: boolean): void {
    this.orders.push({ id, accepted });
  }
  /** The values that depend on nothing but the recipe: everything but speed and memory. */
  exact(fromStep = 0): Told[] {
    return this.metrics
      .filter(({ step }) => step > fromStep)
      .map(({ step, values }) => ({ step, values: Object.fromEntries(Object.entries(values).filter(([name]) => !['tokensPerSecond', 'memoryMiB'].includes(name))) }));
  }
}

/** Orders by the step after which they are given, once; −1 is before anything was measured. */
export type Orders = Readonly<Record<number, readonly TrainOrder['order'][]>>;

function controlOf(orders: Orders, reporter: Recorder): TrainInput['control'] {
  const given = new Set<number>();
  return {
    poll: () => {
      const step = reporter.metrics.at(-1)?.step ?? -1;
      if (given.has(step)) return [];
      given.add(step);
      return (orders[step] ?? []).map((order, index) => ({ id: `${step}-${index}`, order }));
    },
  };
}

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-train-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A whole input; `student` and `stage` at least are the test's own. */
export async function makeInput(
  { orders = {}, ...own }: Pick<TrainInput, 'student' | 'stage'> & Partial<TrainInput> & { readonly orders?: Orders },
): Promise<TrainInput & { readonly reporter: Recorder }> {
  const reporter = new Recorder();
  return {
    stageIndex: 0, seed: 7, teacher: null, vocabulary: VOCABULARY, train: makeRows(40, 1), validation: makeRows(10, 2, 'validation.jsonl'),
    checkpoints: own.checkpoints ?? await temporaryFolder(), evaluate: null, before: { steps: 0, tokens: 0 }, resume: null, control: controlOf(orders, reporter),
    ...own, reporter,
  };
}

/** A row as the PyTorch fixtures have it. */
export interface FixtureRow {
  readonly ids: readonly number[];
  readonly promptLength: number;
  readonly answerStart: number;
}

export function rowsOf(rows: readonly FixtureRow[]): EncodedRow[] {
  return rows.map(({ ids, promptLength, answerStart }, row) => ({ row, file: 'fixture.jsonl', ids: Int32Array.from(ids), promptLength, answerStart, ended: true }));
}

/** Every |got − wanted| ≤ absolute + relative · |wanted|. */
export function expectClose(
  got: ArrayLike<number> | undefined, wanted: ArrayLike<number>, { relative = 0, absolute = 0, what = '' }: { readonly relative?: number; readonly absolute?: number; readonly what?: string },
): void {
  expect(got?.length, what).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs((got?.[i] ?? NaN) - (wanted[i] ?? NaN));
    const allowed = absolute + relative * Math.abs(wanted[i] ?? NaN);
    // A failing expect() for each number would cost more than the numbers.
    if (!(difference <= allowed)) expect.fail(`${what}[${i}]: ${got?.[i]} instead of ${wanted[i]}, off by ${difference}`);
  }
}

/** A "model" whose weights are the logits themselves: what it is asked for is what the loss does with them. */
export function logitsAsModel(logits: readonly number[][][], backend: Backend): DecoderModel {
  const vocabulary = logits[0]?.[0]?.length ?? 0;
  const seq = logits[0]?.length ?? 0;
  const weight = tf.tidy(() => tf.variable(tf.tensor2d(logits.flat(), [logits.length * seq, vocabulary])));
  const refuse = (): never => {
    throw new Error('not asked for');
  };
  return {
    config: { ...TINY, vocabSize: vocabulary }, backend, weights: new Map([['logits', weight]]), trainable: new Map([['logits', weight]]), parameters: weight.size, adapter: null, recomputes: false, forward: refuse, observe: refuse, watch: refuse,
    // The batch may be padded to another length than the fixture's.
    hidden: (ids) => {
      const [batch, fed] = ids.shape;
      const shaped = tf.reshape(weight, [batch, seq, vocabulary]);
      const fitted = fed > seq ? tf.pad(shaped, [[0, 0], [0, fed - seq], [0, 0]]) : tf.slice(shaped, [0, 0, 0], [batch, fed, vocabulary]);
      return tf.reshape(fitted, [batch * fed, vocabulary]);
    },
    head: (states) => tf.clone(states),
    dispose: () => weight.dispose(),
  };
}
