/** What the recipe around a data file says of lengths: the student's tokenizer, its template, the longest row. */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DataWorkerStart } from '../shared/dataPanel.ts';
import { readRecipe } from '../shared/recipeText.ts';
import type { Recipe } from '../shared/recipe.ts';

const RECIPE = 'distill.json';

/** Null where there is no recipe, or none that names a tokenizer which is there. */
export async function trainingOf(file: string): Promise<DataWorkerStart['training']> {
  const found = await recipeAround(path.dirname(file));
  if (found === null) return null;
  const { recipe } = readRecipe(found.text);
  if (recipe === undefined) return null;
  for (const written of tokenizerFolders(recipe)) {
    const tokenizer = path.resolve(found.folder, written);
    if (await access(path.join(tokenizer, 'tokenizer.json')).then(() => true, () => false)) return { tokenizer, template: recipe.data.template, limit: recipe.data.maxLength };
  }
  return null;
}

/** The recipe of the innermost project that the folder lies in. */
async function recipeAround(folder: string): Promise<{ readonly folder: string; readonly text: string } | null> {
  const text = await readFile(path.join(folder, RECIPE), 'utf8').catch(() => null);
  if (text !== null) return { folder, text };
  const outer = path.dirname(folder);
  return outer === folder ? null : recipeAround(outer);
}

/** The student's own first; a student that is made new takes a teacher's. */
function tokenizerFolders({ student, teachers }: Recipe): readonly string[] {
  const local = Object.values(teachers).flatMap((teacher) => (teacher.type === 'local' ? [teacher.model] : []));
  return [...('model' in student ? [student.model] : 'new' in student && student.tokenizer !== undefined ? [student.tokenizer] : []), ...local];
}
