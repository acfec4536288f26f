import type * as vscode from 'vscode';
import { createLog } from './ui/log.ts';
import { Projects } from './ui/project/projects.ts';
import { RecipeProblems } from './ui/recipe/recipeProblems.ts';
import { registerRecipeLens } from './ui/recipe/recipeLens.ts';
import { registerSchemaDocument } from './ui/recipe/schemaDocument.ts';

/** Builds the parts in order. Everything that can wait, waits until it is used. */
export function activate(context: vscode.ExtensionContext): void {
  const begin = performance.now();
  const log = createLog();
  const projects = new Projects();
  context.subscriptions.push(log, projects, registerSchemaDocument(context.extensionUri), new RecipeProblems(projects), registerRecipeLens(projects));
  void projects.look();
  log.info(`activated in ${(performance.now() - begin).toFixed(1)} ms`);
}
