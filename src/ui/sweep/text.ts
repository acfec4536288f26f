import * as vscode from 'vscode';
import type { SweepStatus } from '../../shared/sweepPanel.ts';
import { icon } from '../runText.ts';

export function standingText(status: SweepStatus): string {
  switch (status) {
    case 'running': return vscode.l10n.t('running');
    case 'stopping': return vscode.l10n.t('stopping');
    case 'done': return vscode.l10n.t('done');
    case 'stopped': return vscode.l10n.t('stopped');
    case 'failed': return vscode.l10n.t('failed');
    case 'lost': return vscode.l10n.t('interrupted');
  }
}

export function standingIcon(status: SweepStatus): vscode.ThemeIcon {
  switch (status) {
    case 'running': return icon('loading~spin', 'charts.blue');
    case 'stopping': return icon('loading~spin', 'list.warningForeground');
    case 'done': return icon('beaker-stop', 'testing.iconPassed');
    case 'stopped': return icon('stop-circle', 'disabledForeground');
    case 'failed': return icon('error', 'testing.iconFailed');
    case 'lost': return icon('debug-disconnect', 'list.warningForeground');
  }
}
