/**
 * Which rows of which files a run took, and as what: its data.json. Row numbers are 1-based (lines of line formats), written
 * as ranges (`1-40,42`); the ids of all rows that were read stand in data-ids.bin, so that a row is found again after its
 * file has changed.
 */
/** In data-ids.bin, one after another for each file, in the order of its `read`. */
export const ID_BYTES = 8;

/** What became of a row. `cut` and `evaluated` rows are also in one of the splits. */
export const ROW_FATES = ['train', 'validation', 'test', 'cut', 'evaluated', 'dropped', 'heldOut', 'rejected', 'quarantined'] as const;
export type RowFate = (typeof ROW_FATES)[number];

export interface ConsumedFile {
  /** Relative to the recipe's folder where it lies inside, else absolute; with slashes. */
  readonly path: string;
  readonly size: number;
  /** Of the file's bytes, hexadecimal. */
  readonly sha256: string;
  readonly format: string;
  /** All rows that were read. */
  readonly read: string;
  readonly rows: Readonly<Partial<Record<RowFate, string>>>;
  /** Where this file's ids begin in data-ids.bin, in ids. */
  readonly firstId: number;
}

export interface ConsumedData {
  readonly format: 1;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly files: readonly ConsumedFile[];
}

/** Rows added in any order, most often rising; written as sorted ranges. */
export class RowRanges {
  readonly #ranges: [from: number, to: number][] = [];
  #sorted = true;

  add(row: number): void {
    const last = this.#ranges.at(-1);
    if (last !== undefined && row === last[1] + 1) last[1] = row;
    else {
      if (last !== undefined && row <= last[1]) this.#sorted = false;
      this.#ranges.push([row, row]);
    }
  }

  get count(): number {
    return this.#ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  }

  toString(): string {
    if (!this.#sorted) {
      const rows = [...new Set(this.#ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, index) => from + index)))].sort((a, b) => a - b);
      const sorted = new RowRanges();
      for (const row of rows) sorted.add(row);
      return sorted.toString();
    }
    return this.#ranges.map(([from, to]) => (from === to ? String(from) : `${String(from)}-${String(to)}`)).join(',');
  }
}

/** Pairs of first and last row, both included. */
export function parseRanges(text: string): readonly (readonly [from: number, to: number])[] {
  return text === '' ? [] : text.split(',').map((part) => {
    const [from = '0', to = from] = part.split('-');
    return [Number(from), Number(to)] as const;
  });
}

/** The row that is the `index`th (from 0) of ranges; null beyond their end. */
export function rowAt(ranges: string, index: number): number | null {
  let left = index;
  for (const [from, to] of parseRanges(ranges)) {
    if (left <= to - from) return from + left;
    left -= to - from + 1;
  }
  return null;
}

export function fatesOf({ rows }: Pick<ConsumedFile, 'rows'>, row: number): readonly RowFate[] {
  return ROW_FATES.filter((fate) => parseRanges(rows[fate] ?? '').some(([from, to]) => row >= from && row <= to));
}
