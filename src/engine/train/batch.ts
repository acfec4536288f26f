/**
 * Rows into the arrays of one micro-batch. Rows are padded on the right; the label of position i is id i + 1, so the
 * last id of a row is a label only and is not fed. Supervised ("kept") positions are those whose label lies behind the
 * prompt; they come in two segments, reasoning and answer, so that each can be measured on its own.
 */
import type { EncodedRow } from '../data/contract.ts';

/** Lengths are padded to a multiple of these, so that shapes repeat and backends can reuse what they made for them. */
const SEQUENCE_MULTIPLE = 8;
const KEPT_MULTIPLE = 32;

export const SEGMENTS = ['think', 'answer'] as const;
export type SegmentName = (typeof SEGMENTS)[number];

/** Supervised positions of one kind; padded with position 0, label 0 and weight 0. */
export interface Segment {
  /** Index into the flattened [batch · seq]. */
  readonly positions: Int32Array;
  readonly labels: Int32Array;
  /** 1, or 0 where it pads. */
  readonly mask: Float32Array;
  readonly kept: number;
}

export interface MicroBatch {
  readonly batch: number;
  readonly seq: number;
  /** [batch · seq], rows one after another. */
  readonly ids: Int32Array;
  readonly segments: Readonly<Record<SegmentName, Segment>>;
  /** Supervised positions. */
  readonly kept: number;
  /** Ids that are fed and are not padding. */
  readonly tokens: number;
  readonly rows: readonly EncodedRow[];
}

/** Supervised positions of a row. */
export function keptPositions(row: EncodedRow): number {
  return Math.max(0, row.ids.length - Math.max(1, row.promptLength));
}

/** Of these, those that are reasoning; they come before those of the answer. */
export function keptThink(row: EncodedRow): number {
  return Math.max(0, Math.min(row.answerStart, row.ids.length) - Math.max(1, row.promptLength));
}

const padded = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

/** What one pass through the model costs beside its tokens (kernels started, gradients added), counted in tokens. */
const PASS_COST_TOKENS = 256;

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

/** `maxPositions` is the model's: padding does not go beyond it. */
export function collate(rows: readonly EncodedRow[], maxPositions: number): MicroBatch {
  const longest = Math.max(1, ...rows.map((row) => row.ids.length - 1));
  const seq = Math.max(longest, Math.min(padded(longest, SEQUENCE_MULTIPLE), maxPositions));
  const ids = new Int32Array(rows.length * seq);
  const found = { think: { positions: [] as number[], labels: [] as number[] }, answer: { positions: [] as number[], labels: [] as number[] } };
  let tokens = 0;
  rows.forEach((row, b) => {
    const fed = row.ids.subarray(0, Math.max(0, row.ids.length - 1));
    ids.set(fed, b * seq);
    tokens += fed.length;
    for (let j = Math.max(1, row.promptLength); j < row.ids.length; j++) {
      const segment = j < row.answerStart ? found.think : found.answer;
      segment.positions.push(b * seq + j - 1);
      segment.labels.push(row.ids[j] ?? 0);
    }
  });
  const think = segmentOf(found.think);
  const answer = segmentOf(found.answer);
  return { batch: rows.length, seq, ids, segments: { think, answer }, kept: think.kept + answer.kept, tokens, rows };
}

function segmentOf(found: { readonly positions: readonly number[]; readonly labels: readonly number[] }): Segment {
  const kept = found.positions.length;
  const length = padded(kept, KEPT_MULTIPLE);
  const positions = new Int32Array(length);
  const labels = new Int32Array(length);
  positions.set(found.positions);
  labels.set(found.labels);
  return { positions, labels, mask: new Float32Array(length).fill(1, 0, kept), kept };
}
