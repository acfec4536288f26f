/** Fixes of the pre-flight as edits of the recipe's document: undo works, comments stay, nothing is saved behind a person's back. */
import * as vscode from 'vscode';
import { editedRecipe, type Fix } from '../../shared/preflight.ts';

/** The one stretch of text that a fix changes; null where the recipe has it already, or has no place for it. */
export function fixEdit(document: vscode.TextDocument, fix: Fix): vscode.WorkspaceEdit | null {
  const after = fixedText(document.getText(), fix);
  return after === null ? null : textEdit(document, after);
}

/** The one stretch in which a document's text differs from another; null where it doesn't. */
export function textEdit(document: vscode.TextDocument, after: string): vscode.WorkspaceEdit | null {
  const before = document.getText();
  if (after === before) return null;
  let start = 0;
  while (start < before.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  const edit = new vscode.WorkspaceEdit();
  edit.replace(document.uri, new vscode.Range(document.positionAt(start), document.positionAt(before.length - end)), after.slice(start, after.length - end));
  return edit;
}

/** Whether the text has a fix already. */
export function hasFix(text: string, fix: Fix): boolean {
  return fixedText(text, fix) === text;
}

function fixedText(text: string, { edits }: Fix): string | null {
  try {
    return editedRecipe(text, edits);
  } catch {
    // A half-typed recipe has no place for it now.
    return null;
  }
}
