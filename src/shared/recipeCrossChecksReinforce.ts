/** What the fields of a reinforcement stage must be to each other and to the rest of the recipe. */
import { pathText, valueAt, type PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';

/** The parts of a reward and their weights where none is written. */
const REWARDS = { answer: 1, format: 0.1, length: 0 } as const;

export function reinforceProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, ['stages', index, ...rest]);
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const problems: PlacelessProblem[] = [];
  if (read('samples') === 1) problems.push({ code: 'recipe-reinforce-group', path: at('samples'), data: { path: pathText(at('samples')), samples: 1 } });
  const weight = (part: keyof typeof REWARDS): unknown => read('rewards', part) ?? REWARDS[part];
  if ((Object.keys(REWARDS) as (keyof typeof REWARDS)[]).every((part) => weight(part) === 0)) {
    problems.push({ code: 'recipe-reinforce-no-reward', path: at('rewards'), data: { path: pathText(at('rewards')) } });
  }
  const length = read('length');
  if (Number(weight('length')) > 0 && length === undefined) problems.push({ code: 'recipe-reinforce-length', path: at('rewards', 'length'), data: { path: pathText(at('length')) } });
  const [from, to] = [read('length', 'from'), read('length', 'to')];
  if (typeof from === 'number' && typeof to === 'number' && from >= to) problems.push({ code: 'recipe-reinforce-length-shape', path: at('length'), data: { path: pathText(at('length')), from, to } });
  return problems;
}
