/** What the host tests share: the extension's parts, a recorded run in the open project, answers to its dialogues. */
import { cp, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Workbench } from '../../src/ui/workbench.ts';

export const EXTENSION = 'distill-workbench.distill-workbench';

/** The extension's own parts: it hands them out when VS Code runs it under test. */
export async function workbench(): Promise<Workbench> {
  const extension = vscode.extensions.getExtension<Workbench>(EXTENSION);
  if (extension === undefined) throw new Error(`${EXTENSION} is not there`);
  return extension.activate();
}

export function projectFolder(): string {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error('no folder is open');
  return path.join(folder.uri.fsPath, 'arithmetic');
}

/** Puts the recorded run into the open project under a name of its own, and waits until the store has it. */
export async function recordedRun(name: string): Promise<string> {
  const folder = path.join(projectFolder(), '.distill', 'runs', name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(path.dirname(folder), { recursive: true });
  await cp(path.join(process.env['DISTILL_FIXTURES'] ?? '', 'runs', 'arithmetic-done'), folder, { recursive: true });
  const { projects, store } = await workbench();
  await projects.look();
  await store.ready;
  if ((await store.refresh(folder)) === undefined) throw new Error(`the store has no ${folder}`);
  return folder;
}

/** Resolves with the first event for which `fits` says yes. */
export function next<T>(event: (listener: (value: T) => void) => { dispose(): void }, fits: (value: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve) => {
    const listening = event((value) => {
      if (!fits(value)) return;
      listening.dispose();
      resolve(value);
    });
  });
}

type Dialogue = 'showInputBox' | 'showInformationMessage' | 'showErrorMessage' | 'showWarningMessage' | 'showQuickPick';

/** While `during` runs, a dialogue is answered as a person would (`answer` sees what it was asked); gives what was asked. */
export async function answering(dialogue: Dialogue, answer: (...asked: readonly unknown[]) => unknown, during: () => Promise<unknown>): Promise<readonly (readonly unknown[])[]> {
  const window = vscode.window as unknown as Record<Dialogue, unknown>;
  const original = window[dialogue];
  const asked: (readonly unknown[])[] = [];
  window[dialogue] = async (...args: readonly unknown[]) => {
    asked.push(args);
    return answer(...args);
  };
  try {
    await during();
  } finally {
    window[dialogue] = original;
  }
  return asked;
}
