/** Open Metrics, Compare Runs, Filter Traces, Open Recipe: what only looks. */
import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { RunView } from '../../runs/view.ts';
import { Refusal } from '../errors.ts';
import { chooseRecipe } from '../recipe/chooseRecipe.ts';
import { shortTitle } from '../runText.ts';
import { EXAMPLE_FILTERS, examplesOf, matchesFilter } from '../tree/examples.ts';
import { filterText } from '../tree/items.ts';
import { isTreeNode } from '../tree/nodes.ts';
import type { Workbench } from '../workbench.ts';
import { chooseRun, runOf, runRows } from './chooseRun.ts';
import { plot } from './labels.ts';

/** More curves than this over each other can't be told apart. */
const MOST_COMPARED = 12;

const noRun = (): never => {
  throw new Refusal(vscode.l10n.t('There is no run yet: there are no curves to show.'));
};

/** The ticked runs; without a tick the running or the newest one. A run that is asked for and not ticked is shown alone. */
export async function openMetrics({ store, metrics }: Workbench, target: unknown): Promise<void> {
  await store.ready;
  const runs = store.runs();
  const plotted = runs.filter(({ label }) => label.plotted === true);
  const asked = runOf(target, store);
  if (asked !== undefined) {
    metrics.show(plotted.some(({ folder }) => folder === asked.folder) ? folders(plotted) : [asked.folder]);
    return;
  }
  const fallback = runs.find(({ status }) => isActive(status)) ?? runs[0];
  if (fallback === undefined) noRun();
  else metrics.show(plotted.length > 0 ? folders(plotted) : [fallback.folder]);
}

/** Which runs are drawn over each other: those chosen in the tree (several selected rows), or a list to tick. */
export async function compareRuns(workbench: Workbench, target: unknown, selection: unknown): Promise<void> {
  const { store, metrics } = workbench;
  await store.ready;
  const runs = store.runs();
  if (runs.length === 0) noRun();
  const selected = Array.isArray(selection) ? selection.flatMap((each) => runOf(each, store) ?? []) : [];
  const chosen = selected.length > 1 ? selected : await tickRuns(runs, runOf(target, store));
  if (chosen === undefined) return;
  if (chosen.length > MOST_COMPARED) throw new Refusal(vscode.l10n.t('{0} runs over each other can’t be told apart: choose at most {1}.', chosen.length, MOST_COMPARED));
  for (const run of runs) {
    const wanted = chosen.includes(run);
    if (wanted !== (run.label.plotted === true)) await plot(workbench, run.folder, wanted);
  }
  metrics.show(folders(chosen));
}

async function tickRuns(runs: readonly RunView[], given: RunView | undefined): Promise<readonly RunView[] | undefined> {
  const rows = runRows(runs).map((row) => ({ ...row, picked: row.run.label.plotted === true || row.run === given }));
  const picked = await vscode.window.showQuickPick(rows, {
    canPickMany: true, title: vscode.l10n.t('Compare Runs'), placeHolder: vscode.l10n.t('Which runs are drawn over each other?'), matchOnDescription: true,
  });
  return picked?.map(({ run }) => run);
}

const folders = (runs: readonly RunView[]): readonly string[] => runs.map(({ folder }) => folder);

export async function filterTraces(workbench: Workbench, target: unknown): Promise<void> {
  const { store, filters } = workbench;
  const run = await chooseRun(target, store, {
    title: vscode.l10n.t('Filter Traces…'),
    fits: ({ facts }) => facts.traces.length > 0,
    unfit: (other) => vscode.l10n.t('{0} has no reasoning traces yet: they are written when it evaluates.', shortTitle(other)),
    none: vscode.l10n.t('No run has reasoning traces yet: they are written when a run evaluates.'),
  });
  if (run === undefined) return;
  const examples = examplesOf(run.facts.traces);
  const current = filters.get(run.folder);
  const rows = EXAMPLE_FILTERS.map((filter) => ({
    label: filterText(filter), description: String(examples.filter((example) => matchesFilter(example, filter)).length), filter,
    iconPath: new vscode.ThemeIcon(filter === current ? 'check' : 'blank'),
  }));
  const row = await vscode.window.showQuickPick(rows, { title: vscode.l10n.t('Which examples of {0} are shown?', shortTitle(run)) });
  if (row !== undefined) filters.set(run.folder, row.filter);
}

export function moreExamples({ tree }: Workbench, target: unknown): void {
  if (isTreeNode(target) && target.kind === 'more') tree.showMore(target.run);
}

/** Of a run: the file that its recipe came from; otherwise the project's. */
export async function openRecipe({ store, projects }: Workbench, target: unknown): Promise<void> {
  const run = runOf(target, store);
  const recipe = run?.run?.recipePath === undefined ? await chooseRecipe(run === undefined ? target : undefined, projects) : vscode.Uri.file(run.run.recipePath);
  if (recipe !== undefined) await vscode.window.showTextDocument(recipe);
}
