/**
 * Word shingles (Broder 1997, "On the resemblance and containment of documents", section 2): every run of three words, as a
 * hash of 32 bits. Words are runs of letters and digits in lower case; Chinese is cut by the segmenter. An operator is a word
 * of its own: "12 + 30" and "12 - 30" are not the same text.
 */
import { hashOf, mixed } from './hash.ts';
import type { HanRuns, Segmenter } from './segmenter.ts';

/**
 * Words of a shingle. Broder's 10 is for whole web pages; a question of twenty words with one of them replaced keeps most
 * shingles only when they are short.
 */
export const SHINGLE_WORDS = 3;

const SEPARATOR = 0;
const LETTER = 1;
const HAN = 2;
const OPERATOR = 3;
/** An operator only where it is written as one: hyphens, bullets, slashes and Markdown's stars are none. */
const PERHAPS = 4;
/** What mathematical symbols (Unicode's Sm) are besides: table rules and about. */
const NO_OPERATORS = '|~';

let kinds: Uint8Array | null = null;

/** What each UTF-16 unit is. Halves of surrogate pairs are letters: rare Han characters, emoji. */
function unitKinds(): Uint8Array {
  if (kinds !== null) return kinds;
  const table = new Uint8Array(0x10000);
  const letter = /[\p{L}\p{N}\p{M}_]/u;
  for (let unit = 0; unit < table.length; unit++) {
    const han = (unit >= 0x3400 && unit <= 0x4dbf) || (unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0xf900 && unit <= 0xfaff);
    const surrogate = unit >= 0xd800 && unit <= 0xdfff;
    const character = String.fromCharCode(unit);
    if (han) table[unit] = HAN;
    else if (surrogate || letter.test(character)) table[unit] = LETTER;
    else if ('-*/'.includes(character)) table[unit] = PERHAPS;
    else if (/[\p{Sm}^%]/u.test(character) && !NO_OPERATORS.includes(character)) table[unit] = OPERATOR;
  }
  kinds = table;
  return table;
}

const SPACE = 0x20;
const isDigit = (unit: number): boolean => unit >= 0x30 && unit <= 0x39;

/** "-", "*" or "/" before a number, or between spaces. */
function isOperator(text: string, at: number): boolean {
  const [before, next] = [text.charCodeAt(at - 1), text.charCodeAt(at + 1)];
  if (isDigit(next)) return before !== text.charCodeAt(at);
  return next === SPACE && (before === SPACE || isDigit(text.charCodeAt(at + 2)));
}

/** Hashes of words, in the order of the text. Grows; one for each thread is used again and again. */
export class WordHashes {
  #hashes = new Uint32Array(1 << 12);
  #runs: HanRuns = { starts: new Int32Array(1 << 8), ends: new Int32Array(1 << 8), count: 0 };
  count = 0;

  constructor(readonly segmenter: Segmenter) {}

  clear(): void {
    this.count = 0;
  }

  /** Appends the words of a text. */
  add(text: string): void {
    const lower = text.toLowerCase();
    const table = unitKinds();
    this.#findHan(lower, table);
    const lengths = this.#runs.count === 0 ? null : this.segmenter.cut(lower, this.#runs);
    let word = 0;
    for (let i = 0; i < lower.length;) {
      const kind = table[lower.charCodeAt(i)];
      if (kind === SEPARATOR) {
        i += 1;
      } else if (kind === LETTER) {
        const start = i;
        do i += 1; while (i < lower.length && table[lower.charCodeAt(i)] === LETTER);
        this.#push(hashOf(lower, start, i));
      } else if (kind === HAN) {
        const length = lengths?.[word++] ?? 1;
        this.#push(hashOf(lower, i, i + length));
        i += length;
      } else {
        if (kind === OPERATOR || isOperator(lower, i)) this.#push(hashOf(lower, i, i + 1));
        i += 1;
      }
    }
  }

  /** Hashes of the shingles of the words [from, count), in order, repeated ones included. Fewer words than a shingle has make one. */
  shingles(from = 0): Uint32Array<ArrayBuffer> {
    const words = this.#hashes;
    const count = this.count - from;
    if (count === 0) return new Uint32Array(0);
    if (count < SHINGLE_WORDS) {
      let h = count;
      for (let i = from; i < this.count; i++) h = mixed(Math.imul(h, 31) + (words[i] ?? 0));
      return Uint32Array.of(h);
    }
    const shingles = new Uint32Array(count - SHINGLE_WORDS + 1);
    for (let i = 0; i < shingles.length; i++) {
      const at = from + i;
      shingles[i] = mixed(Math.imul(words[at] ?? 0, 0x9e3779b1) + Math.imul(words[at + 1] ?? 0, 0x85ebca77) + Math.imul(words[at + 2] ?? 0, 0xc2b2ae3d));
    }
    return shingles;
  }

  /** The words themselves; valid until the next add(). */
  words(): Uint32Array {
    return this.#hashes.subarray(0, this.count);
  }

  #push(hash: number): void {
    if (this.count === this.#hashes.length) {
      const longer = new Uint32Array(this.count * 2);
      longer.set(this.#hashes);
      this.#hashes = longer;
    }
    this.#hashes[this.count++] = hash;
  }

  #findHan(text: string, table: Uint8Array): void {
    const runs = this.#runs;
    runs.count = 0;
    for (let i = 0; i < text.length; i++) {
      if (table[text.charCodeAt(i)] !== HAN) continue;
      const start = i;
      do i += 1; while (i < text.length && table[text.charCodeAt(i)] === HAN);
      if (runs.count === runs.starts.length) {
        const [starts, ends] = [new Int32Array(runs.count * 2), new Int32Array(runs.count * 2)];
        starts.set(runs.starts);
        ends.set(runs.ends);
        [runs.starts, runs.ends] = [starts, ends];
      }
      runs.starts[runs.count] = start;
      runs.ends[runs.count] = i;
      runs.count += 1;
    }
  }
}

/**
 * The set of a text's shingles, sorted. Of a text with more than SHINGLE_LIMIT different ones only the smallest hashes are
 * kept: a bottom-k sketch (Broder 1997, section 4), whose similarity is exact to ±0.8 % (one standard error).
 */
export interface ShingleSet {
  readonly hashes: Uint32Array;
  readonly whole: boolean;
}

export const SHINGLE_LIMIT = 4096;

export function shingleSet(shingles: Uint32Array): ShingleSet {
  const sorted = shingles.slice().sort();
  let size = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[size++] = sorted[i] ?? 0;
  }
  return { hashes: sorted.subarray(0, Math.min(size, SHINGLE_LIMIT)), whole: size <= SHINGLE_LIMIT };
}

/** |A ∩ B| / |A ∪ B|; exact where both sets are whole, else over the smallest hashes of the union. 0 where both are empty. */
export function jaccard(a: ShingleSet, b: ShingleSet): number {
  const limit = a.whole && b.whole ? Number.POSITIVE_INFINITY : Math.min(a.whole ? Number.POSITIVE_INFINITY : a.hashes.length, b.whole ? Number.POSITIVE_INFINITY : b.hashes.length);
  const [x, y] = [a.hashes, b.hashes];
  let [i, j, both, union] = [0, 0, 0, 0];
  while (i < x.length && j < y.length && union < limit) {
    const [left, right] = [x[i] ?? 0, y[j] ?? 0];
    if (left === right) both += 1;
    if (left <= right) i += 1;
    if (right <= left) j += 1;
    union += 1;
  }
  union += Math.min(x.length - i + y.length - j, limit - union);
  return union === 0 ? 0 : both / union;
}
