/**
 * What each row lost at each step of a run: three files of the run folder that only grow.
 *
 * `row-losses.json` names the rows by number: row 0 is the first of its first range, and so on over all files.
 * `row-losses-steps.bin` has 16 bytes for each optimiser step, in the order in which they were taken: step, stage, the first of its
 * visits, their number. `row-losses.bin` has 24 bytes for each visit of a row: the row's number, the row's visit before (1 + its
 * place in the file; 0: none), its supervised positions, and over these the sums of loss, cross-entropy and divergence.
 *
 * Both are little-endian. A step that is written again, because a run went on from an older checkpoint, takes back itself and
 * all that came after it; an entry without visits takes back without saying anything.
 */
import { parseRanges } from './consumed.ts';

export const STEP_BYTES = 16;
export const VISIT_BYTES = 24;

/** A row that none of the run's files has (an answer that the student wrote itself). */
export const NO_ROW = 0xffff_ffff;

export interface RowTable {
  readonly format: 1;
  /** Rows by 1-based number as ranges (consumed.ts). A file may come again with rows that a resumed run found in it. */
  readonly files: readonly { readonly path: string; readonly rows: string }[];
}

export interface StepEntry {
  /** Over the whole run. */
  readonly step: number;
  readonly stage: number;
  /** Place of its first visit in row-losses.bin, in visits. */
  readonly first: number;
  readonly count: number;
}

export interface Visit {
  /** In the row table, or NO_ROW. */
  readonly row: number;
  /** Place of the row's visit before, in visits; null: none. */
  readonly previous: number | null;
  readonly positions: number;
  /** Sums over the positions, in nats, without the row's own weight. `loss`: weights.ce · ce + weights.kl · T² · kl; `kl` is null without a teacher. */
  readonly loss: number;
  readonly ce: number;
  readonly kl: number | null;
}

export function encodeStep({ step, stage, first, count }: StepEntry): Uint8Array {
  const view = new DataView(new ArrayBuffer(STEP_BYTES));
  [step, stage, first, count].forEach((value, index) => { view.setUint32(4 * index, value, true); });
  return new Uint8Array(view.buffer);
}

/** Bytes beyond the last whole entry are passed over. */
export function decodeSteps(bytes: Uint8Array): StepEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / STEP_BYTES) }, (_, index) => {
    const [step, stage, first, count] = [0, 4, 8, 12].map((at) => view.getUint32(index * STEP_BYTES + at, true)) as [number, number, number, number];
    return { step, stage, first, count };
  });
}

/** The entries that are not taken back by a later one, rising by step; those without visits are left out. */
export function standing(entries: readonly StepEntry[]): StepEntry[] {
  const kept: StepEntry[] = [];
  for (const entry of entries) {
    while ((kept.at(-1)?.step ?? -1) >= entry.step) kept.pop();
    if (entry.count > 0) kept.push(entry);
  }
  return kept;
}

export function encodeVisits(visits: readonly Visit[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(visits.length * VISIT_BYTES));
  visits.forEach(({ row, previous, positions, loss, ce, kl }, index) => {
    const at = index * VISIT_BYTES;
    view.setUint32(at, row, true);
    view.setUint32(at + 4, previous === null ? 0 : previous + 1, true);
    view.setUint32(at + 8, positions, true);
    [loss, ce, kl ?? NaN].forEach((value, place) => { view.setFloat32(at + 12 + 4 * place, value, true); });
  });
  return new Uint8Array(view.buffer);
}

export function decodeVisits(bytes: Uint8Array): Visit[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.byteLength / VISIT_BYTES) }, (_, index) => {
    const at = index * VISIT_BYTES;
    const before = view.getUint32(at + 4, true);
    const [loss, ce, kl] = [12, 16, 20].map((place) => view.getFloat32(at + place, true)) as [number, number, number];
    return { row: view.getUint32(at, true), previous: before === 0 ? null : before - 1, positions: view.getUint32(at + 8, true), loss, ce, kl: Number.isNaN(kl) ? null : kl };
  });
}

/** Where a row stands: its file as the table writes it, and its 1-based number there. */
export interface RowPlace {
  readonly file: string;
  readonly row: number;
}

/** The rows of a table by number and back. */
export class RowNumbers {
  /** In the order of their numbers; `first` is that of the row `from`. */
  readonly #ranges: readonly { readonly file: string; readonly from: number; readonly to: number; readonly first: number }[];

  constructor({ files }: RowTable) {
    let first = 0;
    this.#ranges = files.flatMap(({ path: file, rows }) => parseRanges(rows).map(([from, to]) => {
      const range = { file, from, to, first };
      first += to - from + 1;
      return range;
    }));
  }

  /** Null for NO_ROW and beyond the table. */
  placeOf(row: number): RowPlace | null {
    let [low, high] = [0, this.#ranges.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#ranges[middle]?.first ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    const range = this.#ranges[low];
    return range === undefined || row - range.first > range.to - range.from ? null : { file: range.file, row: range.from + row - range.first };
  }

  /** Null where the table hasn't the row. */
  numberOf({ file, row }: RowPlace): number | null {
    const range = this.#ranges.find((each) => each.file === file && row >= each.from && row <= each.to);
    return range === undefined ? null : range.first + row - range.from;
  }
}
