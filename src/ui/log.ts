import * as vscode from 'vscode';

/** The extension's one log channel. The engine's own output is in each run's engine.log. */
export function createLog(): vscode.LogOutputChannel {
  return vscode.window.createOutputChannel('Distill', { log: true });
}
