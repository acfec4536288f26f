/** A model of this machine as a teacher that is asked: batches of questions, answers kept like those of a service. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import type { DataRecipe } from '../../shared/recipe.ts';
import type { RecordMessage } from '../../shared/record.ts';
import type { Sampling } from '../../shared/recipeCollect.ts';
import { splitThink } from '../../shared/trace.ts';
import type { Backend } from '../backend/contract.ts';
import { rowEncoder, type RowEncoder } from '../data/encode.ts';
import type { DecoderModel, Generated } from '../model/contract.ts';
import { loadDecoder } from '../model/folder.ts';
import { generate } from '../model/generate.ts';
import { loadTokenizer, type Tokenizer } from '../model/tokenizer.ts';
import type { OpenAsker } from './asker.ts';
import { SharedAnswers } from './sharedAnswers.ts';
import { AnswerCache, promptHash, questionKey, type Kept } from './cache.ts';
import type { Answered, Asker } from './contract.ts';
import { lockTeacher, TEACHER_FILES } from './folder.ts';

/** Questions that are generated together: as many as evaluation takes by default. */
const BATCH = 32;

export interface LocalAskerOptions {
  readonly name: string;
  /** The model's folder, absolute, and how the recipe writes it. */
  readonly model: string;
  readonly written: string;
  /** A folder with an adapter for it, absolute. */
  readonly adapter?: string | undefined;
  /** See teacherFolder. */
  readonly folder: string;
  readonly about: string;
  /** How prompts become text. */
  readonly data: DataRecipe;
  /** Called when the first question comes that has no answer yet. */
  readonly backend: () => Promise<Backend>;
}

