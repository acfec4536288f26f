import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { Refusal } from '../errors.ts';
import type { Project, Projects } from '../project/projects.ts';
import { isTreeNode } from '../tree/nodes.ts';
import { isRecipe, looksLikeRecipe } from './isRecipe.ts';

/** A recipe is a page of text: a larger JSON file in a project is something else. */
const LARGEST_RECIPE_BYTES = 256 * 1024;
const RECIPE = 'distill.json';

/**
 * The recipe that a command is about: the file or project it was handed, else the one in the editor, else that of the only
 * project or of the one that the person picks. A project's recipe is its distill.json; with `others`, the person chooses
 * among all in its folder. Undefined when the person picks nothing. Throws a refusal when there is no project.
 */
export async function chooseRecipe(target: unknown, projects: Projects, { others = false } = {}): Promise<vscode.Uri | undefined> {
  const recipeOfFolder = (folder: string): Promise<vscode.Uri | undefined> => (others ? pickRecipe(folder) : Promise.resolve(vscode.Uri.file(path.join(folder, RECIPE))));
  if (target instanceof vscode.Uri) return target;
  if (isTreeNode(target) && target.kind === 'project') return recipeOfFolder(target.folder);
  const active = vscode.window.activeTextEditor?.document;
  if (active !== undefined && isRecipe(active, projects)) return active.uri;
  const project = await chooseProject(projects);
  return project === undefined ? undefined : recipeOfFolder(project.folder);
}

/** The only project, or the one that the person picks. */
async function chooseProject(projects: Projects): Promise<Project | undefined> {
  if (projects.all.length === 0) {
    await projects.look();
    if (projects.all.length === 0) throw new Refusal(vscode.l10n.t('There is no distill.json in this workspace yet. Create a project first.'));
  }
  if (projects.all.length === 1) return projects.all[0];
  const rows = projects.all.map((project) => ({ label: project.name, description: vscode.workspace.asRelativePath(project.folder), iconPath: new vscode.ThemeIcon('project'), project }));
  return (await vscode.window.showQuickPick(rows, { placeHolder: vscode.l10n.t('Which project?'), matchOnDescription: true }))?.project;
}

async function pickRecipe(folder: string): Promise<vscode.Uri | undefined> {
  const files = await recipesIn(folder);
  if (files.length <= 1) return vscode.Uri.file(files[0] ?? path.join(folder, RECIPE));
  const rows = files.map((file) => ({ label: path.basename(file), iconPath: new vscode.ThemeIcon('json'), file }));
  const chosen = await vscode.window.showQuickPick(rows, { placeHolder: vscode.l10n.t('Which recipe?') });
  return chosen === undefined ? undefined : vscode.Uri.file(chosen.file);
}

/** The recipes in a project's folder, distill.json first. */
async function recipesIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && name !== RECIPE).sort();
  const found: string[] = [];
  for (const file of names.map((name) => path.join(folder, name))) {
    if ((await stat(file)).size <= LARGEST_RECIPE_BYTES && looksLikeRecipe(await readFile(file, 'utf8'))) found.push(file);
  }
  return [path.join(folder, RECIPE), ...found];
}

/** The recipe's text as it will run: a changed file is saved first, a new one stays in the editor. */
export async function recipeText(recipe: vscode.Uri): Promise<string> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === recipe.toString());
  if (open === undefined) return new TextDecoder().decode(await vscode.workspace.fs.readFile(recipe));
  if (open.isDirty && !open.isUntitled) await open.save();
  return open.getText();
}
