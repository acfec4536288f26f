/** One line of a JSONL file as a record, whatever its format; and a line of the side file of removed rows. */
import { DistillError } from '../../../shared/messages.ts';
import type { RemovedBy } from '../../../shared/dataPanel.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../shared/record.ts';
import type { JsonLine } from '../jsonLines.ts';
import { recordId } from '../recordId.ts';
import { readRow } from '../row.ts';

type Json = Readonly<Record<string, unknown>>;

/** The names that rows of other hands use: those of the recipe's defaults. */
const FIELDS = { prompt: 'prompt', messages: 'messages', think: 'think', answer: 'answer', gold: 'gold' } as const;

/** Throws DistillError `data-row-…` where it is none. */
export function lineRecord(file: string, { line, text }: JsonLine): DataRecord {
  const json = objectOf(text, file, line);
  if (isRecord(json)) return json;
  const row = readRow(file, { line, text }, FIELDS);
  const texts = { prompt: row.prompt, think: row.think, answer: row.answer, gold: row.gold };
  return {
    format: 1, id: recordId(texts), ...texts,
    ...(typeof json['task'] === 'string' ? { task: json['task'] } : {}), ...(typeof json['language'] === 'string' ? { language: json['language'] } : {}),
    provenance: { ...NO_PROVENANCE, source: { file, format: 'jsonl', row: line + 1 } },
  };
}

function objectOf(text: string, file: string, line: number): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new DistillError('data-row-not-json', { file, line: line + 1, detail: error instanceof Error ? error.message : String(error) });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new DistillError('data-row-not-object', { file, line: line + 1 });
  return value as Json;
}

/** What the page and the index rely on; the rest may be of a newer version. */
function isRecord(json: Json): json is Json & DataRecord {
  const { format, id, prompt, think, answer, gold, provenance } = json;
  return format === 1 && typeof id === 'string' && typeof prompt === 'string' && typeof think === 'string' && typeof answer === 'string'
    && (gold === null || typeof gold === 'string') && typeof provenance === 'object' && provenance !== null && isProvenance(provenance as Json);
}

function isProvenance({ source, teacher, tokens, cost, verdict, transformations }: Json): boolean {
  const isObject = (part: unknown): part is Json => typeof part === 'object' && part !== null;
  return (source === null || isObject(source)) && Array.isArray(transformations)
    && (teacher === null || (isObject(teacher) && typeof teacher['name'] === 'string'))
    && (tokens === null || (isObject(tokens) && typeof tokens['output'] === 'number'))
    && (cost === null || (isObject(cost) && typeof cost['amount'] === 'number' && typeof cost['currency'] === 'string'))
    && (verdict === null || (isObject(verdict) && typeof verdict['verdict'] === 'string' && Array.isArray(verdict['findings'])));
}

/** How a rule names the row that was kept in a duplicate's place. */
const PARTNER_KEYS = ['of', 'duplicateOf', 'kept', 'partner'];

/** A removed row with the rule that took it; null where the line is none. */
export function removalOf(value: unknown): (RemovedBy & { readonly record: DataRecord; readonly partner: string | null }) | null {
  if (typeof value !== 'object' || value === null) return null;
  const json = value as Json;
  if (!isRecord(json)) return null;
  const { name = '', detail = {} } = json.provenance.transformations.at(-1) ?? {};
  const partner = PARTNER_KEYS.map((key) => detail[key]).find((id) => typeof id === 'string') ?? null;
  return { record: json, rule: name.replace(/^clean\//, ''), detail, partner: partner === null ? null : String(partner) };
}
