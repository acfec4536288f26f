/**
 * What an answer cost in tokens. A service's own numbers are taken where they can be true; absent, negative, fractional or
 * absurd ones are replaced by an upper estimate of ours, so that a budget counted with them is never below what is billed.
 *
 * The bound behind it: a byte-level or byte-fallback tokenizer makes no more tokens than the text has UTF-8 bytes.
 */
import type { RecordMessage, TokenUse } from '../../shared/record.ts';

/** Tokens that chat templates put around a conversation: begin, generation prompt, a default system prompt. */
const TEMPLATE_TOKENS = 96;
/** Tokens around one message: role, header, end. */
const MESSAGE_TOKENS = 12;
/** Tokens of the answer that are not in its text: end token, think tags, the newlines between. */
const UNSEEN_TOKENS = 16;
/** No tokenizer in use packs more characters than this into each of many tokens (whitespace apart); fewer tokens are a lie. */
const CHARACTERS_PER_TOKEN = 24;
/** Hidden system prompts of services reach some thousand tokens: a prompt reported longer than this above our bound is absurd. */
const HIDDEN_PROMPT_TOKENS = 8192;

/** Upper bound of the prompt's tokens. */
export function inputBound(messages: readonly RecordMessage[]): number {
  return messages.reduce((sum, { role, content }) => sum + Buffer.byteLength(content) + Buffer.byteLength(role) + MESSAGE_TOKENS, TEMPLATE_TOKENS);
}

export interface AnswerSize {
  /** Upper bound of the prompt's tokens. */
  readonly input: number;
  readonly maxTokens: number;
  readonly think: string;
  readonly answer: string;
}

/** Null where the numbers are absent or can't be right. */
export function serviceUse(usage: unknown, size: AnswerSize): TokenUse | null {
  if (!isObject(usage)) return null;
  const [input, output] = [usage['prompt_tokens'], usage['completion_tokens']];
  if (!isCount(input) || !isCount(output) || input === 0 || input > size.input + HIDDEN_PROMPT_TOKENS) return null;
  const text = size.think + size.answer;
  const least = text.replace(/\s+/g, '').length / CHARACTERS_PER_TOKEN;
  // A service may leave reasoning out of maxTokens; then the text itself shows how much there was.
  const most = Math.max(size.maxTokens, Buffer.byteLength(text)) + UNSEEN_TOKENS;
  if (output < least || output > most) return null;
  const cached = detail(usage, 'prompt_tokens_details', 'cached_tokens') ?? usage['prompt_cache_hit_tokens'] ?? 0;
  const reasoning = detail(usage, 'completion_tokens_details', 'reasoning_tokens') ?? usage['reasoning_tokens'] ?? 0;
  if (!isCount(cached) || cached > input || !isCount(reasoning) || reasoning > output) return null;
  return { input, cachedInput: cached, output, reasoning: reasoning === 0 && size.think !== '' ? reasoningShare(output, size) : reasoning };
}

/** Never below what the service counts, unless it hides text. */
export function estimatedUse(size: AnswerSize): TokenUse {
  const output = Math.min(size.maxTokens, Buffer.byteLength(size.think) + Buffer.byteLength(size.answer) + UNSEEN_TOKENS);
  return { input: size.input, cachedInput: 0, output, reasoning: reasoningShare(output, size) };
}

/** Services that show their reasoning but don't count it apart: its share of the characters. */
function reasoningShare(output: number, { think, answer }: AnswerSize): number {
  return Math.round(output * think.length / Math.max(1, think.length + answer.length));
}

function detail(usage: Readonly<Record<string, unknown>>, group: string, name: string): unknown {
  const found = usage[group];
  return isObject(found) ? found[name] ?? undefined : undefined;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
