/** What Transformers computed: test/fixtures/models/reference.json and stories260k/reference_logits.json. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const MODELS = path.join(import.meta.dirname, '../../fixtures/models');

export interface Case {
  readonly ids: readonly number[];
  readonly lastLogits: readonly number[];
  /** Of every position. */
  readonly logsumexp: readonly number[];
  readonly sum: number;
  /** The greedy continuation, its end token included. */
  readonly greedy: readonly number[];
}

export interface Encoding {
  readonly text: string;
  readonly ids: readonly number[];
  readonly special: readonly number[];
  readonly decoded: string;
  readonly decodedSpecial: string;
}

interface Reference {
  readonly qwen2: readonly Case[];
  readonly llama: readonly Case[];
  readonly tokenizers: Readonly<Record<'tiny-qwen2' | 'stories260k' | 'small-vocabulary', readonly Encoding[]>>;
  readonly chats: readonly { readonly messages: readonly { readonly role: string; readonly content: string }[]; readonly add_generation_prompt: boolean; readonly text: string }[];
  readonly eos: number;
  readonly vocab: number;
}

interface StoriesReference {
  readonly text: string;
  readonly input_ids: readonly number[];
  readonly last_token_logits: readonly number[];
  readonly per_position_logsumexp: readonly number[];
  readonly full_logits_sum: number;
  readonly greedy_continuation_60: readonly number[];
}

export const reference = readJson<Reference>('reference.json');
export const newer = readJson<Readonly<Record<'tiny-qwen3' | 'tiny-llama3', readonly Case[]>>>('reference-newer.json');
const stories = readJson<StoriesReference>('stories260k/reference_logits.json');
export const storiesText = stories.text;
export const storiesCase: Case = {
  ids: stories.input_ids,
  lastLogits: stories.last_token_logits,
  logsumexp: stories.per_position_logsumexp,
  sum: stories.full_logits_sum,
  greedy: stories.greedy_continuation_60,
};

function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(path.join(MODELS, name), 'utf8')) as T;
}
