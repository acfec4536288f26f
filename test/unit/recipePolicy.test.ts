/** Recipes of on-policy, reinforcement and labels from search that can't work are refused with the way out; right ones get their defaults. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { problemLine, readRecipe } from '../../src/shared/recipeText.ts';

const base = {
  format: 1, name: 'x', teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [0] }, data: { train: 'train.jsonl' },
};
const read = (...stages: readonly object[]) => readRecipe(JSON.stringify({ ...base, stages }));
const codes = (...stages: readonly object[]): readonly string[] => (read(...stages).problems ?? []).map(({ code }) => code);
const sentences = (...stages: readonly object[]): readonly string[] => (read(...stages).problems ?? []).map((problem) => problemLine(problem, 'distill.json', 'en'));

describe('a reinforcement stage', () => {
  const stage = { type: 'reinforce' };
  test('has defaults for everything', () => {
    expect(read(stage).recipe?.stages[0]).toMatchObject({
      prompts: 16, samples: 8, rewards: { answer: 1, format: 0.1, length: 0 }, advantage: 'normalised', aggregate: 'token', clip: { low: 0.2, high: 0.2 }, kl: 0.04, iterations: 1,
      optimizer: { learningRate: 1e-4, weightDecay: 0, beta1: 0.9 }, schedule: { kind: 'constant' }, limits: { steps: 100 },
    });
    expect(read({ ...stage, limits: { epochs: 2 } }).recipe?.stages[0]).toMatchObject({ limits: { epochs: 2 } });
  });
  test('a group of one has nothing to be compared with', () => {
    expect(codes({ ...stage, samples: 1 })).toEqual(['recipe-reinforce-group']);
    expect(sentences({ ...stage, samples: 1 })[0]).toContain('stages[0].samples is 1');
  });
  test('without any reward there is nothing to reinforce', () => {
    expect(codes({ ...stage, rewards: { answer: 0, format: 0 } })).toEqual(['recipe-reinforce-no-reward']);
    expect(codes({ ...stage, rewards: { answer: 0 } })).toEqual([]);
  });
  test('a reward for length needs its shape, and the shape a fall', () => {
    expect(codes({ ...stage, rewards: { length: 1 } })).toEqual(['recipe-reinforce-length']);
    expect(codes({ ...stage, rewards: { length: 1 }, length: { from: 50, to: 50 } })).toEqual(['recipe-reinforce-length-shape']);
    expect(codes({ ...stage, rewards: { length: 1 }, length: { from: 50, to: 80 } })).toEqual([]);
  });
  test('gates and early stops watch its own metrics', () => {
    expect(codes({ ...stage, gate: { metric: 'validation/reward', min: 0.5 }, earlyStop: { metric: 'validation/accuracy', patience: 3 } })).toEqual([]);
    expect(codes({ ...stage, gate: { metric: 'validation/kl', max: 1 } })).toEqual(['recipe-value']);
    expect(codes({ ...stage, gate: { metric: 'evaluation/accuracy', min: 0.5 } })).toEqual(['recipe-gate-needs-evaluate']);
  });
});

describe('on-policy batches', () => {
  const stage = { type: 'train', onPolicy: {} };
  test('have defaults, and any divergence', () => {
    expect(read(stage).recipe?.stages[0]).toMatchObject({ onPolicy: { share: 0.5, maxNewTokens: 256, temperature: 1, topP: 1 } });
    for (const objective of ['forward-kl', 'reverse-kl', 'jsd', 'skew-kl']) expect(codes({ ...stage, objective })).toEqual([]);
  });
  test('need a teacher that scores them', () => {
    expect(codes({ ...stage, objective: 'sequence' })).toEqual(['recipe-on-policy-no-teacher']);
    expect(codes({ ...stage, weights: { kl: 0, ce: 1 } })).toEqual(['recipe-on-policy-no-teacher']);
    expect(codes({ ...stage, alpha: 0 })).toEqual(['recipe-on-policy-no-teacher']);
  });
  test('a teacher of another vocabulary can’t score them, and a store has never seen them', () => {
    expect(codes({ ...stage, weights: { kl: 0, ce: 1, uld: 1 } })).toEqual(['recipe-on-policy-vocabulary']);
    expect(codes({ ...stage, targets: { topK: 8 } })).toEqual(['recipe-on-policy-stored']);
    expect(codes({ ...stage, onPolicy: { share: 0 }, targets: { topK: 8 } })).toEqual([]);
  });
});

describe('labels from search', () => {
  const stage = { type: 'collect', from: 'questions.jsonl', to: 'labels.jsonl', select: {} };
  test('need several samples, and log-probabilities where they are weighed', () => {
    expect(codes({ ...stage, ask: {} })).toEqual(['recipe-select-one-sample']);
    expect(codes({ ...stage, ask: { samples: 4 } })).toEqual([]);
    expect(codes({ ...stage, ask: { samples: 4 }, select: { logprob: 0.1 } })).toEqual(['recipe-select-no-logprobs']);
    expect(codes({ ...stage, ask: { samples: 4, sampling: { topLogprobs: 1 } }, select: { logprob: 0.1 } })).toEqual([]);
  });
});

test('the example of three stages is a right recipe', () => {
  const { recipe, problems } = readRecipe(readFileSync(new URL('../../examples/arithmetic/three-stages.json', import.meta.url), 'utf8'));
  expect(problems).toBeUndefined();
  expect(recipe?.stages.map(({ type }) => type)).toEqual(['train', 'train', 'evaluate', 'reinforce', 'evaluate']);
});
