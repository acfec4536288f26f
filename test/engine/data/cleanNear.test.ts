import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bandRows } from '../../../src/engine/data/clean/bands.ts';
import { NearDuplicates, similarityGroups } from '../../../src/engine/data/clean/nearDuplicates.ts';
import { intlSegmenter, openSegmenter, type Segmenter } from '../../../src/engine/data/clean/segmenter.ts';
import { jaccard, SHINGLE_LIMIT, shingleSet, WordHashes } from '../../../src/engine/data/clean/shingles.ts';
import { SKETCH_SIZE, sketchOf, sketchSimilarity } from '../../../src/engine/data/clean/sketch.ts';
import { Random } from '../../../src/engine/model/random.ts';

const data = process.env['DISTILL_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');

/** Two sets of `size` elements each with a known Jaccard similarity. */
function pair(size: number, similarity: number, random: Random): { readonly a: Uint32Array; readonly b: Uint32Array; readonly exact: number } {
  const shared = Math.round(2 * size * similarity / (1 + similarity));
  const element = (): number => Math.floor(random.uniform() * 2 ** 32);
  const common = Array.from({ length: shared }, element);
  const own = (): number[] => Array.from({ length: size - shared }, element);
  return { a: Uint32Array.from([...common, ...own()]), b: Uint32Array.from([...own(), ...common]), exact: shared / (2 * size - shared) };
}

describe('a sketch', () => {
  test.each([3, 20, 200, 3000])('of %i elements estimates Jaccard similarity without bias, with no more than the variance of MinHash', (size) => {
    const random = new Random(1, 'sketch');
    for (const similarity of [0, 0.3, 0.5, 0.8, 0.95, 1]) {
      const runs = 300;
      let [sum, squares, truth] = [0, 0, 0];
      for (let run = 0; run < runs; run++) {
        const { a, b, exact } = pair(size, similarity, random);
        const error = sketchSimilarity(sketchOf(a) ?? new Uint16Array(), sketchOf(b) ?? new Uint16Array()) - exact;
        sum += error;
        squares += error * error;
        truth = exact;
      }
      const variance = truth * (1 - truth) / SKETCH_SIZE;
      // Four standard errors of the mean, and of the variance (of roughly normal errors).
      expect(Math.abs(sum / runs)).toBeLessThanOrEqual(4 * Math.sqrt(variance / runs) + 1e-4);
      expect(squares / runs).toBeLessThanOrEqual(variance * (1 + 4 * Math.sqrt(2 / runs)) + 1e-4 / SKETCH_SIZE);
    }
  });

  test('does not depend on order or repetition, and there is none of nothing', () => {
    const { a } = pair(50, 0, new Random(2, 'order'));
    expect(sketchOf(Uint32Array.from([...a, ...a].reverse()))).toEqual(sketchOf(a));
    expect(sketchOf(new Uint32Array())).toBeNull();
  });
});

describe('banding', () => {
  test.each([0.5, 0.7, 0.8, 0.9, 0.95])('misses at most 1 in 200 pairs whose similarity is just %d', (similarity) => {
    const rows = bandRows(similarity);
    expect((1 - similarity ** rows) ** Math.floor(SKETCH_SIZE / rows)).toBeLessThanOrEqual(0.005);
    // One place more and it would miss more: no band is shorter than it need be.
    expect((1 - similarity ** (rows + 1)) ** Math.floor(SKETCH_SIZE / (rows + 1))).toBeGreaterThan(0.005);
  });
});

describe('shingles', () => {
  test('are the same for other case, spacing and punctuation, and others for other words', async () => {
    const words = new WordHashes(await openSegmenter());
    const of = (text: string): Uint32Array => {
      words.clear();
      words.add(text);
      return words.shingles();
    };
    expect(of('Tom has 3 apples, and eats one.')).toEqual(of('tom  HAS 3 apples and\neats one'));
    expect(of('a b c d')).toHaveLength(2);
    expect(of('a b')).toHaveLength(1);
    expect(of(' … ')).toHaveLength(0);
    expect(of('a b c')).not.toEqual(of('a c b'));
    // Operators are words; hyphens, bullets and Markdown's stars are none.
    for (const operator of ['-', '+', '*', '/', '÷', '<']) expect(of(`What is 12 ${operator} 30?`)).toHaveLength(3);
    expect(of('12+30=')).not.toEqual(of('12-30='));
    expect(of('12*30')).not.toEqual(of('12/30'));
    expect(of('- a **well-known** and/or --- |---|')).toEqual(of('a well known and or'));
  });

  test('of sets give the exact Jaccard similarity, and of very long ones one within its error', () => {
    const random = new Random(3, 'jaccard');
    for (const [size, similarity, error] of [[100, 0.5, 1e-12], [1000, 0.8, 1e-12], [SHINGLE_LIMIT * 5, 0.8, 4 * Math.sqrt(0.8 * 0.2 / SHINGLE_LIMIT)]] as const) {
      const { a, b, exact } = pair(size, similarity, random);
      expect(Math.abs(jaccard(shingleSet(a), shingleSet(b)) - exact)).toBeLessThanOrEqual(error);
      expect(jaccard(shingleSet(a), shingleSet(a))).toBe(1);
    }
  });
});

