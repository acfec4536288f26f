/**
 * Several rows in one sequence, so that little is fed that is only padding. A row sees nothing of its neighbours (the mask is block-
 * diagonal) and its positions begin at 0, so losses and gradients are those of rows that each have a sequence (Krell et al. 2021,
 * "Efficient sequence packing without cross-contamination", section 3.2). Rows are placed first-fit decreasing (Johnson 1973:
 * at most 11/9 of the fewest sequences and one more): the longest first, each into the first sequence that has room.
 */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { collatePacked, PASS_COST_TOKENS, sequenceCount, sequenceLength, type MicroBatch, type Shapes } from './batch.ts';

/** Lengths of sequences that are tried, in multiples of the step's longest row. */
const STRETCHES = [1, 1.5, 2, 3, 4];

const fedOf = (row: EncodedRow): number => Math.max(1, row.ids.length - 1);

/**
 * The rows of an optimiser step as passes. A pass holds as many positions at most as `most` sequences of the longest row: packing
 * changes how full it is, not how large.
 */
export function packRows(rows: readonly EncodedRow[], most: number, model: Pick<DecoderConfig, 'maxPositions' | 'hiddenSize'>, shapes: Shapes = 'fine'): MicroBatch[] {
  const sorted = [...rows].sort((a, b) => fedOf(b) - fedOf(a));
  const longest = fedOf(sorted[0] as EncodedRow);
  const shortest = sequenceLength(longest, model.maxPositions, shapes);
  let best: { readonly cost: number; readonly seq: number; readonly sequences: readonly EncodedRow[][]; readonly perPass: number } | null = null;
  for (const stretch of STRETCHES) {
    const seq = sequenceLength(Math.max(longest, Math.min(Math.ceil(shortest * stretch), model.maxPositions)), model.maxPositions, shapes);
    const sequences = firstFit(sorted, seq);
    const perPass = Math.max(1, Math.floor((most * shortest) / seq));
    const cost = sequences.length * seq * (1 + attentionShare(seq, model.hiddenSize)) + Math.ceil(sequences.length / perPass) * PASS_COST_TOKENS;
    if (best === null || cost < best.cost) best = { cost, seq, sequences, perPass };
  }
  if (best === null) return [];
  const { seq, sequences, perPass } = best;
  return Array.from({ length: Math.ceil(sequences.length / perPass) }, (_, pass) => {
    const own = sequences.slice(pass * perPass, (pass + 1) * perPass);
    const empty = Array.from({ length: sequenceCount(own.length, perPass, shapes) - own.length }, () => []);
    return collatePacked([...own, ...empty], seq, shapes);
  });
}

/**
 * What attention costs of a token beside the projections: 4 · seq · width operations (scores and mixing) to about 24 · width²
 * (twelve squares of the width, Kaplan et al. 2020, table 1).
 */
function attentionShare(seq: number, width: number): number {
  return seq / (6 * width);
}

function firstFit(sorted: readonly EncodedRow[], seq: number): EncodedRow[][] {
  const sequences: { readonly rows: EncodedRow[]; room: number }[] = [];
  for (const row of sorted) {
    const length = fedOf(row);
    let place = sequences.find(({ room }) => room >= length);
    if (place === undefined) {
      place = { rows: [], room: seq };
      sequences.push(place);
    }
    place.rows.push(row);
    place.room -= length;
  }
  return sequences.map(({ rows }) => rows);
}
