/** One row to train on: prompt, reasoning and answer, whatever its format and its fields are called. */
import type { DataRecipe } from '../../shared/recipe.ts';
import type { DataRecord, TokenLogprob } from '../../shared/record.ts';
import type { ChatMessage } from '../model/chatTemplate.ts';
import { parsedLine } from './formats/read.ts';
import { recordOf } from './formats/shape.ts';
import type { JsonLine } from './jsonLines.ts';

export interface Row {
  readonly file: string;
  /** 0-based line, or row of a format without lines. */
  readonly line: number;
  /** The question alone, for people and for finding duplicates. */
  readonly prompt: string;
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  readonly think: string;
  readonly answer: string;
  /** Null where the row has no reference answer of its own. */
  readonly gold: string | null;
  readonly task?: string;
  /** Of the answer's tokens, as a service gave them. */
  readonly logprobs?: readonly TokenLogprob[];
  /** How much it counts in training; 1 where it isn't said. */
  readonly weight?: number;
}

/** A record as a row; `line` is 0-based. */
export function rowOf({ prompt, messages, think, answer, gold, task, weight, logprobs }: DataRecord, file: string, line: number): Row {
  return {
    file, line, prompt, messages: messages ?? [{ role: 'user', content: prompt }], think, answer, gold,
    ...(task === undefined ? {} : { task }), ...(weight === undefined ? {} : { weight }), ...(logprobs === undefined ? {} : { logprobs }),
  };
}

/** A line of JSONL as a row. Throws DistillError `data-row-…`, naming file, line (1-based) and what is wrong. */
export function readRow(file: string, { line, text }: JsonLine, fields: DataRecipe['fields']): Row {
  const raw = parsedLine(text, { file, line: line + 1 });
  if (raw.broken !== undefined) throw raw.broken;
  return rowOf(recordOf(raw.value, raw.at, { fields, format: 'auto', answered: true }, null), file, line);
}
