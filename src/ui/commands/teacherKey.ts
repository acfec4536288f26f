/** Set Teacher API Key: which origin it is for is always said; the key itself is seen by nobody. */
import path from 'node:path';
import * as vscode from 'vscode';
import { Refusal } from '../errors.ts';
import { chooseRecipe } from '../recipe/chooseRecipe.ts';
import type { Workbench } from '../workbench.ts';

/** A teacher as `distill data budget --json` tells of it. */
export interface TeacherRow {
  readonly teacher: string;
  readonly model: string;
  readonly origin: string;
  readonly variable: string | null;
  readonly needsKey: boolean;
  readonly hasKey: boolean;
}

export async function setTeacherKey(workbench: Workbench, target: unknown): Promise<void> {
  const recipe = await chooseRecipe(target, workbench.projects);
  if (recipe === undefined) return;
  const teachers = await teachersOf(workbench, recipe);
  const origins = new Map<string, TeacherRow[]>();
  for (const row of teachers) origins.set(row.origin, [...(origins.get(row.origin) ?? []), row]);
  const kept = new Set(workbench.keys.origins());
  if (origins.size === 0 && kept.size === 0) throw new Refusal(vscode.l10n.t('The recipe has no API teacher: add one to "teachers" first.'));
  const rows = [...new Set([...origins.keys(), ...kept])].map((origin) => ({
    label: origin,
    description: (origins.get(origin) ?? []).map(({ teacher, model }) => `${teacher} (${model})`).join(', '),
    detail: kept.has(origin) ? vscode.l10n.t('has a key') : (origins.get(origin) ?? []).some(({ hasKey }) => hasKey) ? vscode.l10n.t('its key comes from the environment') : vscode.l10n.t('no key yet'),
    iconPath: new vscode.ThemeIcon('key'),
  }));
  const chosen = rows.length === 1 && !kept.has(rows[0]?.label ?? '') ? rows[0] : await vscode.window.showQuickPick(rows, { placeHolder: vscode.l10n.t('Which service is the key for?'), matchOnDescription: true });
  if (chosen === undefined) return;
  const remove = vscode.l10n.t('Delete the Key');
  if (kept.has(chosen.label)) {
    const replace = vscode.l10n.t('Replace the Key');
    const answer = await vscode.window.showQuickPick([replace, remove], { placeHolder: chosen.label });
    if (answer === undefined) return;
    if (answer === remove) {
      await workbench.keys.remove(chosen.label);
      void vscode.window.showInformationMessage(vscode.l10n.t('The key for {0} was deleted.', chosen.label));
      return;
    }
  }
  if (await askForKey(workbench, chosen.label)) void vscode.window.showInformationMessage(vscode.l10n.t('The key for {0} is kept in the editor’s secret storage.', chosen.label));
}

/** False when the person gives none. */
export async function askForKey({ keys }: Workbench, origin: string): Promise<boolean> {
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key for {0}', origin),
    prompt: vscode.l10n.t('It is sent to {0} and nowhere else, and kept in the editor’s secret storage.', origin),
    password: true, ignoreFocusOut: true,
    validateInput: (value) => (/^[\x21-\x7e]+$/.test(value.trim()) || value.trim() === '' ? null : vscode.l10n.t('A key has no spaces, line breaks or quotes.')),
  });
  if (key?.trim() === '') void vscode.window.showInformationMessage(vscode.l10n.t('Nothing was typed: no key was set for {0}.', origin));
  if (key === undefined || key.trim() === '') return false;
  await keys.set(origin, key.trim());
  return true;
}

/** The API teachers of a recipe, with the origins their keys go to. Throws a refusal where the recipe can't be read. */
export async function teachersOf({ programs, keys }: Workbench, recipe: vscode.Uri): Promise<readonly TeacherRow[]> {
  const { stdout, stderr, code } = await programs.distill(['data', 'budget', recipe.fsPath, '--json'], { cwd: path.dirname(recipe.fsPath), environment: await keys.environment() });
  if (code !== 0) throw new Refusal(stderr.trim());
  return JSON.parse(stdout) as readonly TeacherRow[];
}
