/**
 * Recorded outputs of two models as traces, without a run: a JSON array or JSONL, one row a prompt, in the same order in
 * both files. Text is looked for under the names that recorders use.
 */
import { FIELD_NAMES, WHOLE_OUTPUT_NAMES } from './fieldNames.ts';
import { splitThink, type Trace } from './trace.ts';
import type { TraceRole } from './events.ts';
import { DistillError } from './messages.ts';

const ANSWER_KEYS = FIELD_NAMES.answer.filter((name) => !WHOLE_OUTPUT_NAMES.includes(name));

type Row = Readonly<Record<string, unknown>>;

function first(row: Row, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = row[key];
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number') return String(value);
  }
  return null;
}

/** Rows of a JSON array or of JSONL. `name` is the file's name, for the error. Throws DistillError `traces-unreadable`. */
export function parseTraceRows(text: string, name: string): Row[] {
  const trimmed = text.trim();
  const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (trimmed.startsWith('[')) {
    let rows: unknown;
    try {
      rows = JSON.parse(trimmed);
    } catch (error) {
      throw new DistillError('traces-unreadable', { file: name, line: 1, detail: String(error) });
    }
    if (Array.isArray(rows) && rows.every(isRow)) return rows;
    throw new DistillError('traces-unreadable', { file: name, line: 1, detail: 'not an array of objects' });
  }
  return trimmed.split('\n').flatMap((line, i): Row[] => {
    if (line.trim() === '') return [];
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (error) {
      throw new DistillError('traces-unreadable', { file: name, line: i + 1, detail: String(error) });
    }
    if (!isRow(row)) throw new DistillError('traces-unreadable', { file: name, line: i + 1, detail: 'not an object' });
    return [row];
  });
}

/** A recorded row as a trace; `tokens` is 0 where the recording doesn't count them. Throws DistillError `traces-no-text` when it holds no text under a known name. */
export function traceOfRow(row: Row, index: number, role: TraceRole, name: string): Trace {
  const whole = first(row, WHOLE_OUTPUT_NAMES);
  const apart = { think: first(row, FIELD_NAMES.think) ?? '', answer: first(row, ANSWER_KEYS) ?? '' };
  const { think, answer } = whole === null ? apart : splitThink(whole);
  if (think === '' && answer === '') {
    throw new DistillError('traces-no-text', { file: name, line: index + 1, known: [...WHOLE_OUTPUT_NAMES, ...FIELD_NAMES.think, ...ANSWER_KEYS].join(', '), have: Object.keys(row).join(', ') });
  }
  const tokens = typeof row['tokens'] === 'number' ? row['tokens'] : 0;
  const verdict = row['verdict'] === 'right' || row['verdict'] === 'wrong' ? row['verdict'] : 'unknown';
  const id = typeof row['example'] === 'string' ? row['example'] : String(index + 1);
  return {
    format: 1, id: `${id}-${role}`, example: id, role, stage: 0, step: 0, prompt: first(row, FIELD_NAMES.prompt) ?? '', think, answer, gold: first(row, FIELD_NAMES.gold),
    verdict, tokens, finish: row['finish'] === 'length' || (think !== '' && answer === '') ? 'length' : 'end', model: typeof row['model'] === 'string' ? row['model'] : name,
    sampling: { temperature: 0, topP: 1, seed: 0 },
  };
}

/** Pairs of two recordings, row by row. Throws DistillError `traces-lengths` when they don't have as many rows. */
export function pairRecordings(teacher: readonly Row[], student: readonly Row[], names: { readonly teacher: string; readonly student: string }): { readonly teacher: Trace; readonly student: Trace }[] {
  if (teacher.length !== student.length) {
    throw new DistillError('traces-lengths', { teacher: names.teacher, teacherRows: teacher.length, student: names.student, studentRows: student.length });
  }
  return teacher.map((row, i) => ({ teacher: traceOfRow(row, i, 'teacher', names.teacher), student: traceOfRow(student[i] as Row, i, 'student', names.student) }));
}
