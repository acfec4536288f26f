/** Decoding composed from the same operations as training: right on every backend and for every model. */
import { tf } from '../tf.ts';
import type { DecoderModel } from './contract.ts';
import { blocks, finalNorm } from './decoder.ts';
import type { Decoding, DecodingOptions, Scores } from './decoding.ts';
import { MASKED, PositionTables, rotaryTable } from './positions.ts';

/** Free rows are computed on until this share of the batch is left; then the cache is made smaller. */
const COMPACT_AT = 0.75;
/** So many columns are made at once: empty ones cost a little attention, making them a copy of the cache. */
const SPARE_COLUMNS = 32;

/** Keys and values of one layer [rows · kvHeads, columns, headDim]. */
interface LayerCache {
  readonly keys: tf.Tensor3D;
  readonly values: tf.Tensor3D;
}

export function openPlainDecoding(model: DecoderModel, options: DecodingOptions): Decoding {
  return new PlainDecoding(model, options);
}

class PlainDecoding implements Decoding {
  readonly #positions: PositionTables;
  #layers: LayerCache[] = [];
  #columns = 0;
  /** The slot that each row of the cache belongs to; null: nobody's. */
  #slots: (number | null)[] = [];

  constructor(private readonly model: DecoderModel, private readonly options: DecodingOptions) {
    this.#positions = new PositionTables(model.config);
  }

