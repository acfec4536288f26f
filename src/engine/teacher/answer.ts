/**
 * Puts an answer together from what an OpenAI-compatible service sends: chunks of a stream, or one object. It knows where
 * services put reasoning (`reasoning_content`, `reasoning`, parts of `content`, or tags inside it), log-probabilities and
 * usage, and which chunks came twice.
 */
import type { TokenLogprob } from '../../shared/record.ts';
import { saidBytes } from '../model/tokenBytes.ts';
import { splitThink } from '../../shared/trace.ts';
import type { Completion } from './contract.ts';
import { isObject } from './usage.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What can't be an answer; the message is for people. */
export class BadAnswer extends Error {}

/** More text than the limit of tokens can be. */
export class EndlessAnswer extends Error {
  constructor(readonly characters: number) {
    super(`${String(characters)} characters`);
  }
}

/** The service stopped in the middle and says so itself: an error inside a stream, or out of resources. */
export class BrokenOff extends Error {
  constructor(message: string, readonly status: number | null) {
    super(message);
  }
}

export interface AssembledAnswer extends Pick<Completion, 'think' | 'answer' | 'finish' | 'logprobs' | 'model' | 'id'> {
  /** As the service sent it: see usage.ts. */
  readonly usage: unknown;
}

export class AnswerAssembler {
  #content = '';
  #reasoning = '';
  readonly #contentLogprobs: TokenLogprob[] = [];
  readonly #reasoningLogprobs: TokenLogprob[] = [];
  #finish: string | null = null;
  #usage: unknown = null;
  #model: string | null = null;
  #id: string | null = null;
  #done = false;
  #previous = '';
  #previousId = '';
  /** Chunks that carried text. */
  #chunks = 0;
  /** Where chunks equal to the one before them added their text. */
  readonly #repeats: { readonly in: 'content' | 'reasoning'; readonly at: number; readonly length: number }[] = [];

  /** `maxCharacters`: of reasoning and answer together; more is refused. */
  constructor(readonly maxCharacters: number) {}

  get characters(): number {
    return this.#content.length + this.#reasoning.length;
  }

  /** `[DONE]` came, or the one object of an answer that isn't streamed. */
  get done(): boolean {
    return this.#done;
  }

  /** Whether an answer can be made of what came: the service said that it is at its end. */
  get whole(): boolean {
    return this.#done || this.#finish !== null;
  }

