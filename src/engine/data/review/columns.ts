/** What is known of each row, a column each: a million rows take tens of megabytes instead of a million objects. */

type Numbers = Float64Array | Uint32Array | Uint16Array | Uint8Array | Int32Array;

const FIRST_ROOM = 1024;

/** A typed array that grows. */
export class Column<T extends Numbers> {
  #values: T;
  #length = 0;

  constructor(private readonly make: (length: number) => T) {
    this.#values = make(FIRST_ROOM);
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const roomier = this.make(this.#values.length * 2);
      roomier.set(this.#values);
      this.#values = roomier;
    }
    this.#values[this.#length] = value;
    this.#length += 1;
  }

  at(row: number): number {
    return this.#values[row] ?? 0;
  }

  set(row: number, value: number): void {
    this.#values[row] = value;
  }

  /** The array itself, for a loop over all rows; not for longer than that. */
  get values(): T {
    return this.#values;
  }

  get bytes(): number {
    return this.#values.byteLength;
  }
}

/** More values than this share one code: a column of names is for what rows have in common. */
const MOST_VALUES = 65_535;
const OTHERS = '…';

/** A column of few different texts; code 0 is the empty one. */
export class Names {
  readonly column = new Column((length) => new Uint16Array(length));
  readonly values: string[] = [''];
  readonly #codes = new Map<string, number>([['', 0]]);

  push(value: string): void {
    this.column.push(this.code(value));
  }

  code(value: string): number {
    const known = this.#codes.get(value);
    if (known !== undefined) return known;
    if (this.values.length === MOST_VALUES) return this.code(OTHERS);
    this.values.push(value);
    this.#codes.set(value, this.values.length - 1);
    return this.values.length - 1;
  }

  /** −1 where no row has it. */
  find(value: string): number {
    return this.#codes.get(value) ?? -1;
  }

  at(row: number): string {
    return this.values[this.column.at(row)] ?? '';
  }

  get bytes(): number {
    return this.column.bytes;
  }
}

const EMPTY = -1;
/** FNV-1a, 32 bits (Fowler, Noll and Vo). */
const [FNV_BASIS, FNV_PRIME] = [0x811c9dc5, 0x01000193];

/** The ids of all rows in one piece of memory, and the rows of an id. */
export class Ids {
  #bytes: Buffer = Buffer.alloc(FIRST_ROOM * 16);
  #used = 0;
  readonly #starts = new Column((length) => new Uint32Array(length));
  /** Open addressing: the first row of each id. */
  #table = new Int32Array(FIRST_ROOM * 4).fill(EMPTY);
  #entries = 0;
  /** The next row of the same id, or −1. */
  readonly #next = new Column((length) => new Int32Array(length));

  get length(): number {
    return this.#starts.length;
  }

  /** No two rows have the same. */
  get unique(): boolean {
    return this.#entries === this.#starts.length;
  }

  push(id: string): void {
    const size = Buffer.byteLength(id);
    if (this.#used + size > this.#bytes.length) {
      const roomier = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#used + size));
      this.#bytes.copy(roomier, 0, 0, this.#used);
      this.#bytes = roomier;
    }
    const row = this.#starts.length;
    this.#starts.push(this.#used);
    this.#bytes.write(id, this.#used);
    this.#used += size;
    this.#next.push(EMPTY);
    if ((this.#entries + 1) * 2 > this.#table.length) this.#rehash();
    const slot = this.#slot(this.#bytes.subarray(this.#used - size, this.#used));
    const first = this.#table[slot] ?? EMPTY;
    if (first === EMPTY) {
      this.#table[slot] = row;
      this.#entries += 1;
    } else {
      // Behind the first: the order among the others does not matter.
      this.#next.set(row, this.#next.at(first));
      this.#next.set(first, row);
    }
  }

  at(row: number): string {
    return this.#slice(row).toString('utf8');
  }

  /** Rows that have this id, the first of them first. */
  rows(id: string): readonly number[] {
    const first = this.#table[this.#slot(Buffer.from(id))] ?? EMPTY;
    if (first === EMPTY) return [];
    const rows = [first];
    for (let row = this.#next.at(first); row !== EMPTY; row = this.#next.at(row)) rows.push(row);
    return rows;
  }

  /** The first row that has the id of `row`. */
  first(row: number): number {
    if (this.unique) return row;
    return this.#table[this.#slot(this.#slice(row))] ?? row;
  }

  get bytes(): number {
    return this.#bytes.length + this.#starts.bytes + this.#next.bytes + this.#table.byteLength;
  }

  #slice(row: number): Buffer {
    const end = row + 1 < this.#starts.length ? this.#starts.at(row + 1) : this.#used;
    return this.#bytes.subarray(this.#starts.at(row), end);
  }

  /** Where the id stands in the table, or the free place where it would. */
  #slot(id: Buffer): number {
    let hash = FNV_BASIS;
    for (let at = 0; at < id.length; at++) hash = Math.imul(hash ^ (id[at] ?? 0), FNV_PRIME);
    const mask = this.#table.length - 1;
    let slot = (hash >>> 0) & mask;
    for (;;) {
      const row = this.#table[slot] ?? EMPTY;
      if (row === EMPTY || this.#slice(row).equals(id)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    const old = this.#table;
    this.#table = new Int32Array(old.length * 2).fill(EMPTY);
    for (const row of old) if (row !== EMPTY) this.#table[this.#slot(this.#slice(row))] = row;
  }
}
