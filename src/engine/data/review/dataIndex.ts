/** The index of a data file and of the side file of its removed rows: where each row lies and what rows are filtered by. */
import { hash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { DistillError, type ErrorCode } from '../../../shared/messages.ts';
import type { MessageData } from '../../../shared/events.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { systemCode, withFileErrors } from '../../../system/fileErrors.ts';
import { removedFileOf } from '../clean/removed.ts';
import { languageOf } from '../formats/shape.ts';
import { Column, Ids, Names } from './columns.ts';
import { MOST_ROW_BYTES, scanLines, type ScannedLine, type ScanFrom } from './lineScan.ts';
import { lineRecord, removalOf } from './lineRecord.ts';
import { RowReader } from './rows.ts';

/** Stands for a number that is not known. */
export const UNKNOWN = 0xffffffff;
/** So many rows are read between two looks at messages and the signal. */
const ROWS_A_BREATH = 2000;
/** A file that grows faster than it is read is shown all the same. */
const MOST_READS = 3;

interface BrokenLine {
  readonly line: number;
  readonly code: ErrorCode;
  readonly data: MessageData;
}

/** What a file looked like when it was read. */
export interface FileState {
  readonly bytes: number;
  readonly modified: number;
  readonly inode: number;
}

export async function fileState(file: string): Promise<FileState | null> {
  try {
    const { size, mtimeMs, ino } = await withFileErrors(file, () => stat(file));
    return { bytes: size, modified: mtimeMs, inode: ino };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export class DataIndex {
  /** Of the data file's rows first, then those removed. */
  readonly offsets = new Column((length) => new Float64Array(length));
  readonly bytes = new Column((length) => new Uint32Array(length));
  readonly lines = new Column((length) => new Uint32Array(length));
  /** Characters of prompt, think and answer together. */
  readonly characters = new Column((length) => new Uint32Array(length));
  /** Tokens by the student's tokenizer, or UNKNOWN while nobody has counted them. */
  readonly tokens = new Column((length) => new Uint32Array(length));
  /** Output tokens as the service counted them. */
  readonly teacherTokens = new Column((length) => new Uint32Array(length));
  /** NaN where nobody was asked. */
  readonly costs = new Column((length) => new Float64Array(length));
  readonly currencies = new Names();
  readonly ids = new Ids();
  /** The first bytes of the hash of the texts: rows that are the same have the same. */
  readonly content = new Column((length) => new Float64Array(length));
  readonly verdict = new Names();
  readonly rule = new Names();
  /** A name for each set of findings that occurs: their codes, joined. */
  readonly findings = new Names();
  readonly task = new Names();
  readonly difficulty = new Names();
  readonly teacher = new Names();
  readonly language = new Names();
  /** Of the reasoning; of the answer where there is none. */
  readonly answerLanguage = new Names();
  /** Which of PROVENANCE_PARTS a row knows, a bit each. */
  readonly known = new Column((length) => new Uint8Array(length));

  rows = 0;
  removed = 0;
  broken = 0;
  firstBroken: BrokenLine | null = null;
  /** Where the next row of the data file would begin. */
  end: ScanFrom = { offset: 0, line: 0 };
  state: FileState | null = null;
  removedState: FileState | null = null;

  constructor(readonly file: string) {}

  get length(): number {
    return this.offsets.length;
  }

  isRemoved(row: number): boolean {
    return row >= this.rows;
  }

  fileOf(row: number): string {
    return this.isRemoved(row) ? removedFileOf(this.file) : this.file;
  }

  /** What the index itself holds in memory, in bytes. */
  get memory(): number {
    const columns = [this.offsets, this.bytes, this.lines, this.characters, this.tokens, this.teacherTokens, this.costs, this.content, this.known];
    const names = [this.verdict, this.rule, this.findings, this.task, this.difficulty, this.teacher, this.language, this.answerLanguage, this.currencies];
    return [...columns, ...names, this.ids].reduce((sum, column) => sum + column.bytes, 0);
  }

  add(record: DataRecord, { line, offset, bytes }: ScannedLine, rule: string): void {
    const { provenance: { verdict, tokens, cost, teacher, source, promptHash, sampling } } = record;
    this.offsets.push(offset);
    this.bytes.push(bytes);
    this.lines.push(line);
    this.characters.push(record.prompt.length + record.think.length + record.answer.length);
    this.tokens.push(UNKNOWN);
    this.teacherTokens.push(tokens?.output ?? UNKNOWN);
    this.costs.push(cost?.amount ?? Number.NaN);
    this.currencies.push(cost?.currency ?? '');
    this.ids.push(record.id);
    this.content.push(contentHash(record));
    this.verdict.push(verdict?.verdict ?? '');
    this.rule.push(rule);
    this.findings.push([...new Set(verdict?.findings)].sort().join(' '));
    this.task.push(words(record.task));
    this.difficulty.push(words(record.difficulty));
    this.teacher.push(teacher?.name ?? '');
    this.language.push(words(record.language));
    this.answerLanguage.push(answerLanguageOf(record));
    this.known.push([source, teacher, promptHash, sampling, tokens, cost, verdict].reduce((bits, part, bit) => bits | (part === null ? 0 : 1 << bit), 0));
  }

}

/** Of a field that another program may have filled with anything. */
function words(value: string | number | undefined): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** Characters of a text whose language is told: it is clear from a few lines, and there may be millions of rows. */
const LANGUAGE_CHARACTERS = 500;

function answerLanguageOf({ think, answer }: DataRecord): string {
  const reasoned = languageOf(think.slice(0, LANGUAGE_CHARACTERS));
  return reasoned ?? (think.trim() === '' ? languageOf(answer.slice(0, LANGUAGE_CHARACTERS)) : undefined) ?? '';
}

/** In the order of the bits of `known`. */
export const PROVENANCE_PARTS = ['source', 'teacher', 'promptHash', 'sampling', 'tokens', 'cost', 'verdict'] as const;

/** 48 bits of the texts' SHA-1, which a double holds: among a million rows one pair in 500 such files is taken for the same by mistake. */
function contentHash({ prompt, think, answer }: DataRecord): number {
  return Number.parseInt(hash('sha1', `${prompt}\u0000${think}\u0000${answer}`).slice(0, 12), 16);
}

interface IndexOptions {
  readonly signal: AbortSignal;
  /** After every piece of work; what it waits for lets others in. */
  breathe(done: number, total: number, rows: number): Promise<void>;
}

/**
 * Reads the file from its beginning. Throws DistillError `data-file-missing`, `data-file-is-folder` or one of withFileErrors;
 * an AbortError when the signal does. Lines that are no record are counted, and the first is named.
 */
export async function buildIndex(file: string, options: IndexOptions): Promise<DataIndex> {
  const index = new DataIndex(file);
  await readRows(index, options);
  index.removedState = await fileState(removedFileOf(file));
  if (index.removedState !== null) await readRemoved(index, options);
  return index;
}

/**
 * Adds the rows that were appended to the data file since. Answers false where the file has to be read from its beginning
 * instead: it is another one, its rows of before are not where they were, or there are removed rows, which stand behind.
 */
export async function growIndex(index: DataIndex, options: IndexOptions): Promise<boolean> {
  const now = await fileState(index.file);
  if (now === null || index.state === null || index.removed > 0 || now.inode !== index.state.inode || now.bytes <= index.state.bytes) return false;
  if (!(await stillThere(index))) return false;
  await readRows(index, options);
  return true;
}

/** A change before the end moves the rows behind it: the first and the last row tell. */
async function stillThere(index: DataIndex): Promise<boolean> {
  if (index.rows === 0) return false;
  const reader = new RowReader(index);
  try {
    const ends = [0, index.rows - 1];
    const records = await reader.readMany(ends);
    return records.every((record, at) => record !== null && contentHash(record) === index.content.at(ends[at] ?? 0));
  } finally {
    await reader.close();
  }
}

async function readRows(index: DataIndex, { signal, breathe }: IndexOptions): Promise<void> {
  const { file } = index;
  for (let tries = 1; ; tries++) {
    const before = await fileState(file);
    if (before === null) throw new DistillError('data-file-missing', { file });
    await readToEnd(index, before, { signal, breathe });
    const after = await fileState(file);
    // Written to while it was read: on with what is new, and what can't be told apart is read again by whoever looks next.
    if (tries === MOST_READS || (after?.modified === before.modified && after.bytes === before.bytes)) {
      index.state = before;
      return;
    }
  }
}

async function readToEnd(index: DataIndex, state: FileState, { signal, breathe }: IndexOptions): Promise<void> {
  const { file } = index;
  let since = 0;
  for await (const group of scanLines(file, index.end, signal)) {
    for (const scanned of group) {
      const record = read(index, file, scanned);
      // The last line of a file that is still being written: it is read again when the file has grown.
      if (!scanned.ended && record === 'broken') break;
      if (record === 'broken') index.broken += 1;
      else if (record !== null) {
        index.add(record, scanned, '');
        index.rows += 1;
      }
      // Of a last line without its newline, the newline is still to come: it belongs to that line.
      index.end = scanned.ended ? { offset: scanned.offset + scanned.bytes + 1, line: scanned.line + 1 } : { offset: scanned.offset + scanned.bytes, line: scanned.line };
      since += 1;
      if (since >= ROWS_A_BREATH) {
        since = 0;
        await breathe(index.end.offset, state.bytes, index.rows);
        signal.throwIfAborted();
      }
    }
    await breathe(index.end.offset, state.bytes, index.rows);
  }
}

async function readRemoved(index: DataIndex, { signal, breathe }: IndexOptions): Promise<void> {
  const file = removedFileOf(index.file);
  for await (const group of scanLines(file, { offset: 0, line: 0 }, signal)) {
    for (const scanned of group) {
      const removal = scanned.content === null ? null : removalOf(file, { line: scanned.line, text: scanned.content.toString('utf8') });
      if (removal === null) continue;
      index.add(removal.record, scanned, removal.rule);
      index.removed += 1;
    }
    await breathe(index.state?.bytes ?? 0, index.state?.bytes ?? 0, index.length);
  }
}

/** Null for a blank line. */
function read(index: DataIndex, file: string, { line, content, ended }: ScannedLine): DataRecord | 'broken' | null {
  const refuse = (code: ErrorCode, data: MessageData): 'broken' => {
    if (ended) index.firstBroken ??= { line: line + 1, code, data };
    return 'broken';
  };
  if (content === null) return refuse('review-line-too-long', { file, line: line + 1, limit: MOST_ROW_BYTES / 1024 / 1024 });
  const text = content.toString('utf8').trim();
  if (text === '') return null;
  try {
    return lineRecord(file, { line, text });
  } catch (error) {
    if (error instanceof DistillError) return refuse(error.code, error.data);
    throw error;
  }
}
