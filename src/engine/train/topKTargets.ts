/** Soft targets from a store of top-k log-probabilities: filled once from a teacher, read row by row while training. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TrainStage } from '../../shared/recipe.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { collate, groupByLength, keptPositions, keptThink, type MicroBatch } from './batch.ts';
import { release, supervisedLogits, upload, type DeviceBatch, type SegmentTargets, type TopTargets } from './losses.ts';
import { places } from './places.ts';
import { STORE_EXTENSION } from './storeName.ts';
import { NOTHING, TopKReader, TopKWriter, type TopKHeader, type TopKShape } from './topKFile.ts';
import type { SoftTargets } from './softTargets.ts';
import { yieldToEvents } from './yield.ts';

/** Temperatures of a schedule at which the rest's mass is kept; between two of them it is interpolated over 1 / T. */
const SCHEDULE_TEMPERATURES = 16;

/** The temperatures that a stage asks for, ascending. */
export function storedTemperatures(temperature: TrainStage['temperature']): readonly number[] {
  if (typeof temperature === 'number') return [temperature];
  const [low, high] = [temperature.from, temperature.to].sort((a, b) => a - b) as [number, number];
  if (low === high) return [low];
  return Array.from({ length: SCHEDULE_TEMPERATURES }, (_, i) => i === SCHEDULE_TEMPERATURES - 1 ? high : 1 / (1 / low + ((1 / high - 1 / low) * i) / (SCHEDULE_TEMPERATURES - 1)));
}

/** Another way of computing what is stored makes another store. */
const STORE_FORMAT = 2;

/** What a store is of, all that decides its bytes: other weights, rows (and with them tokens and template) or settings make another one. */
export function storeKey(source: string, rows: readonly EncodedRow[], shape: TopKShape): string {
  const hash = createHash('sha256').update(JSON.stringify([STORE_FORMAT, source, shape.k, shape.vocabulary, shape.values, shape.temperatures]));
  for (const { ids, promptLength } of rows) hash.update(`${promptLength},${ids.length};`).update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength));
  return hash.digest('hex');
}

/** Enough of a key that no two of a project meet. */
const NAME_DIGITS = 20;

export function storeFile(folder: string, key: string): string {
  return path.join(folder, `${key.slice(0, NAME_DIGITS)}${STORE_EXTENSION}`);
}

export class TopKTargets implements SoftTargets {
  readonly #places: ReadonlyMap<EncodedRow, number>;

  constructor(private readonly reader: TopKReader, rows: readonly EncodedRow[]) {
    this.#places = new Map(rows.map((row, place) => [row, place]));
  }

