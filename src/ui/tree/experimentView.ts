import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { RunStore } from '../../runs/store.ts';
import { plot } from '../commands/labels.ts';
import { showError } from '../errors.ts';
import type { Workbench } from '../workbench.ts';
import type { TreeNode } from './nodes.ts';

export const EXPERIMENTS_VIEW = 'distill.experiments';

/** What the view says besides its rows: the badge counts what runs; a tick draws a run's curves. */
export function followView(workbench: Workbench): vscode.Disposable {
  const { view, store, metrics, log } = workbench;
  let ticked = '';
  return vscode.Disposable.from(
    store.onDidChange(({ what }) => {
      if (['status', 'added', 'removed'].some((each) => what.has(each as never))) drawBadge(view, store);
      if (!what.has('label') && !what.has('added') && !what.has('removed')) return;
      const before = ticked;
      const runs = store.runs().filter(({ label }) => label.plotted === true).map(({ folder }) => folder);
      ticked = runs.join('\n');
      if (ticked !== before && metrics.isOpen) metrics.setRuns(runs);
    }),
    view.onDidChangeCheckboxState(({ items }) => {
      void Promise.all(items.flatMap(([node, state]) => node.kind === 'run' ? [plot(workbench, node.run, state === vscode.TreeItemCheckboxState.Checked)] : []))
        .catch((error: unknown) => showError(error, log));
    }),
  );
}

function drawBadge(view: vscode.TreeView<TreeNode>, store: RunStore): void {
  const live = store.runs().filter(({ status }) => isActive(status)).length;
  if ((view.badge?.value ?? 0) === live) return;
  view.badge = live === 0 ? undefined : { value: live, tooltip: live === 1 ? vscode.l10n.t('One run is active') : vscode.l10n.t('{0} runs are active', live) };
}
