/**
 * What is done to each row by itself, in a worker thread or on the calling one: text rules, length, personal data,
 * contamination, and the fingerprints by which rows are compared later. The result depends on the row alone.
 */
import type { RuleDetail, TextRule } from '../../../shared/cleanReport.ts';
import { loadTokenizer, type Tokenizer } from '../../model/tokenizer.ts';
import { ContaminationIndex, type Contaminated, type EvaluationQuestion } from './contamination.ts';
import { mixed, wideHash } from './hash.ts';
import { maskedProblem } from './sameProblem.ts';
import { findSecrets, masked } from './secrets.ts';
import { intlSegmenter, openSegmenter, type Segmenter } from './segmenter.ts';
import { SHINGLE_LIMIT, shingleSet, WordHashes } from './shingles.ts';
import { sketchOf } from './sketch.ts';
import { cleanTexts, type RowTexts } from './textRules.ts';

/** What a worker is told once. */
export interface WorkOptions {
  readonly textRules: readonly TextRule[];
  readonly length: { readonly min: number; readonly max: number | null; readonly tokenizer: string } | null;
  readonly secrets: 'keep' | 'flag' | 'remove';
  readonly questions: readonly EvaluationQuestion[];
  readonly similarity: number;
  readonly exact: boolean;
  readonly near: boolean;
  readonly sameProblem: boolean;
}

export interface RowResult {
  /** Null where no rule changed anything. */
  readonly texts: RowTexts | null;
  readonly changes: readonly { readonly rule: TextRule; readonly taken: string }[];
  /** The rule that takes the row away, or null. */
  readonly removed: { readonly rule: 'empty' | 'length' | 'secrets' | 'contamination'; readonly detail: RuleDetail; readonly example: string } | null;
  readonly flagged: { readonly detail: RuleDetail; readonly example: string } | null;
  readonly contaminated: Contaminated | null;
  /** 53 bits of the whole row, case and spacing apart; 0 where it isn't asked for. */
  readonly exact: number;
  readonly sketch: Uint16Array<ArrayBuffer> | null;
  readonly shingles: Uint32Array<ArrayBuffer> | null;
  /** Masked prompt and prompt. */
  readonly problem: { readonly masked: string; readonly prompt: string } | null;
}

const HAN = /[\u3400-\u9fff\uf900-\ufaff]/;
/** Special tokens and the like that a tokenizer may add to a text. */
const SPARE_TOKENS = 8;

export class RowWorker {
  readonly #rules: ReadonlySet<TextRule>;
  #words: WordHashes | null = null;
  #segmenter: Segmenter | null = null;
  #index: ContaminationIndex | null = null;
  #tokenizer: Tokenizer | null = null;

  constructor(private readonly options: WorkOptions) {
    this.#rules = new Set(options.textRules);
  }

  /** The segmenter's name once there was something to cut. */
  get segmenter(): Segmenter['name'] | null {
    return this.#segmenter?.name ?? null;
  }

