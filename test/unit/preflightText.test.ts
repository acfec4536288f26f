import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkPageOf } from '../../src/shared/checkPanel.ts';
import { CHECKS, editedRecipe, type Finding, type PreflightReport } from '../../src/shared/preflight.ts';
import { checkTitle, findingText, FIXES, fixText, PREFLIGHT, reportText, WORDS } from '../../src/shared/preflightText.ts';

const room = path.resolve(import.meta.dirname, '../../src/engine/check');
const code = readdirSync(room).map((name) => readFileSync(path.join(room, name), 'utf8')).join('\n');

describe('the sentences of the pre-flight', () => {
  test('are all used, and keep their places in Chinese', () => {
    // `@${part}` is made of literals of a union.
    const used = (name: string): boolean => code.includes(`'${name}'`) || code.includes(`'@${name}'`);
    expect(Object.keys({ ...PREFLIGHT, ...FIXES }).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
    expect(Object.keys(WORDS).filter((name) => !used(name))).toEqual([]);
    const places = (text: string): readonly string[] => [...new Set([...text.matchAll(/\{\w+\}/g)].map(String))].sort();
    for (const [name, { en, 'zh-cn': zh }] of Object.entries({ ...PREFLIGHT, ...FIXES })) {
      expect(places(zh), name).toEqual(places(en));
      expect(zh, name).toMatch(/\p{Script=Han}/u);
    }
  });

  test('fill words in the person’s language, and leave texts that only look like one', () => {
    const finding = { code: 'think-survives', data: { pieces: '@pieces', count: 3 } } as const;
    expect(findingText(finding, 'en')).toContain('<think> is 3 tokens.');
    expect(findingText(finding, 'zh-cn')).toContain('<think> 为 3 个词元');
    expect(findingText({ code: 'vocabulary-extended', data: { more: 1, teacher: '@home' } }, 'en')).toContain('"@home"');
    expect(fixText({ label: 'set', data: { path: 'data.maxLength', value: 64 } }, 'en')).toBe('Set data.maxLength to 64');
    expect(new Set(CHECKS.map((check) => checkTitle(check, 'zh-cn'))).size).toBe(CHECKS.length);
  });
});

const finding = (change: Partial<Finding>): Finding => ({ check: 'length', level: 'pass', subject: null, code: 'recipe-fine', data: {}, path: null, evidence: null, fix: null, estimated: false, ...change });
const report = (findings: readonly Finding[]): PreflightReport => ({ format: 1, recipe: '/p/distill.json', name: 'p', findings });

test('the page groups by teacher and topic, the worst first, and marks what was mended since', () => {
  const fix = { label: 'set', data: { path: 'x', value: 1 }, edits: [{ path: ['x'], value: 1 }] } as const;
  const page = checkPageOf(report([
    finding({ check: 'models', subject: 'b' }), finding({ check: 'tokens', subject: 'a', level: 'refusal' }), finding({ check: 'special', subject: 'a', level: 'warning' }),
    finding({ check: 'length', level: 'warning', path: ['x'], fix }), finding({ check: 'recipe' }),
  ]), { stale: true, fixed: (each) => each.fix !== null }, 'en');
  expect(page.groups.map(({ title, findings }) => [title, findings.map(({ level }) => level)])).toEqual([
    ['Teacher “a” ↔ student', ['refusal', 'warning']], ['Data', ['warning']], ['Teacher “b” ↔ student', ['pass']], ['Recipe and student', ['pass']],
  ]);
  expect(page.groups[1]?.findings[0]).toMatchObject({ index: 3, fix: 'Set x to 1', fixed: true, placed: true });
  expect(page.counts).toEqual({ pass: 2, warning: 2, refusal: 1 });
});

test('the report as text has one line a finding, with what was seen and the way out', () => {
  const text = reportText(report([finding({ level: 'refusal', code: 'data-no-evaluation', evidence: { columns: ['text', 'student'], rows: [['a\nb', '@end']] }, fix: { label: 'student-alone', data: {}, edits: [] } })]), 'en');
  expect(text.split('\n').slice(1)).toEqual(['✗ Row lengths: The recipe evaluates, but no prompt is held out for it.', '    text | student', '    a⏎b | end', '    → Evaluate the student alone']);
});

test('edits keep comments, take keys out, and make what is missing', () => {
  const text = '{\n  // why\n  "a": 1, "b": { "c": 2 }\n}';
  expect(editedRecipe(text, [{ path: ['b', 'c'] }, { path: ['b', 'd'], value: [1] }, { path: ['nothing'] }])).toContain('// why');
  expect(JSON.parse(editedRecipe(text.replace('// why\n', '\n'), [{ path: ['b', 'c'] }, { path: ['b', 'd'], value: [1] }]))).toEqual({ a: 1, b: { d: [1] } });
});

test('a missing or refused key is offered as a command, in plain words; nothing else is', () => {
  const of = (code: Finding['code'], data: Finding['data']): Finding => ({ check: 'api', level: 'refusal', subject: 'r1', code, data, path: null, evidence: null, fix: null, estimated: false });
  const report: PreflightReport = { format: 1, recipe: 'distill.json', name: 'x', findings: [of('api-no-key', { variable: 'KEY' }), of('api-key-refused', { address: 'a', variable: 'KEY', status: 401 }), of('api-not-reached', { address: 'a', detail: 'b' })] };
  const views = checkPageOf(report, { stale: false, fixed: () => false }, 'en').groups.flatMap(({ findings }) => findings);
  expect(views.map(({ setKey }) => setKey)).toEqual(['Set Teacher API Key…', 'Set Teacher API Key…', null]);
  expect(views.map(({ text }) => text).join()).not.toContain('*');
});