  of(batch: MicroBatch, device: DeviceBatch, temperature: number): SegmentTargets[] {
    const { k } = this.reader.header;
    return device.segments.map(({ name, mask }) => {
      const length = mask.size;
      const ids = new Int32Array(length * k);
      const logP = new Float32Array(length * (k + 1)).fill(NOTHING);
      let at = 0;
      for (const row of batch.rows) {
        const [think, kept] = [keptThink(row), keptPositions(row)];
        const [first, count] = name === 'think' ? [0, think] : [think, kept - think];
        const block = this.reader.read(this.#places.get(row) ?? NaN, first, count);
        ids.set(block.ids, at * k);
        soften(this.reader.header, block.logProbabilities, block.rests, temperature, logP.subarray(at * (k + 1), (at + count) * (k + 1)));
        at += count;
      }
      return { kind: 'top', ids: tf.tensor2d(ids, [length, k], 'int32'), logP: tf.tensor2d(logP, [length, k + 1]) } satisfies TopTargets;
    });
  }

  dispose(): void {
    this.reader.close();
  }
}

/** Log-probabilities at `temperature` of the k tokens and, last, of the rest: [positions, k + 1] into `out`. */
export function soften({ k, temperatures }: Pick<TopKHeader, 'k' | 'temperatures'>, logProbabilities: Float32Array, rests: Float32Array, temperature: number, out: Float32Array): void {
  const { low, high, share } = between(temperatures, temperature);
  for (let position = 0; position < logProbabilities.length / k; position++) {
    const [below, above] = [rests[position * temperatures.length + low] ?? NaN, rests[position * temperatures.length + high] ?? NaN];
    const rest = below + (above - below) * share;
    const [from, to] = [position * k, position * (k + 1)];
    let best = rest;
    for (let i = 0; i < k; i++) best = Math.max(best, (logProbabilities[from + i] ?? NaN) / temperature);
    let total = Math.exp(rest - best);
    for (let i = 0; i < k; i++) total += Math.exp((logProbabilities[from + i] ?? NaN) / temperature - best);
    const norm = best + Math.log(total);
    for (let i = 0; i < k; i++) out[to + i] = (logProbabilities[from + i] ?? NaN) / temperature - norm;
    out[to + k] = rest <= NOTHING ? NOTHING : rest - norm;
  }
}

/** The two stored temperatures around one, and how far between them it lies, over 1 / T. */
function between(temperatures: readonly number[], temperature: number): { readonly low: number; readonly high: number; readonly share: number } {
  const high = temperatures.findIndex((stored) => stored >= temperature * (1 - Number.EPSILON * 8));
  if (high < 0 || (high === 0 && (temperatures[0] ?? NaN) > temperature * (1 + 1e-9))) throw new RangeError(`the store has no temperature ${temperature} (has ${temperatures.join(', ')})`);
  const low = Math.max(0, high - 1);
  const [a, b] = [temperatures[low] ?? NaN, temperatures[high] ?? NaN];
  return { low, high, share: low === high ? 0 : (1 / temperature - 1 / a) / (1 / b - 1 / a) };
}

/** Where stores lie, and what is asked for. */
export interface StoreOptions {
  /** Of the project: runs that ask the same of the same teacher share a store. */
  readonly folder: string;
  /** Who answers, for a person who looks at what is stored. */
  readonly name: string;
  /** All of what tells this teacher's answers from another's: its weights, and the backend that computes them. */
  readonly source: string;
  readonly rows: readonly EncodedRow[];
  readonly shape: TopKShape;
  /** Between two batches; ends the work early by saying true. */
  readonly pause: (done: number, total: number) => boolean | Promise<boolean>;
}

/** Fills a store row by row; false when it was paused for good. */
export type Filling = (writer: TopKWriter, rows: readonly EncodedRow[], places: ReadonlyMap<EncodedRow, number>) => Promise<boolean>;

/** Opens the store that is there already, from this run or another, or fills a new one; null when it was paused for good. */
export async function openStore({ folder, name, source, shape, ...options }: StoreOptions, fill: Filling): Promise<TopKTargets | null> {
  const rows = [...new Set(options.rows)];
  const key = storeKey(source, rows, shape);
  const file = storeFile(folder, key);
  const there = TopKReader.open(file, key);
  if (there !== null) return new TopKTargets(there, rows);
  await mkdir(folder, { recursive: true });
  const writer = await TopKWriter.create(file, { ...shape, key, teacher: name, made: Date.now() }, rows.map(keptPositions));
  try {
    if (!await fill(writer, rows, new Map(rows.map((row, place) => [row, place])))) {
      await writer.abandon();
      return null;
    }
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  await writer.close();
  const made = TopKReader.open(file, key);
  if (made === null) throw new Error(`the store ${file} can't be read back`);
  return new TopKTargets(made, rows);
}

/** A store of what a local teacher says, `batch` rows at a time. */
export function openTopK(teacher: DecoderModel, batchSize: number, options: StoreOptions): Promise<TopKTargets | null> {
  return openStore({ ...options, source: `${options.source} ${teacher.backend.name}` }, async (writer, rows, order) => {
    let done = 0;
    for (const group of groupByLength(rows, batchSize)) {
      await writeBatch(writer, collate(group, teacher.config.maxPositions), teacher, options.shape, order);
      done += group.length;
      await yieldToEvents();
      if (await options.pause(done, rows.length)) return false;
    }
    return true;
  });
}

async function writeBatch(writer: TopKWriter, batch: MicroBatch, teacher: DecoderModel, { k, vocabulary, temperatures }: TopKShape, places: ReadonlyMap<EncodedRow, number>): Promise<void> {
  const device = upload(batch);
  const logits = tf.tidy(() => supervisedLogits(teacher, device, vocabulary));
  try {
    for (const [index, { name }] of device.segments.entries()) {
      const { ids, logProbabilities, rests } = await topOf(logits[index] as tf.Tensor2D, k, temperatures);
      let at = 0;
      for (const row of batch.rows) {
        const [think, kept] = [keptThink(row), keptPositions(row)];
        const [first, count] = name === 'think' ? [0, think] : [think, kept - think];
        if (count === 0) continue;
        await writer.write(places.get(row) ?? NaN, first, {
          ids: ids.subarray(at * k, (at + count) * k), logProbabilities: logProbabilities.slice(at * k, (at + count) * k),
          rests: rests.slice(at * temperatures.length, (at + count) * temperatures.length),
        });
        at += count;
      }
    }
  } finally {
    tf.dispose(logits);
    release(device);
  }
}

/** Of logits [rows, vocabulary]: the k most probable ids, their log-probabilities, and the rest's mass at each temperature. */
async function topOf(logits: tf.Tensor2D, k: number, temperatures: readonly number[]): Promise<{ readonly ids: Int32Array; readonly logProbabilities: Float32Array; readonly rests: Float32Array }> {
  const [ids, logProbabilities, rests] = tf.tidy(() => {
    const logs: tf.Tensor2D = tf.logSoftmax(logits);
    const { values, indices } = tf.topk(logs, k, true);
    const without = tf.add(logs, topMask(indices as tf.Tensor2D, logits.shape[1]));
    const perTemperature = temperatures.map((temperature) => tf.maximum(tf.logSumExp(tf.div(without, temperature), -1), NOTHING));
    return [indices, values, tf.stack(perTemperature, 1)] as const;
  });
  try {
    return { ids: Int32Array.from(await ids.data()), logProbabilities: (await logProbabilities.data()) as Float32Array, rests: (await rests.data()) as Float32Array };
  } finally {
    tf.dispose([ids, logProbabilities, rests]);
  }
}

/** [rows, vocabulary]: 0, and far below every logarithm, whatever it is divided by, at `ids` [rows, k]. */
function topMask(ids: tf.Tensor2D, vocabulary: number): tf.Tensor2D {
  const [rows, k] = ids.shape;
  return tf.scatterND(places(ids), tf.fill([rows * k], 100 * NOTHING), [rows, vocabulary]);
}