  async work(rows: readonly RowTexts[]): Promise<readonly RowResult[]> {
    const { near, exact, questions, length } = this.options;
    if (this.#segmenter === null && (near || questions.length > 0)) {
      const chinese = rows.some((row) => HAN.test(row.prompt) || HAN.test(row.think) || HAN.test(row.answer)) || (this.#index === null && questions.some(({ prompt }) => HAN.test(prompt)));
      if (chinese) {
        this.#segmenter = await openSegmenter();
        this.#words = new WordHashes(this.#segmenter);
        this.#index = null;
      }
    }
    this.#words ??= new WordHashes(intlSegmenter());
    if (questions.length > 0) this.#index ??= new ContaminationIndex(questions, this.options.similarity, this.#words.segmenter);
    if (length !== null) this.#tokenizer ??= await loadTokenizer(length.tokenizer);
    return rows.map((row) => this.#row(row, exact));
  }

  #row(row: RowTexts, exact: boolean): RowResult {
    const { texts, changes } = cleanTexts(row, this.#rules);
    const judged = this.#judged(texts);
    const base = { texts: texts === row ? null : texts, changes, contaminated: null, flagged: null, exact: 0, sketch: null, shingles: null, problem: null, ...judged };
    if (base.removed !== null) return base;
    const shingles = this.options.near ? this.#shingles(texts) : null;
    return {
      ...base,
      exact: exact ? exactHash([texts.prompt, texts.think, texts.answer]) : 0,
      sketch: shingles === null ? null : sketchOf(shingles),
      // A long row keeps what comparing reads of it (shingleSet).
      shingles: shingles !== null && shingles.length > SHINGLE_LIMIT * 2 ? shingleSet(shingles).hashes.slice() : shingles,
      problem: this.options.sameProblem ? { masked: wideHash(maskedProblem(texts.prompt)), prompt: wideHash(texts.prompt) } : null,
    };
  }

  #judged(texts: RowTexts): Pick<RowResult, 'removed'> & Partial<Pick<RowResult, 'flagged' | 'contaminated'>> {
    if (texts.prompt.trim() === '') return { removed: { rule: 'empty', detail: {}, example: texts.answer } };
    const tooLong = this.#length(texts);
    if (tooLong !== null) return { removed: { rule: 'length', detail: tooLong, example: texts.prompt } };
    const secrets = this.options.secrets === 'keep' ? [] : [texts.prompt, texts.think, texts.answer].flatMap((text) => findSecrets(text));
    const found = secrets.length === 0 ? null : { detail: { kinds: [...new Set(secrets.map(({ kind }) => kind))].join(', '), count: secrets.length }, example: secrets.map(masked).join(', ') };
    if (found !== null && this.options.secrets === 'remove') return { removed: { rule: 'secrets', ...found } };
    const contaminated = this.#index?.find(texts.prompt, [texts.think, texts.answer]) ?? null;
    if (contaminated !== null) {
      const question = this.options.questions[contaminated.question];
      return { contaminated, removed: { rule: 'contamination', example: texts.prompt, detail: { file: question?.file ?? '', row: question?.row ?? 0, by: contaminated.by, share: contaminated.share } } };
    }
    return { removed: null, flagged: found };
  }

  /** Tokens of prompt, reasoning and answer, where they are too few or too many. */
  #length(texts: RowTexts): RuleDetail | null {
    const { length } = this.options;
    if (length === null || this.#tokenizer === null) return null;
    const parts = [texts.prompt, texts.think, texts.answer];
    // No tokenizer makes more tokens than there are bytes: most short rows need not be tokenized.
    if (length.min === 0 && length.max !== null && parts.reduce((bytes, part) => bytes + Buffer.byteLength(part) + SPARE_TOKENS, 0) <= length.max) return null;
    let tokens = 0;
    for (const part of parts) if (part !== '') tokens += this.#tokenizer.encode(part).length;
    if (tokens < length.min) return { tokens, min: length.min };
    return length.max !== null && tokens > length.max ? { tokens, max: length.max } : null;
  }

  #shingles(texts: RowTexts): Uint32Array<ArrayBuffer> | null {
    const words = this.#words;
    if (words === null) return null;
    words.clear();
    words.add(texts.prompt);
    words.add(texts.think);
    words.add(texts.answer);
    return words.shingles();
  }
}

/** 53 bits over texts whose letters' case (of ASCII) and spacing don't count. */
function exactHash(texts: readonly string[]): number {
  let [a, b] = [0x811c9dc5 | 0, 0x5bd1e995];
  for (const text of texts) {
    let space = false;
    let begun = false;
    for (let i = 0; i < text.length; i++) {
      let unit = text.charCodeAt(i);
      if (unit <= 0x20 || unit === 0xa0 || unit === 0x3000) {
        space = begun;
        continue;
      }
      if (unit >= 0x41 && unit <= 0x5a) unit |= 0x20;
      // A space before it makes another unit of it.
      if (space) unit |= 0x10000;
      a = Math.imul(a ^ unit, 0x01000193);
      b = (Math.imul(b ^ unit, 0x9e3779b1) + 0x7f4a7c15) | 0;
      [space, begun] = [false, true];
    }
    a = Math.imul(a ^ 0x20000, 0x01000193);
    b = (Math.imul(b ^ 0x20000, 0x9e3779b1) + 0x7f4a7c15) | 0;
  }
  return mixed(a) * 2 ** 21 + (mixed(b) >>> 11);
}
