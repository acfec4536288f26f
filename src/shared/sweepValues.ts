/** Each value of a sweep held against the recipe by itself, so that a wrong one is told where it stands. Combinations are tried before a sweep starts. */
import type { Recipe } from './recipe.ts';
import type { PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';
import { axesOf, listOf, recipeOfRun } from './sweepPlan.ts';

/** Of one axis: a long range is right or wrong at its ends and in between alike. */
const MOST_TRIED = 50;

export function sweptValueProblems(written: unknown, { sweep, seed }: Recipe, problemsOf: (recipe: unknown) => readonly PlacelessProblem[]): readonly PlacelessProblem[] {
  if (sweep === undefined) return [];
  const axes = axesOf(written, sweep);
  return axes.flatMap((axis) => {
    const list = Array.isArray(axis.values);
    return listOf(axis.values).slice(0, MOST_TRIED).flatMap((value, index): readonly PlacelessProblem[] => {
      const [problem] = problemsOf(recipeOfRun(written as object, [axis], { values: { [axis.name]: value }, seed }));
      const place: readonly PathPart[] = ['sweep', 'values', axis.name, ...(list ? [index] : [])];
      return problem === undefined ? [] : [{ ...problem, path: place, atKey: false }];
    });
  });
}
