import { describe, expect, test } from 'vitest';
import { DistillError } from '../../src/shared/messages.ts';
import { splitThink } from '../../src/shared/trace.ts';
import { compareTraces } from '../../src/shared/traceComparison.ts';
import { renderDocuments } from '../../src/shared/traceDocument.ts';
import { pairRecordings, parseTraceRows, traceOfRow } from '../../src/shared/traceImport.ts';
import { RELATION_SIGNS, TRACE_LABELS, writtenLeft, writtenNumber } from '../../src/shared/traceLabels.ts';
import { pageOf } from '../../src/shared/tracePanel.ts';
import { labelledPairs, traceOf, type LabelledPair } from '../fixtures/traces.ts';

const named = (name: string): LabelledPair => labelledPairs.find((pair) => pair.name === name) as LabelledPair;
const compared = (name: string): ReturnType<typeof compareTraces> => compareTraces(traceOf(named(name), 'teacher'), traceOf(named(name), 'student'));
const rows = (text: string): string[] => text.split('\n');

describe('the two documents', () => {
  test('have the same number of lines, and the same headings on the same lines', () => {
    for (const { name } of labelledPairs) {
      for (const language of ['en', 'zh-cn'] as const) {
        const { teacher, student, lines } = renderDocuments(compared(name), language);
        const [ours, theirs] = [rows(teacher), rows(student)];
        expect(ours.length).toBe(theirs.length);
        expect(lines.length).toBe(ours.length - 1);
        lines.forEach((line, i) => {
          if (line?.heading === true) expect(ours[i]).toBe(theirs[i]);
        });
      }
    }
  });

  test('put every line of every step on the line that the map names', () => {
    for (const { name } of labelledPairs.filter((pair) => pair.name !== 'cube-loop')) {
      const comparison = compared(name);
      const documents = renderDocuments(comparison, 'en');
      for (const role of ['teacher', 'student'] as const) {
        for (const section of comparison.sections) {
          const shown = section[role].map((_, step) => documents.lines.flatMap((line, i) => (line?.section === section.name && !line.heading && line[role] === step ? [rows(documents[role])[i]] : [])).join('\n'));
          expect(shown).toEqual(section[role].map(({ text }) => text.split('\n').map((line) => line.trimEnd()).join('\n')));
        }
      }
    }
  });

  test('stand matched steps beside each other', () => {
    const { teacher, student } = renderDocuments(compared('train-list'), 'en');
    const line = rows(teacher).findIndex((text) => text.includes('Total distance'));
    expect(rows(student)[line]).toContain('Adding the two parts');
  });

  test('begin with the question, the gold answer, both verdicts, lengths and ends', () => {
    const { teacher, student } = renderDocuments(compared('bakery'), 'en');
    expect(teacher).toMatch(/^# Question\nA bakery sells/);
    expect(teacher).toContain('Gold answer: 126');
    expect(teacher).toContain('Teacher: ✓ right · ');
    expect(student).toContain('Student: ✗ wrong · ');
    expect(renderDocuments(compared('cube-loop'), 'zh-cn').student).toContain('被长度上限截断');
  });

  test('say in words and signs what the colours say', () => {
    const { student } = renderDocuments(compared('bakery'), 'en');
    expect(student).toContain('≠ contradicts · first wrong step of the student: arithmetic');
    expect(student).toContain('Student: 12 × 7 is 84, not 94');
    expect(student).toContain('12 × 7: teacher 84, student 94');
    expect(renderDocuments(compared('bakery'), 'zh-cn').student).toContain('学生：12 × 7 应为 84，不是 94');
    expect(new Set(Object.values(RELATION_SIGNS)).size).toBe(4);
  });

  test('tell a loop instead of showing it whole', () => {
    const { student } = renderDocuments(compared('cube-loop'), 'en');
    expect(student).toContain('loop: the steps before, 5 more times (10 steps)');
    expect(student.match(/count the edges again/g)?.length).toBe(3);
  });

  test('show one model alone, and an unknown verdict as unknown', () => {
    const pair = named('fence');
    const { student, teacher } = renderDocuments(compareTraces(null, { ...traceOf(pair, 'student'), verdict: 'unknown', gold: null }), 'en');
    expect(teacher).toContain('Teacher: no trace of this example');
    expect(student).toContain('Student: ? unknown');
    expect(student).toContain('Gold answer: none in the data');
  });

  test('keep what the model wrote as it is, markup and commands included, on as many lines as it has', () => {
    const nasty = '<img src=x onerror=alert(1)> [run](command:workbench.action.quit) ### 1 = both\u2028second\u2029third\rfourth line of it.';
    const trace = { ...traceOf(named('fence'), 'student'), think: nasty };
    const documents = renderDocuments(compareTraces(traceOf(named('fence'), 'teacher'), trace), 'en');
    expect(documents.student).toContain('<img src=x onerror=alert(1)> [run](command:workbench.action.quit)');
    expect(documents.student.split(/\r\n?|[\n\u2028\u2029]/).length).toBe(documents.teacher.split(/\r\n?|[\n\u2028\u2029]/).length);
  });
});

test('the page holds every step once, with its number, and the rows that are to be found', () => {
  const page = pageOf(compared('bakery'), { folder: '/run', title: 'run' }, 'en');
  const think = page.sections[0];
  expect(think?.rows.flatMap(({ student }) => student.map(({ number }) => number))).toEqual(think?.rows.flatMap(({ student }) => student).map((_, i) => i + 1));
  expect(think?.rows[think.firstWrong ?? -1]).toMatchObject({ relation: 'contradicting', wrong: true });
  expect(JSON.parse(JSON.stringify(page))).toEqual(page);
});

test('both languages have every label', () => {
  expect(Object.keys(TRACE_LABELS['zh-cn'])).toEqual(Object.keys(TRACE_LABELS.en));
});

test('calculations and numbers are written as people write them', () => {
  expect(writtenLeft('(1098240/480)', 'en')).toBe('1,098,240 ÷ 480');
  expect(writtenLeft('((12*7)+5)', 'en')).toBe('(12 × 7) + 5');
  expect(writtenLeft('!(5)', 'en')).toBe('5!');
  expect([writtenNumber(1 / 3, 'en'), writtenNumber(1234567, 'en'), writtenNumber(6.02e23, 'en')]).toEqual(['0.333333', '1,234,567', '6.020e+23']);
});

describe('a model’s text', () => {
  test.each([
    ['<think>a</think>\n\nb', 'a', 'b'],
    ['a</think>b', 'a', 'b'],
    ['<think>cut in the mid', 'cut in the mid', ''],
    ['no tags at all', '', 'no tags at all'],
    ['<think>\n\n</think>\n\nonly the answer', '\n\n', 'only the answer'],
    ['<THINKING>a</THINKING>b', 'a', 'b'],
  ])('%j is taken apart', (text, think, answer) => {
    expect(splitThink(text)).toEqual({ think, answer });
  });
});

describe('recordings', () => {
  test('are read as a JSON array or as JSONL, under the usual names', () => {
    const array = parseTraceRows('[{"response":"<think>a</think>b","question":"q","gold":7}]', 'a.json');
    const lines = parseTraceRows('{"reasoning_content":"a","answer":"b"}\n\n{"output":"c"}\n', 'b.jsonl');
    expect(traceOfRow(array[0] ?? {}, 0, 'teacher', 'a.json')).toMatchObject({ think: 'a', answer: 'b', prompt: 'q', gold: '7', verdict: 'unknown', example: '1' });
    expect(lines.map((row, i) => traceOfRow(row, i, 'student', 'b.jsonl').answer)).toEqual(['b', 'c']);
  });

  const thrown = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      if (error instanceof DistillError) return error.message;
      throw error;
    }
    return 'nothing was thrown';
  };

  test('that cannot be read are named with file, line and what was looked for', () => {
    expect(thrown(() => parseTraceRows('{"a":1}\n{broken', 'x.jsonl'))).toContain('x.jsonl line 2 ');
    expect(thrown(() => parseTraceRows('[1, 2]', 'x.json'))).toContain('x.json line 1 ');
    expect(thrown(() => traceOfRow({ foo: 1 }, 4, 'teacher', 'x.json'))).toMatch(/x\.json row 5 .*response.*have: foo/);
    expect(thrown(() => pairRecordings([{ text: 'a' }], [], { teacher: 't.json', student: 's.json' }))).toContain('t.json has 1 rows and s.json has 0');
  });
});