/** Throws DistillError `collect-busy`, of the model's folder, of the file system. */
export async function openLocalAsker(options: LocalAskerOptions): Promise<OpenAsker> {
  const tokenizer = await loadTokenizer(options.model);
  const address = await addressOf(options);
  const unlock = await lockTeacher(options);
  try {
    return new LocalAsker(options, tokenizer, address, AnswerCache.open(path.join(options.folder, TEACHER_FILES.answers)), unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

/** Answers are filed under the folder and its weights as they are now: a model that was trained on is another teacher. */
async function addressOf({ model, adapter }: LocalAskerOptions): Promise<string> {
  const names = ['model.safetensors', 'model.safetensors.index.json', 'config.json'];
  const files = [...names.map((name) => path.join(model, name)), ...(adapter === undefined ? [] : [path.join(adapter, 'adapter_model.safetensors')])];
  const states = await Promise.all(files.map((file) => stat(file).then(({ size, mtimeMs }) => `${String(size)} ${String(mtimeMs)}`, () => '')));
  return `${model} ${createHash('sha256').update(states.join('|')).digest('hex').slice(0, 16)}`;
}

interface Waiting {
  readonly key: string;
  readonly messages: readonly RecordMessage[];
  readonly sampling: Sampling;
  readonly signal: AbortSignal | undefined;
  readonly begun: number;
  readonly resolve: (kept: Kept) => void;
  readonly reject: (error: unknown) => void;
}

class LocalAsker implements OpenAsker {
  readonly teacher: Asker['teacher'];
  readonly #encoder: RowEncoder;
  readonly #answers: SharedAnswers;
  #waiting: Waiting[] = [];
  #model: Promise<DecoderModel> | null = null;
  #working: Promise<void> | null = null;

  constructor(
    private readonly options: LocalAskerOptions, private readonly tokenizer: Tokenizer, private readonly address: string,
    private readonly cache: AnswerCache, private readonly unlock: () => Promise<void>,
  ) {
    this.teacher = { name: options.name, model: options.written, service: 'local' };
    this.#answers = new SharedAnswers(cache);
    this.#encoder = rowEncoder(tokenizer, options.data);
  }

  async ask(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Answered> {
    signal?.throwIfAborted();
    const key = this.#key(messages, sampling, sampleIndex);
    return this.#answers.ask(key, () => new Promise<Kept>((resolve, reject) => {
      this.#waiting.push({ key, messages, sampling, signal, begun: performance.now(), resolve, reject });
      this.#working ??= this.#work().finally(() => { this.#working = null; });
    }));
  }

  kept(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): Answered | null {
    return this.#answers.kept(this.#key(messages, sampling, sampleIndex));
  }

  has(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): boolean {
    return this.#answers.has(this.#key(messages, sampling, sampleIndex));
  }

  checkRoom(): void {
    // Nothing is paid.
  }

  spend(): null {
    return null;
  }

  concurrency(): number {
    return BATCH;
  }

  async close(): Promise<void> {
    await this.#working;
    (await this.#model?.catch(() => null))?.dispose();
    try {
      this.cache.close();
    } finally {
      await this.unlock();
    }
  }

  async #work(): Promise<void> {
    // A turn of the event loop, so that questions which come together are answered together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const { temperature, topP, maxTokens } = first.sampling;
      const alike = this.#waiting.filter(({ sampling }) => sampling.temperature === temperature && sampling.topP === topP && sampling.maxTokens === maxTokens).slice(0, BATCH);
      this.#waiting = this.#waiting.filter((each) => !alike.includes(each));
      try {
        await this.#answer(alike);
      } catch (error) {
        for (const { reject } of alike) reject(error);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #answer(waiting: readonly Waiting[]): Promise<void> {
    this.#model ??= this.options.backend().then((backend) => loadDecoder(this.options.model, backend, this.options.adapter));
    const model = await this.#model;
    const encoded = waiting.map((each) => ({ each, ids: this.#encoder.promptIds({ prompt: questionOf(each.messages), messages: each.messages }) }));
    const limit = model.config.maxPositions;
    // One question that is too long is no reason to leave the others of its batch.
    for (const { each, ids } of encoded) if (ids.length >= limit) each.reject(new DistillError('sequence-too-long', { length: ids.length, limit }));
    const fitting = encoded.filter(({ ids }) => ids.length < limit);
    const [batch, prompts] = [fitting.map(({ each }) => each), fitting.map(({ ids }) => ids)];
    const [first] = batch;
    if (first === undefined) return;
    const { sampling: { temperature, topP, maxTokens } } = first;
    const generated = await generate(model, prompts, {
      maxNewTokens: maxTokens, temperature, topP, logProbabilities: batch.some(({ sampling }) => sampling.topLogprobs > 0),
      // Of the first question's key, which its sample's index is part of: no two batches draw the same.
      seed: Number.parseInt(first.key.slice(0, 7), 16),
      eosTokenIds: [...new Set([this.#encoder.template.endTokenId, ...this.tokenizer.eosTokenIds])],
      stopped: () => batch.some(({ signal }) => signal?.aborted === true),
    });
    batch.forEach((waiting, index) => {
      const [row, ids] = [generated[index], prompts[index]];
      if (row === undefined || ids === undefined || row.finish === 'stopped') waiting.reject(waiting.signal?.reason ?? new Error('generation was stopped'));
      else this.#keep(waiting, ids.length, row);
    });
  }

  #keep({ key, messages, sampling, begun, resolve, reject }: Waiting, input: number, { ids, finish, logProbabilities }: Generated): void {
    const text = this.tokenizer.decode([...ids]);
    const parsed = this.#encoder.template.parse(text);
    // A model that was not trained on this template may still write the usual tags.
    const { think, answer } = parsed.think === '' ? splitThink(parsed.answer) : parsed;
    const thought = think === '' ? 0 : this.tokenizer.encode(think, { special: false }).length;
    const tokens = { input, cachedInput: 0, output: ids.length, reasoning: Math.min(thought, ids.length) };
    const kept: Kept = {
      think: think.trim(), answer: answer.trim(), finish: finish === 'end' ? 'end' : 'length', tokens, tokensBasis: 'service',
      // At the sampling's temperature; alternatives are the business of a store of targets.
      logprobs: logProbabilities === undefined || sampling.topLogprobs === 0 ? null : ids.map((id, index) => [this.tokenizer.decode([id], { special: true }), logProbabilities[index] ?? 0, []]),
      model: this.options.written, id: null, promptHash: promptHash(messages), cost: null,
    };
    try {
      this.cache.put(key, kept, performance.now() - begun);
      resolve(kept);
    } catch (error) {
      reject(error);
    }
  }

  #key(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): string {
    return questionKey({ address: this.address, model: this.options.written, body: {}, messages, sampling, sampleIndex });
  }
}

/** The question for a template that takes no conversation. */
function questionOf(messages: readonly RecordMessage[]): string {
  return messages.filter(({ role }) => role === 'user').map(({ content }) => content).join('\n\n');
}
