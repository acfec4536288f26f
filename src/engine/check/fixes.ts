/** Fixes that need a look at more than the place they change: a teacher's tokens, answers that are paid for. */
import path from 'node:path';
import type { Fix, RecipeEdit } from '../../shared/preflight.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { PathPart } from '../../shared/recipePaths.ts';
import { readKeys } from '../teacher/cache.ts';
import { TEACHER_FILES, teacherFolder } from '../teacher/folder.ts';
import { fixOf, setFix, type CheckContext } from './contract.ts';
import { readingTeachers, scoresOwnWriting } from './folders.ts';

/**
 * A new student takes the teacher's tokenizer; where it can't (a given model, several teachers), the stages that ask this
 * teacher go on without it. Null where even that leaves no right recipe.
 */
export function otherTeacherFix({ recipe, text }: CheckContext, name: string): Fix | null {
  const teacher = recipe.teachers[name];
  const readers = readingTeachers(recipe);
  if ('new' in recipe.student && teacher?.type === 'local' && readers.size === 1) {
    return fixOf(text, 'teacher-tokenizer', { teacher: name }, [{ path: ['student', 'tokenizer'], value: teacher.model }]);
  }
  const stages = readers.get(name) ?? [];
  const trains = stages.filter((index) => recipe.stages[index]?.type === 'train');
  const [first] = trains;
  const edits = stages.flatMap((index): readonly RecipeEdit[] => (recipe.stages[index]?.type === 'train' ? sequenceEdits(index) : [{ path: ['stages', index, 'teacher'], value: null }]));
  if (first === undefined) return fixOf(text, 'student-alone', {}, edits);
  return fixOf(text, 'sequence', { stage: trains.map((index) => recipe.stages[index]?.name ?? '').join('", "') }, edits);
}

/** The way out where a teacher has other tokens, as a word of preflightText.ts. */
export function otherTokensWay(recipe: Recipe, name: string): string {
  return scoresOwnWriting(recipe, name) ? '@way-other-tokens-on-policy' : '@way-other-tokens';
}

/** What has a meaning only with a teacher goes. */
function sequenceEdits(index: number): readonly RecipeEdit[] {
  const at = ['stages', index] as const;
  return [{ path: [...at, 'objective'], value: 'sequence' }, ...['teacher', 'teachers', 'alpha', 'weights', 'temperature', 'beta', 'gamma', 'targets', 'hidden', 'attention', 'uld', 'combine', 'tau', 'onPolicy'].map((key) => ({ path: [...at, key] }))];
}

/**
 * Other sampling makes every question a new one (teacher/cache.ts: questionKey), so that answers which are there would be paid
 * for again. Null where the teacher has answered anything in this project: a person may still write it.
 */
export function samplingFix({ base, text }: Pick<CheckContext, 'base' | 'text'>, teacher: string | null, at: readonly PathPart[], shown: string, value: number): Fix | null {
  if (teacher !== null && readKeys(path.join(teacherFolder(base, teacher), TEACHER_FILES.answers)).size > 0) return null;
  return setFix(text, at, shown, value);
}
