/**
 * An optimiser step as one TensorFlow function: forward, backward, clipping and AdamW, recorded from the code that runs operation
 * by operation elsewhere. One function for each shape of a micro-batch; what changes from step to step is an input. An accumulated
 * batch takes a function for the gradients of each micro-batch and one for the update.
 *
 * Recording computes nothing, so every step runs the function, also the first one after a resume: losses repeat bit for bit.
 */
import { nativeTensorflow } from '../backend/tensorflow/backend.ts';
import type { NativeTensorflow } from '../backend/tensorflow/binding.ts';
import { NotRecordable, recordFunction, type FunctionSignature, type RecordedFunction, type Tracing } from '../backend/tensorflow/recorder.ts';
import type { Resource } from '../backend/tensorflow/resource.ts';
import { ATTRIBUTE } from '../backend/tensorflow/types.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import type { MicroBatch } from './batch.ts';
import { countsOf, tokenMask } from './features.ts';
import { computes, disposeTargets, LOSS_TERMS, release, scalesOf, tensorsOf, upload, type DeviceBatch, type LossTerm, type SegmentTargets } from './losses.ts';
import { LossTotals, type LossValues } from './lossValues.ts';
import type { AdamW } from './optimizer.ts';
import { recordUpdate, UPDATE_NUMBERS, updateNumbers, type UpdateNumbers } from './recordedUpdate.ts';
import { rowLossesOf } from './rowLosses.ts';
import { addTo, divisorsOf, passGradients, teacherOf, type MicroGradients, type StepInput, type StepValues } from './step.ts';
import { disposeSpans, tensorsOfSpans, type PreparedSpans } from './uldTargets.ts';
import { yieldToEvents } from './yield.ts';

/** Functions that are kept; the one that was used least recently goes. Each holds its graph and what TensorFlow has compiled of it. */
const FUNCTIONS_MOST = 16;

/** Numbers of a step, as elements of one vector that every function is given. */
const NUMBERS = [...LOSS_TERMS, 'temperature', 'lossScale', ...UPDATE_NUMBERS] as const;
type StepNumbers = Readonly<Record<LossTerm | 'temperature' | 'lossScale' | keyof UpdateNumbers, tf.Scalar>>;

/** A micro-batch on the backend, ready for a function. */
interface Uploaded {
  readonly batch: MicroBatch;
  readonly device: DeviceBatch;
  /** Null where the function asks the teacher itself, and without one. */
  readonly soft: readonly SegmentTargets[] | null;
  readonly mask: tf.Tensor1D | null;
  /** Of teachers of another vocabulary. */
  readonly spans: PreparedSpans;
}

/** What a step keeps from one to the next. */
export class RecordedSteps {
  readonly #native: NativeTensorflow;
  readonly #optimizer: AdamW;
  /** In the order of their last use. */
  readonly #functions = new Map<string, RecordedFunction>();

  /** Whether the backend of a model has functions. */
  static possible({ backend }: DecoderModel): boolean {
    return backend.name.startsWith('tensorflow') && nativeTensorflow() !== null;
  }

  /** Null where the backend has no functions. */
  static of(student: DecoderModel, optimizer: AdamW): RecordedSteps | null {
    const native = RecordedSteps.possible(student) ? nativeTensorflow() : null;
    return native === null ? null : new RecordedSteps(native, optimizer);
  }

  private constructor(native: NativeTensorflow, optimizer: AdamW) {
    this.#native = native;
    this.#optimizer = optimizer;
  }

  /** How many functions are kept now. */
  get size(): number {
    return this.#functions.size;
  }

