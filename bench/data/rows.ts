/**
 * Rows for the bench of cleaning: as long and as worded as real R1 traces, because they are made of their sentences, with
 * duplicates planted at known Jaccard similarities. What a similarity is is computed here by itself: sets of strings, and the
 * jieba package's own code.
 */
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { Random } from '../../src/engine/model/random.ts';

// Not bundled: the package reads its binary from beside its code.
const { cut } = createRequire(import.meta.url)('jieba-wasm') as { readonly cut: (text: string, hmm: boolean) => string[] };

/** Shares of the rows; the rest are rows of their own. */
const NEAR = 0.08;
const MISSES = 0.04;
const COPIES = 0.03;
/** Share of the rows with markup, invisible characters, full-width digits or framing phrases in them. */
const DIRTY = 0.1;
export const THRESHOLD = 0.8;
const SHINGLE_WORDS = 3;

export interface Texts {
  readonly prompt: string;
  readonly think: string;
  readonly answer: string;
}

/** Which rows are what; rows by their number. */
export interface Planted {
  readonly rows: number;
  readonly characters: number;
  /** [copy, original, exact Jaccard similarity]: near duplicates, near misses and exact copies. */
  readonly pairs: readonly (readonly [copy: number, original: number, similarity: number])[];
}

interface Pool {
  readonly language: 'en' | 'zh';
  readonly questions: readonly string[];
  readonly sentences: readonly string[];
  readonly answers: readonly string[];
  /** Characters of real traces. */
  readonly lengths: readonly number[];
}

