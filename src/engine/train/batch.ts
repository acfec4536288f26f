/**
 * Rows into the arrays of one micro-batch. Sequences are padded on the right; the label of position i is id i + 1, so the
 * last id of a row is a label only and is not fed. Supervised ("kept") positions are those whose label lies behind the
 * prompt; they come in two segments, reasoning and answer, so that each can be measured on its own.
 */
import type { EncodedRow } from '../data/contract.ts';

/** Lengths are padded to a multiple of these, so that shapes repeat and backends can reuse what they made for them. */
export const SEQUENCE_MULTIPLE = 8;
const KEPT_MULTIPLE = 32;
const ROWS_MULTIPLE = 16;

/**
 * How shapes are padded. `fine`: to small multiples, which costs least where each operation is started by itself. `coarse`: few
 * shapes, for backends that record a function for each: passes of as many rows as the recipe says, lengths up to the next of a ladder.
 */
export type Shapes = 'fine' | 'coarse';

/** The smallest of s, 1.25·s, 1.5·s, 1.75·s, 2·s, 2.5·s … that holds `length`: four to an octave, so at most a quarter is padding. */
export function rung(length: number, smallest: number): number {
  if (length <= smallest) return smallest;
  const octave = 2 ** Math.floor(Math.log2((length - 1) / smallest));
  const step = (smallest * octave) / 4;
  return Math.ceil(length / step) * step;
}

/** A length in positions of a sequence that holds `fed` and is no longer than the model's positions, where that is possible. */
export function sequenceLength(fed: number, maxPositions: number, shapes: Shapes): number {
  const wanted = shapes === 'fine' ? padded(fed, SEQUENCE_MULTIPLE) : rung(fed, 4 * SEQUENCE_MULTIPLE);
  return Math.max(fed, Math.min(wanted, maxPositions));
}

/** Sequences of a packed pass, of at most `most`. */
export function sequenceCount(count: number, most: number, shapes: Shapes): number {
  return shapes === 'fine' ? count : Math.max(count, Math.min(most, Math.ceil(rung(count, 4))));
}
/** What tf.oneHot takes. */
const FEWEST_SLOTS = 2;

export const SEGMENTS = ['think', 'answer'] as const;
export type SegmentName = (typeof SEGMENTS)[number];

/** Supervised positions of one kind; padded with position 0, label 0 and weight 0. */
export interface Segment {
  /** Index into the flattened [batch · seq]. */
  readonly positions: Int32Array;
  readonly labels: Int32Array;
  /** The weight of its row, 1 where the data don't say; 0 where it pads. */
  readonly mask: Float32Array;
  /** Which of the batch's rows a position belongs to. */
  readonly owners: Int32Array;
  readonly kept: number;
  /** Their weights' sum, by which losses are divided; kept where no row has a weight of its own. */
  readonly weight: number;
}

/** Of each position [batch · seq] where several rows share a sequence: its place in its row, and a number for the row; padding has −1. */
export interface PackedPositions {
  readonly positions: Int32Array;
  readonly documents: Int32Array;
}

export interface MicroBatch {
  /** Sequences. */
  readonly batch: number;
  readonly seq: number;
  /** [batch · seq], sequences one after another. */
  readonly ids: Int32Array;
  readonly segments: Readonly<Record<SegmentName, Segment>>;
  /** Supervised positions. */
  readonly kept: number;
  /** Their weights' sum. */
  readonly weight: number;
  /** Ids that are fed and are not padding. */
  readonly tokens: number;
  /** In the order of their positions: what is known of each position of a segment lies in this order too. */
  readonly rows: readonly EncodedRow[];
  /** Where each row begins in ids. */
  readonly starts: Int32Array;
  /** Null where each sequence is one row. */
  readonly layout: PackedPositions | null;
  /** Rows, padded so that packed batches of a like number of rows have the same shapes. */
  readonly rowSlots: number;
}

/** How much each position of a row counts. */
export function weightOf({ weight = 1 }: EncodedRow): number {
  return weight;
}

/** Supervised positions of a row. */
export function keptPositions(row: EncodedRow): number {
  return Math.max(0, row.ids.length - Math.max(1, row.promptLength));
}

/** Of these, those that are reasoning; they come before those of the answer. */
export function keptThink(row: EncodedRow): number {
  return Math.max(0, Math.min(row.answerStart, row.ids.length) - Math.max(1, row.promptLength));
}

export const padded = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

/** What one pass through the model costs beside its tokens (kernels started, gradients added), counted in tokens. */
export const PASS_COST_TOKENS = 256;

/**
 * Rows of like length together, `most` at a time, so that the padding of all groups and the number of groups cost least
 * (dynamic programming over the rows sorted by length). Losses are sums over rows, so how a batch is cut into passes
 * changes its speed and nothing else; of equal lengths the first rows come first, so the cut is always the same.
 */
