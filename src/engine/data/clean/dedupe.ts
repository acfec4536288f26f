/**
 * Which rows stay of those that are the same or nearly so. Of each group the best stays: verified right before unjudged before
 * wrong; ended before cut; longer; earlier. A near duplicate goes only where it is similar to a row that stays, so that a chain
 * of small changes doesn't take its far end along.
 */
import type { CleanRule } from '../../../shared/cleanReport.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { compareCandidates, SketchTable } from './bands.ts';
import { hashOf, mixed } from './hash.ts';
import type { RowResult } from './rowWork.ts';
import { jaccard, SHINGLE_LIMIT, shingleSet, type ShingleSet } from './shingles.ts';
import type { NumberSpool } from './spool.ts';
import { UnionFind } from './unionFind.ts';

/** Sketches this far below the threshold aren't worth reading the shingles for: over four standard errors of the estimate. */
const SKETCH_MARGIN = 0.2;

export interface Duplicate {
  readonly rule: Extract<CleanRule, 'duplicate' | 'near-duplicate' | 'same-problem'>;
  /** Row that stays in its place. */
  readonly of: number;
  /** Jaccard similarity of the two; 1 of exact duplicates, null of the same problem. */
  readonly similarity: number | null;
}

/** What of a row is kept until all are known; no texts. */
export class DuplicateFinder {
  readonly #table = new SketchTable();
  readonly #exact: number[] = [];
  readonly #ranks: number[] = [];
  /** Hash of the reference answer; 0 where there is none. */
  readonly #golds: number[] = [];
  /** Hash of the numbers in the prompt, in any order. */
  readonly #numbers: number[] = [];
  readonly #problems = new Map<string, Map<string, number[]>>();

  constructor(private readonly options: { readonly similarity: number; readonly near: boolean }, private readonly shingles: NumberSpool) {}

  /** `result`: null for a row that another rule has taken. Rows come in their order, all of them. */
  add(record: DataRecord, result: RowResult | null): void {
    const row = this.#table.add(result?.sketch ?? null);
    this.#exact.push(result === null ? Number.NaN : result.exact);
    this.#ranks.push(rankOf(record));
    this.#golds.push(record.gold === null ? 0 : hashOf(record.gold.replace(/\s+/g, '')) || 1);
    this.#numbers.push(numbersOf(record.prompt));
    if (this.options.near) this.shingles.add(result?.shingles ?? new Uint32Array(0));
    if (result?.problem === null || result?.problem === undefined) return;
    const { masked, prompt } = result.problem;
    const prompts = this.#problems.get(masked) ?? new Map<string, number[]>();
    this.#problems.set(masked, prompts);
    const rows = prompts.get(prompt);
    if (rows === undefined) prompts.set(prompt, [row]);
    else rows.push(row);
  }

  /** The rows that go. */
  find(onProgress: (done: number, total: number) => void): ReadonlyMap<number, Duplicate> {
    const gone = new Map<number, Duplicate>();
    this.#findExact(gone);
    if (this.options.near) this.#findNear(gone, onProgress);
    this.#findSameProblems(gone);
    return gone;
  }

  #better(a: number, b: number): number {
    return (this.#ranks[b] ?? 0) - (this.#ranks[a] ?? 0) || a - b;
  }

  #findExact(gone: Map<number, Duplicate>): void {
    const best = new Map<number, number>();
    for (const [row, key] of this.#exact.entries()) {
      if (Number.isNaN(key)) continue;
      const before = best.get(key);
      if (before === undefined || this.#better(row, before) < 0) best.set(key, row);
    }
    for (const [row, key] of this.#exact.entries()) {
      const of = best.get(key);
      if (of !== undefined && of !== row) gone.set(row, { rule: 'duplicate', of, similarity: 1 });
    }
  }

