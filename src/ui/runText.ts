import * as vscode from 'vscode';
import type { RunFacts } from '../runs/fold.ts';
import type { RunStatus } from '../shared/panel.ts';
import { shortNumber } from './numbers.ts';

export function statusText(status: RunStatus): string {
  switch (status) {
    case 'queued': return vscode.l10n.t('waiting for the device');
    case 'starting': return vscode.l10n.t('starting');
    case 'running': return vscode.l10n.t('running');
    case 'stopping': return vscode.l10n.t('stopping');
    case 'done': return vscode.l10n.t('done');
    case 'stopped': return vscode.l10n.t('stopped');
    case 'failed': return vscode.l10n.t('failed');
    case 'lost': return vscode.l10n.t('lost');
  }
}

export function statusIcon(status: RunStatus): vscode.ThemeIcon {
  switch (status) {
    case 'queued': return icon('clock', 'charts.yellow');
    case 'starting': return icon('loading~spin', 'charts.blue');
    case 'running': return icon('loading~spin', 'charts.blue');
    case 'stopping': return icon('loading~spin', 'charts.orange');
    case 'done': return icon('pass', 'testing.iconPassed');
    case 'stopped': return icon('stop-circle', 'disabledForeground');
    case 'failed': return icon('error', 'testing.iconFailed');
    case 'lost': return icon('debug-disconnect', 'charts.orange');
  }
}

export function icon(name: string, color?: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}

/** A run that still does something. */
export function isLive(status: RunStatus): boolean {
  return status === 'queued' || status === 'starting' || status === 'running' || status === 'stopping';
}

/** The number that says most about a run now: the loss it trains on, else the last validation loss. */
export function lastMetric(facts: RunFacts): string | null {
  for (const name of ['loss', 'validation/loss'] as const) {
    const latest = facts.latest[name];
    if (latest !== undefined && latest.value !== null) return `${name} ${shortNumber(latest.value)}`;
  }
  return null;
}
