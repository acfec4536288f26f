/** Decoding composed from the same operations as training: right on every backend and for every model. */
import { tf } from '../tf.ts';
import type { DecoderModel } from './contract.ts';
import { blocks } from './decoder.ts';
import { decodeStep, prepareWeights, scoresOf, tensorsOf, type LayerCache, type PreparedLayer, type ScoreTensors, type StepTensors, type WriteColumns } from './decodeStep.ts';
import type { Decoding, DecodingOptions, Scores } from './decoding.ts';
import { MASKED, PositionTables, rotaryTable } from './positions.ts';

/** How the cache's sizes are chosen, and how a step of such a size is computed. */
export interface Stepping {
  /** Rows that a cache of `live` ones gets, of `most` that there will ever be. */
  rows(live: number, most: number): number;
  /** Whether a cache of `rows` is to be made smaller. */
  shrinks(live: number, rows: number, most: number): boolean;
  /** Columns that a cache gets which needs `needed`, of `most` that there will ever be. */
  columns(needed: number, most: number): number;
  /** Null: operation by operation. Writes to the caches in place. */
  readonly compute: ((model: DecoderModel, prepared: readonly PreparedLayer[] | null, wanted: DecodingOptions, step: StepTensors) => ScoreTensors) | null;
}

type RotaryTables = ReturnType<typeof rotaryTable>;

/** Free rows are computed on until this share of the batch is left; then the cache is made smaller. */
const COMPACT_AT = 0.75;
/** So many columns are made at once: empty ones cost a little attention, making them a copy of the cache. */
const SPARE_COLUMNS = 32;

const OPERATION_BY_OPERATION: Stepping = {
  rows: (live) => live,
  shrinks: (live, rows) => live <= rows * COMPACT_AT,
  columns: (needed, most) => Math.max(needed, Math.min(needed + SPARE_COLUMNS, most)),
  compute: null,
};

export function openPlainDecoding(model: DecoderModel, options: DecodingOptions, stepping = OPERATION_BY_OPERATION): Decoding {
  return new PlainDecoding(model, options, stepping);
}

class PlainDecoding implements Decoding {
  readonly #positions: PositionTables;
  readonly #prepared: readonly PreparedLayer[] | null;
  #tables: RotaryTables = { cos: new Float32Array(0), sin: new Float32Array(0) };
  #layers: LayerCache[] = [];
  #columns = 0;
  /** The slot that each row of the cache belongs to; null: nobody's. */
  #slots: (number | null)[] = [];

