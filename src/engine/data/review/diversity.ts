/** How varied texts are: distinct n-grams, and how alike random pairs of rows are. */
import { SIMILAR, type DiversityReport } from '../../../shared/dataReport.ts';
import { openSegmenter } from '../clean/segmenter.ts';
import { jaccard, shingleSet, WordHashes, type ShingleSet } from '../clean/shingles.ts';
import { Random } from '../../model/random.ts';

const PAIRS = 5000;
/** Words of the sample that distinct n-grams are counted over: their sets stay in memory. */
const MOST_WORDS = 2_000_000;
const SEED = 1;

/** @param texts of a random sample of the rows */
export class Diversity {
  readonly #words: WordHashes;
  readonly #shingles: ShingleSet[] = [];
  readonly #distinct = [new Set<number>(), new Set<number>(), new Set<number>()];
  readonly #grams = [0, 0, 0];
  #count = 0;

  private constructor(words: WordHashes) {
    this.#words = words;
  }

  static async open(): Promise<Diversity> {
    return new Diversity(new WordHashes(await openSegmenter()));
  }

  add(text: string): void {
    this.#words.clear();
    this.#words.add(text);
    this.#shingles.push(shingleSet(this.#words.shingles()));
    if (this.#count >= MOST_WORDS) return;
    const words = this.#words.words();
    this.#count += words.length;
    for (let n = 1; n <= 3; n++) {
      const distinct = this.#distinct[n - 1] as Set<number>;
      for (let at = 0; at + n <= words.length; at++) distinct.add(gram(words, at, n));
      this.#grams[n - 1] = (this.#grams[n - 1] ?? 0) + Math.max(0, words.length - n + 1);
    }
  }

  report(): DiversityReport {
    const random = new Random(SEED, 'diversity');
    const rows = this.#shingles.length;
    const all = rows * (rows - 1) / 2;
    let [pairs, sum, similar] = [0, 0, 0];
    const compare = (one: number, other: number): void => {
      const similarity = jaccard(this.#shingles[one] as ShingleSet, this.#shingles[other] as ShingleSet);
      pairs += 1;
      sum += similarity;
      if (similarity > SIMILAR) similar += 1;
    };
    if (all <= PAIRS) {
      for (let one = 0; one < rows; one++) for (let other = one + 1; other < rows; other++) compare(one, other);
    } else {
      while (pairs < PAIRS) {
        const [one, other] = [Math.floor(random.uniform() * rows), Math.floor(random.uniform() * rows)];
        if (one !== other) compare(one, other);
      }
    }
    return {
      sampled: rows, words: this.#count,
      distinct: this.#distinct.map((distinct, n) => ((this.#grams[n] ?? 0) === 0 ? null : distinct.size / (this.#grams[n] ?? 1))),
      pairs, meanSimilarity: pairs === 0 ? null : sum / pairs, similarPairs: pairs === 0 ? null : similar / pairs,
    };
  }
}

/** n word hashes as one number below 2^53. */
function gram(words: Uint32Array, at: number, n: number): number {
  let [high, low] = [0, 0];
  for (let word = at; word < at + n; word++) {
    high = Math.imul(high ^ (words[word] ?? 0), 0x85ebca6b) + low | 0;
    low = Math.imul(low ^ (words[word] ?? 0), 0xc2b2ae35) + (high >>> 15) | 0;
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}
