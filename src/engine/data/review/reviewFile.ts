/** The side file of a person's decisions (shared/review.ts): read, applied to a record, written as a whole. */
import { readFile, rm } from 'node:fs/promises';
import { DistillError } from '../../../shared/messages.ts';
import { transformed, type DataRecord } from '../../../shared/record.ts';
import { reviewFileOf, type ReviewDecision, type ReviewLine } from '../../../shared/review.ts';
import { systemCode, withFileErrors } from '../../../system/fileErrors.ts';
import { writeWholeFile } from '../../../system/wholeFile.ts';

const DECISIONS = ['accept', 'reject', 'quarantine', 'edit'] as const satisfies readonly ReviewDecision[];

/**
 * The decisions on the rows of a data file by the id of the record; empty where nobody has decided anything.
 * Throws DistillError `review-line-broken` or `review-merge` (git left both sides in it): a rejected row must not be trained
 * on because a line could not be read.
 * @param dataFile the data file, not the side file
 */
export async function readReview(dataFile: string): Promise<ReadonlyMap<string, ReviewLine>> {
  const file = reviewFileOf(dataFile);
  let text: string;
  try {
    text = await withFileErrors(file, () => readFile(file, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return new Map();
    throw error;
  }
  return parseReview(text, file);
}

/** See readReview; `file` is the side file, for the errors. The last line of an id counts. */
function parseReview(text: string, file: string): ReadonlyMap<string, ReviewLine> {
  const lines = new Map<string, ReviewLine>();
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim();
    if (words === '') continue;
    if (/^(<{7}|={7}|>{7}|\|{7})/.test(words)) throw new DistillError('review-merge', { file, line: index + 1 });
    const decided = parseLine(words);
    if (decided === null) throw new DistillError('review-line-broken', { file, line: index + 1 });
    lines.set(decided.id, decided);
  }
  return lines;
}

function parseLine(words: string): ReviewLine | null {
  let value: unknown;
  try {
    value = JSON.parse(words);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { format, id, decision, edited, note } = value as Readonly<Record<string, unknown>>;
  const known = DECISIONS.find((each) => each === decision);
  if (format !== 1 || typeof id !== 'string' || known === undefined) return null;
  const texts = edited === undefined ? undefined : editedTexts(edited);
  if (texts === null || (note !== undefined && typeof note !== 'string')) return null;
  return { format: 1, id, decision: known, ...(texts === undefined ? {} : { edited: texts }), ...(note === undefined ? {} : { note }) };
}

type Edited = NonNullable<ReviewLine['edited']>;

/** Null where it is none. */
function editedTexts(value: unknown): Edited | null {
  if (typeof value !== 'object' || value === null) return null;
  const texts: { prompt?: string; think?: string; answer?: string; gold?: string | null } = {};
  for (const [key, text] of Object.entries(value)) {
    if (key === 'gold' && text === null) texts.gold = null;
    else if ((key === 'prompt' || key === 'think' || key === 'answer' || key === 'gold') && typeof text === 'string') texts[key] = text;
    else return null;
  }
  return texts;
}

/** One line of the side file; keys in a fixed order, so that a diff shows nothing but what was decided. */
export function reviewLine({ id, decision, edited, note }: Omit<ReviewLine, 'format'>): string {
  const texts = edited && {
    ...(edited.prompt === undefined ? {} : { prompt: edited.prompt }), ...(edited.think === undefined ? {} : { think: edited.think }),
    ...(edited.answer === undefined ? {} : { answer: edited.answer }), ...(edited.gold === undefined ? {} : { gold: edited.gold }),
  };
  return `${JSON.stringify({ format: 1, id, decision, ...(texts === undefined ? {} : { edited: texts }), ...(note === undefined ? {} : { note }) })}\n`;
}

/**
 * Writes the side file of `dataFile` as a whole; no lines remove it.
 * @param lines in the order of the rows, an id once
 */
export async function writeReview(dataFile: string, lines: Iterable<Omit<ReviewLine, 'format'>>): Promise<void> {
  await writeReviewBytes(dataFile, Buffer.concat([...pieces(lines)]));
}

/** See writeReview; what reviewLine wrote. */
export async function writeReviewBytes(dataFile: string, content: Uint8Array): Promise<void> {
  const file = reviewFileOf(dataFile);
  if (content.length === 0) await withFileErrors(file, () => rm(file, { force: true }));
  else await writeWholeFile(file, content);
}

/** How many lines are joined before they become bytes: neither a string of a million lines nor a buffer for each. */
const LINES_A_PIECE = 4096;

function* pieces(lines: Iterable<Omit<ReviewLine, 'format'>>): Generator<Buffer> {
  let piece: string[] = [];
  for (const line of lines) {
    piece.push(reviewLine(line));
    if (piece.length === LINES_A_PIECE) {
      yield Buffer.from(piece.join(''));
      piece = [];
    }
  }
  yield Buffer.from(piece.join(''));
}

/** The record as a person wants it trained on: null where it was rejected or quarantined, with the new texts where edited. */
export function reviewedRecord(record: DataRecord, line: ReviewLine | undefined): DataRecord | null {
  if (line === undefined || line.decision === 'accept') return record;
  if (line.decision !== 'edit') return null;
  return transformed(record, line.edited ?? {}, { name: 'review/edit', detail: { fields: Object.keys(line.edited ?? {}).join(', ') } });
}
