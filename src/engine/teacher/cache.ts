/**
 * What a teacher answered in a project: `answers.jsonl`, one line an answer. The same question to the same teacher with the
 * same sampling and sample index is never asked twice. Memory holds the keys and where their lines lie, not the texts.
 */
import { createHash } from 'node:crypto';
import type { RecordMessage } from '../../shared/record.ts';
import type { Sampling } from '../../shared/recipeCollect.ts';
import type { Answered } from './contract.ts';
import { LineFile, readLines, type OnLine, type Place } from './lineFile.ts';

/** Everything that an answer depends on; a key to the service or how many requests run at once is no part of it. */
export interface Question {
  /** Where the teacher is: the service's address, or the model's folder. */
  readonly address: string;
  readonly model: string;
  /** More fields of the request's body, as the recipe has them. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly messages: readonly RecordMessage[];
  readonly sampling: Sampling;
  readonly sampleIndex: number;
}

export type Kept = Omit<Answered, 'fromCache'>;

interface AnswerLine {
  /** First, so that it is found without reading the text. */
  readonly key: string;
  readonly at: number;
  /** From the question to the answer's end, waiting for a place and failed tries included: milliseconds. */
  readonly ms: number;
  readonly answer: Kept;
}

/** 128 bits, hexadecimal. */
const KEY_DIGITS = 32;
const HEAD = Buffer.from('{"key":"');
const END = 0x7d;

export function questionKey({ address, model, body, messages, sampling, sampleIndex }: Question): string {
  const { temperature, topP, maxTokens, topLogprobs, seed } = sampling;
  const parts = [address, model, sortedEntries(body), messages.map(({ role, content }) => [role, content]), temperature, topP, maxTokens, topLogprobs, seed ?? null, sampleIndex];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, KEY_DIGITS);
}

/** sha256 of the messages, hexadecimal: provenance.promptHash. */
export function promptHash(messages: readonly RecordMessage[]): string {
  return createHash('sha256').update(JSON.stringify(messages.map(({ role, content }) => [role, content]))).digest('hex');
}

export class AnswerCache {
  private constructor(private readonly file: LineFile, private readonly index: Index) {}

  /** For whoever holds the ledger's lock. Throws DistillError of the file system. */
  static open(file: string): AnswerCache {
    const index = new Index();
    return new AnswerCache(LineFile.open(file, index.take), index);
  }

  get size(): number {
    return this.index.size;
  }

  has(key: string): boolean {
    return this.index.has(key);
  }

  /** Null where it was not asked, or where its line was damaged since. */
  get(key: string): Kept | null {
    const place = this.index.place(key);
    if (place === null) return null;
    const line = answerLine(this.file.read(place));
    if (line?.key === key) return line.answer;
    this.index.forget(key);
    return null;
  }

  /** On the disk when this returns. Throws DistillError of the file system; nothing is kept then. */
  put(key: string, answer: Kept, ms: number): void {
    const line: AnswerLine = { key, at: Date.now(), ms: Math.round(ms), answer };
    this.index.set(key, this.file.append(line));
  }

  close(): void {
    this.file.close();
  }
}

/** The keys of a cache that another process may be writing to. Throws DistillError of the file system. */
export function readKeys(file: string): { has(key: string): boolean; readonly size: number } {
  const index = new Index();
  readLines(file, index.take);
  return index;
}

/** What answers so far cost in tokens and time, for an estimate: those that `wanted` takes; `at` is when one was there, `ms` before which it was asked for. */
export function readAnswers(file: string, wanted: (key: string) => boolean, take: (answer: Kept, ms: number, at: number) => void): void {
  readLines(file, (line) => {
    const key = keyOf(line);
    const parsed = key !== null && wanted(key) ? answerLine(line.toString('utf8')) : null;
    if (parsed !== null) take(parsed.answer, parsed.ms, parsed.at);
  });
}

class Index {
  readonly #slots = new Map<string, number>();
  readonly #offsets: number[] = [];
  readonly #bytes: number[] = [];

  readonly take: OnLine = (line, place) => {
    const key = keyOf(line);
    if (key !== null) this.set(key, place);
  };

  get size(): number {
    return this.#slots.size;
  }

  has(key: string): boolean {
    return this.#slots.has(key);
  }

  place(key: string): Place | null {
    const slot = this.#slots.get(key);
    return slot === undefined ? null : { offset: this.#offsets[slot] ?? 0, bytes: this.#bytes[slot] ?? 0 };
  }

  set(key: string, { offset, bytes }: Place): void {
    this.#slots.set(key, this.#offsets.length);
    this.#offsets.push(offset);
    this.#bytes.push(bytes);
  }

  forget(key: string): void {
    this.#slots.delete(key);
  }
}

/** The key of a line that looks whole; a torn or foreign one has none. */
function keyOf(line: Buffer): string | null {
  const end = HEAD.length + KEY_DIGITS;
  if (line.length <= end || line.at(-1) !== END || line.compare(HEAD, 0, HEAD.length, 0, HEAD.length) !== 0) return null;
  const key = line.toString('latin1', HEAD.length, end);
  return /^[0-9a-f]+$/.test(key) ? key : null;
}

function answerLine(text: string): AnswerLine | null {
  try {
    const value = JSON.parse(text) as Partial<AnswerLine> | null;
    return typeof value?.key === 'string' && typeof value.answer?.answer === 'string' ? value as AnswerLine : null;
  } catch {
    return null;
  }
}

/** Fields in any order are the same body. */
function sortedEntries(body: Readonly<Record<string, unknown>>): readonly (readonly [string, unknown])[] {
  return Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
}
