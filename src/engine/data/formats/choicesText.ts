/**
 * LogiQA's text layout (Liu et al. 2020): eight lines an item, blank, letter of the right option, passage, question, four
 * options. Recognised by its first two lines.
 */
import { DistillError } from '../../../shared/messages.ts';
import { encodedBytes } from './encoding.ts';
import { unpackedBytes, type BytesOptions } from './fileBytes.ts';
import { byteLines, decodedLine, ROW_LIMIT_TEXT } from './lines.ts';
import { withoutLetters } from './options.ts';
import type { RawRow } from './rawRow.ts';

const LINES = 8;

export function looksLikeChoices(head: string): boolean {
  return /^\uFEFF?[ \t]*\r?\n[a-d][ \t]*\r?\n\S/i.test(head);
}

/** Rows stand at the line of their letter. */
export async function* choicesRows(file: string, options: BytesOptions = {}): AsyncGenerator<RawRow> {
  const bytes = encodedBytes(unpackedBytes(file, options), file);
  let item: string[] = [];
  let start = 1;
  for await (const { line, bytes: raw } of byteLines(bytes.pieces)) {
    if (raw === null) throw new DistillError('data-row-too-big', { file, line, limit: ROW_LIMIT_TEXT });
    const read = decodedLine(bytes, raw, file, line);
    if (read.broken !== null) throw read.broken;
    if (item.length === 0) start = line;
    item.push(read.text ?? '');
    if (item.length < LINES) continue;
    yield choice(item, file, start);
    item = [];
  }
  if (item.some((text) => text !== '')) yield { row: start, at: { file, line: start }, broken: new DistillError('data-choices-item', { file, line: start, lines: LINES }) };
}

function choice(lines: readonly string[], file: string, start: number): RawRow {
  const [blank, letter, passage, question, ...options] = lines;
  const at = { file, line: start + 1 };
  const right = /^[a-d]$/i.test(letter ?? '') && blank === '' && question !== '' && options.every((option) => option !== '');
  if (!right) return { row: start + 1, at, broken: new DistillError('data-choices-item', { ...at, lines: LINES }) };
  return { row: start + 1, at, value: { context: passage, question, options: withoutLetters(options), correct_option: letter?.toUpperCase() } };
}
