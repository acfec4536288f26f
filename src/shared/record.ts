/**
 * A row of data in our own format (`distill`): one JSON object a line of a .jsonl file. Reading any other format gives such
 * records; collecting, cleaning, verifying, augmenting and mixing read and write them; training reads their prompt, think and
 * answer. A record carries its life with it: where it came from, who wrote it, what it cost, what became of it.
 */
import type { Verdict } from './events.ts';

export interface RecordMessage {
  readonly role: string;
  readonly content: string;
}

export interface DataRecord {
  readonly format: 1;
  /** Names the row over all its transformations: see recordId(). */
  readonly id: string;
  /** The question alone, for people and for finding duplicates. */
  readonly prompt: string;
  /** The conversation up to the answer, where it is more than the prompt alone. */
  readonly messages?: readonly RecordMessage[];
  /** Empty where there is none. */
  readonly think: string;
  /** Empty while nobody has answered. */
  readonly answer: string;
  /** The reference answer, or null. */
  readonly gold: string | null;
  /** maths, logic, code, or a domain of the person's own. */
  readonly task?: string;
  /** Language of the prompt (en, zh …). */
  readonly language?: string;
  /** 1 (easy) … 5. */
  readonly difficulty?: number;
  /** How much the row counts in training, more than 0; 1 where it isn't said. */
  readonly weight?: number;
  /** Options of a multiple-choice question: A is the first. */
  readonly options?: readonly string[];
  /** Of a code row. */
  readonly tests?: CodeTests;
  /** Log-probabilities of the answer's tokens as the service gave them, reasoning included where it gave those. */
  readonly logprobs?: readonly TokenLogprob[];
  readonly provenance: Provenance;
}

export interface CodeTests {
  readonly language: 'python' | 'javascript';
  /** Code that goes before the answer (imports, signature); empty where the answer is whole. */
  readonly prelude: string;
  /** Code that goes after it and fails where the answer is wrong. */
  readonly code: string;
  /** Name of the function under test. */
  readonly entry: string | null;
}

/** [token, log-probability, the most probable alternatives with theirs]. */
export type TokenLogprob = readonly [token: string, logprob: number, top: readonly (readonly [token: string, logprob: number])[]];

export interface Provenance {
  /** Null for a row that nobody's file holds (synthesised). */
  readonly source: RecordSource | null;
  /** Null where nobody was asked. */
  readonly teacher: { readonly name: string; readonly model: string; readonly service: string } | null;
  /** sha256 of the messages that were sent, hexadecimal. */
  readonly promptHash: string | null;
  readonly sampling: { readonly temperature: number; readonly topP: number; readonly maxTokens: number; readonly sample: number } | null;
  readonly tokens: TokenUse | null;
  readonly cost: { readonly amount: number; readonly currency: string } | null;
  /** How the answer ended; null where nobody was asked. */
  readonly finish: 'end' | 'length' | 'filter' | null;
  readonly verdict: RecordVerdict | null;
  /** In the order in which they happened. */
  readonly transformations: readonly Transformation[];
}

export interface RecordSource {
  /** The file as the recipe writes it, a hub address, or the name of a synthesis. */
  readonly file: string;
  readonly format: string;
  /** 1-based: line of a line format, else row. */
  readonly row: number;
}

export interface TokenUse {
  readonly input: number;
  readonly cachedInput: number;
  /** Reasoning included. */
  readonly output: number;
  readonly reasoning: number;
}

export interface RecordVerdict {
  readonly verdict: Verdict;
  /** A code of VERDICT_REASONS (verdicts.ts). */
  readonly reason: string;
  readonly by: 'answer' | 'choice' | 'code' | 'judge' | 'person';
  readonly found: string | null;
  readonly expected: string | null;
  /** Codes of what is wrong with the reasoning's form. */
  readonly findings: readonly string[];
}

/** One thing that happened to a row: `clean/unicode`, `augment/synonyms`, `review/edit` … */
export interface Transformation {
  readonly name: string;
  /** What is worth knowing: which words, the parent's id, who. */
  readonly detail?: Readonly<Record<string, string | number>>;
}

export const NO_PROVENANCE: Provenance = {
  source: null, teacher: null, promptHash: null, sampling: null, tokens: null, cost: null, finish: null, verdict: null, transformations: [],
};

/** The record after one more thing happened to it. */
export function transformed(record: DataRecord, change: Partial<Omit<DataRecord, 'provenance' | 'format' | 'id'>>, transformation: Transformation): DataRecord {
  return { ...record, ...change, provenance: { ...record.provenance, transformations: [...record.provenance.transformations, transformation] } };
}
