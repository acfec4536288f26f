import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import type { ReviewLine } from '../../../src/shared/review.ts';
import { readReview, reviewedRecord, writeReview } from '../../../src/engine/data/review/reviewFile.ts';

const record: DataRecord = { format: 1, id: 'a', prompt: '2 + 2?', think: 'two and two', answer: '4', gold: '4', provenance: NO_PROVENANCE };
const line = (words: Partial<ReviewLine>): ReviewLine => ({ format: 1, id: 'a', decision: 'edit', ...words });

describe('the side file of decisions', () => {
  let folder: string;
  let data: string;
  const side = (): string => path.join(folder, 'traces.review.jsonl');
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'dw-review-'));
    data = path.join(folder, 'traces.jsonl');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('comes back as it was written, one line a decision, in the given order', async () => {
    const lines = [line({ id: 'b', decision: 'reject', note: 'wrong\nunit' }), line({ edited: { answer: '5\u2028', gold: null } }), line({ id: '题', decision: 'accept' })];
    await writeReview(data, lines);
    expect((await readFile(side(), 'utf8')).trimEnd().split('\n')).toEqual([
      '{"format":1,"id":"b","decision":"reject","note":"wrong\\nunit"}',
      '{"format":1,"id":"a","decision":"edit","edited":{"answer":"5\u2028","gold":null}}',
      '{"format":1,"id":"题","decision":"accept"}',
    ]);
    expect([...(await readReview(data)).values()]).toEqual(lines);
  });

  test('is not there where nothing is decided, and goes when the last decision goes', async () => {
    expect(await readReview(data)).toEqual(new Map());
    await writeReview(data, [line({})]);
    await writeReview(data, []);
    expect(existsSync(side())).toBe(false);
  });

  test.each([
    ['no JSON', '{"format":1,', 'review-line-broken', 2],
    ['an unknown decision', '{"format":1,"id":"a","decision":"maybe"}', 'review-line-broken', 2],
    ['a text that is none', '{"format":1,"id":"a","decision":"edit","edited":{"answer":4}}', 'review-line-broken', 2],
    ['a merge', '<<<<<<< HEAD', 'review-merge', 2],
  ])('is refused with its line where it holds %s: nothing rejected is trained on by mistake', async (_, broken, code, place) => {
    await writeFile(side(), `{"format":1,"id":"x","decision":"accept"}\n${broken}\n`);
    await expect(readReview(data)).rejects.toMatchObject({ code, data: { file: side(), line: place } });
  });

  test('says what is trained on: rejected and quarantined rows are not, edited ones with their new texts', () => {
    expect(reviewedRecord(record, undefined)).toBe(record);
    expect(reviewedRecord(record, line({ decision: 'accept' }))).toBe(record);
    expect(reviewedRecord(record, line({ decision: 'reject' }))).toBeNull();
    expect(reviewedRecord(record, line({ decision: 'quarantine' }))).toBeNull();
    expect(reviewedRecord(record, line({ edited: { answer: 'four' } }))).toMatchObject({
      id: 'a', answer: 'four', think: 'two and two', gold: '4', provenance: { transformations: [{ name: 'review/edit', detail: { fields: 'answer' } }] },
    });
  });
});