  #findNear(gone: Map<number, Duplicate>, onProgress: (done: number, total: number) => void): void {
    const { similarity } = this.options;
    const table = this.#table;
    for (const row of gone.keys()) table.drop(row);
    const sets = new UnionFind(table.count);
    // The row in hand is compared with several others.
    let held: { readonly row: number; readonly set: ShingleSet } | null = null;
    const setOf = (row: number): ShingleSet => {
      if (held?.row === row) return held.set;
      return this.#setOf(row);
    };
    compareCandidates(table, {
      similarity,
      settled: (row, earlier) => this.#otherProblem(row, earlier) || sets.find(row) === sets.find(earlier),
      compare: (row, earlier) => {
        held = { row, set: setOf(row) };
        const similar = jaccard(held.set, this.#setOf(earlier)) >= similarity;
        if (similar) sets.union(row, earlier);
        return similar;
      },
      onBand: onProgress,
    });
    const groups = new Map<number, number[]>();
    for (let row = 0; row < table.count; row++) {
      const root = sets.find(row);
      if (root === row) continue;
      const members = groups.get(root);
      if (members === undefined) groups.set(root, [root, row]);
      else members.push(row);
    }
    for (const members of groups.values()) this.#keepBest(members.sort((a, b) => this.#better(a, b)), gone);
  }

  #keepBest(members: readonly number[], gone: Map<number, Duplicate>): void {
    const { similarity } = this.options;
    const stay: { readonly row: number; readonly set: ShingleSet }[] = [];
    for (const row of members) {
      let [of, most] = [-1, 0];
      let set: ShingleSet | null = null;
      for (const kept of stay) {
        if (this.#otherProblem(row, kept.row) || this.#table.similarity(row, kept.row) < similarity - SKETCH_MARGIN) continue;
        set ??= this.#setOf(row);
        const found = jaccard(set, kept.set);
        if (found > most) [of, most] = [kept.row, found];
      }
      if (most >= similarity) gone.set(row, { rule: 'near-duplicate', of, similarity: most });
      else stay.push({ row, set: set ?? this.#setOf(row) });
    }
  }

  /**
   * Another reference answer makes it another problem, however alike the words: numbers are few of them. Where there is no
   * reference, other numbers in the prompt do.
   */
  #otherProblem(a: number, b: number): boolean {
    const [x, y] = [this.#golds[a] ?? 0, this.#golds[b] ?? 0];
    return x !== 0 && y !== 0 ? x !== y : this.#numbers[a] !== this.#numbers[b];
  }

  #setOf(row: number): ShingleSet {
    const shingles = this.shingles.get(row);
    const { hashes } = shingleSet(shingles);
    // A worker has cut long ones already.
    return { hashes, whole: hashes.length < SHINGLE_LIMIT };
  }

  /** All answers to one of the prompts stay; those to the others go. */
  #findSameProblems(gone: Map<number, Duplicate>): void {
    for (const prompts of this.#problems.values()) {
      if (prompts.size < 2) continue;
      const left = [...prompts.values()].map((rows) => rows.filter((row) => !gone.has(row)).sort((a, b) => this.#better(a, b))).filter((rows) => rows.length > 0);
      left.sort(([a = 0], [b = 0]) => this.#better(a, b));
      const [first = [], ...others] = left;
      const of = first[0];
      if (of === undefined) continue;
      for (const row of others.flat()) if (!this.#otherProblem(row, of)) gone.set(row, { rule: 'same-problem', of, similarity: null });
    }
  }
}

/** Of the numbers in a prompt, in any order: thousands' commas don't count. */
function numbersOf(prompt: string): number {
  let sum = 0;
  for (const [number] of prompt.matchAll(/\d+(?:,\d{3})*(?:\.\d+)?/g)) sum = (sum + mixed(hashOf(number.replaceAll(',', '')))) | 0;
  return sum;
}

/** More is better: verdict, then whether the answer ended, then length in characters. */
function rankOf({ provenance, think, answer }: DataRecord): number {
  const verdict = provenance.verdict?.verdict ?? 'unknown';
  const judged = verdict === 'right' ? 2 : verdict === 'unknown' ? 1 : 0;
  const ended = provenance.finish === null || provenance.finish === 'end' ? 1 : 0;
  return (judged * 2 + ended) * 2 ** 40 + Math.min(think.length + answer.length, 2 ** 40 - 1);
}