  /** As optimiserStep. @throws NotRecordable, before anything has changed. */
  async step(input: StepInput): Promise<StepValues | null> {
    const { objective, features = null, targets, batches, learningRate, lossScale = 1 } = input;
    const kept = batches.reduce((sum, { weight }) => sum + weight, 0);
    const scales = scalesOf(objective, kept, divisorsOf(features, countsOf(batches)));
    const values = { ...scales, temperature: objective.temperature, lossScale, ...updateNumbers(this.#optimizer.settings, learningRate, this.#optimizer.t + 1, lossScale) };
    const numbers = tf.tensor1d(Float32Array.from(NUMBERS, (name) => values[name]));
    const read: number[][] = [];
    try {
      const squares = batches.length === 1 ? this.#whole(input, batches[0] as MicroBatch, numbers, read) : await this.#accumulated(input, numbers, read);
      const losses = lossesOf(input, read);
      const gradNorm = Math.sqrt(squares) / lossScale;
      if (!Number.isFinite(losses.loss) || !Number.isFinite(gradNorm)) return null;
      this.#optimizer.counted();
      return { ...losses, gradNorm, rows: batches.flatMap((batch, index) => rowLossesOf(batch, read[index] ?? [], targets !== null)) };
    } finally {
      numbers.dispose();
    }
  }

  dispose(): void {
    for (const recorded of this.#functions.values()) recorded.dispose();
    this.#functions.clear();
  }

  /** Σ of the gradient's squares, once everything is done. */
  #whole(input: StepInput, batch: MicroBatch, numbers: tf.Tensor1D, read: number[][]): number {
    const uploaded = uploadFor(input, batch);
    try {
      const places = this.#optimizer.inPlace(this.#native);
      const resources = [...places.values()].flatMap(({ weight, m, v }) => [weight, m, v]);
      // Those that the optimiser changes come as resources.
      const others = weightsOf(input).filter((weight) => ![...places.values()].some((place) => place.weight.variable === weight));
      const inputs = [numbers, ...tensorsFor(uploaded), ...others];
      const recorded = this.#function(`whole ${keyOf(input, uploaded)}`, { inputs, resources }, (tracing) => {
        const named = elements(numbers);
        const { gradients, scalars } = this.#pass(input, uploaded, named);
        const squares = input.student.backend.ops.sumOfSquares([...gradients.values()]);
        const told = flat(scalars);
        const done = recordUpdate(tracing, { settings: this.#optimizer.settings, places, gradients, squares, witness: tf.sum(told), numbers: named });
        return [after(tracing, flat([told, squares]), done)];
      });
      const [values] = taken(resources, () => recorded.run(inputs)) as [tf.Tensor];
      const all = numbersOf(values);
      read.push(all.slice(0, -1));
      return all.at(-1) ?? Number.NaN;
    } finally {
      releaseAll(uploaded);
    }
  }

  async #accumulated(input: StepInput, numbers: tf.Tensor1D, read: number[][]): Promise<number> {
    const gradients = new Map<string, tf.Tensor>();
    try {
      for (const batch of input.batches) {
        this.#gradients(input, batch, numbers, read, gradients);
        await yieldToEvents();
      }
      return Number.isFinite(lossesOf(input, read).loss) ? this.#update(gradients, numbers, input) : Number.NaN;
    } finally {
      tf.dispose([...gradients.values()]);
    }
  }

  #gradients(input: StepInput, batch: MicroBatch, numbers: tf.Tensor1D, read: number[][], sum: Map<string, tf.Tensor>): void {
    const uploaded = uploadFor(input, batch);
    try {
      const trained = trainedOf(input);
      const inputs = [numbers, ...tensorsFor(uploaded), ...new Set([...trained.values(), ...weightsOf(input)])];
      const key = `gradients ${keyOf(input, uploaded)}`;
      const recorded = this.#function(key, { inputs, resources: [] }, () => {
        const { gradients, scalars } = this.#pass(input, uploaded, elements(numbers));
        // One result for each weight, in their order; a weight without influence has zeros.
        return [flat(scalars), ...[...trained].map(([name, weight]) => gradients.get(name) ?? tf.zerosLike(weight))];
      });
      const [values, ...gradients] = recorded.run(inputs) as [tf.Tensor, ...tf.Tensor[]];
      read.push(numbersOf(values));
      addTo(sum, new Map([...trained.keys()].map((name, index) => [name, gradients[index] as tf.Tensor])));
    } finally {
      releaseAll(uploaded);
    }
  }

  #update(sum: ReadonlyMap<string, tf.Tensor>, numbers: tf.Tensor1D, { student }: StepInput): number {
    const places = this.#optimizer.inPlace(this.#native);
    const resources = [...places.values()].flatMap(({ weight, m, v }) => [weight, m, v]);
    const inputs = [numbers, ...sum.values()];
    const recorded = this.#function('update', { inputs, resources }, (tracing) => {
      const squares = student.backend.ops.sumOfSquares([...sum.values()]);
      const done = recordUpdate(tracing, { settings: this.#optimizer.settings, places, gradients: sum, squares, witness: squares, numbers: elements(numbers) });
      return [after(tracing, tf.stack([squares]), done)];
    });
    const [values] = taken(resources, () => recorded.run(inputs)) as [tf.Tensor];
    return numbersOf(values)[0] ?? Number.NaN;
  }

  /** Inside a recording. */
  #pass({ student, targets, objective, features = null }: StepInput, { batch, device, soft, mask, spans }: Uploaded, numbers: StepNumbers): MicroGradients {
    const shown = features?.teacher(device, batch, spans) ?? null;
    const teacher = soft === null ? teacherOf(targets, objective, batch, device, shown) : { soft, asked: null };
    const scales = Object.fromEntries(LOSS_TERMS.map((term) => [term, tf.mul(numbers[term], numbers.lossScale)])) as Record<LossTerm, tf.Scalar>;
    return passGradients(student, objective, features, { batch, device, ...teacher, shown, mask, temperature: numbers.temperature, scales });
  }

  #function(key: string, signature: FunctionSignature, body: (tracing: Tracing) => readonly tf.Tensor[]): RecordedFunction {
    const known = this.#functions.get(key);
    const recorded = known ?? recordFunction(this.#native, signature, body);
    this.#functions.delete(key);
    this.#functions.set(key, recorded);
    if (this.#functions.size > FUNCTIONS_MOST) {
      const [oldest] = this.#functions.keys() as IterableIterator<string> & Iterable<string>;
      if (oldest !== undefined) {
        this.#functions.get(oldest)?.dispose();
        this.#functions.delete(oldest);
      }
    }
    return recorded;
  }
}