export function realDataFolder(repository: string): string | null {
  const folder = path.resolve(repository, process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
  return ['r1-gsm8k/en.jsonl', 'r1-gsm8k/zh.jsonl', 'r1-distill-pair/qwen-32b.json', 'gsm8k/train.jsonl', 'cmath/cmath_dev.jsonl'].every((file) => existsSync(path.join(folder, file))) ? folder : null;
}

type Json = Readonly<Record<string, string>>;

function pools(folder: string): readonly Pool[] {
  const lines = (file: string): Json[] => readFileSync(path.join(folder, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Json);
  const responses = ['qwen-32b', 'qwen-1.5b'].flatMap((model) => (JSON.parse(readFileSync(path.join(folder, `r1-distill-pair/${model}.json`), 'utf8')) as { response: string }[]).map(({ response }) => response));
  const pool = (language: 'en' | 'zh', more: readonly string[], questions: readonly string[]): Pool => {
    const traces = lines(`r1-gsm8k/${language}.jsonl`);
    const split = (text: string): string[] => text.split(language === 'en' ? /(?<=[.!?])\s+|\n+/ : /(?<=[。！？])|\n+/).map((sentence) => sentence.trim()).filter((sentence) => sentence.length > 12 && sentence.length < 400);
    return {
      language, questions, lengths: traces.map(({ reasoning = '' }) => reasoning.length),
      sentences: [...new Set([...traces.map(({ reasoning = '' }) => reasoning), ...more].flatMap(split))], answers: [...new Set(traces.flatMap(({ answer = '' }) => split(answer)))],
    };
  };
  return [
    pool('en', responses, lines('gsm8k/train.jsonl').map(({ question = '' }) => question)),
    pool('zh', [], lines('cmath/cmath_dev.jsonl').map(({ input = '' }) => input)),
  ];
}

/** Writes `count` rows in our own format and answers what was planted. */
export async function makeRows(folder: string, file: string, count: number, seed: number): Promise<Planted> {
  const random = new Random(seed, 'bench data');
  const sources = pools(folder);
  const [near, misses, copies] = [NEAR, MISSES, COPIES].map((share) => Math.round(count * share)) as [number, number, number];
  const originals = count - near - misses - copies;
  // Places are shuffled, so that a copy may come before its original.
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [places[i], places[j]] = [places[j] ?? 0, places[i] ?? 0];
  }
  const rows: Texts[] = Array.from({ length: count });
  const pairs: (readonly [number, number, number])[] = [];
  let characters = 0;
  for (let i = 0; i < originals; i++) rows[places[i] ?? 0] = freshRow(sources[i % 2] as Pool, random);
  for (let i = originals; i < count; i++) {
    const [place, of] = [places[i] ?? 0, places[i - originals] ?? 0];
    const original = rows[of] as Texts;
    const pool = sources[(i - originals) % 2] as Pool;
    const kind = i - originals < near ? 'near' : i - originals < near + misses ? 'miss' : 'copy';
    const target = kind === 'near' ? THRESHOLD + random.uniform() * 0.18 : 0.5 + random.uniform() * 0.28;
    const row = kind === 'copy' ? { ...original, think: original.think.replaceAll(' ', '  ') } : edited(original, target, pool, random);
    rows[place] = row;
    pairs.push([place, of, kind === 'copy' ? 1 : exactSimilarity(original, row)]);
  }
  const out = await open(file, 'w');
  try {
    let lines: string[] = [];
    for (const [i, row] of rows.entries()) {
      const texts = random.uniform() < DIRTY ? dirty(row, random) : row;
      characters += texts.prompt.length + texts.think.length + texts.answer.length;
      lines.push(JSON.stringify({
        format: 1, id: `row${String(i).padStart(8, '0')}`, ...texts, gold: null, task: 'maths',
        provenance: { source: null, teacher: { name: 'r1', model: 'deepseek-r1', service: 'bench' }, promptHash: null, sampling: { temperature: 0.6, topP: 0.95, maxTokens: 8192, sample: 0 }, tokens: { input: 90, cachedInput: 0, output: Math.round(texts.think.length / 3), reasoning: Math.round(texts.think.length / 4) }, cost: { amount: 0.001, currency: 'USD' }, finish: 'end', verdict: null, transformations: [] },
      }));
      if (lines.length < 1000 && i + 1 < count) continue;
      await out.writeFile(`${lines.join('\n')}\n`);
      lines = [];
    }
  } finally {
    await out.close();
  }
  return { rows: count, characters, pairs };
}

const pick = <T>(values: readonly T[], random: Random): T => values[Math.floor(random.uniform() * values.length)] as T;
const renumbered = (text: string, random: Random): string => text.replace(/\d+/g, (digits) => random.uniform() < 0.5 ? digits : String(Math.floor(random.uniform() * 10 ** Math.min(6, digits.length))));

function freshRow(pool: Pool, random: Random): Texts {
  const length = pick(pool.lengths, random);
  const think: string[] = [];
  for (let made = 0; made < length;) {
    const sentence = renumbered(pick(pool.sentences, random), random);
    think.push(sentence);
    made += sentence.length + 1;
  }
  const answer = Array.from({ length: 2 + Math.floor(random.uniform() * 3) }, () => renumbered(pick(pool.answers, random), random));
  const between = pool.language === 'en' ? ' ' : '';
  return { prompt: renumbered(pick(pool.questions, random), random), think: think.map((sentence, i) => i % 4 === 3 ? `${sentence}\n\n` : `${sentence}${between}`).join('').trim(), answer: answer.join('\n') };
}

/** Words of the reasoning replaced until about `target` of the shingles are shared: each takes three along. */
function edited(row: Texts, target: number, pool: Pool, random: Random): Texts {
  const all = wordsOf(`${row.prompt}\n${row.think}\n${row.answer}`);
  const shingles = shinglesOf(all).size;
  const replaced = Math.max(1, Math.floor(shingles * (1 - target) / (SHINGLE_WORDS * (1 + target))));
  const pieces = pieceWords(row.think);
  const words = pieces.flatMap((piece, i) => /[\p{L}\p{N}]/u.test(piece) ? [i] : []);
  const step = words.length / replaced;
  for (let k = 0; k < replaced; k++) {
    const at = words[Math.floor(k * step + random.uniform() * Math.min(1, step))];
    if (at === undefined) continue;
    const others = pieceWords(pick(pool.sentences, random)).filter((piece) => /^[\p{L}]{2,}$/u.test(piece));
    pieces[at] = others.length === 0 ? `w${String(k)}` : pick(others, random);
  }
  return { ...row, think: pieces.join('') };
}

const PIECE = /[\u3400-\u9fff\uf900-\ufaff]+|[\p{L}\p{N}\p{M}_]+|[^\p{L}\p{N}\p{M}_]+/gu;
/** Operators are words as well, where they are written as such. */
const OPERATOR = String.raw`[[\p{Sm}\^%]--[\|~]]|(?<!-)-(?=\d)|(?<!\*)\*(?=\d)|(?<!\/)\/(?=\d)|[\-*\/](?= \d)|(?<= )[\-*\/](?= )`;
const WORD = new RegExp(String.raw`[\u3400-\u9fff\uf900-\ufaff]+|(?:(?![\u3400-\u9fff\uf900-\ufaff])[\p{L}\p{N}\p{M}_])+|${OPERATOR}`, 'gv');
const HAN = /^[\u3400-\u9fff\uf900-\ufaff]/;

/** The text in pieces: words, and what is between them. */
function pieceWords(text: string): string[] {
  return [...text.matchAll(PIECE)].flatMap(([piece]) => HAN.test(piece) ? cut(piece, true) : [piece]);
}

function wordsOf(text: string): string[] {
  return [...text.toLowerCase().matchAll(WORD)].flatMap(([word]) => HAN.test(word) ? cut(word, true) : [word]);
}

function shinglesOf(words: readonly string[]): Set<string> {
  return new Set(words.slice(0, Math.max(1, words.length - SHINGLE_WORDS + 1)).map((_, i) => words.slice(i, i + SHINGLE_WORDS).join(' ')));
}

/** |A ∩ B| / |A ∪ B| of the shingles, as sets of strings. */
export function exactSimilarity(a: Texts, b: Texts): number {
  const [x, y] = [a, b].map(({ prompt, think, answer }) => shinglesOf(wordsOf(`${prompt}\n${think}\n${answer}`))) as [Set<string>, Set<string>];
  let both = 0;
  for (const shingle of x) if (y.has(shingle)) both += 1;
  return both / (x.size + y.size - both);
}

/** What scraped and sampled text looks like; its words stay the same once it is cleaned. */
function dirty({ prompt, think, answer }: Texts, random: Random): Texts {
  const kind = Math.floor(random.uniform() * 5);
  const english = !HAN.test(think.slice(0, 1));
  switch (kind) {
    case 0: return { prompt, think, answer: english ? `Sure! ${answer}\n\nI hope this helps!` : `好的，${answer}\n\n希望这对您有帮助！` };
    case 1: return { prompt: `<p>${prompt}</p>`, think, answer: `<b>${answer}</b>` };
    case 2: return { prompt, think: think.replace(/ |，/g, (mark) => random.uniform() < 0.05 ? `${mark}\u200b` : mark), answer };
    case 3: return { prompt: prompt.replace(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0)), think, answer };
    default: return { prompt, think: think.replaceAll('\n\n', '<br><br>'), answer: answer.replaceAll('"', '&quot;') };
  }
}

/** Rows of the file by their numbers, those that are asked for. */
export async function readRows(file: string, wanted: ReadonlySet<number>): Promise<ReadonlyMap<number, Texts>> {
  const rows = new Map<number, Texts>();
  let row = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (wanted.has(row)) rows.set(row, JSON.parse(line) as Texts);
    row += 1;
  }
  return rows;
}
