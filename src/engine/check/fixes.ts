/** What helps where a teacher reads other tokens than the student. */
import type { Fix, RecipeEdit } from '../../shared/preflight.ts';
import { fixOf, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';

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

/** What has a meaning only with a teacher goes. */
function sequenceEdits(index: number): readonly RecipeEdit[] {
  const at = ['stages', index] as const;
  return [{ path: [...at, 'objective'], value: 'sequence' }, ...['teacher', 'teachers', 'alpha', 'weights', 'temperature', 'beta', 'gamma', 'targets', 'hidden', 'attention'].map((key) => ({ path: [...at, key] }))];
}
