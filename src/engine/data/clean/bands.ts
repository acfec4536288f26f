/**
 * Which rows are worth comparing: locality-sensitive hashing by banding (Leskovec, Rajaraman & Ullman, "Mining of Massive
 * Datasets", section 3.4). Rows that agree in all places of a band are candidates: with b bands of r places two rows of
 * similarity s become candidates with probability 1 − (1 − s^r)^b.
 */
import { mixed } from './hash.ts';
import { SKETCH_SIZE, sketchSimilarity } from './sketch.ts';

/** Pairs right at the threshold that banding may miss: candidates are compared exactly afterwards, so few misses cost little. */
const MISSED_AT_THRESHOLD = 0.005;
/** Standard errors that the estimate may lie below the threshold before a candidate is given up unread. */
const ESTIMATE_ERRORS = 4;
/** A row is compared with at most so many earlier ones of one bucket: what a template that thousands share may cost. */
const BUCKET_COMPARISONS = 64;
/** Pairs found unlike are remembered so that another band doesn't compare them again; a Set holds no more than 2^24. */
const REMEMBERED_PAIRS = 1 << 23;
const ROWS_PER_CHUNK = 1 << 14;

/** Places of a band: as many as still find pairs at the threshold. */
export function bandRows(similarity: number): number {
  for (let rows = SKETCH_SIZE; rows > 1; rows--) {
    if ((1 - similarity ** rows) ** Math.floor(SKETCH_SIZE / rows) <= MISSED_AT_THRESHOLD) return rows;
  }
  return 1;
}

/** Sketches of rows 0, 1, 2 …, without their texts: 256 bytes a row. */
export class SketchTable {
  readonly #chunks: Uint16Array[] = [];
  #present = new Uint8Array(1 << 10);
  count = 0;

  /** `sketch`: null for a row that is like no other (empty). */
  add(sketch: Uint16Array | null): number {
    const row = this.count++;
    if (row % ROWS_PER_CHUNK === 0) this.#chunks.push(new Uint16Array(ROWS_PER_CHUNK * SKETCH_SIZE));
    if (row === this.#present.length) {
      const longer = new Uint8Array(row * 2);
      longer.set(this.#present);
      this.#present = longer;
    }
    if (sketch !== null) {
      this.chunk(row).set(sketch, this.offset(row));
      this.#present[row] = 1;
    }
    return row;
  }

  /** The row is compared with no other any more. */
  drop(row: number): void {
    this.#present[row] = 0;
  }

  has(row: number): boolean {
    return this.#present[row] === 1;
  }

  chunk(row: number): Uint16Array {
    const chunk = this.#chunks[Math.floor(row / ROWS_PER_CHUNK)];
    if (chunk === undefined) throw new RangeError(`row ${String(row)} of ${String(this.count)}`);
    return chunk;
  }

  offset(row: number): number {
    return (row % ROWS_PER_CHUNK) * SKETCH_SIZE;
  }

  similarity(a: number, b: number): number {
    return sketchSimilarity(this.chunk(a), this.chunk(b), this.offset(a), this.offset(b));
  }

  /** Hash of a band of a row. */
  bandKey(row: number, band: number, rows: number): number {
    const chunk = this.chunk(row);
    const from = this.offset(row) + band * rows;
    let h = band;
    for (let i = 0; i < rows; i++) h = mixed(Math.imul(h, 31) + (chunk[from + i] ?? 0));
    return h;
  }
}

export interface CandidateOptions {
  /** Jaccard similarity from which two rows are near duplicates. */
  readonly similarity: number;
  /** Whether a pair need not be compared, because it is known to belong together or is not meant to be. */
  readonly settled: (row: number, earlier: number) => boolean;
  /** Compares a pair (exactly); true where it is similar. */
  readonly compare: (row: number, earlier: number) => boolean;
  readonly onBand?: (band: number, bands: number) => void;
}

/** Calls `compare` for every pair that banding and the sketches' estimate call likely; each pair once. Deterministic. */
export function compareCandidates(table: SketchTable, options: CandidateOptions): void {
  const { similarity } = options;
  const rows = bandRows(similarity);
  const bands = Math.floor(SKETCH_SIZE / rows);
  const floor = similarity - ESTIMATE_ERRORS * Math.sqrt(similarity * (1 - similarity) / SKETCH_SIZE);
  const buckets = 2 ** Math.ceil(Math.log2(Math.max(2, table.count * 2)));
  const heads = new Int32Array(buckets);
  const keys = new Uint32Array(table.count);
  const next = new Int32Array(table.count);
  const unlike = new Set<number>();
  for (let band = 0; band < bands; band++) {
    heads.fill(-1);
    for (let row = 0; row < table.count; row++) {
      if (!table.has(row)) continue;
      const key = table.bandKey(row, band, rows);
      keys[row] = key;
      const bucket = key & (buckets - 1);
      let compared = 0;
      for (let earlier = heads[bucket] ?? -1; earlier >= 0 && compared < BUCKET_COMPARISONS; earlier = next[earlier] ?? -1) {
        if (keys[earlier] !== key) continue;
        compared += 1;
        if (options.settled(row, earlier)) continue;
        const pair = row * table.count + earlier;
        if (unlike.has(pair) || table.similarity(row, earlier) < floor) continue;
        if (!options.compare(row, earlier) && unlike.size < REMEMBERED_PAIRS) unlike.add(pair);
      }
      next[row] = heads[bucket] ?? -1;
      heads[bucket] = row;
    }
    options.onBand?.(band + 1, bands);
  }
}
