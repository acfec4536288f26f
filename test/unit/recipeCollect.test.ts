import { expect, test } from 'vitest';
import { readRecipe } from '../../src/shared/recipeText.ts';

const API = { type: 'api', service: 'deepseek', model: 'deepseek-reasoner' } as const;
const ASK = { type: 'collect', from: 'data/questions.jsonl', ask: {}, to: 'data/traces.jsonl' } as const;

function problems(change: object): readonly string[] {
  const text = JSON.stringify({
    format: 1, name: 'traces', teachers: { r1: API }, student: { model: 'student' }, data: { train: 'data/traces.jsonl' }, stages: [ASK], ...change,
  });
  return (readRecipe(text).problems ?? []).map(({ path, code }) => `${path}: ${code}`);
}

test('a stage that asks the only teacher, and training on what it writes, is right', () => {
  expect(problems({ stages: [ASK, { type: 'train', objective: 'sequence' }] })).toEqual([]);
});

test.each([
  ['a teacher that is nowhere', { teachers: { r1: { type: 'api', model: 'm' } } }, ['teachers.r1.baseUrl: recipe-teacher-no-address']],
  ['a cap in money without prices', { teachers: { r1: { ...API, budget: { money: 5 } } } }, ['teachers.r1.budget.money: recipe-budget-without-prices']],
  ['an unknown teacher to ask', { stages: [{ ...ASK, ask: { teacher: 'r2' } }] }, ['stages[0].ask.teacher: recipe-teacher-unknown']],
  ['several teachers and none named', { teachers: { r1: API, v3: { ...API, model: 'deepseek-chat' } } }, ['stages[0].ask.teacher: recipe-teacher-which']],
  ['nobody to ask', { teachers: {} }, ['stages[0].ask.teacher: recipe-nobody-to-ask']],
  ['a prompt without the question', { stages: [{ ...ASK, ask: { prompt: 'Solve it.' } }] }, ['stages[0].ask.prompt: recipe-template-mark']],
  ['an unknown judge', { stages: [{ ...ASK, verify: { judge: { teacher: 'jugde' } } }] }, ['stages[0].verify.judge.teacher: recipe-teacher-unknown']],
  ['an unknown rephraser', { stages: [{ ...ASK, augment: [{ kind: 'synonyms' }, { kind: 'rephrasing', teacher: 'x' }] }] }, ['stages[0].augment[1].teacher: recipe-teacher-unknown']],
  ['a rephraser nobody names', { teachers: {}, stages: [{ ...ASK, ask: undefined, augment: [{ kind: 'rephrasing' }] }] }, ['stages[0].augment[0].teacher: recipe-nobody-to-ask']],
  ['a source of two kinds', { stages: [{ ...ASK, from: { file: 'a.jsonl', synthesise: { rows: 5 } } }] }, ['stages[0].from: recipe-source-form']],
  ['a source of no kind', { stages: [{ ...ASK, from: ['a.jsonl', { limit: 5 }] }] }, ['stages[0].from[1]: recipe-source-form']],
  ['writing over its own questions', { stages: [{ ...ASK, to: './data//questions.jsonl' }] }, ['stages[0].to: recipe-collect-overwrites']],
  ['two stages of one file', { stages: [ASK, { ...ASK, name: 'again', from: 'b.jsonl' }] }, ['stages[1].to: recipe-collect-same-target']],
  ['data that is made after it is read', { stages: [{ type: 'train', objective: 'sequence' }, ASK] }, ['stages[1].to: recipe-collect-too-late']],
  ['a source outside the project', { stages: [{ ...ASK, from: [{ file: '../secret.jsonl' }] }] }, ['stages[0].from[0].file: recipe-path-escapes']],
  ['an evaluation set outside the project', { stages: [{ ...ASK, clean: { contamination: ['../x.jsonl'] } }] }, ['stages[0].clean.contamination[0]: recipe-path-escapes']],
])('%s is named with its place', (_, change, expected) => {
  expect(problems(change)).toEqual(expected);
});