  /** The data of one event. Returns whether it brought text. Throws BadAnswer, BrokenOff, EndlessAnswer. */
  event(data: string, eventId = ''): boolean {
    if (data === '[DONE]') {
      this.#done = true;
      return true;
    }
    if (this.#done || (eventId !== '' && eventId === this.#previousId)) return false;
    this.#previousId = eventId;
    const repeated = data === this.#previous;
    this.#previous = data;
    const chunk = this.#parse(data);
    this.#common(chunk);
    const choice = firstChoice(chunk);
    if (choice === null) return false;
    const delta = isObject(choice['delta']) ? choice['delta'] : isObject(choice['message']) ? choice['message'] : {};
    // What comes after the end is the end once more (or its usage): not text.
    const text = this.#finish === null ? this.#add(delta, repeated) : false;
    if (this.#finish === null) this.#logprobs(choice);
    this.#ends(choice);
    return text;
  }

  /** An answer that isn't streamed. Throws BadAnswer, BrokenOff, EndlessAnswer. */
  object(data: string): void {
    const answer = this.#parse(data);
    this.#common(answer);
    const choice = firstChoice(answer);
    if (choice === null) throw new BadAnswer('no choices in it');
    this.#add(isObject(choice['message']) ? choice['message'] : {}, false);
    this.#logprobs(choice);
    this.#ends(choice);
    this.#done = true;
  }

  /** Throws BadAnswer, BrokenOff. */
  result(): AssembledAnswer {
    const cut = this.#withoutRepeats();
    const split = cut.reasoning.trim() === '' ? splitThink(cut.content) : withoutEmptyTags(cut);
    const logprobs = [...this.#reasoningLogprobs, ...this.#contentLogprobs];
    return {
      think: split.think.trim(), answer: split.answer.trim(),
      finish: finishOf(this.#finish), logprobs: logprobs.length === 0 ? null : logprobs,
      model: this.#model, id: this.#id, usage: this.#usage,
    };
  }

  #parse(data: string): Fields {
    let chunk: unknown;
    try {
      chunk = JSON.parse(data);
    } catch {
      throw new BadAnswer(`not JSON: ${excerpt(data)}`);
    }
    if (!isObject(chunk)) throw new BadAnswer(`not a JSON object: ${excerpt(data)}`);
    if (isObject(chunk['error']) || typeof chunk['error'] === 'string') {
      const { message, status } = errorIn(chunk);
      throw new BrokenOff(message, status);
    }
    return chunk;
  }

  #common(chunk: Fields): void {
    if (typeof chunk['model'] === 'string' && chunk['model'] !== '') this.#model ??= chunk['model'];
    if (typeof chunk['id'] === 'string' && chunk['id'] !== '') this.#id ??= chunk['id'];
    // Some services send running numbers with each chunk, Moonshot inside the choice: the last ones count.
    const usage = chunk['usage'] ?? firstChoice(chunk)?.['usage'];
    if (isObject(usage)) this.#usage = usage;
  }

  #add(delta: Fields, repeated: boolean): boolean {
    // Services on their way from one name to the other send both with the same text.
    const reasoning = textOf(delta['reasoning_content']) || textOf(delta['reasoning']) || thinkingParts(delta['content']);
    const content = textOf(delta['content']);
    if (reasoning === '' && content === '') return false;
    this.#chunks += 1;
    if (repeated && reasoning !== '') this.#repeats.push({ in: 'reasoning', at: this.#reasoning.length, length: reasoning.length });
    if (repeated && content !== '') this.#repeats.push({ in: 'content', at: this.#content.length, length: content.length });
    this.#reasoning += reasoning;
    this.#content += content;
    if (this.characters > this.maxCharacters) throw new EndlessAnswer(this.characters);
    return true;
  }

  #logprobs(choice: Fields): void {
    const { logprobs } = choice;
    if (!isObject(logprobs)) return;
    collectLogprobs(logprobs['reasoning_content'] ?? logprobs['reasoning'], this.#reasoningLogprobs);
    collectLogprobs(logprobs['content'], this.#contentLogprobs);
  }

  #ends(choice: Fields): void {
    const reason = choice['finish_reason'];
    if (typeof reason !== 'string' || reason === '') return;
    if (BROKEN_FINISHES.has(reason)) throw new BrokenOff(`finish_reason ${reason}`, 503);
    this.#finish ??= reason;
  }

  /**
   * A chunk equal to the one before may be a token said twice ("ha ha") or a chunk sent twice. A chunk holds at least one
   * token, so more chunks than the service counts tokens were sent twice: when as many as there are repeats, those go; when
   * there are more repeats than that, nobody can say which, and the answer is asked again.
   */
  #withoutRepeats(): { readonly content: string; readonly reasoning: string } {
    const counted = isObject(this.#usage) ? this.#usage['completion_tokens'] : undefined;
    const excess = typeof counted === 'number' && counted > 0 ? this.#chunks - counted : 0;
    if (excess <= 0 || this.#repeats.length < excess) return { content: this.#content, reasoning: this.#reasoning };
    if (this.#repeats.length > excess) throw new BadAnswer('chunks came twice');
    if (this.#contentLogprobs.length + this.#reasoningLogprobs.length > 0) throw new BadAnswer('chunks with log-probabilities came twice');
    const texts = { content: this.#content, reasoning: this.#reasoning };
    for (const { in: field, at, length } of this.#repeats.toReversed()) texts[field] = texts[field].slice(0, at) + texts[field].slice(at + length);
    return texts;
  }
}

/** vLLM's and DeepSeek's words for an answer that the service itself gave up. */
const BROKEN_FINISHES = new Set(['insufficient_system_resource', 'abort', 'error', 'network_error']);

function finishOf(reason: string | null): Completion['finish'] {
  switch (reason) {
    case 'length': case 'max_tokens': case 'max_length': return 'length';
    case 'content_filter': case 'sensitive': return 'filter';
    default: return 'end';
  }
}

function firstChoice(chunk: Fields): Fields | null {
  const { choices } = chunk;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isObject(first) ? first : null;
}

/** Plain text, or the text parts of a list (Mistral). */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return '';
  return value.map((part: unknown) => isObject(part) && part['type'] === 'text' && typeof part['text'] === 'string' ? part['text'] : '').join('');
}

function thinkingParts(value: unknown): string {
  if (!Array.isArray(value)) return '';
  return value.map((part: unknown) => isObject(part) && part['type'] === 'thinking' ? textOf(part['thinking']) : '').join('');
}

/** Reasoning came in a field of its own; some templates leave an empty pair of tags in the answer besides. */
function withoutEmptyTags({ content, reasoning }: { readonly content: string; readonly reasoning: string }): { readonly think: string; readonly answer: string } {
  const { think, answer } = splitThink(content);
  return { think: reasoning, answer: think.trim() === '' ? answer : content };
}

/** Part of a character is no text: its bytes say what it is, where the service gives them. */
function tokenOf(entry: Fields, text: string): string {
  const bytes = entry['bytes'];
  return Array.isArray(bytes) && bytes.length > 0 && bytes.every((byte) => Number.isInteger(byte) && byte >= 0 && byte < 256) ? saidBytes(bytes as readonly number[]) : text;
}

function collectLogprobs(entries: unknown, into: TokenLogprob[]): void {
  if (!Array.isArray(entries)) return;
  for (const entry of entries as readonly unknown[]) {
    if (!isObject(entry) || typeof entry['token'] !== 'string' || typeof entry['logprob'] !== 'number') continue;
    const top = Array.isArray(entry['top_logprobs']) ? entry['top_logprobs'] as readonly unknown[] : [];
    into.push([tokenOf(entry, entry['token']), entry['logprob'], top.flatMap((each): (readonly [string, number])[] =>
      isObject(each) && typeof each['token'] === 'string' && typeof each['logprob'] === 'number' ? [[tokenOf(each, each['token']), each['logprob']]] : [])]);
  }
}

/** The parts of an error object, in the forms that services give it. */
export function errorIn(body: unknown): { readonly message: string; readonly code: string; readonly parameter: string | null; readonly status: number | null } {
  const fields = isObject(body) ? body : {};
  const error = isObject(fields['error']) ? fields['error'] : fields;
  const text = (value: unknown): string => typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
  const detail = fields['detail'];
  const message = text(error['message']) || text(fields['error']) || text(fields['message']) || text(detail) || (detail === undefined ? '' : JSON.stringify(detail));
  const code = text(error['code']) || text(error['type']);
  const status = Number(error['status_code'] ?? error['code'] ?? error['status']);
  const parameter = text(error['param']) || null;
  return { message: excerpt(message === '' ? JSON.stringify(body) : message), code, parameter: parameter?.replace(/^body\./, '') ?? null, status: status >= 400 && status < 600 ? status : null };
}

const EXCERPT = 300;

/** One line, short enough for a message. */
export function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= EXCERPT ? line : `${line.slice(0, EXCERPT)}…`;
}
