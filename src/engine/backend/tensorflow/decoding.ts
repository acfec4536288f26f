/**
 * Generation on native TensorFlow: a step is one function, recorded from the same code that runs operation by operation
 * elsewhere. Keys and values are written into the cache where it lies (InplaceUpdate takes its input for its output), the
 * next ids are chosen inside, and nothing else is read back. Weights are inputs, so that a function outlives a training step.
 */
import type { DecoderModel } from '../../model/contract.ts';
import type { DecodingOptions } from '../../model/decoding.ts';
import { decodeStep, tensorsOf, type PreparedLayer, type ScoreTensors, type StepTensors } from '../../model/decodeStep.ts';
import { openPlainDecoding, type Stepping } from '../../model/plainDecoding.ts';
import { tf } from '../../tf.ts';
import type { Ops } from '../contract.ts';
import type { NativeTensorflow } from './binding.ts';
import { nodeBackend } from './nodeBackend.ts';
import { NotRecordable, recordFunction, type RecordedFunction } from './recorder.ts';
import { ATTRIBUTE, DATA_TYPE } from './types.ts';

/** Functions that are kept; the one that was used least recently goes. */
const MOST_FUNCTIONS = 32;
/** A function is made for one number of rows and columns. Rows double; columns, empty ones of which are computed with, grow by a quarter or less. */
const FEWEST_COLUMNS = 64;
const STEPS_A_DOUBLING = 4;

export function decodingOps(native: NativeTensorflow): Pick<Ops, 'writeColumns' | 'decoding'> {
  /** By what a function depends on. */
  const functions = new Map<string, RecordedFunction>();
  const stepping: Stepping = {
    rows: (live, most) => Math.min(most, powerOfTwo(live)),
    shrinks: (live, rows, most) => Math.min(most, powerOfTwo(live)) < rows,
    columns: (needed) => {
      const step = Math.max(FEWEST_COLUMNS, powerOfTwo(needed) / STEPS_A_DOUBLING);
      return Math.ceil(needed / step) * step;
    },
    compute: (model, prepared, wanted, step) => compute(native, functions, model, prepared, wanted, step),
  };
  return { writeColumns, decoding: (model, options) => openPlainDecoding(model, options, stepping) };
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, least)));
}

function compute(native: NativeTensorflow, functions: Map<string, RecordedFunction>, model: DecoderModel, prepared: readonly PreparedLayer[] | null, wanted: DecodingOptions, step: StepTensors): ScoreTensors {
  const weights = prepared === null ? weightsOf(model) : [...outsideBlocks(model), ...tensorsOf(prepared)];
  const { tokens, written, cos, sin, mask, temperature, caches } = step;
  const inputs = [tokens, written, cos, sin, mask, temperature, ...caches.flatMap(({ keys, values }) => [keys, values]), ...weights];
  const key = `${kindOf(model, wanted, weights)} ${mask.shape.join()}`;
  let recorded = functions.get(key);
  if (recorded === undefined) {
    try {
      recorded = recordFunction(native, { inputs, resources: [] }, () => {
        const { best, probabilities } = decodeStep(model, prepared, wanted, step, writeColumns);
        return [best, probabilities].filter((tensor) => tensor !== undefined);
      });
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      return decodeStep(model, prepared, wanted, step, writeColumns);
    }
  }
  functions.delete(key);
  functions.set(key, recorded);
  for (const [oldest, each] of functions) {
    if (functions.size <= MOST_FUNCTIONS) break;
    each.dispose();
    functions.delete(oldest);
  }
  const results = recorded.run(inputs);
  return {
    ...(wanted.best ? { best: results[0]! } : {}),
    ...(wanted.temperature === null ? {} : { probabilities: results.at(-1)! }),
  };
}

/** All that a model computes with, in an order that is the same for models of the same kind. */
function weightsOf({ weights, adapter }: DecoderModel): tf.Tensor[] {
  return [...weights.values(), ...[...adapter?.pairs.values() ?? []].flatMap(({ a, b }) => [a, b])];
}

/** Embedding, last norm and head: what prepared weights leave out. */
function outsideBlocks({ weights }: DecoderModel): tf.Tensor[] {
  return [...weights].flatMap(([name, weight]) => (name.startsWith('model.layers.') ? [] : [weight]));
}

/** What a function depends on besides rows and columns: told once for a call of generate. */
const kinds = new WeakMap<DecodingOptions, string>();
function kindOf(model: DecoderModel, wanted: DecodingOptions, weights: readonly tf.Tensor[]): string {
  let kind = kinds.get(wanted);
  if (kind === undefined) {
    kind = JSON.stringify([model.config, opsNumber(model.backend.ops), weights.map(({ shape }) => shape), wanted.best, wanted.temperature === null]);
    kinds.set(wanted, kind);
  }
  return kind;
}

/** Operations of another precision make another function. */
const numbers = new WeakMap<Ops, number>();
let numbered = 0;
function opsNumber(ops: Ops): number {
  let number = numbers.get(ops);
  if (number === undefined) numbers.set(ops, number = numbered += 1);
  return number;
}

function writeColumns(cache: tf.Tensor3D, column: tf.Tensor3D, written: tf.Tensor1D): tf.Tensor3D {
  const [rows, columns, width] = cache.shape;
  const flat = nodeBackend().executeSingleOutput('InplaceUpdate', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [
    tf.reshape(cache, [rows * columns, width]), written, tf.reshape(column, [rows, width]),
  ]);
  return tf.reshape(flat, [rows, columns, width]);
}
