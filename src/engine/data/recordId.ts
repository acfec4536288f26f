import { createHash } from 'node:crypto';
import type { DataRecord } from '../../shared/record.ts';

/** Hexadecimal digits of an id: 64 bits, so that even among a hundred million rows a collision is unlikely. */
const DIGITS = 16;

/** The id of a row that brings none: of its content, so that rows may move within a file and keep their reviews. */
export function recordId({ prompt, think, answer, gold }: Pick<DataRecord, 'prompt' | 'think' | 'answer' | 'gold'>): string {
  return createHash('sha256').update(JSON.stringify([prompt, think, answer, gold])).digest('hex').slice(0, DIGITS);
}
