import path from 'node:path';
import { applyEdits, modify } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { Projects } from '../project/projects.ts';
import { isRecipe } from './isRecipe.ts';
import { RECIPE_SCHEMA } from './schemaDocument.ts';

/**
 * VS Code's JSON support knows recipes by their names (the manifest's jsonValidation). One of another name (teacher.json) gets
 * completion and hover when it names the schema itself: offered by the light bulb on its first line.
 */
export function registerSchemaHint(projects: Projects): vscode.Disposable {
  return vscode.languages.registerCodeActionsProvider([{ language: 'jsonc' }, { language: 'json' }], {
    provideCodeActions(document, range) {
      const name = path.basename(document.uri.path);
      if (range.start.line > 0 || name === 'distill.json' || name.endsWith('.distill.json') || !isRecipe(document, projects)) return [];
      const text = document.getText();
      if (/"\$schema"\s*:/.test(text)) return [];
      const action = new vscode.CodeAction(vscode.l10n.t('Add "$schema": completion and explanations for this recipe'), vscode.CodeActionKind.QuickFix);
      const written = applyEdits(text, modify(text, ['$schema'], RECIPE_SCHEMA, { formattingOptions: { insertSpaces: true, tabSize: 2 }, getInsertionIndex: () => 0 }));
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(document.uri, new vscode.Range(document.positionAt(0), document.positionAt(text.length)), written);
      return [action];
    },
  }, { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] });
}
