import path from 'node:path';
import type * as vscode from 'vscode';
import type { Projects } from '../project/projects.ts';

/** A recipe beside distill.json (the one that trains a project's teacher, say) is told by what every recipe has. */
export function looksLikeRecipe(text: string): boolean {
  return /"student"\s*:/.test(text) && /"stages"\s*:/.test(text);
}

/** distill.json and NAME.distill.json anywhere, or another JSON file of a project's folder that looks like a recipe. */
export function isRecipe(document: vscode.TextDocument, projects: Projects): boolean {
  if (document.uri.scheme !== 'file' && document.uri.scheme !== 'untitled') return false;
  if (document.languageId !== 'json' && document.languageId !== 'jsonc') return false;
  const name = path.basename(document.uri.path);
  if (name === 'distill.json' || name.endsWith('.distill.json')) return true;
  const folder = path.dirname(document.uri.fsPath);
  return projects.all.some((project) => project.folder === folder) && looksLikeRecipe(document.getText());
}
