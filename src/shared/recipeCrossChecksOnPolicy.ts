/** What on-policy training needs of the rest of its stage: a teacher of the same vocabulary that can score what was never seen. */
import { valueAt, type PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';
import { largest, type Scheduled } from './scheduled.ts';

export function onPolicyProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, ['stages', index, ...rest]);
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  if (read('onPolicy') === undefined || read('onPolicy', 'share') === 0) return [];
  const weight = (term: string): number => {
    const value = read('weights', term) ?? 0;
    return typeof value === 'number' || typeof value === 'object' ? largest(value as Scheduled) : 0;
  };
  const compared = read('objective') !== 'sequence' && (read('weights') === undefined ? read('alpha') !== 0 : ['kl', 'mse', 'hidden', 'attention'].some((term) => weight(term) > 0));
  return [
    ...(weight('uld') > 0 ? [{ code: 'recipe-on-policy-vocabulary' as const, path: at('weights', 'uld'), data: {}, atKey: true }]
      : compared ? [] : [{ code: 'recipe-on-policy-no-teacher' as const, path: at('onPolicy'), data: {}, atKey: true }]),
    ...(read('targets') === undefined ? [] : [{ code: 'recipe-on-policy-stored' as const, path: at('targets'), data: {}, atKey: true }]),
  ];
}
