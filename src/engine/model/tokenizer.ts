/**
 * The tokenizer of a Hugging Face folder: tokenizer.json, its special and end tokens, and the chat template. Ids are
 * those of Python's tokenizers (fixtures in test/fixtures/models).
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { DistillError } from '../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { ChatTemplate } from './chatTemplate.ts';
import type { ChatMessage } from './chatTemplate.ts';
import { tokenIds } from './config.ts';

export interface Tokenizer {
  readonly folder: string;
  /** One more than the highest id. */
  readonly vocabSize: number;
  readonly bosTokenId: number | null;
  readonly padTokenId: number | null;
  /** All ids that end a generated text, from generation_config.json, config.json and tokenizer_config.json. */
  readonly eosTokenIds: readonly number[];
  readonly hasChatTemplate: boolean;
  /** `special`: also what the tokenizer itself puts around a text (<s> before it); false when a chat template wrote it. */
  encode(text: string, options?: { readonly special?: boolean }): number[];
  /** `special`: keep special tokens such as </s> as text. Bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[], options?: { readonly special?: boolean }): string;
  /** Decodes token by token: never half a character. `special`: as decode() takes it. */
  stream(options?: { readonly special?: boolean }): TextStream;
  /** The id of a token such as "<think>", or null. */
  tokenId(token: string): number | null;
  /** Throws DistillError `chat-template-missing`, `chat-template-failed`. */
  chat(messages: readonly ChatMessage[], options?: { readonly addGenerationPrompt?: boolean }): string;
}

export interface TextStream {
  /** The text that became certain with this token; empty while a character is still incomplete. */
  push(id: number): string;
  /** What is left, incomplete or not. */
  end(): string;
}

const MODEL_KINDS = ['BPE', 'Unigram', 'WordPiece'];

type Json = Readonly<Record<string, unknown>>;

/** Throws DistillError `model-file-missing`, `model-file-malformed`, or one of withFileErrors. */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const file = path.join(folder, 'tokenizer.json');
  const definition = await readJson(file);
  if (definition === null) throw new DistillError('model-file-missing', { file });
  const settings = await readJson(path.join(folder, 'tokenizer_config.json')) ?? {};
  const generation = await readJson(path.join(folder, 'generation_config.json')) ?? {};
  const config = await readJson(path.join(folder, 'config.json')) ?? {};
  const template = await ChatTemplate.read(folder, settings);
  let inner: HuggingFaceTokenizer;
  // The library takes a kind that it doesn't know for a plain list of words.
  const kind = (definition['model'] as Json | undefined)?.['type'];
  if (kind !== undefined && !MODEL_KINDS.includes(String(kind))) {
    throw new DistillError('model-file-malformed', { file, detail: `model.type is ${String(kind)}, not one of ${MODEL_KINDS.join(', ')}` });
  }
  try {
    inner = new HuggingFaceTokenizer(
      { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...definition },
      // Python's default is false; here the library's own would turn " ." into ".".
      { ...settings, clean_up_tokenization_spaces: settings['clean_up_tokenization_spaces'] === true },
    );
  } catch (error) {
    throw new DistillError('model-file-malformed', { file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
  const named = (field: string): number | null => {
    const content = tokenContent(settings[field]);
    return content === null ? null : (inner.token_to_id(content) ?? null);
  };
  const ends = [...tokenIds(generation['eos_token_id']), ...tokenIds(config['eos_token_id']), ...tokenIds(named('eos_token'))];
  return new FolderTokenizer(folder, inner, template, {
    bos: named('bos_token') ?? tokenIds(config['bos_token_id'])[0] ?? null,
    pad: named('pad_token') ?? tokenIds(generation['pad_token_id'])[0] ?? null,
    ends: [...new Set(ends)],
  }, settings);
}

class FolderTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosTokenId: number | null;
  readonly padTokenId: number | null;
  readonly eosTokenIds: readonly number[];
  readonly #inner: HuggingFaceTokenizer;
  readonly #template: ChatTemplate | null;
  readonly #templateTokens: Readonly<Record<string, string>>;

  constructor(
    readonly folder: string,
    inner: HuggingFaceTokenizer,
    template: ChatTemplate | null,
    ids: { readonly bos: number | null; readonly pad: number | null; readonly ends: readonly number[] },
    settings: Json,
  ) {
    this.#inner = inner;
    this.#template = template;
    this.vocabSize = Math.max(...inner.get_vocab().values()) + 1;
    this.bosTokenId = ids.bos;
    this.padTokenId = ids.pad;
    this.eosTokenIds = ids.ends;
    this.#templateTokens = Object.fromEntries(['bos_token', 'eos_token', 'pad_token', 'unk_token'].flatMap((field) => {
      const content = tokenContent(settings[field]);
      return content === null ? [] : [[field, content]];
    }));
  }

  get hasChatTemplate(): boolean {
    return this.#template !== null;
  }

  encode(text: string, options: { readonly special?: boolean } = {}): number[] {
    return this.#inner.encode(text, { add_special_tokens: options.special ?? false }).ids;
  }

  decode(ids: readonly number[], options: { readonly special?: boolean } = {}): string {
    if (ids.length === 0) return '';
    return this.#inner.decode([...ids], { skip_special_tokens: !(options.special ?? false) });
  }

  stream(options: { readonly special?: boolean } = {}): TextStream {
    return new IncrementalText((ids) => this.decode(ids, options));
  }

  tokenId(token: string): number | null {
    return this.#inner.token_to_id(token) ?? null;
  }

  chat(messages: readonly ChatMessage[], options: { readonly addGenerationPrompt?: boolean } = {}): string {
    if (this.#template === null) throw new DistillError('chat-template-missing', { folder: this.folder });
    return this.#template.render(messages, { ...this.#templateTokens, add_generation_prompt: options.addGenerationPrompt ?? false });
  }
}

