/** What the recipe around a data file says of lengths: the student's tokenizer, its template, the longest row. */
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DataWorkerStart } from '../../shared/dataPanel.ts';
import { readRecipe } from '../../shared/recipeText.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { Projects } from '../project/projects.ts';

/** Null where there is no recipe, or none that names a tokenizer which is there. */
export async function trainingOf(file: string, projects: Projects): Promise<DataWorkerStart['training']> {
  const project = projects.containing(file);
  if (project === undefined) return null;
  const read = readRecipe(await readFile(project.recipe.fsPath, 'utf8').catch(() => ''));
  if (read.recipe === undefined) return null;
  for (const folder of tokenizerFolders(read.recipe)) {
    const found = path.resolve(project.folder, folder);
    if (await access(path.join(found, 'tokenizer.json')).then(() => true, () => false)) return { tokenizer: found, template: read.recipe.data.template, limit: read.recipe.data.maxLength };
  }
  return null;
}

/** The student's own first; a student that is made new takes a teacher's. */
function tokenizerFolders({ student, teachers }: Recipe): readonly string[] {
  const local = Object.values(teachers).flatMap((teacher) => (teacher.type === 'local' ? [teacher.model] : []));
  return [...('model' in student ? [student.model] : 'new' in student && student.tokenizer !== undefined ? [student.tokenizer] : []), ...local];
}
