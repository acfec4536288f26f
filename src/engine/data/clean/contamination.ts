/**
 * Rule `contamination`: rows that hold a question of an evaluation set. By n-grams (Brown et al. 2020, "Language Models are
 * Few-Shot Learners", appendix C: 13 words) over the whole row, and by similarity of the prompts.
 */
import { bandRows } from './bands.ts';
import { WordHashes, jaccard, shingleSet, type ShingleSet } from './shingles.ts';
import { SKETCH_SIZE, sketchOf, sketchSimilarity } from './sketch.ts';
import { mixed } from './hash.ts';
import type { Segmenter } from './segmenter.ts';

/** Words of an n-gram. */
export const NGRAM_WORDS = 13;
/** Characters of an n-gram where most of a question is Chinese: about thirteen words. */
export const NGRAM_CHARACTERS = 20;
/** Share of a question's n-grams from which a row holds it. One n-gram alone is shared by many school problems ("how many … does she have in total"). */
export const NGRAM_SHARE = 0.5;

export interface EvaluationQuestion {
  readonly file: string;
  /** 1-based. */
  readonly row: number;
  readonly prompt: string;
}

export interface Contaminated {
  /** Index into the questions. */
  readonly question: number;
  readonly by: 'n-gram' | 'minhash';
  readonly share: number;
}

/** Every Han character is a word. */
const characters: Segmenter = {
  name: 'intl',
  cut: (_, runs) => {
    let count = 0;
    for (let run = 0; run < runs.count; run++) count += (runs.ends[run] ?? 0) - (runs.starts[run] ?? 0);
    return new Int32Array(count).fill(1);
  },
};

/** Bases of two polynomial hashes (Karp & Rabin 1987): 64 bits together. */
const BASES = [0x01000193, 0x9e3779b1] as const;

interface Grams {
  readonly n: number;
  /** (first hash) → questions' gram numbers; the second hash is compared. */
  readonly table: Map<number, number[]>;
}

export class ContaminationIndex {
  readonly #units = new WordHashes(characters);
  readonly #words: WordHashes;
  readonly #grams: readonly Grams[] = [{ n: NGRAM_WORDS, table: new Map() }, { n: NGRAM_CHARACTERS, table: new Map() }];
  /** Of each gram: its second hash, its question, and the row that matched it last. */
  readonly #second: number[] = [];
  readonly #owner: number[] = [];
  readonly #matchedBy: number[] = [];
  /** Different grams of each question. */
  readonly #totals: number[] = [];
  readonly #sketches: (Uint16Array | null)[] = [];
  readonly #sets: ShingleSet[] = [];
  readonly #bands: Map<number, number[]>[] = [];
  readonly #bandRows: number;
  #row = 0;

