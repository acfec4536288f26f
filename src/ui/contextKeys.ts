import * as vscode from 'vscode';

/** Context keys that the manifest's `when` clauses read, each with its type. */
export interface ContextKeys {
  /** The first look for projects has ended: before it, no reason of emptiness is known. */
  readonly 'distill.searched': boolean;
  readonly 'distill.hasProject': boolean;
  /** A project's recipe has a collect stage. */
  readonly 'distill.collects': boolean;
  readonly 'distill.hasRun': boolean;
  readonly 'distill.hasLiveRun': boolean;
  readonly 'distill.hasResumableRun': boolean;
}

const last = new Map<string, unknown>();

/** Sets a context key, when its value is another than the last one. */
export function setContextKey<Key extends keyof ContextKeys>(key: Key, value: ContextKeys[Key]): void {
  if (last.get(key) === value) return;
  last.set(key, value);
  void vscode.commands.executeCommand('setContext', key, value);
}
