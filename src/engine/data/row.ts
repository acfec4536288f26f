/** One row of a JSONL file as prompt, reasoning and answer, whatever its fields are called. */
import { DistillError } from '../../shared/messages.ts';
import type { DataRecipe } from '../../shared/recipe.ts';
import type { FieldSource } from '../../shared/recipeParts.ts';
import { splitThink as splitWritten } from '../../shared/trace.ts';
import type { ChatMessage } from '../model/chatTemplate.ts';
import type { JsonLine } from './jsonLines.ts';

export interface Row {
  readonly file: string;
  /** 0-based line. */
  readonly line: number;
  /** The question alone, for people and for finding duplicates. */
  readonly prompt: string;
  /** The conversation up to the answer. */
  readonly messages: readonly ChatMessage[];
  readonly think: string;
  readonly answer: string;
  /** Null where the row has no reference answer of its own. */
  readonly gold: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Throws DistillError `data-row-…`, naming file, line (1-based) and what is wrong. */
export function readRow(file: string, { line, text }: JsonLine, fields: DataRecipe['fields']): Row {
  const at = { file, line: line + 1 };
  const json = parsed(text, at);
  const conversation = json[fields.messages];
  const prompt = textOf(json, fields.prompt, at);
  if (prompt === null && conversation === undefined) {
    throw new DistillError('data-row-field-missing', { ...at, field: fieldName(fields.prompt), have: Object.keys(json).join(', ') });
  }
  const gold = textOf(json, fields.gold, at);
  if (prompt === null) return { file, line, ...fromMessages(conversation, at), gold };
  if (prompt.trim() === '') throw new DistillError('data-row-empty', { ...at, field: fieldName(fields.prompt) });
  const answer = textOf(json, fields.answer, at);
  if (answer === null) throw new DistillError('data-row-field-missing', { ...at, field: fieldName(fields.answer), have: Object.keys(json).join(', ') });
  const think = textOf(json, fields.think, at);
  const completion = think === null ? splitThink(answer) : { think: think.trim(), answer: answer.trim() };
  if (completion.think === '' && completion.answer === '') throw new DistillError('data-row-empty', { ...at, field: fieldName(fields.answer) });
  return { file, line, prompt, messages: [{ role: 'user', content: prompt }], ...completion, gold };
}

function splitThink(text: string): { readonly think: string; readonly answer: string } {
  const { think, answer } = splitWritten(text);
  return { think: think.trim(), answer: answer.trim() };
}

interface Place {
  readonly file: string;
  readonly line: number;
}

function parsed(text: string, at: Place): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DistillError('data-row-not-json', { ...at, detail: error instanceof Error ? error.message : String(error) });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DistillError('data-row-not-object', { ...at });
  return value as Json;
}

function fieldName(source: FieldSource): string {
  return typeof source === 'string' ? source : source.field;
}

/** The text that a field source names; null where the row has no such field. Numbers are answers too. */
function textOf(json: Json, source: FieldSource, at: Place): string | null {
  const name = fieldName(source);
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string' && typeof value !== 'number') throw new DistillError('data-row-not-text', { ...at, field: name });
  const text = String(value);
  if (typeof source === 'string') return text;
  const mark = source.before ?? source.after;
  if (mark === undefined) return text;
  const place = text.lastIndexOf(mark);
  if (place < 0) throw new DistillError('data-row-mark-missing', { ...at, field: name, mark });
  return (source.before === undefined ? text.slice(place + mark.length) : text.slice(0, place)).trim();
}

function fromMessages(value: unknown, at: Place): Pick<Row, 'prompt' | 'messages' | 'think' | 'answer'> {
  const messages = Array.isArray(value) ? value.map((each: unknown) => message(each)) : [null];
  const last = messages.at(-1);
  const before = messages.slice(0, -1);
  if (last?.role !== 'assistant' || before.some((each) => each === null) || before.length === 0) throw new DistillError('data-row-messages', { ...at });
  // Reasoning of earlier turns is not sent back to a reasoning model.
  const history = before.flatMap((each) => each === null ? [] : [{ role: each.role, content: each.role === 'assistant' ? splitThink(each.content).answer : each.content }]);
  const asked = history.filter(({ role }) => role === 'user').map(({ content }) => content);
  if (asked.length === 0) throw new DistillError('data-row-messages', { ...at });
  const completion = last.reasoning === null ? splitThink(last.content) : { think: last.reasoning.trim(), answer: last.content.trim() };
  if (completion.think === '' && completion.answer === '') throw new DistillError('data-row-empty', { ...at, field: 'content' });
  return { prompt: asked.join('\n\n'), messages: history, ...completion };
}

function message(value: unknown): { readonly role: string; readonly content: string; readonly reasoning: string | null } | null {
  if (typeof value !== 'object' || value === null) return null;
  const { role, content, reasoning_content: reasoningContent, reasoning } = value as Json;
  if (typeof role !== 'string' || (typeof content !== 'string' && content !== null && content !== undefined)) return null;
  const thought = reasoningContent ?? reasoning;
  return { role, content: content ?? '', reasoning: typeof thought === 'string' && thought !== '' ? thought : null };
}