describe('Chinese words', () => {
  const text = '小明有３个苹果，后来他又买了12个。请问：小明现在一共有多少个苹果？蒸馏推理模型𠮷';
  const hanOf = (from: string): { starts: Int32Array; ends: Int32Array; count: number } => {
    const runs = [...from.matchAll(/[\u4e00-\u9fff]+/g)];
    return { starts: Int32Array.from(runs, ({ index }) => index), ends: Int32Array.from(runs, (run) => run.index + run[0].length), count: runs.length };
  };
  const wordsOf = (segmenter: Segmenter, from: string): string[] => {
    const runs = hanOf(from);
    const lengths = segmenter.cut(from, runs);
    let word = 0;
    return Array.from({ length: runs.count }).flatMap((_, run) => {
      const words: string[] = [];
      for (let at = runs.starts[run] ?? 0; at < (runs.ends[run] ?? 0); at += lengths[word++] ?? 1) words.push(from.slice(at, at + (lengths[word] ?? 1)));
      return words;
    });
  };

  test('are those that jieba’s own code finds', async () => {
    const segmenter = await openSegmenter();
    expect(segmenter.name).toBe('jieba');
    const { cut } = createRequire(import.meta.url)('jieba-wasm') as { cut: (text: string, hmm: boolean) => string[] };
    const runs = [...text.matchAll(/[\u4e00-\u9fff]+/g)].map(([run]) => run);
    expect(wordsOf(segmenter, text)).toEqual(runs.flatMap((run) => cut(run, true)));
  });

  test('are found by Intl.Segmenter where jieba is not', () => {
    expect(wordsOf(intlSegmenter(), text).join('')).toBe([...text.matchAll(/[\u4e00-\u9fff]+/g)].join(''));
  });
});

describe('near duplicates', () => {
  const questions = [
    'A train leaves the station at nine in the morning and travels 60 miles an hour for three hours before it stops. How far does the train travel before it stops?',
    'A baker makes 12 loaves each morning and sells 8 of them to the shop on the corner; what is left goes home. How many loaves go home in a week of seven days?',
    '商店里有苹果和梨共一百二十千克，其中苹果比梨多三十千克，请问苹果和梨各有多少千克？请写出计算过程并检验答案是否正确。',
  ];
  const nearly = [
    'A train leaves the station at nine in the morning, and travels 60 miles an hour for three hours before it stops. How far does the train travel before stopping?',
    'A baker makes 12 loaves each morning and sells 8 of them to the shop on the corner; what is left goes home. How many loaves go home in a week of six days?',
    '商店里有苹果和梨共一百二十千克，其中苹果比梨多三十千克，请问苹果和梨各有多少千克？请写出计算过程并检验答案是否准确。',
  ];

  test('are grouped with the first of their kind, in English and Chinese', async () => {
    const records = [...questions, 'Another one.', ...nearly, ''].map((prompt) => ({ prompt }));
    expect([...await similarityGroups(records, 0.7)]).toEqual([0, 1, 2, 3, 0, 1, 2, 7]);
    expect([...await similarityGroups(records, 0.99)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test.skipIf(!existsSync(path.join(data, 'gsm8k/train.jsonl')))('of the 7,473 questions of GSM8K (left out where the real data are absent) are those that comparing every pair finds', async () => {
    const prompts = readFileSync(path.join(data, 'gsm8k/train.jsonl'), 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { question: string }).question);
    const near = await NearDuplicates.open(0.4);
    for (const prompt of prompts) near.add(prompt);
    const groups = near.groups();
    // By an index of shingles: pairs that share none have similarity 0.
    const words = new WordHashes(await openSegmenter());
    const holders = new Map<number, number[]>();
    let [found, missed] = [0, 0];
    for (const [row, prompt] of prompts.entries()) {
      words.clear();
      words.add(prompt);
      const shared = new Map<number, number>();
      for (const shingle of new Set(words.shingles())) {
        const before = holders.get(shingle);
        for (const other of before ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
        if (before === undefined) holders.set(shingle, [row]);
        else before.push(row);
      }
      for (const [other, count] of shared) {
        if (count < 8 || near.similarityOf(row, other) < 0.4) continue;
        if (groups[row] === groups[other]) found += 1;
        else missed += 1;
      }
    }
    expect(found).toBeGreaterThan(10);
    expect(missed).toBe(0);
  });
});
