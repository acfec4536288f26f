/** What the entry and the gate of a stage must be to the rest of the recipe: a demand that can be judged. */
import { isEvaluationMetric } from './metrics.ts';
import { valueAt, type PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';

export function gateProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, ['stages', index, ...rest]);
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const stages = valueAt(recipe, ['stages']);
  const evaluates = Array.isArray(stages) && stages.some((stage) => valueAt(stage, ['type']) === 'evaluate');
  const validates = valueAt(recipe, ['data', 'validation']) !== 0;
  const problems: PlacelessProblem[] = [];
  for (const key of ['entry', 'gate']) {
    if (read(key) === undefined) continue;
    const [min, max] = [read(key, 'min'), read(key, 'max')];
    if (min === undefined && max === undefined) problems.push({ code: 'recipe-gate-empty', path: at(key), data: {} });
    if (typeof min === 'number' && typeof max === 'number' && min > max) problems.push({ code: 'recipe-gate-crossed', path: at(key, 'min'), data: { min, max } });
    const evaluated = isEvaluationMetric(String(read(key, 'metric')));
    if (evaluated && !evaluates) problems.push({ code: 'recipe-gate-needs-evaluate', path: at(key, 'metric'), data: {} });
    if (!evaluated && !validates) problems.push({ code: 'recipe-nothing-to-watch', path: at(key), data: { key }, atKey: true });
  }
  // The best checkpoint is chosen by a validation.
  if (read('gate', 'onMiss') === 'best' && !validates && isEvaluationMetric(String(read('gate', 'metric')))) {
    problems.push({ code: 'recipe-nothing-to-watch', path: at('gate', 'onMiss'), data: { key: 'gate.onMiss' } });
  }
  return problems;
}