  async prefill(prompts: readonly { readonly slot: number; readonly ids: readonly number[] }[]): Promise<Scores> {
    const { config } = this.model;
    const [batch, seq] = [prompts.length, Math.max(...prompts.map(({ ids }) => ids.length))];
    const padded = new Int32Array(batch * seq);
    prompts.forEach(({ ids }, row) => { padded.set(ids, row * seq); });
    const read: LayerCache[] = [];
    // Padding stands behind a prompt, where no token of the prompt sees it; tokens to come are written over it.
    const scores = tf.tidy(() => {
      const states = blocks(this.model, tf.tensor1d(padded, 'int32'), {
        batch, seq, ...this.#positions.causal(seq),
        past: (layer, keys, values) => {
          read[layer] = { keys: tf.keep(keys.clone()), values: tf.keep(values.clone()) };
          return { keys, values };
        },
      });
      return this.#scores(tf.gather(states, tf.tensor1d(prompts.map(({ ids }, row) => row * seq + ids.length - 1), 'int32')));
    });
    this.#widen(seq);
    const kept = this.#slots.flatMap((slot, row) => (slot === null ? [] : [row]));
    const old = this.#slots.length;
    const index = [...kept, ...prompts.map((_, row) => old + row)];
    this.#replace((tensor, layer, of) => {
      const spare = tf.zeros<tf.Rank.R3>([batch * config.kvHeads, this.#columns - seq, config.headDim]);
      const added = this.#byRow(tf.concat([read[layer]![of], spare], 1), batch);
      return old === 0 ? added : tf.gather(tf.concat([this.#byRow(tensor!, old), added], 0), tf.tensor1d(index, 'int32'));
    }, index.length);
    for (const { keys, values } of read) tf.dispose([keys, values]);
    this.#slots = [...kept.map((row) => this.#slots[row]!), ...prompts.map(({ slot }) => slot)];
    return await this.#fetch(scores);
  }

  copy(from: number, to: readonly number[]): void {
    const row = this.#slots.indexOf(from);
    const index = tf.tensor1d([...this.#slots.keys(), ...to.map(() => row)], 'int32');
    this.#replace((tensor) => tf.gather(this.#byRow(tensor!, this.#slots.length), index), index.size);
    index.dispose();
    this.#slots = [...this.#slots, ...to];
  }

  async step(slots: readonly number[], ids: Int32Array, positions: Int32Array): Promise<Scores> {
    this.#compact();
    this.#widen(Math.max(...positions) + 1);
    const { config, backend } = this.model;
    const [rows, columns] = [this.#slots.length, this.#columns];
    const rowOf = slots.map((slot) => this.#slots.indexOf(slot));
    const [tokens, places] = [new Int32Array(rows), new Int32Array(rows)];
    rowOf.forEach((row, at) => {
      tokens[row] = ids[at]!;
      places[row] = positions[at]!;
    });
    const scores = tf.tidy(() => {
      const { cos, sin } = rotaryTable(config, places);
      const tables: [number, number, number] = [rows, 1, config.headDim / 2];
      const write = backend.ops.writeColumns ?? this.#hot(places);
      const states = blocks(this.model, tf.tensor1d(tokens, 'int32'), {
        batch: rows, seq: 1, cos: tf.tensor3d(cos, tables), sin: tf.tensor3d(sin, tables),
        mask: tf.tensor4d(visible(places, columns), [rows, 1, 1, columns]),
        past: (layer, keys, values) => {
          const before = this.#layers[layer]!;
          const now = { keys: write(before.keys, keys, places), values: write(before.values, values, places) };
          if (now.keys !== before.keys) {
            tf.keep(now.keys);
            tf.keep(now.values);
            this.#layers[layer] = now;
            tf.dispose([before.keys, before.values]);
          }
          return now;
        },
      });
      const asked = rowOf.length === rows && rowOf.every((row, at) => row === at) ? states : tf.gather(states, tf.tensor1d(rowOf, 'int32'));
      return this.#scores(asked);
    });
    return await this.#fetch(scores);
  }

  release(slots: readonly number[]): void {
    this.#slots = this.#slots.map((slot) => (slot !== null && slots.includes(slot) ? null : slot));
  }

  dispose(): void {
    for (const { keys, values } of this.#layers) tf.dispose([keys, values]);
    this.#layers = [];
    this.#positions.dispose();
  }

  /** Writes one column a row where the backend can't write in place: everything is copied. */
  #hot(places: Int32Array): (cache: tf.Tensor3D, column: tf.Tensor3D) => tf.Tensor3D {
    const { kvHeads } = this.model.config;
    const hot = new Uint8Array(places.length * kvHeads * this.#columns);
    for (let row = 0; row < places.length * kvHeads; row++) hot[row * this.#columns + places[Math.floor(row / kvHeads)]!] = 1;
    const condition = tf.tensor3d(hot, [places.length * kvHeads, this.#columns, 1], 'bool');
    return (cache, column) => tf.where(condition, column, cache);
  }

  /** Drops the rows that are nobody's once they are many. */
  #compact(): void {
    const kept = this.#slots.flatMap((slot, row) => (slot === null ? [] : [row]));
    if (kept.length > this.#slots.length * COMPACT_AT) return;
    const index = tf.tensor1d(kept, 'int32');
    this.#replace((tensor) => tf.gather(this.#byRow(tensor!, this.#slots.length), index), kept.length);
    index.dispose();
    this.#slots = kept.map((row) => this.#slots[row]!);
  }

  /** Makes room for so many columns. */
  #widen(columns: number): void {
    if (columns <= this.#columns) return;
    const more = Math.min(Math.max(columns, this.options.columns), columns + SPARE_COLUMNS) - this.#columns;
    this.#columns += more;
    if (this.#layers.length === 0) return;
    const { kvHeads, headDim } = this.model.config;
    const rows = this.#slots.length;
    this.#replace((tensor) => this.#byRow(tf.concat([tensor!, tf.zeros<tf.Rank.R3>([rows * kvHeads, more, headDim])], 1), rows), rows);
  }

  #byRow(cache: tf.Tensor3D, rows: number): tf.Tensor2D {
    return tf.reshape<tf.Rank.R2>(cache, [rows, cache.size / rows]);
  }

  /** A new cache for every layer: `change` gives it as [rows, kvHeads · columns · headDim]. */
  #replace(change: (tensor: tf.Tensor3D | undefined, layer: number, of: keyof LayerCache) => tf.Tensor2D, rows: number): void {
    const { layers, kvHeads, headDim } = this.model.config;
    for (let layer = 0; layer < layers; layer++) {
      const before = this.#layers[layer];
      const changed = (of: keyof LayerCache): tf.Tensor3D => tf.keep(tf.tidy(() => tf.reshape<tf.Rank.R3>(change(before?.[of], layer, of), [rows * kvHeads, this.#columns, headDim])));
      this.#layers[layer] = { keys: changed('keys'), values: changed('values') };
      if (before !== undefined) tf.dispose([before.keys, before.values]);
    }
  }

  #scores(states: tf.Tensor2D): { best?: tf.Tensor; probabilities?: tf.Tensor } {
    const logits = this.model.head(finalNorm(this.model, states));
    const { best, temperature } = this.options;
    return {
      ...(best ? { best: tf.argMax(logits, -1) } : {}),
      ...(temperature === null ? {} : { probabilities: tf.softmax(temperature === 1 ? logits : tf.div(logits, temperature)) }),
    };
  }

  async #fetch({ best, probabilities }: { readonly best?: tf.Tensor; readonly probabilities?: tf.Tensor }): Promise<Scores> {
    const scores = { best: await best?.data<'int32'>() ?? new Int32Array(0), probabilities: await probabilities?.data<'float32'>() ?? new Float32Array(0) };
    best?.dispose();
    probabilities?.dispose();
    return scores;
  }
}

/** The mask [rows · columns] of rows whose newest token stands at `places`. */
function visible(places: Int32Array, columns: number): Float32Array {
  const mask = new Float32Array(places.length * columns);
  places.forEach((place, row) => { mask.fill(MASKED, row * columns + place + 1, (row + 1) * columns); });
  return mask;
}
