/** Texts that are nearly the same, for splits that must not have them on both sides and for telling how varied data are. */
import { compareCandidates, SketchTable } from './bands.ts';
import { openSegmenter, type Segmenter } from './segmenter.ts';
import { jaccard, shingleSet, WordHashes, type ShingleSet } from './shingles.ts';
import { sketchOf } from './sketch.ts';
import { UnionFind } from './unionFind.ts';

/**
 * Finds near duplicates among texts that fit into memory as shingles (4 bytes a word). `await NearDuplicates.open(0.8)`,
 * `add` each text, then `groups()`.
 */
export class NearDuplicates {
  readonly #words: WordHashes;
  readonly #table = new SketchTable();
  readonly #sets: ShingleSet[] = [];

  private constructor(readonly similarity: number, segmenter: Segmenter) {
    this.#words = new WordHashes(segmenter);
  }

  /** @param similarity Jaccard similarity of shingles from which two texts are near duplicates, 0 … 1 */
  static async open(similarity: number): Promise<NearDuplicates> {
    return new NearDuplicates(similarity, await openSegmenter());
  }

  get count(): number {
    return this.#table.count;
  }

  /** Answers the text's index: 0, 1, 2 … */
  add(text: string): number {
    this.#words.clear();
    this.#words.add(text);
    const shingles = this.#words.shingles();
    this.#sets.push(shingleSet(shingles));
    return this.#table.add(sketchOf(shingles));
  }

  /** Jaccard similarity of two added texts: exact, but for very long ones (see shingleSet). */
  similarityOf(a: number, b: number): number {
    const [x, y] = [this.#sets[a], this.#sets[b]];
    if (x === undefined || y === undefined) throw new RangeError(`texts ${String(a)} and ${String(b)} of ${String(this.count)}`);
    return jaccard(x, y);
  }

  /** [count]: the group of each text, named by its first member. Groups are chains: two members need not be similar themselves. */
  groups(): Int32Array {
    const sets = new UnionFind(this.count);
    compareCandidates(this.#table, {
      similarity: this.similarity,
      settled: (row, earlier) => sets.find(row) === sets.find(earlier),
      compare: (row, earlier) => {
        const similar = this.similarityOf(row, earlier) >= this.similarity;
        if (similar) sets.union(row, earlier);
        return similar;
      },
    });
    return sets.sets();
  }
}

/**
 * [records]: the group of near-duplicate prompts that each record belongs to, named by its first member's index. Records of
 * one group must stay on the same side of a split.
 */
export async function similarityGroups(records: Iterable<{ readonly prompt: string }>, similarity: number): Promise<Int32Array> {
  const near = await NearDuplicates.open(similarity);
  for (const { prompt } of records) near.add(prompt);
  return near.groups();
}
