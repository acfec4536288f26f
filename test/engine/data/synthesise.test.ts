import { describe, expect, test } from 'vitest';
import { run } from '../../../src/engine/data/synthesise/interpreter.ts';
import { newSynthesisReport, synthesise } from '../../../src/engine/data/synthesise/synthesise.ts';
import { PROBLEM_KINDS } from '../../../src/engine/data/synthesise/table.ts';
import { Voice } from '../../../src/engine/data/synthesise/voice.ts';
import { Draw } from '../../../src/engine/data/draw.ts';
import { statementsOf } from '../../../src/engine/data/symbolic/statements.ts';
import { loadComparer, verifyRecord } from '../../../src/engine/verify/verify.ts';
import { DistillError } from '../../../src/shared/messages.ts';
import { verify as verifySchema, type SynthesiseRecipe } from '../../../src/shared/recipeCollect.ts';
import type { DataRecord } from '../../../src/shared/record.ts';
import { arithmeticOf } from '../../../src/shared/stepsArithmetic.ts';
import { plainForms } from '../../../src/shared/stepsNumbers.ts';

const recipe = (options: Partial<SynthesiseRecipe>): SynthesiseRecipe => ({ rows: 100, difficulty: [1, 5], languages: ['en', 'zh'], seed: 11, ...options });
const made = (options: Partial<SynthesiseRecipe>): DataRecord[] => [...synthesise(recipe(options))];

