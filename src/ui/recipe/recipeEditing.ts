import * as vscode from 'vscode';
import type { Projects } from '../project/projects.ts';
import { registerRecipeLens } from './recipeLens.ts';
import { RecipeProblems } from './recipeProblems.ts';
import { registerSchemaDocument } from './schemaDocument.ts';
import { registerSchemaHint } from './schemaHint.ts';

/** What a recipe has in the editor: completion and hover, problems with fixes, "Run" above its first line. */
export function registerRecipeEditing(extension: vscode.Uri, projects: Projects): vscode.Disposable {
  return vscode.Disposable.from(registerSchemaDocument(extension), registerSchemaHint(projects), new RecipeProblems(projects), registerRecipeLens(projects));
}
