/** Keys and values of the tokens so far, for all layers of one batch; every row has the same number of columns. */
import { tf } from '../tf.ts';

interface LayerCache {
  keys: tf.Tensor3D;
  values: tf.Tensor3D;
}

export class KvCache {
  readonly #kvHeads: number;
  #layers: LayerCache[] = [];

  constructor(kvHeads: number) {
    this.#kvHeads = kvHeads;
  }

  /** Columns so far: the prompt's, padding included, and one for each token since. */
  get columns(): number {
    return this.#layers[0]?.keys.shape[1] ?? 0;
  }

  /** keys, values [rows · kvHeads, seq, headDim] of new tokens → those of all tokens. The cache owns what it gives. */
  append(layer: number, keys: tf.Tensor3D, values: tf.Tensor3D): { readonly keys: tf.Tensor3D; readonly values: tf.Tensor3D } {
    const before = this.#layers[layer];
    const now = before === undefined
      ? { keys: tf.keep(keys.clone()), values: tf.keep(values.clone()) }
      : { keys: tf.keep(tf.concat([before.keys, keys], 1)), values: tf.keep(tf.concat([before.values, values], 1)) };
    if (before !== undefined) tf.dispose([before.keys, before.values]);
    this.#layers[layer] = now;
    return now;
  }

  /** Keeps these rows, in this order, and drops the first `dropped` columns. */
  keep(rows: readonly number[], dropped: number): void {
    const kvHeads = this.#kvHeads;
    const indices = tf.tensor1d(rows.flatMap((row) => Array.from({ length: kvHeads }, (_, head) => row * kvHeads + head)), 'int32');
    const select = (tensor: tf.Tensor3D): tf.Tensor3D => tf.tidy(() => {
      const [, columns, width] = tensor.shape;
      const shorter = dropped === 0 ? tensor : tf.slice(tensor, [0, dropped, 0], [-1, columns - dropped, width]);
      return tf.gather(shorter, indices);
    });
    this.#layers = this.#layers.map(({ keys, values }) => {
      const kept = { keys: select(keys), values: select(values) };
      tf.dispose([keys, values]);
      return kept;
    });
    indices.dispose();
  }

  dispose(): void {
    for (const { keys, values } of this.#layers) tf.dispose([keys, values]);
    this.#layers = [];
  }
}