describe.each(PROBLEM_KINDS.map((kind) => [kind.name, kind] as const))('%s', (name, kind) => {
  const rows = made({ kinds: [name], rows: 300 });

  test('comes in every difficulty and both languages, each problem once', () => {
    expect(rows).toHaveLength(300);
    for (const language of ['en', 'zh']) for (const difficulty of [1, 2, 3, 4, 5]) expect(rows.filter((row) => row.language === language && row.difficulty === difficulty)).toHaveLength(30);
    expect(new Set(rows.map(({ prompt }) => prompt)).size).toBe(300);
    expect(new Set(rows.map(({ id }) => id)).size).toBe(300);
    // Chinese problems are Chinese, English ones are not.
    for (const { language, prompt, think, answer } of rows) {
      expect(/\p{Script=Han}/u.test(prompt), prompt).toBe(language === 'zh');
      if (language === 'en') expect(/\p{Script=Han}/u.test(think + answer), think).toBe(false);
    }
  });

  test('states nothing that is not so: every a op b = c of every trace, read by the tools that check other people’s traces', () => {
    let equations = 0;
    for (const { think, prompt } of rows) {
      for (const line of think.split('\n')) {
        const { equations: found, slips } = arithmeticOf(plainForms(line));
        equations += found.length;
        expect(slips, `${prompt}\n${line}`).toEqual([]);
      }
    }
    if (kind.task === 'maths') expect(equations).toBeGreaterThan(150);
  });

  test('has an answer that verification accepts', async () => {
    await loadComparer();
    const options = verifySchema.parse({});
    for (const record of rows.slice(0, 60)) {
      expect((await verifyRecord(record, options)).verdict, `${record.prompt}\n${record.answer} / ${String(record.gold)}`).toBe('right');
    }
  });

  test('refuses wrong answers: the checker can fail', () => {
    const draw = new Draw(5, name);
    const golds: string[] = [];
    let refused = 0;
    for (let tries = 0; refused < 60 && tries < 4000; tries++) {
      const draft = kind.make(draw, (1 + tries % 5) as 1 | 2 | 3 | 4 | 5, new Voice('en', draw));
      if (draft === null) continue;
      expect(kind.check(draft.statement, draft.gold)).toBe(true);
      golds.push(draft.gold);
      for (const wrong of wrongAnswers(draft.gold, draw.pick(golds))) {
        expect(kind.check(draft.statement, wrong), `${draft.statement} ${wrong} for ${draft.gold}`).toBe(false);
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThanOrEqual(60);
  });

  test('words its problems in several ways', () => {
    for (const language of ['en', 'zh']) {
      const frames = new Set(rows.filter((row) => row.language === language).map(({ prompt }) => prompt.replaceAll(/[\d\p{P}\p{S}a-z]/gu, '').slice(0, 12)));
      expect(frames.size).toBeGreaterThanOrEqual(2);
    }
  });
});

/** Near ones: one more, the other sign, a part missing or swapped, another problem's. */
function wrongAnswers(gold: string, other: string): readonly string[] {
  const number = /^-?\d+$/.test(gold);
  const parts = gold.split(', ');
  return [...new Set([
    ...(number ? [String(Number(gold) + 1), String(Number(gold) - 1), ...(gold === '0' ? [] : [String(-Number(gold))])] : [`${gold}1`]),
    ...(parts.length > 1 && !gold.startsWith('[') ? [parts.slice(1).join(', '), [...parts].reverse().join(', ')] : []),
    ...(other !== gold && !sameNumber(other, gold) ? [other] : []), '',
  ])].filter((wrong) => wrong !== gold);
}

/** Another problem's 2x + 1 may be this one's, too; so may a number of the same value. */
const sameNumber = (a: string, b: string): boolean => a.replaceAll(' ', '') === b.replaceAll(' ', '') || Number(a) === Number(b);

describe('a synthesis', () => {
  test('is the same for the same seed, and another for another', () => {
    const texts = (seed: number): string => JSON.stringify(made({ rows: 200, seed }));
    expect(texts(1)).toBe(texts(1));
    expect(texts(1)).not.toBe(texts(2));
  });

  test('spreads evenly over kinds', () => {
    const rows = made({ rows: PROBLEM_KINDS.length * 10 });
    for (const { name } of PROBLEM_KINDS) expect(rows.filter(({ provenance }) => provenance.source?.file === `synthesise/${name}`).length).toBe(10);
  });

  test('ends early where a kind has no more different problems, and says so', () => {
    const report = newSynthesisReport();
    const rows = [...synthesise(recipe({ kinds: ['quadratic-equations'], rows: 5000, difficulty: [2, 2], languages: ['en'] }), report)];
    expect(rows.length).toBeLessThan(5000);
    expect(rows.length).toBeGreaterThan(100);
    expect(report.exhausted).toEqual([{ kind: 'quadratic-equations', difficulty: 2, language: 'en' }]);
    expect(new Set(rows.map(({ prompt }) => prompt.replaceAll(/^[^-\dx]+|[^\dx]+$/g, ''))).size).toBeGreaterThan(100);
  });

  test('refuses a kind that it does not know, with the nearest one, and a difficulty the wrong way round', () => {
    expect(() => made({ kinds: ['fraction'] })).toThrow(DistillError);
    expect(() => made({ kinds: ['fraction'] })).toThrow(/nearest: fractions/);
    expect(() => made({ difficulty: [4, 2] })).toThrow(/from 4 to 2/);
  });

  test('carries its provenance', () => {
    const [row] = made({ kinds: ['limits'], rows: 1, seed: 3, difficulty: [2, 2], languages: ['zh'] });
    expect(row).toMatchObject({ format: 1, task: 'maths', language: 'zh', difficulty: 2, provenance: { source: { file: 'synthesise/limits', format: 'synthesis', row: 1 }, transformations: [{ name: 'synthesise/limits', detail: { seed: 3, proof: 'numeric' } }] } });
  });
});

describe('statements of a text', () => {
  test('are read with their words around them and evaluated exactly', () => {
    expect(statementsOf('So 3 × (4 - 1) = 9, and 1/2 + 1/3 = 5/6. Then 17 mod 5 = 2 (as above).')).toEqual({ checked: 3, untrue: [], unread: [] });
    expect(statementsOf('先算 12 × 3 = 36，再算 36 ÷ 4 = 9。C(5, 2) = 10，gcd(48, 18) = 6')).toEqual({ checked: 4, untrue: [], unread: [] });
    expect(statementsOf('0.1 + 0.2 = 0.3; 2 ÷ 3 ≈ 0.67')).toEqual({ checked: 2, untrue: [], unread: [] });
  });

  test('that are not so are named', () => {
    expect(statementsOf('3 + 4 = 8').untrue).toEqual(['3 + 4 = 8']);
    expect(statementsOf('0.1 + 0.2 = 0.30000001').untrue).toHaveLength(1);
    expect(statementsOf('2x + 3 = 11', { x: { n: 4n, d: 1n } })).toEqual({ checked: 1, untrue: [], unread: [] });
    expect(statementsOf('2x + 3 = 12', { x: { n: 4n, d: 1n } }).untrue).toHaveLength(1);
    expect(statementsOf('2x + 3 = 12').checked).toBe(0);
    expect(statementsOf('2 ÷ 3 ≈ 0.66').untrue).toHaveLength(1);
    expect(statementsOf('5 + × 3 = 8').unread).toHaveLength(1);
  });
});

describe('the interpreter', () => {
  // What CPython 3 prints for the same text.
  test.each([
    ['xs = [3, 1, 2]\nprint(sorted(xs, reverse=True))', '[3, 2, 1]'],
    ['xs = [4, 5, 6, 7]\nxs = [x * 2 for x in xs if x % 2 == 0]\nprint(xs[::-1])', '[12, 8]'],
    ['xs = []\nxs = [x for x in xs if x > (3 + 1)]\nprint(len(xs))', '0'],
    ['xs = [1, 1, 2]\nprint(list(dict.fromkeys(xs)) + [9])', '[1, 2, 9]'],
    ['s = "banana"\ns = "".join(c for c in s if c not in "aeiou")\nprint(s + "!" * 2)', 'bnn!!'],
    ['s = "hello"\nprint(s[1:4].upper().replace("L", "-"))', 'E--'],
    ['s = "hello"\nprint(s[-3:].index("l"))', '0'],
    ['xs = ["b", "a"]\nprint(sorted(xs))', "['a', 'b']"],
    ['print(7 // 2 - 7 % 3)', '2'],
  ])('%j prints %s', (program, printed) => {
    expect(run(program)).toBe(printed);
  });

  test.each(['print(x)', 'xs = [1', 'print([1, 2][5])', 'print(1 // 0)', 'import os', 'print("a" + 1)', 'print(open("x"))', 'print(1)\nprint(2)', ''])('%j gives nothing', (program) => {
    expect(run(program)).toBeNull();
  });
});
