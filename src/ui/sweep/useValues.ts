/** Use These Values: a setting of a sweep goes into the recipe as an edit of its document, so that undo works; nothing is saved. */
import * as vscode from 'vscode';
import type { SweepView } from '../../runs/sweepView.ts';
import type { SweptValue } from '../../shared/recipeSweep.ts';
import { settingText } from '../../shared/sweepText.ts';
import { textEdit } from '../check/applyFix.ts';
import { Refusal } from '../errors.ts';
import { withValues } from './withValues.ts';

export async function useValues({ file }: Pick<SweepView, 'file'>, values: Readonly<Record<string, SweptValue>>): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file.recipePath));
  const after = withValues(document.getText(), values);
  if (after === null) throw new Refusal(vscode.l10n.t('The recipe has changed since the sweep and has no place for {0}. Write the values by hand.', settingText(values)));
  await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside });
  const edit = textEdit(document, after);
  if (edit === null) {
    void vscode.window.showInformationMessage(vscode.l10n.t('The recipe has these values already: {0}.', settingText(values)));
    return;
  }
  await vscode.workspace.applyEdit(edit);
  void vscode.window.showInformationMessage(vscode.l10n.t('The recipe now has {0}. It is not saved yet: undo takes it back.', settingText(values)));
}
