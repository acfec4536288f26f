/** Keys and values of the tokens so far, for all layers of one batch; every row has the same number of columns. */
import type { Ops } from '../backend/contract.ts';
import { tf } from '../tf.ts';

interface LayerCache {
  readonly keys: tf.Tensor3D;
  readonly values: tf.Tensor3D;
}

/** Where a backend writes in place, this many columns are made at once: empty ones cost a little attention, making them a copy. */
const SPARE_COLUMNS = 32;

export class KvCache {
  readonly #kvHeads: number;
  readonly #write: Ops['writeColumn'];
  #layers: LayerCache[] = [];
  #used = 0;
  #first = 0;

  constructor(kvHeads: number, ops: Ops) {
    this.#kvHeads = kvHeads;
    this.#write = ops.writeColumn;
  }

  /** Columns in use: the prompt's, padding included, and one for each token since. */
  get used(): number {
    return this.#used;
  }

  /**
   * Begins a step of `seq` new columns (after the first step: one), which `append` brings for each layer. How many columns
   * attention sees then: those in use, the new ones and, where the backend writes in place, empty ones at the end.
   */
  begin(seq: number): number {
    this.#first = this.#used;
    this.#used += seq;
    if (this.#first === 0 || this.#write === undefined) return this.#used;
    if (this.#used > this.#layers[0]!.keys.shape[1]) this.#replace((tensor) => withSpare(tensor));
    return this.#layers[0]!.keys.shape[1];
  }

  /** keys, values [rows · kvHeads, seq, headDim] of new tokens → those of all columns. The cache owns what it gives. */
  append(layer: number, keys: tf.Tensor3D, values: tf.Tensor3D): LayerCache {
    if (this.#first === 0) {
      const copy = (tensor: tf.Tensor3D): tf.Tensor3D => tf.keep(this.#write === undefined ? tensor.clone() : withSpare(tensor));
      this.#layers[layer] = { keys: copy(keys), values: copy(values) };
      return { keys, values };
    }
    const before = this.#layers[layer]!;
    if (this.#write !== undefined) {
      this.#write(before.keys, keys, this.#first);
      this.#write(before.values, values, this.#first);
      return before;
    }
    const now = { keys: tf.keep(tf.concat([before.keys, keys], 1)), values: tf.keep(tf.concat([before.values, values], 1)) };
    tf.dispose([before.keys, before.values]);
    this.#layers[layer] = now;
    return now;
  }

  /** Keeps these rows, in this order, and drops the first `dropped` columns. */
  keep(rows: readonly number[], dropped: number): void {
    const kvHeads = this.#kvHeads;
    const indices = tf.tensor1d(rows.flatMap((row) => Array.from({ length: kvHeads }, (_, head) => row * kvHeads + head)), 'int32');
    this.#replace((tensor) => tf.gather(dropped === 0 ? tensor : tf.slice(tensor, [0, dropped, 0]), indices));
    this.#used -= dropped;
    indices.dispose();
  }

  dispose(): void {
    for (const { keys, values } of this.#layers) tf.dispose([keys, values]);
    this.#layers = [];
  }

  #replace(change: (tensor: tf.Tensor3D) => tf.Tensor3D): void {
    this.#layers = this.#layers.map(({ keys, values }) => {
      const changed = { keys: tf.keep(tf.tidy(() => change(keys))), values: tf.keep(tf.tidy(() => change(values))) };
      tf.dispose([keys, values]);
      return changed;
    });
  }
}

/** The same with empty columns at the end; zeros, because a masked column is still multiplied (by a probability of 0). */
function withSpare(tensor: tf.Tensor3D): tf.Tensor3D {
  const [rows, , width] = tensor.shape;
  return tf.tidy(() => tf.concat([tensor, tf.zeros([rows, SPARE_COLUMNS, width])], 1));
}
