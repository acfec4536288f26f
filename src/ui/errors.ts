import * as vscode from 'vscode';
import { DistillError, sentenceOutsideRun } from '../shared/messages.ts';
import { displayLanguage } from './language.ts';

/** Something that can't be done here and now: its message is a whole translated sentence, shown as it is. */
export class Refusal extends Error {}

/** The sentence that a person reads of an error, in the display language. */
export function errorSentence(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof DistillError) return sentenceOutsideRun(error, displayLanguage());
  return vscode.l10n.t('Distill met an error that it does not know: {0}', error instanceof Error ? error.message : String(error));
}

/** Shows an error once, with a way to the log when it is one that nobody expected. */
export async function showError(error: unknown, log: vscode.LogOutputChannel): Promise<void> {
  if (error instanceof vscode.CancellationError) return;
  const text = errorSentence(error);
  if (error instanceof Refusal) {
    log.info(text);
    await vscode.window.showInformationMessage(text);
    return;
  }
  log.error(error instanceof Error ? error : text);
  const openLog = vscode.l10n.t('Open Log');
  if (await vscode.window.showErrorMessage(text, openLog) === openLog) log.show();
}
