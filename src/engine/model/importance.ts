/**
 * Which parts of a teacher do most on given texts, measured in one pass over them: what a smaller student is cut from.
 *
 *   layer   1 − mean cosine of what goes into a block and what comes out (block influence: ShortGPT, Men et al. 2024, eq. 1)
 *   neuron  ‖its activations over all positions‖₂ · ‖its column of down_proj‖₂
 *   head    the same of what a query head gives to o_proj, summed over its width; a group's (a key-value head's) is the sum of its heads'
 *
 * (Activation-based importance: Minitron, Muralidharan et al. 2024, section 2.2; weighed with the weights it meets as Wanda does,
 * Sun et al. 2024, section 3, so that a loud neuron nobody listens to is unimportant.)
 */
import { tf } from '../tf.ts';
import { readFloats } from './decoder.ts';
import type { DecoderModel } from './contract.ts';

export interface Importance {
  /** Of each block. */
  readonly layers: readonly number[];
  /** [block][neuron]. */
  readonly neurons: readonly Float64Array[];
  /** [block][query head]. */
  readonly heads: readonly Float64Array[];
  /** [block][key-value head], its group of query heads together. */
  readonly groups: readonly Float64Array[];
}

/** A text as it is fed: ids without padding. */
export type CalibrationRow = ArrayLike<number>;

/** Rows of one text each, so that nothing is padded. Throws DistillError `sequence-too-long`. */
export async function measureImportance(model: DecoderModel, rows: readonly CalibrationRow[], pause: (done: number, total: number) => void | Promise<void> = () => undefined): Promise<Importance> {
  const { layers, heads, kvHeads, headDim, intermediateSize } = model.config;
  const influence = new Float64Array(layers);
  const neurons = Array.from({ length: layers }, () => new Float64Array(intermediateSize));
  const queries = Array.from({ length: layers }, () => new Float64Array(heads * headDim));
  let positions = 0;
  for (const [index, row] of rows.entries()) {
    if (row.length === 0) continue;
    positions += row.length;
    const shown: { readonly into: Float64Array; readonly at: number; readonly values: tf.Tensor }[] = [];
    const ids = tf.tensor2d(Int32Array.from(row), [1, row.length], 'int32');
    let before: tf.Tensor2D | null = null;
    model.watch(ids, {
      state(layer, x) {
        if (before !== null) shown.push({ into: influence, at: layer - 1, values: tf.keep(tf.sum(tf.sub(1, cosine(before, x)))) });
        before = x;
      },
      neurons(layer, values) { shown.push({ into: neurons[layer] as Float64Array, at: 0, values: tf.keep(tf.sum(tf.square(values), 0)) }); },
      heads(layer, values) { shown.push({ into: queries[layer] as Float64Array, at: 0, values: tf.keep(tf.sum(tf.square(values), 0)) }); },
    });
    ids.dispose();
    for (const { into, at, values } of shown) {
      (await values.data()).forEach((value, i) => { into[at + i] = (into[at + i] ?? 0) + value; });
      values.dispose();
    }
    await pause(index + 1, rows.length);
  }
  const group = heads / kvHeads;
  const ofHeads = await Promise.all(queries.map(async (squares, layer) => {
    const columns = await columnNorms(model, `model.layers.${layer}.self_attn.o_proj.weight`);
    return summed(squares.map((square, at) => Math.sqrt(square) * (columns[at] ?? NaN)), headDim);
  }));
  return {
    layers: [...influence].map((sum) => sum / Math.max(1, positions)),
    neurons: await Promise.all(neurons.map(async (squares, layer) => {
      const columns = await columnNorms(model, `model.layers.${layer}.mlp.down_proj.weight`);
      return squares.map((square, neuron) => Math.sqrt(square) * (columns[neuron] ?? NaN));
    })),
    heads: ofHeads,
    groups: ofHeads.map((each) => summed(each, group)),
  };
}

/** Sums of `size` neighbours each. */
function summed(values: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: values.length / size }, (_, at) => values.subarray(at * size, (at + 1) * size).reduce((sum, value) => sum + value, 0));
}

/** Of rows [rows, width], pairwise: [rows]. */
function cosine(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor {
  const norms = tf.mul(tf.sum(tf.square(a), -1), tf.sum(tf.square(b), -1));
  return tf.div(tf.sum(tf.mul(a, b), -1), tf.sqrt(tf.add(norms, 1e-30)));
}

/** Length of each column of a projection [out, in]. */
async function columnNorms(model: DecoderModel, name: string): Promise<Float64Array> {
  const weight = model.weights.get(name);
  if (weight === undefined) throw new Error(`no weight ${name}`);
  const [rows, columns] = weight.shape as [number, number];
  const values = await readFloats(weight);
  const squares = new Float64Array(columns);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) squares[c] = (squares[c] ?? 0) + (values[r * columns + c] ?? NaN) ** 2;
  return squares.map(Math.sqrt);
}
