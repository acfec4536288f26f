/**
 * Rules `perplexity` and `dissimilar`: whether a row is of the kind that is wanted, by a model of the tfjs engine. Perplexity of
 * the row under the model; or the cosine between mean hidden states of its prompt and those of the nearest relevant row.
 */
import type { CleanRule, RuleDetail } from '../../../shared/cleanReport.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { CleanRecipe } from '../../../shared/recipeCollect.ts';
import type { DataRecord } from '../../../shared/record.ts';
import type { Backend } from '../../backend/contract.ts';
import type { DecoderModel } from '../../model/contract.ts';
import { loadDecoder } from '../../model/folder.ts';
import { loadTokenizer, type Tokenizer } from '../../model/tokenizer.ts';
import { tf } from '../../tf.ts';
import { readRecords } from '../formats/read.ts';
import { resolvePath } from '../paths.ts';

/** Tokens of a row that are looked at: what it is about shows in its beginning. */
const LOOKED_AT = 1024;

export interface Relevance {
  /** For each record (null: not to be judged) the rule that takes it, or null. */
  judge(records: readonly (DataRecord | null)[]): Promise<readonly ({ readonly rule: CleanRule; readonly detail: RuleDetail } | null)[]>;
  dispose(): void;
}

/**
 * Null where the recipe's `irrelevant` asks for no model. Throws DistillError `clean-irrelevant-incomplete` where something is
 * missing, and those of loading a model and reading rows.
 */
export async function openRelevance(irrelevant: CleanRecipe['irrelevant'], { base, backend }: { readonly base: string; readonly backend: Backend }): Promise<Relevance | null> {
  const { maxPerplexity, minSimilarity, model: folder, like } = irrelevant ?? {};
  if (maxPerplexity === undefined && minSimilarity === undefined) return null;
  if (folder === undefined) throw new DistillError('clean-irrelevant-incomplete', { field: 'model' });
  if (minSimilarity !== undefined && like === undefined) throw new DistillError('clean-irrelevant-incomplete', { field: 'like' });
  const tokenizer = await loadTokenizer(resolvePath(base, folder));
  const model = await loadDecoder(resolvePath(base, folder), backend);
  const judge = new ModelRelevance(model, tokenizer, maxPerplexity ?? null, minSimilarity ?? null);
  try {
    if (like !== undefined && minSimilarity !== undefined) {
      for await (const { prompt } of readRecords({ file: like, format: 'auto' }, { base, onBroken: 'refuse' })) await judge.addRelevant(prompt);
    }
    return judge;
  } catch (error) {
    judge.dispose();
    throw error;
  }
}

class ModelRelevance implements Relevance {
  readonly #relevant: Float32Array[] = [];

  constructor(private readonly model: DecoderModel, private readonly tokenizer: Tokenizer, private readonly maxPerplexity: number | null, private readonly minSimilarity: number | null) {}

  async addRelevant(prompt: string): Promise<void> {
    const vector = await this.#embedding(prompt);
    if (vector !== null) this.#relevant.push(vector);
  }

  async judge(records: readonly (DataRecord | null)[]): Promise<readonly ({ readonly rule: CleanRule; readonly detail: RuleDetail } | null)[]> {
    const verdicts: ({ readonly rule: CleanRule; readonly detail: RuleDetail } | null)[] = [];
    for (const record of records) verdicts.push(record === null ? null : await this.#dissimilar(record) ?? await this.#perplexing(record));
    return verdicts;
  }

  dispose(): void {
    this.model.dispose();
  }

  async #dissimilar({ prompt }: DataRecord): Promise<{ readonly rule: CleanRule; readonly detail: RuleDetail } | null> {
    if (this.minSimilarity === null) return null;
    const vector = await this.#embedding(prompt);
    if (vector === null) return null;
    let nearest = -1;
    for (const other of this.#relevant) nearest = Math.max(nearest, dot(vector, other));
    return nearest >= this.minSimilarity ? null : { rule: 'dissimilar', detail: { similarity: Number(nearest.toFixed(4)), min: this.minSimilarity } };
  }

  async #perplexing({ prompt, think, answer }: DataRecord): Promise<{ readonly rule: CleanRule; readonly detail: RuleDetail } | null> {
    if (this.maxPerplexity === null) return null;
    const perplexity = await this.perplexity([prompt, think, answer].filter((part) => part !== '').join('\n'));
    return perplexity === null || perplexity <= this.maxPerplexity ? null : { rule: 'perplexity', detail: { perplexity: Number(perplexity.toPrecision(4)), max: this.maxPerplexity } };
  }

  /** exp of the mean −log p of each token after the first; null of fewer than two. */
  async perplexity(text: string): Promise<number | null> {
    const ids = this.#ids(text);
    if (ids.length < 2) return null;
    const loss = tf.tidy(() => {
      const input = tf.tensor2d([ids.slice(0, -1)], [1, ids.length - 1], 'int32');
      const targets = tf.tensor1d(ids.slice(1), 'int32');
      return tf.sum(this.model.backend.ops.crossEntropy(this.model.forward(input), targets, tf.fill([ids.length - 1], 1 / (ids.length - 1))));
    });
    const [value = Number.NaN] = await loss.data();
    loss.dispose();
    return Math.exp(value);
  }

  /** Mean of the hidden states over a text's tokens, at length 1 [hidden]. */
  async #embedding(text: string): Promise<Float32Array | null> {
    const ids = this.#ids(text);
    if (ids.length === 0) return null;
    const mean = tf.tidy(() => tf.mean(this.model.hidden(tf.tensor2d([ids], [1, ids.length], 'int32')), 0));
    const vector = Float32Array.from(await mean.data());
    mean.dispose();
    const size = Math.sqrt(dot(vector, vector));
    return size === 0 ? null : vector.map((each) => each / size);
  }

  #ids(text: string): number[] {
    return this.tokenizer.encode(text, { special: true }).slice(0, Math.min(LOOKED_AT, this.model.config.maxPositions));
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
