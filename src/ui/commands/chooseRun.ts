import path from 'node:path';
import * as vscode from 'vscode';
import type { RunStore } from '../../runs/store.ts';
import type { RunView } from '../../runs/view.ts';
import { Refusal } from '../errors.ts';
import { lastMetric, shortTime, shortTitle, statusIcon, statusText } from '../runText.ts';
import { isTreeNode } from '../tree/nodes.ts';

/** The run that a command was handed: a row of the tree (or below a run's), or the Uri of a run folder. */
export function runOf(target: unknown, store: RunStore): RunView | undefined {
  if (isTreeNode(target)) return 'run' in target ? store.get(target.run) : undefined;
  return target instanceof vscode.Uri ? store.get(target.fsPath) : undefined;
}

export interface RunChoice {
  readonly title: string;
  /** Which runs the command can work on. */
  readonly fits: (run: RunView) => boolean;
  /** What is said when the run that was handed over doesn't fit. */
  readonly unfit: (run: RunView) => string;
  /** What is said when no run fits. */
  readonly none: string;
}

/** The run handed over, the only one that fits, or the one that the person picks (undefined: none). Throws a refusal. */
export async function chooseRun(target: unknown, store: RunStore, choice: RunChoice): Promise<RunView | undefined> {
  const given = runOf(target, store);
  if (given !== undefined) {
    if (!choice.fits(given)) throw new Refusal(choice.unfit(given));
    return given;
  }
  await store.ready;
  const fitting = store.runs().filter((run) => choice.fits(run));
  if (fitting.length === 0) throw new Refusal(choice.none);
  if (fitting.length === 1) return fitting[0];
  return (await vscode.window.showQuickPick(runRows(fitting), { title: choice.title, matchOnDescription: true, matchOnDetail: true }))?.run;
}

export interface RunRow extends vscode.QuickPickItem {
  readonly run: RunView;
}

export function runRows(runs: readonly RunView[]): RunRow[] {
  const projects = new Set(runs.map(({ project }) => project));
  return runs.map((run) => ({
    label: `${run.label.starred ? '★ ' : ''}${shortTitle(run)}`,
    description: [run.createdAt === null ? null : shortTime(run.createdAt), statusText(run.status), lastMetric(run.facts)].filter((part) => part !== null).join(' · '),
    ...(projects.size > 1 ? { detail: path.basename(run.project) } : {}),
    iconPath: statusIcon(run.status),
    run,
  }));
}