  constructor(questions: readonly EvaluationQuestion[], readonly similarity: number, segmenter: Segmenter) {
    this.#words = new WordHashes(segmenter);
    this.#bandRows = bandRows(similarity);
    for (let band = 0; band < Math.floor(SKETCH_SIZE / this.#bandRows); band++) this.#bands.push(new Map());
    for (const [question, { prompt }] of questions.entries()) {
      this.#addGrams(question, prompt);
      this.#addSketch(question, prompt);
    }
  }

  /** The question that a row holds, the surest one, or null. */
  find(prompt: string, rest: readonly string[]): Contaminated | null {
    return this.#byGrams([prompt, ...rest]) ?? this.#bySketch(prompt);
  }

  #addGrams(question: number, prompt: string): void {
    this.#units.clear();
    this.#units.add(prompt);
    const han = prompt.match(/\p{Script=Han}/gu)?.length ?? 0;
    const { n, table } = this.#grams[han * 2 > this.#units.count ? 1 : 0] ?? { n: NGRAM_WORDS, table: new Map<number, number[]>() };
    const seen = new Set<number>();
    for (const [first, second] of rolled(this.#units.words(), n)) {
      if (seen.has(first)) continue;
      seen.add(first);
      const gram = this.#second.push(second) - 1;
      this.#owner.push(question);
      this.#matchedBy.push(-1);
      const there = table.get(first);
      if (there === undefined) table.set(first, [gram]);
      else there.push(gram);
    }
    this.#totals.push(seen.size);
  }

  #byGrams(texts: readonly string[]): Contaminated | null {
    const row = this.#row++;
    this.#units.clear();
    for (const text of texts) this.#units.add(text);
    const units = this.#units.words();
    const matched = new Map<number, number>();
    for (const { n, table } of this.#grams) {
      if (table.size === 0) continue;
      for (const [first, second] of rolled(units, n)) {
        for (const gram of table.get(first) ?? []) {
          if (this.#second[gram] !== second || this.#matchedBy[gram] === row) continue;
          this.#matchedBy[gram] = row;
          const question = this.#owner[gram] ?? 0;
          matched.set(question, (matched.get(question) ?? 0) + 1);
        }
      }
    }
    let best: Contaminated | null = null;
    for (const [question, count] of matched) {
      const share = count / (this.#totals[question] ?? 1);
      if (share >= NGRAM_SHARE && share > (best?.share ?? 0)) best = { question, by: 'n-gram', share };
    }
    return best;
  }

  #addSketch(question: number, prompt: string): void {
    const { sketch, set } = this.#sketchOf(prompt);
    this.#sketches.push(sketch);
    this.#sets.push(set);
    if (sketch === null) return;
    for (const [band, table] of this.#bands.entries()) {
      const key = this.#bandKey(sketch, band);
      const there = table.get(key);
      if (there === undefined) table.set(key, [question]);
      else there.push(question);
    }
  }

  #bySketch(prompt: string): Contaminated | null {
    const { sketch, set } = this.#sketchOf(prompt);
    if (sketch === null) return null;
    const candidates = new Set(this.#bands.flatMap((table, band) => table.get(this.#bandKey(sketch, band)) ?? []));
    let best: Contaminated | null = null;
    for (const question of candidates) {
      const other = this.#sets[question];
      const sketched = this.#sketches[question];
      // Half the similarity by the sketch can't be all of it.
      if (other === undefined || sketched === undefined || sketched === null || sketchSimilarity(sketch, sketched) < this.similarity / 2) continue;
      const share = jaccard(set, other);
      if (share >= this.similarity && share > (best?.share ?? 0)) best = { question, by: 'minhash', share };
    }
    return best;
  }

  #sketchOf(prompt: string): { readonly sketch: Uint16Array | null; readonly set: ShingleSet } {
    this.#words.clear();
    this.#words.add(prompt);
    const shingles = this.#words.shingles();
    return { sketch: sketchOf(shingles), set: shingleSet(shingles) };
  }

  #bandKey(sketch: Uint16Array, band: number): number {
    let h = band;
    for (let i = 0; i < this.#bandRows; i++) h = mixed(Math.imul(h, 31) + (sketch[band * this.#bandRows + i] ?? 0));
    return h;
  }
}

/** Both hashes of every run of n units; of fewer units, none. */
function* rolled(units: Uint32Array, n: number): Generator<readonly [first: number, second: number]> {
  if (units.length < n) return;
  let [first, second] = [0, 0];
  let [firstOut, secondOut] = [1, 1];
  for (let i = 0; i < n; i++) {
    [firstOut, secondOut] = [Math.imul(firstOut, BASES[0]), Math.imul(secondOut, BASES[1])];
  }
  for (let i = 0; i < units.length; i++) {
    const [unit, out] = [units[i] ?? 0, i < n ? 0 : units[i - n] ?? 0];
    first = (Math.imul(first, BASES[0]) + unit - Math.imul(out, firstOut)) | 0;
    second = (Math.imul(second, BASES[1]) + unit - Math.imul(out, secondOut)) | 0;
    if (i >= n - 1) yield [mixed(first), mixed(second)];
  }
}
