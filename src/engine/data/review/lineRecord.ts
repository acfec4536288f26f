/** One line of a JSONL file as a record, whatever its format; and a line of the side file of removed rows. */
import { DistillError } from '../../../shared/messages.ts';
import type { RemovedBy } from '../../../shared/dataPanel.ts';
import { NO_PROVENANCE, type DataRecord, type Provenance } from '../../../shared/record.ts';
import { parsedLine, USUAL_FIELDS } from '../formats/read.ts';
import { recordOf } from '../formats/shape.ts';

interface PlacedText {
  /** 0-based. */
  readonly line: number;
  readonly text: string;
}

/** As reviews know it: fields by their usual names, so that its id is the same whatever recipe reads it. Throws DistillError `data-row-…`. */
export function lineRecord(file: string, { line, text }: PlacedText): DataRecord {
  const { at, value, broken } = parsedLine(text, { file, line: line + 1 });
  if (broken !== undefined) throw broken;
  // What the workbench itself wrote, which is nearly every row of nearly every file, needs nothing filled in.
  if (isWhole(value)) return value;
  const record = recordOf(value, at, { fields: USUAL_FIELDS, format: 'auto', answered: false }, { file, format: 'jsonl', row: line + 1 });
  return { ...record, provenance: soundProvenance(record.provenance) };
}

function isWhole(value: unknown): value is DataRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { format, id, prompt, think, answer, gold, provenance } = value as Readonly<Record<string, unknown>>;
  return format === 1 && typeof id === 'string' && id !== '' && typeof prompt === 'string' && prompt.trim() !== '' && typeof think === 'string' && typeof answer === 'string'
    && (gold === null || typeof gold === 'string') && typeof provenance === 'object' && provenance !== null && isSound(provenance as Provenance);
}

/** Whether soundProvenance would leave it as it is. */
function isSound(provenance: Provenance): boolean {
  const sound = soundProvenance(provenance);
  return (Object.keys(sound) as (keyof Provenance)[]).every((part) => provenance[part] === sound[part] || (part === 'transformations' && Array.isArray(provenance.transformations) && sound.transformations.length === provenance.transformations.length));
}

/** What another program wrote as a record's life may be anything: parts that are not what they should be count as unknown. */
function soundProvenance(provenance: Provenance): Provenance {
  const { source, teacher, promptHash, sampling, tokens, cost, finish, verdict, transformations } = provenance;
  const texts = (part: object, ...keys: readonly string[]): boolean => keys.every((key) => typeof (part as Readonly<Record<string, unknown>>)[key] === 'string');
  const numbers = (part: object, ...keys: readonly string[]): boolean => keys.every((key) => typeof (part as Readonly<Record<string, unknown>>)[key] === 'number');
  const isObject = (part: unknown): part is object => typeof part === 'object' && part !== null;
  return {
    ...NO_PROVENANCE,
    source: isObject(source) && texts(source, 'file', 'format') && numbers(source, 'row') ? source : null,
    teacher: isObject(teacher) && texts(teacher, 'name', 'model', 'service') ? teacher : null,
    promptHash: typeof promptHash === 'string' ? promptHash : null,
    sampling: isObject(sampling) && numbers(sampling, 'temperature', 'topP', 'maxTokens', 'sample') ? sampling : null,
    tokens: isObject(tokens) && numbers(tokens, 'input', 'cachedInput', 'output', 'reasoning') ? tokens : null,
    cost: isObject(cost) && numbers(cost, 'amount') && texts(cost, 'currency') ? cost : null,
    finish: finish === 'end' || finish === 'length' || finish === 'filter' ? finish : null,
    verdict: isObject(verdict) && texts(verdict, 'verdict', 'reason') && Array.isArray(verdict.findings) ? verdict : null,
    transformations: Array.isArray(transformations) ? transformations.filter((each: unknown) => isObject(each) && texts(each, 'name')) : [],
  };
}

export interface Removal extends RemovedBy {
  readonly record: DataRecord;
  /** Id of the row that was kept in its place; null where it is no duplicate. */
  readonly partner: string | null;
}

/** A line of the side file of a cleaning: null where it is not a removed row (but, say, what a changed one was). */
export function removalOf(file: string, { line, text }: PlacedText): Removal | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { kind, rule, detail, record } = value as Readonly<Record<string, unknown>>;
  if (kind !== 'removed' || typeof rule !== 'string') return null;
  const facts = Object.fromEntries(Object.entries((detail ?? {}) as object).filter((entry): entry is [string, string | number] => typeof entry[1] === 'string' || typeof entry[1] === 'number'));
  try {
    const own = recordOf(record, { file, line: line + 1 }, { fields: USUAL_FIELDS, format: 'distill', answered: false }, null);
    return { record: { ...own, provenance: soundProvenance(own.provenance) }, rule, detail: facts, partner: typeof facts['of'] === 'string' ? facts['of'] : null };
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}
