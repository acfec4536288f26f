import * as vscode from 'vscode';
import { Refusal, showError } from '../errors.ts';
import { COMMANDS, type CommandName } from './table.ts';

/**
 * A handler gets what VS Code or a caller passed on, not yet looked at: a row of the tree (and all selected rows), a Uri, or
 * nothing.
 */
export type Handlers = Readonly<Record<CommandName, (target?: unknown, selection?: unknown) => Promise<void> | void>>;

/** Registers the whole table. What a handler throws becomes one sentence on the screen. */
export function registerCommands(handlers: Handlers, log: vscode.LogOutputChannel): vscode.Disposable {
  const names = Object.keys(COMMANDS) as CommandName[];
  return vscode.Disposable.from(...names.map((name) => vscode.commands.registerCommand(COMMANDS[name].id, async (target?: unknown, selection?: unknown) => {
    try {
      if (COMMANDS[name].needsTrust) requireTrust();
      await handlers[name](target, selection);
    } catch (error) {
      await showError(error, log);
    }
  })));
}

/** Says that the folder isn't trusted, with the way to change that, and ends the command. */
function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  const manage = vscode.l10n.t('Manage Trust');
  const text = vscode.l10n.t('This folder is not trusted, so that Distill launches nothing in it. Trust the folder to run, resume or check.');
  void vscode.window.showWarningMessage(text, manage).then((answer) => {
    if (answer === manage) void vscode.commands.executeCommand('workbench.trust.manage');
  });
  throw new vscode.CancellationError(); // ends the command without a second message
}

/** Ends a command with a sentence: for what can't be done here and now. */
export function refuse(text: string): never {
  throw new Refusal(text);
}