/**
 * A token may be part of a character, and the first token of a text may be decoded without its space. So a short window
 * is decoded twice, with and without the new token, and the difference is let out once it does not end in half a
 * character (the way of Hugging Face's text-generation-inference).
 */
class IncrementalText implements TextStream {
  readonly #decode: (ids: readonly number[]) => string;
  readonly #ids: number[] = [];
  #windowStart = 0;
  #shown = 0;

  constructor(decode: (ids: readonly number[]) => string) {
    this.#decode = decode;
  }

  push(id: number): string {
    this.#ids.push(id);
    const before = this.#decode(this.#ids.slice(this.#windowStart, this.#shown));
    const now = this.#decode(this.#ids.slice(this.#windowStart));
    if (now.length <= before.length || now.endsWith('\uFFFD')) return '';
    this.#windowStart = this.#shown;
    this.#shown = this.#ids.length;
    return now.slice(before.length);
  }

  end(): string {
    const before = this.#decode(this.#ids.slice(this.#windowStart, this.#shown));
    const rest = this.#decode(this.#ids.slice(this.#windowStart)).slice(before.length);
    this.#windowStart = this.#shown = this.#ids.length;
    return rest;
  }
}

/** A special token stands in tokenizer_config.json as a text or as an object. */
function tokenContent(value: unknown): string | null {
  if (typeof value === 'string') return value;
  const content = typeof value === 'object' && value !== null ? (value as Json)['content'] : undefined;
  return typeof content === 'string' ? content : null;
}

/** A JSON object from a file; null when there is no such file. Throws DistillError `model-file-malformed`. */
export async function readJson(file: string): Promise<Json | null> {
  let text: string;
  try {
    text = await withFileErrors(file, () => readFile(file, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch (error) {
    throw new DistillError('model-file-malformed', { file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
  throw new DistillError('model-file-malformed', { file, detail: 'it is not a JSON object' });
}
