import * as vscode from 'vscode';
import type { RunFacts } from '../runs/fold.ts';
import type { RunStatus } from '../shared/panel.ts';
import type { RunView } from '../runs/view.ts';
import { takesSteps } from '../shared/events.ts';
import { sentence } from '../shared/messages.ts';
import { errorSentence } from './errors.ts';
import { collectText } from './collectText.ts';
import { displayLanguage } from './language.ts';
import { duration, shortNumber } from '../shared/numbers.ts';

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
    case 'stopping': return icon('loading~spin', 'list.warningForeground');
    case 'done': return icon('pass', 'testing.iconPassed');
    case 'stopped': return icon('stop-circle', 'disabledForeground');
    case 'failed': return icon('error', 'testing.iconFailed');
    case 'lost': return icon('debug-disconnect', 'list.warningForeground');
  }
}

export function icon(name: string, color?: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(name, color === undefined ? undefined : new vscode.ThemeColor(color));
}

export { shortTime, shortTitle } from './runName.ts';

/** The number that says most about a run now: the loss it trains on, else the last validation loss. */
export function lastMetric(facts: RunFacts): string | null {
  for (const name of ['loss', 'validation/loss'] as const) {
    const latest = facts.latest[name];
    if (latest !== undefined && latest.value !== null) return `${name} ${shortNumber(latest.value)}`;
  }
  return null;
}

/** How far a running run is: `450/2000 · 2m 10s left`, with the work's name where it is not training. */
export function progressText({ progress, facts }: RunView): string | null {
  if (progress === null) return null;
  const { stage, what, fraction, secondsLeft } = progress;
  const done = stage.type === 'collect' && facts.collect?.event.stage === stage.index ? collectText(facts.collect.event)
    : what === null && takesSteps(stage.type)
    ? (stage.total === null ? String(stage.done) : `${stage.done}/${stage.total}`)
    : facts.progress === null ? stage.name : `${stage.name} ${facts.progress.event.done}/${facts.progress.event.total}`;
  const left = secondsLeft === null || fraction === 1 ? null : vscode.l10n.t('{0} left', duration(secondsLeft * 1000));
  return [done, left].filter((part) => part !== null).join(' · ');
}

/** The sentence of why a run ended badly, or why it can't be read; null when there is nothing to say. */
export function failureText(run: RunView): string | null {
  if (run.problem !== null) return errorSentence(run.problem);
  const { ended } = run.facts;
  // Stopped by itself: a budget that is spent.
  if (run.status === 'stopped' && ended?.code !== undefined) return sentence(ended.code, ended.data ?? {}, displayLanguage());
  if (run.status === 'lost') return vscode.l10n.t('The training process is gone without having said why. Resume it from its last checkpoint, or look into engine.log.');
  if (ended?.outcome !== 'failed') return null;
  return sentence(ended.code ?? 'unexpected', ended.data ?? { detail: '' }, displayLanguage());
}
