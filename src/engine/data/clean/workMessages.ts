/** What the pool and its workers send each other. Fingerprints of a batch travel as one array each, moved and not copied. */
import type { RowResult } from './rowWork.ts';
import type { RowTexts } from './textRules.ts';

export interface WorkRequest {
  readonly batch: number;
  readonly rows: readonly RowTexts[];
}

type Plain = Omit<RowResult, 'sketch' | 'shingles'>;

export interface PackedResults {
  /** Null for a row on which there is nothing but its fingerprint, which is most of them. */
  readonly rows: readonly (Plain | null)[];
  readonly exact: Float64Array<ArrayBuffer>;
  /** Of all rows that have them, one after the other; the counts are −1 where there is none. */
  readonly sketches: Uint16Array<ArrayBuffer>;
  readonly shingles: Uint32Array<ArrayBuffer>;
  readonly shingleCounts: Int32Array<ArrayBuffer>;
}

export type WorkReply =
  | { readonly batch: number; readonly results: PackedResults; readonly segmenter: 'jieba' | 'intl' | null }
  | { readonly batch: number; readonly error: { readonly code: string; readonly data: Readonly<Record<string, string | number>> } | { readonly text: string } };

export function packed(results: readonly RowResult[]): PackedResults {
  const shingleCounts = Int32Array.from(results, ({ sketch, shingles }) => sketch === null || shingles === null ? -1 : shingles.length);
  const present = results.filter(({ sketch, shingles }) => sketch !== null && shingles !== null);
  const width = present[0]?.sketch?.length ?? 0;
  const sketches = new Uint16Array(present.length * width);
  const shingles = new Uint32Array(shingleCounts.reduce((sum, count) => sum + Math.max(0, count), 0));
  let [place, at] = [0, 0];
  for (const row of present) {
    if (row.sketch === null || row.shingles === null) continue;
    sketches.set(row.sketch, place);
    shingles.set(row.shingles, at);
    place += width;
    at += row.shingles.length;
  }
  return {
    rows: results.map(({ sketch: _sketch, shingles: _shingles, ...plain }) => plain.texts === null && plain.removed === null && plain.flagged === null && plain.problem === null ? null : plain),
    exact: Float64Array.from(results, ({ exact }) => exact), sketches, shingles, shingleCounts,
  };
}

export function transferables({ exact, sketches, shingles, shingleCounts }: PackedResults): ArrayBuffer[] {
  return [exact.buffer, sketches.buffer, shingles.buffer, shingleCounts.buffer];
}

const NOTHING: Omit<Plain, 'exact'> = { texts: null, changes: [], removed: null, flagged: null, contaminated: null, problem: null };

export function unpacked({ rows, exact, sketches, shingles, shingleCounts }: PackedResults): RowResult[] {
  const present = shingleCounts.reduce((sum, count) => sum + (count >= 0 ? 1 : 0), 0);
  const width = present === 0 ? 0 : sketches.length / present;
  let [place, at] = [0, 0];
  return rows.map((row, i) => {
    const plain = { ...(row ?? NOTHING), exact: exact[i] ?? 0 };
    const count = shingleCounts[i] ?? -1;
    if (count < 0) return { ...plain, sketch: null, shingles: null };
    const result = { ...plain, sketch: sketches.subarray(place, place + width), shingles: shingles.subarray(at, at + count) };
    place += width;
    at += count;
    return result;
  });
}