function lossesOf({ objective, targets, features = null, batches }: StepInput, read: readonly (readonly number[])[]): LossValues {
  const totals = new LossTotals(objective, targets !== null, features);
  read.forEach((values, index) => totals.add(batches[index] as MicroBatch, values));
  return totals.values();
}

/** Tensors one after another [elements]. */
function flat(tensors: readonly tf.Tensor[]): tf.Tensor1D {
  return tf.concat1d(tensors.map((tensor) => tf.reshape<tf.Rank.R1>(tensor, [-1])));
}

/** The elements of a result that is not needed any more. */
function numbersOf(values: tf.Tensor): number[] {
  const numbers = [...values.dataSync()];
  values.dispose();
  return numbers;
}

/** Runs with the resources holding the only reference to their values. */
function taken<T>(resources: readonly Resource[], run: () => T): T {
  for (const resource of resources) resource.take();
  try {
    return run();
  } finally {
    for (const resource of resources) resource.give();
  }
}

function uploadFor({ targets, objective, features = null }: StepInput, batch: MicroBatch): Uploaded {
  const device = upload(batch);
  const soft = targets === null || targets.live !== undefined ? null : targets.of(batch, device, objective.temperature);
  return { batch, device, soft, mask: features === null ? null : tokenMask(batch), spans: features?.spans(batch) ?? [] };
}

function releaseAll({ device, soft, mask, spans }: Uploaded): void {
  release(device);
  disposeTargets(soft);
  disposeSpans(spans);
  if (mask !== null) mask.dispose();
}

function tensorsFor({ device, soft, mask, spans }: Uploaded): tf.Tensor[] {
  return [...tensorsOf(device), ...(soft ?? []).flatMap((target) => (target.kind === 'logits' ? [target.logits] : [target.ids, target.logP])), ...(mask === null ? [] : [mask]), ...tensorsOfSpans(spans)];
}

/** All that the optimiser changes. */
function trainedOf({ student, features = null }: StepInput): ReadonlyMap<string, tf.Variable> {
  return new Map([...student.trainable, ...(features?.projections ?? [])]);
}

/** Every weight that a pass reads, each once. */
function weightsOf({ student, targets, features = null }: StepInput): tf.Variable[] {
  return [...new Set([...student.weights.values(), ...student.trainable.values(), ...(targets?.live?.weights.values() ?? []), ...(features?.inside?.weights.values() ?? []), ...(features?.projections.values() ?? [])])];
}

/** What a function depends on beside the numbers. */
function keyOf({ objective, targets }: StepInput, uploaded: Uploaded): string {
  const { device: { segments, rowSlots }, soft } = uploaded;
  return JSON.stringify([
    tensorsFor(uploaded).map(({ shape, dtype }) => [shape, dtype]), segments.map(({ name }) => name), rowSlots, soft?.map(({ kind }) => kind) ?? (targets === null ? null : 'live'),
    LOSS_TERMS.filter((term) => computes(objective, term)), objective.divergence, objective.vocabulary,
  ]);
}

function elements(numbers: tf.Tensor1D): StepNumbers {
  return Object.fromEntries(tf.unstack(numbers).map((scalar, index) => [NUMBERS[index], scalar])) as unknown as StepNumbers;
}

/** `value`, once everything in `done` is done. */
function after(tracing: Tracing, value: tf.Tensor, done: Parameters<Tracing['add']>[4]): tf.Tensor {
  const [result] = tracing.add('Identity', [{ name: 'T', type: ATTRIBUTE.type, value: 1 }], [tracing.outputOf(value)], 1, done);
  if (result === undefined) throw new NotRecordable('a function without a result');
  return tracing.tensorOf(result);
}
