/** What a person does to a run that is there: name, star, delete, find its files. */
import path from 'node:path';
import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { RunView } from '../../runs/view.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { showError } from '../errors.ts';
import { shortTitle } from '../runText.ts';
import { isTreeNode } from '../tree/nodes.ts';
import type { Workbench } from '../workbench.ts';
import { chooseRun } from './chooseRun.ts';

/** Any run will do. */
async function anyRun({ store }: Workbench, target: unknown, title: string): Promise<RunView | undefined> {
  return chooseRun(target, store, { title, fits: () => true, unfit: shortTitle, none: vscode.l10n.t('There is no run yet.') });
}

export async function rename(workbench: Workbench, target: unknown): Promise<void> {
  const run = await anyRun(workbench, target, vscode.l10n.t('Rename'));
  if (run === undefined) return;
  const title = await vscode.window.showInputBox({
    title: vscode.l10n.t('Rename'), value: shortTitle(run), prompt: vscode.l10n.t('Empty: the run gets its own name back. The folder keeps its name.'),
  });
  if (title === undefined) return;
  const { renameRun } = await import('../../runs/actions.ts');
  await renameRun(run.folder, title);
  await workbench.store.refresh(run.folder);
}

export async function star(workbench: Workbench, target: unknown, starred: boolean): Promise<void> {
  const run = await anyRun(workbench, target, vscode.l10n.t('Star'));
  if (run === undefined) return;
  const { starRun } = await import('../../runs/actions.ts');
  await starRun(run.folder, starred);
  await workbench.store.refresh(run.folder);
}

export async function plot(workbench: Workbench, folder: string, plotted: boolean): Promise<void> {
  const { plotRun } = await import('../../runs/actions.ts');
  await plotRun(folder, plotted);
  await workbench.store.refresh(folder);
}

export async function remove(workbench: Workbench, target: unknown): Promise<void> {
  const { store, log } = workbench;
  const run = await chooseRun(target, store, {
    title: vscode.l10n.t('Delete'),
    fits: ({ status }) => !isActive(status),
    unfit: (other) => vscode.l10n.t('{0} is still active. Stop it before it is deleted.', shortTitle(other)),
    none: vscode.l10n.t('There is no run that could be deleted.'),
  });
  if (run === undefined) return;
  const { deleteRun } = await import('../../runs/actions.ts');
  const deletion = await deleteRun(run.folder, async (folder) => vscode.workspace.fs.delete(vscode.Uri.file(folder), { recursive: true, useTrash: true }));
  log.info(`deleted ${run.folder}`);
  await store.refresh(run.folder);
  const { undo } = deletion;
  if (undo === null) {
    void vscode.window.showInformationMessage(vscode.l10n.t('{0} is in the system’s trash.', shortTitle(run)));
    return;
  }
  // Not awaited: the command has done its work, and a notification may stay for hours.
  const takeBack = vscode.l10n.t('Undo');
  void vscode.window.showInformationMessage(vscode.l10n.t('{0} was deleted. It is kept in .distill/trash for 30 days.', shortTitle(run)), takeBack).then(async (answer) => {
    if (answer !== takeBack) return;
    await undo();
    await store.refresh(run.folder);
  }).then(undefined, (error: unknown) => showError(error, log));
}

export async function copyPath(workbench: Workbench, target: unknown): Promise<void> {
  const run = await anyRun(workbench, target, vscode.l10n.t('Copy Path'));
  if (run !== undefined) await vscode.env.clipboard.writeText(run.folder);
}

export async function reveal(workbench: Workbench, target: unknown): Promise<void> {
  const run = await anyRun(workbench, target, vscode.l10n.t('Reveal Run Folder'));
  if (run !== undefined) await revealFile(vscode.Uri.file(path.join(run.folder, RUN_FILES.run)));
}

export async function revealCheckpoint(target: unknown): Promise<void> {
  if (!isTreeNode(target) || target.kind !== 'checkpoint') return;
  await revealFile(vscode.Uri.file(path.join(target.run, RUN_FILES.checkpoints, target.name)));
}

/** In the system's file manager on one's own machine; in the explorer where the files are on another one. */
async function revealFile(uri: vscode.Uri): Promise<void> {
  const local = vscode.env.remoteName === undefined && vscode.env.uiKind === vscode.UIKind.Desktop;
  await vscode.commands.executeCommand(local ? 'revealFileInOS' : 'revealInExplorer', uri);
}

/** The engine's own output of a run; without any run the extension's log. */
export async function openLog(workbench: Workbench, target: unknown): Promise<void> {
  const { store, log } = workbench;
  if (store.runs().length === 0) {
    log.show();
    return;
  }
  const run = await anyRun(workbench, target, vscode.l10n.t('Open Log'));
  if (run !== undefined) await openFile(path.join(run.folder, RUN_FILES.log), vscode.l10n.t('{0} has no engine.log: its engine was never started.', shortTitle(run)));
}

export async function openFrozenRecipe(workbench: Workbench, target: unknown): Promise<void> {
  const run = await anyRun(workbench, target, vscode.l10n.t('Open Recipe'));
  if (run !== undefined) await openFile(path.join(run.folder, RUN_FILES.run), vscode.l10n.t('{0} has no run.json.', shortTitle(run)));
}

export async function openReport(target: unknown): Promise<void> {
  if (!isTreeNode(target) || target.kind !== 'evaluation') return;
  await openFile(path.join(target.run, RUN_FILES.reports, target.report), vscode.l10n.t('The report {0} is gone.', target.report));
}

async function openFile(file: string, missing: string): Promise<void> {
  const uri = vscode.Uri.file(file);
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    await vscode.window.showInformationMessage(missing);
    return;
  }
  await vscode.window.showTextDocument(uri, { preview: true });
}
