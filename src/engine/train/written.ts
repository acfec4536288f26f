/** What the student itself has written, as rows: its prompts from the data, its own tokens behind them. */
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel, Generated } from '../model/contract.ts';
import { generate } from '../model/generate.ts';
import { Random } from '../model/random.ts';

/** How the student's tokens become text, and text is taken apart. */
export interface Writing {
  /** The token that ends a completion. */
  readonly endTokenId: number;
  decode(ids: readonly number[]): string;
  /** Reasoning and answer of a completion. */
  parse(text: string): { readonly think: string; readonly answer: string };
  /** Whether a text that opened its reasoning has closed it again. */
  closed(text: string): boolean;
  /** Of a completion's ids (without the end token): how many come before the answer; all where it never came to one. */
  beforeAnswer(ids: readonly number[]): number;
}

export interface WriteOptions {
  readonly samples: number;
  readonly maxNewTokens: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
  readonly progress?: (done: number, total: number) => void;
}

/** A seed of the draws of one step: the same when the step is repeated after a resume. */
export function stepSeed(seed: number, stage: number, step: number, what: string): number {
  return new Random(seed, stage, step, what).word();
}

/**
 * What the model writes after the prompts of these rows, each row's samples behind one another. A prompt that fills the model gives
 * empty ones. Only the template's own end token ends a completion: another one that the tokenizer has is a token like any other, so
 * that what is learnt from is exactly what was drawn.
 */
export async function write(model: DecoderModel, asked: readonly EncodedRow[], { endTokenId }: Writing, { progress, ...options }: WriteOptions): Promise<readonly Generated[]> {
  return generate(model, asked.map(promptIds), {
    ...options, eosTokenIds: [endTokenId],
    ...(progress === undefined ? {} : { progress: ({ rows }) => { progress(rows, asked.length * options.samples); } }),
  });
}

export function promptIds({ ids, promptLength }: EncodedRow): number[] {
  return [...ids.subarray(0, promptLength)];
}

/** A completion as a row of its own. One that did not come to its end has no end token: nothing is said of where it should have ended. */
export function writtenRow(asked: EncodedRow, { ids, finish }: Generated, writing: Writing): EncodedRow {
  const ended = finish === 'end';
  return {
    row: asked.row, file: asked.file, promptLength: asked.promptLength, ...(asked.task === undefined ? {} : { task: asked.task }), ...(asked.weight === undefined ? {} : { weight: asked.weight }),
    ids: Int32Array.from([...promptIds(asked), ...ids, ...(ended ? [writing.endTokenId] : [])]),
    answerStart: asked.promptLength + writing.beforeAnswer(ids), ended,
  };
}
