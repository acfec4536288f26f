/** What the fields of a training stage must be to each other: losses and their needs, schedules that can be kept. */
import { valueAt, type PathPart } from './recipePaths.ts';
import type { PlacelessProblem } from './recipeText.ts';

/** As in the schema; what stands in a recipe may be anything. */
const TERMS = ['kl', 'ce', 'mse', 'hidden', 'attention', 'uld'] as const;
type Term = (typeof TERMS)[number];

/** A weight of a recipe as it is written, at its largest; 0 where it isn't given or isn't one. */
export function writtenWeight(weight: unknown): number {
  const ends = typeof weight === 'number' ? [weight] : [valueAt(weight, ['from']), valueAt(weight, ['to'])].filter((each) => typeof each === 'number');
  return Math.max(0, ...ends);
}

/** Whether a stage learns from the teacher that `teacher` names: not where all that it learns from is named elsewhere. */
export function asksOwnTeacher(recipe: unknown, index: number): boolean {
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, ['stages', index, ...rest]);
  const others = read('uld', 'teacher') !== undefined && writtenWeight(read('weights', 'uld')) > 0;
  if (read('targets', 'from') === 'data') return false;
  return !others || ['kl', 'mse', 'hidden', 'attention'].some((term) => writtenWeight(read('weights', term)) > 0);
}

/** Where a stage names teachers of another vocabulary. */
export function otherTeacherPaths(recipe: unknown, index: number): readonly (readonly PathPart[])[] {
  const path = ['stages', index, 'uld', 'teacher'] as const;
  const teacher = valueAt(recipe, path);
  return Array.isArray(teacher) ? teacher.map((_, place) => [...path, place]) : teacher === undefined ? [] : [path];
}

export function lossProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  return [
    ...TERMS.flatMap((term: Term) => courseProblems(recipe, at('weights', term), read('limits', 'steps'))),
    ...courseProblems(recipe, at('temperature'), read('limits', 'steps')),
    ...saidProblems(recipe, index),
    ...warmUpProblems(recipe, index),
    ...(read('uld', 'teacher') !== undefined && writtenWeight(read('weights', 'uld')) === 0 ? [{ code: 'recipe-uld-without-weight', path: at('uld'), data: {}, atKey: true } as const] : []),
  ];
}

/** A stage that trains a teacher. */
function warmUpProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  const teacher = read('trains');
  if (typeof teacher !== 'string') return [];
  const problems: PlacelessProblem[] = [];
  if (read('objective') !== 'sequence') problems.push({ code: 'recipe-warm-up-objective', path: at('objective'), data: { teacher }, allowed: ['sequence'] });
  for (const key of ['lora', 'freeze', 'onPolicy'] as const) if (read(key) !== undefined) problems.push({ code: 'recipe-warm-up-only', path: at(key), data: { key }, atKey: true });
  if (read('quantise') === 'int8') problems.push({ code: 'recipe-warm-up-only', path: at('quantise'), data: { key: 'quantise' }, atKey: true });
  const stages = valueAt(recipe, ['stages']);
  const before = (Array.isArray(stages) ? stages.slice(0, index) : []).find((stage: unknown) => ['train', 'reinforce'].includes(String(valueAt(stage, ['type']))) && valueAt(stage, ['trains']) === undefined) as unknown;
  if (before !== undefined) problems.push({ code: 'recipe-warm-up-late', path: at('trains'), data: { teacher, before: String(valueAt(before, ['name']) ?? valueAt(before, ['type'])) }, atKey: true });
  return problems;
}

/** Stored targets that a service said. */
function saidProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  if (read('targets', 'from') !== 'data') return [];
  const problems: PlacelessProblem[] = [];
  const temperature = read('temperature');
  if (temperature !== undefined && temperature !== 1 && read('targets', 'tail') !== 'drop') {
    problems.push({ code: 'recipe-targets-data-temperature', path: at('temperature'), data: {}, atKey: true });
  }
  const objective = read('objective');
  if (objective === 'reverse-kl' || (objective === 'jsd' && read('beta') === 1)) problems.push({ code: 'recipe-targets-data-objective', path: at('objective'), data: { objective }, allowed: ['forward-kl', 'skew-kl', 'jsd'] });
  for (const key of ['mse', 'hidden', 'attention'] as const) {
    if (writtenWeight(read('weights', key)) > 0) problems.push({ code: 'recipe-targets-data-alone', path: at('weights', key), data: { key: `weights.${key}` }, atKey: true });
  }
  for (const key of ['teachers', 'onPolicy'] as const) if (read(key) !== undefined) problems.push({ code: 'recipe-targets-data-alone', path: at(key), data: { key }, atKey: true });
  return problems;
}

/** A value that changes over the steps has to reach its end, and by a way that exists. */
function courseProblems(recipe: unknown, path: readonly PathPart[], limit: unknown): readonly PlacelessProblem[] {
  const part = (key: string): unknown => valueAt(recipe, [...path, key]);
  const [from, to, kind, steps] = ['from', 'to', 'kind', 'steps'].map(part);
  if (typeof from !== 'number' || typeof to !== 'number') return [];
  return [
    ...(typeof steps === 'number' && typeof limit === 'number' && steps > limit ? [{ code: 'recipe-course-too-long', path: [...path, 'steps'], data: { steps, limit, to } } as const] : []),
    // The logarithm of nothing is no number.
    ...(kind === 'exponential' && (from === 0 || to === 0) ? [{ code: 'recipe-course-from-nothing', path: [...path, 'kind'], data: {}, allowed: ['linear', 'cosine'] } as const] : []),
  ];
}
