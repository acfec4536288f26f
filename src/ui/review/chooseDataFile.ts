/** Which data file a command is about. */
import path from 'node:path';
import * as vscode from 'vscode';
import { readRecipe } from '../../shared/recipeText.ts';
import type { Project, Projects } from '../project/projects.ts';
import { isTreeNode } from '../tree/nodes.ts';

const DATA_FILES = '**/*.jsonl';
const NEVER_LOOKED_INTO = '**/{node_modules,.git,.venv}/**';
/** Files that the workbench writes and nobody reviews. */
const OWN_FILES = /[\\/]\.distill[\\/](runs|trash)[\\/]|\.(review|removed)\.jsonl$/;
const MOST_FILES = 200;

/** The file that was handed over, the one in the editor, or one that the person picks. Undefined when nothing is picked. */
export async function chooseDataFile(target: unknown, projects: Projects): Promise<string | undefined> {
  if (target instanceof vscode.Uri) return target.fsPath;
  const project = isTreeNode(target) && target.kind === 'project' ? projects.all.find(({ folder }) => folder === target.folder) : undefined;
  const active = vscode.window.activeTextEditor?.document.uri;
  if (project === undefined && active?.scheme === 'file' && /\.(jsonl|ndjson)$/i.test(active.path) && !OWN_FILES.test(active.path)) return active.fsPath;
  const files = await knownFiles(project === undefined ? projects.all : [project], project?.folder);
  const rows: (vscode.QuickPickItem & { readonly file: string | null })[] = [
    ...files.map((file) => ({ label: path.basename(file), description: vscode.workspace.asRelativePath(path.dirname(file)), iconPath: new vscode.ThemeIcon('database'), file })),
    { label: vscode.l10n.t('Another file…'), iconPath: new vscode.ThemeIcon('folder-opened'), file: null },
  ];
  const picked = rows.length === 1 ? rows[0] : await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('Review Data'), placeHolder: vscode.l10n.t('Which data file?'), matchOnDescription: true });
  if (picked === undefined) return undefined;
  return picked.file ?? (await vscode.window.showOpenDialog({ canSelectMany: false, title: vscode.l10n.t('Which data file?'), filters: { JSONL: ['jsonl', 'ndjson', 'json', 'csv', 'parquet'] } }))?.[0]?.fsPath;
}

/** Those that recipes name first, then what else lies in the workspace. */
async function knownFiles(projects: readonly Project[], folder: string | undefined): Promise<readonly string[]> {
  const named: string[] = [];
  for (const project of projects) {
    const text = await Promise.resolve(vscode.workspace.fs.readFile(project.recipe)).then((bytes) => new TextDecoder().decode(bytes), () => '');
    const { recipe } = readRecipe(text);
    if (recipe === undefined) continue;
    const { train, validation, test } = recipe.data;
    const written = [...(Array.isArray(train) ? train : [train]), validation, test].filter((file): file is string => typeof file === 'string');
    named.push(...written.map((file) => path.resolve(project.folder, file)));
  }
  const include = folder === undefined ? DATA_FILES : new vscode.RelativePattern(folder, DATA_FILES);
  const found = (await vscode.workspace.findFiles(include, NEVER_LOOKED_INTO, MOST_FILES)).map(({ fsPath }) => fsPath).filter((file) => !OWN_FILES.test(file)).sort();
  return [...new Set([...named, ...found])];
}