export function groupByLength(rows: readonly EncodedRow[], most: number): EncodedRow[][] {
  const sorted = [...rows].sort((a, b) => a.ids.length - b.ids.length);
  const cost = new Float64Array(sorted.length + 1).fill(Infinity);
  const begins = new Int32Array(sorted.length + 1);
  cost[0] = 0;
  for (let end = 1; end <= sorted.length; end++) {
    const seq = padded(Math.max(1, (sorted[end - 1]?.ids.length ?? 0) - 1), SEQUENCE_MULTIPLE);
    for (let begin = Math.max(0, end - most); begin < end; begin++) {
      const total = (cost[begin] ?? 0) + (end - begin) * seq + PASS_COST_TOKENS;
      if (total < (cost[end] ?? 0)) {
        cost[end] = total;
        begins[end] = begin;
      }
    }
  }
  const groups: EncodedRow[][] = [];
  for (let end = sorted.length; end > 0; end = begins[end] ?? 0) groups.push(sorted.slice(begins[end], end));
  return groups.reverse();
}

/** The rows of an optimiser step as passes of at most `size`, rows of like length together. */
export function passesOf(rows: readonly EncodedRow[], size: number, maxPositions: number, shapes: Shapes): MicroBatch[] {
  if (shapes === 'fine') return groupByLength(rows, size).map((group) => collate(group, maxPositions));
  const sorted = [...rows].sort((a, b) => a.ids.length - b.ids.length);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, pass) => collate(sorted.slice(pass * size, (pass + 1) * size), maxPositions, shapes));
}

/** Each row a sequence of its own. `maxPositions` is the model's: padding does not go beyond it. */
export function collate(rows: readonly EncodedRow[], maxPositions: number, shapes: Shapes = 'fine'): MicroBatch {
  const seq = sequenceLength(Math.max(1, ...rows.map((row) => row.ids.length - 1)), maxPositions, shapes);
  return { ...placed(rows.map((row) => [row]), seq, shapes), layout: null, rowSlots: Math.max(FEWEST_SLOTS, rows.length) };
}

/** The rows of each sequence one after another; `seq` holds the longest. */
export function collatePacked(sequences: readonly (readonly EncodedRow[])[], seq: number, shapes: Shapes = 'fine'): MicroBatch {
  const batch = placed(sequences, seq, shapes);
  const positions = new Int32Array(batch.batch * seq);
  const documents = new Int32Array(batch.batch * seq).fill(-1);
  batch.rows.forEach((row, index) => {
    const start = batch.starts[index] ?? 0;
    for (let i = 0; i < row.ids.length - 1; i++) {
      positions[start + i] = i;
      documents[start + i] = index;
    }
  });
  return { ...batch, layout: { positions, documents }, rowSlots: shapes === 'fine' ? padded(batch.rows.length, ROWS_MULTIPLE) : rung(batch.rows.length, ROWS_MULTIPLE) };
}

function placed(sequences: readonly (readonly EncodedRow[])[], seq: number, shapes: Shapes): Omit<MicroBatch, 'layout' | 'rowSlots'> {
  const ids = new Int32Array(sequences.length * seq);
  const rows = sequences.flat();
  const starts = new Int32Array(rows.length);
  const found = { think: new Positions(), answer: new Positions() };
  let tokens = 0;
  let next = 0;
  sequences.forEach((sequence, b) => {
    let start = b * seq;
    for (const row of sequence) {
      const fed = row.ids.subarray(0, Math.max(0, row.ids.length - 1));
      ids.set(fed, start);
      for (let j = Math.max(1, row.promptLength); j < row.ids.length; j++) {
        (j < row.answerStart ? found.think : found.answer).add(start + j - 1, row.ids[j] ?? 0, next, weightOf(row));
      }
      starts[next++] = start;
      start += fed.length;
      tokens += fed.length;
    }
  });
  const [think, answer] = [found.think.segment(shapes), found.answer.segment(shapes)];
  return { batch: sequences.length, seq, ids, segments: { think, answer }, kept: think.kept + answer.kept, weight: think.weight + answer.weight, tokens, rows, starts };
}

/** Supervised positions as they are found. */
class Positions {
  readonly #positions: number[] = [];
  readonly #labels: number[] = [];
  readonly #owners: number[] = [];
  readonly #weights: number[] = [];

  add(position: number, label: number, owner: number, weight: number): void {
    this.#weights.push(weight);
    this.#positions.push(position);
    this.#labels.push(label);
    this.#owners.push(owner);
  }

  segment(shapes: Shapes): Segment {
    const kept = this.#positions.length;
    const length = shapes === 'fine' || kept === 0 ? padded(kept, KEPT_MULTIPLE) : rung(kept, 4 * KEPT_MULTIPLE);
    const filled = (values: readonly number[]): Int32Array => {
      const array = new Int32Array(length);
      array.set(values);
      return array;
    };
    const mask = new Float32Array(length);
    mask.set(this.#weights);
    return { positions: filled(this.#positions), labels: filled(this.#labels), mask, owners: filled(this.#owners), kept, weight: this.#weights.reduce((sum, weight) => sum + weight, 0) };
  }
}
