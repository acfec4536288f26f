import * as vscode from 'vscode';
import type { SweepStore } from '../../runs/sweepStore.ts';
import type { SweepView } from '../../runs/sweepView.ts';
import { shortNumber } from '../../shared/numbers.ts';
import { settingText } from '../../shared/sweepText.ts';
import { COMMANDS } from '../commands/table.ts';
import { setting } from '../settings.ts';
import type { SweepNode } from '../tree/nodes.ts';

/** One notification when a sweep that this window has seen at work is through, or nobody drives it any more. */
export function tellEndOfSweeps(sweeps: SweepStore): vscode.Disposable {
  const live = new Set<string>();
  return sweeps.onDidChange((folder) => {
    const sweep = sweeps.get(folder);
    if (sweep?.status === 'running') live.add(folder);
    // Whoever stopped it knows.
    else if (sweep?.status !== 'stopping' && live.delete(folder) && sweep !== undefined && sweep.status !== 'stopped' && setting('notifyWhenRunEnds')) void tell(sweep);
  }) as vscode.Disposable;
}

async function tell(sweep: SweepView): Promise<void> {
  const open = vscode.l10n.t('Open Sweep');
  const best = sweep.rows.find((row) => row.best);
  const { finished, rows, file, title } = sweep;
  const answer = sweep.status !== 'done'
    ? await vscode.window.showErrorMessage(vscode.l10n.t('The sweep of {0} ended early: {1} of {2} runs are through. It can be resumed.', title, finished, rows.length), open)
    : best === undefined || best.mean === null
      ? await vscode.window.showInformationMessage(vscode.l10n.t('The sweep of {0} is done.', title), open)
      : await vscode.window.showInformationMessage(vscode.l10n.t('The sweep of {0} is done. Best: {1}, with {2} {3}.', title, settingText(best.values), file.sweep.metric, shortNumber(best.mean)), open);
  if (answer === open) await vscode.commands.executeCommand(COMMANDS.openSweep.id, { kind: 'sweep', sweep: sweep.folder } satisfies SweepNode);
}
