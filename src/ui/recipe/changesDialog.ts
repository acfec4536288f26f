import path from 'node:path';
import * as vscode from 'vscode';
import type { Recipe } from '../../shared/recipe.ts';
import { BACKENDS, changeableValues, writeValue, type ChangeableValue, type ChangeKind } from './changes.ts';

type Row = vscode.QuickPickItem & { readonly does: 'run' | 'edit' | ChangeableValue };

/**
 * Lets a person change the common values of a recipe, one after the other, and gives its changed text; or opens the copy as
 * JSON and gives undefined, as when nothing was chosen.
 */
export async function editChanges(text: string, recipe: Recipe, file: vscode.Uri): Promise<string | undefined> {
  const { readRecipe } = await import('../../shared/recipeText.ts');
  const original = new Map(changeableValues(recipe).map((value) => [keyOf(value), value.current]));
  let [changedText, changedRecipe] = [text, recipe];
  for (;;) {
    const values = changeableValues(changedRecipe);
    const changes = values.filter((value) => original.get(keyOf(value)) !== value.current).length;
    const row = await vscode.window.showQuickPick(rows(values, original, changes), {
      title: vscode.l10n.t('Run {0} with changes', recipe.name), placeHolder: vscode.l10n.t('Choose a value to change it'), matchOnDescription: true, ignoreFocusOut: true,
    });
    if (row === undefined) return undefined;
    if (row.does === 'run') return changedText;
    if (row.does === 'edit') {
      await editCopy(changedText, file);
      return undefined;
    }
    const value = row.does;
    const tried = (written: string): ReturnType<typeof readRecipe> => readRecipe(writeValue(changedText, value, written));
    const written = await ask(value, (candidate) => tried(candidate).problems === undefined);
    if (written === undefined) continue;
    const read = tried(written);
    if (read.recipe !== undefined) [changedText, changedRecipe] = [writeValue(changedText, value, written), read.recipe];
  }
}

function keyOf({ kind, stage }: ChangeableValue): string {
  return `${stage?.index ?? ''}:${kind}`;
}

function rows(values: readonly ChangeableValue[], original: ReadonlyMap<string, string | null>, changes: number): readonly Row[] {
  const severalStages = new Set(values.flatMap(({ stage }) => stage?.index ?? [])).size > 1;
  return [
    { label: changes === 0 ? vscode.l10n.t('Run unchanged') : changes === 1 ? vscode.l10n.t('Run with one change') : vscode.l10n.t('Run with {0} changes', changes), iconPath: new vscode.ThemeIcon('play'), does: 'run' },
    { label: vscode.l10n.t('Edit a copy as JSON'), iconPath: new vscode.ThemeIcon('json'), does: 'edit' },
    { label: vscode.l10n.t('Values'), kind: vscode.QuickPickItemKind.Separator, does: 'run' },
    ...values.map((value): Row => {
      const before = original.get(keyOf(value)) ?? null;
      const now = value.current ?? vscode.l10n.t('not set');
      return {
        label: severalStages && value.stage !== null ? `${value.stage.name} · ${kindText(value.kind)}` : kindText(value.kind),
        description: before === value.current ? now : `${before ?? vscode.l10n.t('not set')} → ${now}`,
        iconPath: new vscode.ThemeIcon(before === value.current ? 'symbol-number' : 'diff-modified'),
        does: value,
      };
    }),
  ];
}

function kindText(kind: ChangeKind): string {
  switch (kind) {
    case 'name': return vscode.l10n.t('Name');
    case 'steps': return vscode.l10n.t('Steps');
    case 'learningRate': return vscode.l10n.t('Learning rate');
    case 'temperature': return vscode.l10n.t('Temperature');
    case 'alpha': return vscode.l10n.t('Alpha (weight of the soft targets)');
    case 'batchSize': return vscode.l10n.t('Batch size');
    case 'seed': return vscode.l10n.t('Seed');
    case 'backend': return vscode.l10n.t('Backend');
    case 'threads': return vscode.l10n.t('Threads');
  }
}

async function ask(value: ChangeableValue, allowed: (written: string) => boolean): Promise<string | undefined> {
  if (value.kind === 'backend') return vscode.window.showQuickPick([...BACKENDS], { title: kindText(value.kind), placeHolder: value.current ?? '' });
  return vscode.window.showInputBox({
    title: kindText(value.kind),
    value: value.current ?? '',
    ignoreFocusOut: true,
    validateInput: (written) => {
      if (value.kind !== 'name' && !Number.isFinite(Number.parseFloat(written))) return vscode.l10n.t('A number is needed here.');
      return allowed(written) ? undefined : vscode.l10n.t('The recipe does not allow this value.');
    },
  });
}

/** A new document beside the recipe: nothing is on disk until it is saved, and "Run" above its first line runs it as it is. */
async function editCopy(text: string, file: vscode.Uri): Promise<void> {
  const name = `${path.basename(file.path, '.json').replace(/\.distill$/, '')}-copy.distill.json`;
  const uri = file.with({ scheme: 'untitled', path: path.posix.join(path.posix.dirname(file.path), name) });
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showTextDocument(document);
}
