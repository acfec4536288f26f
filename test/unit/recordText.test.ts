/** The life of a row in words, and which lines of a file have one. */
import { describe, expect, test } from 'vitest';
import { FIELD_NAMES, isWritten, namedField } from '../../src/shared/fieldNames.ts';
import { sentence } from '../../src/shared/messages.ts';
import { NO_PROVENANCE, type DataRecord } from '../../src/shared/record.ts';
import { recordOfLine, reviewOf } from '../../src/shared/recordLine.ts';
import { recordLife, recordTexts } from '../../src/shared/recordText.ts';

const record: DataRecord = { format: 1, id: 'ab12', prompt: 'q', think: '', answer: 'a', gold: null, provenance: NO_PROVENANCE };

describe('a line of a file', () => {
  test('that is a record is one, also where its provenance says little', () => {
    expect(recordOfLine(JSON.stringify(record))).toEqual(record);
    expect(recordOfLine(JSON.stringify({ ...record, provenance: {} }))).toEqual(record);
    expect(recordOfLine(JSON.stringify({ ...record, provenance: { transformations: [3, { name: 'x' }], teacher: 7, cost: { amount: 'much' } } }))?.provenance).toEqual({ ...NO_PROVENANCE, transformations: [{ name: 'x' }] });
    expect(recordOfLine(JSON.stringify({ ...record, provenance: { verdict: { verdict: 'right', reason: 'equal-text', by: 'answer' } } }))?.provenance.verdict?.findings).toEqual([]);
  });

  test.each([
    ['of another format', '{"prompt":"q","answer":"a"}'], ['cut', JSON.stringify(record).slice(0, -5)], ['of a newer format', JSON.stringify({ ...record, format: 2 })],
    ['with texts that are none', JSON.stringify({ ...record, think: 7 })], ['empty', ''],
  ])('%s has no life to tell', (_name, text) => {
    expect(recordOfLine(text)).toBeNull();
  });

  test('has the last decision that its review’s file holds', () => {
    const line = (id: string, decision: string): string => JSON.stringify({ format: 1, id, decision });
    const text = [line('ab12', 'accept'), line('other', 'reject'), line('ab12', 'reject'), '<<<<<<< torn "ab12"', ''].join('\n');
    expect(reviewOf(text, 'ab12')?.decision).toBe('reject');
    expect(reviewOf(text, 'nobody')).toBeNull();
    expect(reviewOf('', 'ab12')).toBeNull();
  });
});

describe('the life of a row', () => {
  const wrong: DataRecord = {
    ...record,
    provenance: { ...NO_PROVENANCE, verdict: { verdict: 'wrong', reason: 'different-number', by: 'answer', found: '5', expected: '4', findings: ['repetition'] }, transformations: [{ name: 'clean/html' }, { name: 'review/edit', detail: { fields: 'answer' } }] },
  };
  const lines = (of: DataRecord, language: 'en' | 'zh-cn', review = null as Parameters<typeof recordLife>[1]['review']): string =>
    recordLife(of, { review, uses: [{ run: 'r1', fates: ['train', 'cut'] }] }, language).map(({ label, value }) => `${label}: ${value}`).join('\n');

  test('is told in both languages, without anything that isn’t known', () => {
    expect(lines(wrong, 'en')).toBe([
      'Row: ab12', 'Source: made here, from no file', 'Teacher: nobody was asked', 'Verdict: ✗ wrong: Another number. (by answer)', ': found “5”, expected “4”',
      'Findings: The reasoning goes round in circles.', 'Changes: 1. clean/html\n2. review/edit (fields answer)', 'Review: no decision', 'Runs: r1: trained on, cut at the length limit',
    ].join('\n'));
    expect(lines(wrong, 'zh-cn')).toContain('判定: ✗ 错误：数值不同。（答案比较）');
  });

  test('tells the review’s decision with its note', () => {
    expect(lines(record, 'en', { format: 1, id: 'ab12', decision: 'edit', edited: { answer: 'b', gold: null }, note: 'typo' })).toContain('Review: edited: answer, gold\n: typo');
  });

  test('folds its texts', () => {
    const texts = recordTexts({ ...record, think: 'one\ntwo\nthree' }, 2, 'en').map(({ label, value }) => `${label}: ${value}`);
    expect(texts).toEqual(['Question: q', 'Reasoning: one\ntwo\n… 1 more line', 'Answer: a', 'Reference: none']);
  });
});

test('a row of a format without lines is called one', () => {
  expect(sentence('data-row-empty', { file: 'x.parquet', line: 3, unit: 'row', field: 'prompt' }, 'en')).toBe('x.parquet, row 3: the field "prompt" is empty.');
  expect(sentence('data-row-empty', { file: 'x.jsonl', line: 3, field: 'prompt' }, 'en')).toBe('x.jsonl, line 3: the field "prompt" is empty.');
});

test('a field is found by its usual names, exact ones before those in other letters', () => {
  expect(namedField({ Question: 'a', problem: 'b' }, FIELD_NAMES.prompt, isWritten)).toBe('problem');
  expect(namedField({ Question: 'a' }, FIELD_NAMES.prompt, isWritten)).toBe('Question');
  expect(namedField({ prompt: '', title: 'x' }, FIELD_NAMES.prompt, isWritten)).toBeNull();
});
