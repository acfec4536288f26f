/** Real outputs of two models, DeepSeek-R1-Distill-Qwen-32B and -1.5B, and of DeepSeek-R1: data that the repository may not hold. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { splitSteps } from '../../src/shared/steps.ts';
import { compareTraces } from '../../src/shared/traceComparison.ts';
import { renderDocuments } from '../../src/shared/traceDocument.ts';
import { pairRecordings, parseTraceRows } from '../../src/shared/traceImport.ts';

const data = path.resolve(import.meta.dirname, '../..', process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
const read = (file: string): ReturnType<typeof parseTraceRows> => parseTraceRows(readFileSync(path.join(data, file), 'utf8'), file);
const here = (folder: string): boolean => existsSync(path.join(data, folder));
/** How many of the pairs, evenly chosen, are gone through with everything; every text is split. */
const EVERY = 4;

describe.skipIf(!here('r1-distill-pair'))('the 100 pairs of r1-distill-pair (left out where DISTILL_TEST_DATA has none)', () => {
  const pairs = here('r1-distill-pair') ? pairRecordings(read('r1-distill-pair/qwen-32b.json'), read('r1-distill-pair/qwen-1.5b.json'), { teacher: '32b', student: '1.5b' }) : [];

  test('split without loss into steps that can be read', () => {
    expect(pairs).toHaveLength(100);
    for (const trace of pairs.flatMap(({ teacher, student }) => [teacher, student])) {
      for (const text of [trace.think, trace.answer]) {
        const steps = splitSteps(text);
        expect(steps.map(({ start, end }) => text.slice(start, end)).join('') === text, `${trace.id} is whole`).toBe(true);
        for (const step of steps) expect(step.text.length, trace.id).toBeLessThan(1600);
      }
    }
  });

  test('align with every step once and in order, and render to documents of equal length', () => {
    for (const { teacher, student } of pairs.filter((_, i) => i % EVERY === 0)) {
      const comparison = compareTraces(teacher, student);
      for (const section of comparison.sections) {
        for (const role of ['teacher', 'student'] as const) expect(section.alignment.rows.flatMap((row) => row[role])).toEqual(section[role].map((_, i) => i));
      }
      const documents = renderDocuments(comparison, 'en');
      expect(documents.teacher.split('\n').length).toBe(documents.student.split('\n').length);
      expect(documents.teacher).toContain('? unknown');
    }
  });

  test('raise few alarms about arithmetic: each of them was checked by hand and is wrong in the text', () => {
    const slips = pairs.flatMap(({ teacher, student }) => [teacher, student]).flatMap((trace) => [trace.think, trace.answer].flatMap((text) => splitSteps(text).flatMap((step) => step.slips.map(({ expected }) => `${trace.id} ${Number(expected.toPrecision(6))}`))));
    expect(slips).toEqual([
      '18-teacher 36', '18-teacher 36', '18-student 18', '25-teacher 1.02349e+21', '25-teacher 139314000000000000', '25-student 426.644', '61-student 3024', '95-student 2288',
    ]);
  });
});

describe.skipIf(!here('r1-gsm8k'))('DeepSeek-R1’s answers in English and Chinese (left out where DISTILL_TEST_DATA has none)', () => {
  test.each(['en', 'zh'])('%s: split without loss, and hardly ever told to be wrong', (language) => {
    const rows = (here('r1-gsm8k') ? read(`r1-gsm8k/${language}.jsonl`) : []).filter((_, i) => i % 2 === 0);
    let wrong = 0;
    for (const row of rows) {
      const text = String(row['reasoning']);
      const steps = splitSteps(text);
      expect(steps.map(({ start, end }) => text.slice(start, end)).join('') === text).toBe(true);
      wrong += steps.reduce((sum, step) => sum + step.slips.length, 0);
    }
    expect(wrong).toBeLessThan(rows.length / 10);
  });
});