  constructor(private readonly model: DecoderModel, private readonly options: DecodingOptions, private readonly stepping: Stepping) {
    this.#positions = new PositionTables(model.config);
    this.#prepared = prepareWeights(model);
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
      const last = tf.gather(states, tf.tensor1d(prompts.map(({ ids }, row) => row * seq + ids.length - 1), 'int32'));
      return scoresOf(this.model, this.options, last, tf.scalar(this.options.temperature ?? 1));
    });
    // One column more: the next token's.
    this.#widen(Math.min(seq + 1, this.options.columns));
    const added = (layer: number, of: keyof LayerCache): tf.Tensor2D => {
      const spare = tf.zeros<tf.Rank.R3>([batch * config.kvHeads, this.#columns - seq, config.headDim]);
      return this.#byRow(tf.concat([read[layer]![of], spare], 1), batch);
    };
    this.#rearrange(this.#live(), prompts.map(({ slot }) => slot), batch, added);
    for (const { keys, values } of read) tf.dispose([keys, values]);
    return await fetch(scores);
  }

  copy(from: number, to: readonly number[]): void {
    const row = this.#slots.indexOf(from);
    this.#rearrange([...this.#live(), ...to.map((slot) => ({ row, slot }))]);
  }

  async step(slots: readonly number[], ids: Int32Array, positions: Int32Array): Promise<Scores> {
    const live = this.#live();
    if (this.stepping.shrinks(live.length, this.#slots.length, this.options.rows)) this.#rearrange(live);
    this.#widen(Math.max(...positions) + 1);
    const { config } = this.model;
    const [rows, columns] = [this.#slots.length, this.#columns];
    const rowOf = new Map(this.#slots.map((slot, row) => [slot, row]));
    const asked = slots.map((slot) => rowOf.get(slot)!);
    const [tokens, places] = [new Int32Array(rows), new Int32Array(rows)];
    asked.forEach((row, at) => {
      tokens[row] = ids[at]!;
      places[row] = positions[at]!;
    });
    const written = new Int32Array(rows * config.kvHeads);
    for (let head = 0; head < written.length; head++) written[head] = head * columns + places[Math.floor(head / config.kvHeads)]!;
    const scores = await fetch(tf.tidy(() => {
      const { cos, sin } = this.#turns(places);
      const tables: [number, number, number] = [rows, 1, config.headDim / 2];
      return this.#compute({
        tokens: tf.tensor1d(tokens, 'int32'), written: tf.tensor1d(written, 'int32'), cos: tf.tensor3d(cos, tables), sin: tf.tensor3d(sin, tables),
        mask: tf.tensor3d(visible(places, config.kvHeads, columns), [rows * config.kvHeads, 1, columns]), temperature: tf.scalar(this.options.temperature ?? 1), caches: this.#layers,
      }, written);
    }));
    return ofRows(scores, asked, rows, config.vocabSize);
  }

  release(slots: readonly number[]): void {
    this.#slots = this.#slots.map((slot) => (slot !== null && slots.includes(slot) ? null : slot));
  }

  dispose(): void {
    for (const { keys, values } of this.#layers) tf.dispose([keys, values]);
    this.#layers = [];
    tf.dispose(tensorsOf(this.#prepared ?? []));
    this.#positions.dispose();
  }

  /** Rotary tables of these positions, from tables of all. */
  #turns(places: Int32Array): RotaryTables {
    const { config } = this.model;
    const half = config.headDim / 2;
    if (this.#tables.cos.length < this.#columns * half) this.#tables = rotaryTable(config, Array.from({ length: this.#columns }, (_, position) => position));
    const all = this.#tables;
    const of = { cos: new Float32Array(places.length * half), sin: new Float32Array(places.length * half) };
    for (const table of ['cos', 'sin'] as const) places.forEach((place, row) => { of[table].set(all[table].subarray(place * half, (place + 1) * half), row * half); });
    return of;
  }

  #compute(step: StepTensors, written: Int32Array): ScoreTensors {
    const { model, options } = this;
    if (this.stepping.compute !== null) return this.stepping.compute(model, this.#prepared, options, step);
    const { writeColumns } = model.backend.ops;
    if (writeColumns !== undefined) return decodeStep(model, this.#prepared, options, step, writeColumns);
    return decodeStep(model, this.#prepared, options, step, this.#copying(written), (layer, now) => {
      const before = this.#layers[layer]!;
      this.#layers[layer] = { keys: tf.keep(now.keys), values: tf.keep(now.values) };
      tf.dispose([before.keys, before.values]);
    });
  }

  /** Where the backend can't write in place everything is copied. */
  #copying(written: Int32Array): WriteColumns {
    const hot = new Uint8Array(written.length * this.#columns);
    for (const at of written) hot[at] = 1;
    const condition = tf.tensor3d(hot, [written.length, this.#columns, 1], 'bool');
    return (cache, column) => tf.where(condition, column, cache);
  }

  /** Rows that are somebody's. */
  #live(): { readonly row: number; readonly slot: number }[] {
    return this.#slots.flatMap((slot, row) => (slot === null ? [] : [{ row, slot }]));
  }

  /** A cache of these rows of the old one, of `added` ones (each layer's as rows [count, …]) after them, and nobody's at the end. */
  #rearrange(kept: readonly { readonly row: number; readonly slot: number }[], addedSlots: readonly number[] = [], count = 0, added?: (layer: number, of: keyof LayerCache) => tf.Tensor2D): void {
    const old = this.#slots.length;
    const slots: (number | null)[] = [...kept.map(({ slot }) => slot), ...addedSlots];
    const rows = this.stepping.rows(slots.length, this.options.rows);
    const index = [...kept.map(({ row }) => row), ...Array.from({ length: count }, (_, row) => old + row)];
    while (index.length < rows) {
      // Its values are finite, which is all that counts: it is computed on, and nobody looks.
      index.push(index[0]!);
      slots.push(null);
    }
    this.#replace(rows, (tensor, layer, of) => {
      const parts = [...(tensor === undefined ? [] : [this.#byRow(tensor, old)]), ...(added === undefined ? [] : [added(layer, of)])];
      return tf.gather(parts.length === 1 ? parts[0]! : tf.concat(parts, 0), tf.tensor1d(index, 'int32'));
    });
    this.#slots = slots;
  }

  /** Makes room for so many columns. */
  #widen(columns: number): void {
    if (columns <= this.#columns) return;
    const more = this.stepping.columns(columns, this.options.columns) - this.#columns;
    this.#columns += more;
    if (this.#layers.length === 0) return;
    const { kvHeads, headDim } = this.model.config;
    const rows = this.#slots.length;
    this.#replace(rows, (tensor) => this.#byRow(tf.concat([tensor!, tf.zeros<tf.Rank.R3>([rows * kvHeads, more, headDim])], 1), rows));
  }

  #byRow(cache: tf.Tensor3D, rows: number): tf.Tensor2D {
    return tf.reshape<tf.Rank.R2>(cache, [rows, cache.size / rows]);
  }

  /** A new cache for every layer: `change` gives it as [rows, kvHeads · columns · headDim]. */
  #replace(rows: number, change: (tensor: tf.Tensor3D | undefined, layer: number, of: keyof LayerCache) => tf.Tensor2D): void {
    const { layers, kvHeads, headDim } = this.model.config;
    for (let layer = 0; layer < layers; layer++) {
      const before = this.#layers[layer];
      const changed = (of: keyof LayerCache): tf.Tensor3D => tf.keep(tf.tidy(() => tf.reshape<tf.Rank.R3>(change(before?.[of], layer, of), [rows * kvHeads, this.#columns, headDim])));
      this.#layers[layer] = { keys: changed('keys'), values: changed('values') };
      if (before !== undefined) tf.dispose([before.keys, before.values]);
    }
  }
}

async function fetch({ best, probabilities }: ScoreTensors): Promise<Scores> {
  const scores = { best: await best?.data<'int32'>() ?? new Int32Array(0), probabilities: await probabilities?.data<'float32'>() ?? new Float32Array(0) };
  best?.dispose();
  probabilities?.dispose();
  return scores;
}

/** Scores of the asked ones of `rows` rows, in the order asked for. */
function ofRows(scores: Scores, asked: readonly number[], rows: number, vocabSize: number): Scores {
  if (asked.length === rows && asked.every((row, at) => row === at)) return scores;
  const { best, probabilities } = scores;
  const ordered = new Float32Array(probabilities.length === 0 ? 0 : asked.length * vocabSize);
  if (ordered.length > 0) asked.forEach((row, at) => { ordered.set(probabilities.subarray(row * vocabSize, (row + 1) * vocabSize), at * vocabSize); });
  return { best: best.length === 0 ? [] : asked.map((row) => best[row]!), probabilities: ordered };
}

/** The mask [rows · kvHeads · columns] of rows whose newest token stands at `places`. */
function visible(places: Int32Array, kvHeads: number, columns: number): Float32Array {
  const mask = new Float32Array(places.length * kvHeads * columns);
  for (let head = 0; head < places.length * kvHeads; head++) mask.fill(MASKED, head * columns + places[Math.floor(head / kvHeads)]! + 1, (head + 1) * columns);
  return mask;
}
