/** How stages with their gates look, and the sweeps that runs belong to. */
import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { SweepView } from '../../runs/sweepView.ts';
import { gateText, type GateView, type RunView, type StageView } from '../../runs/view.ts';
import { spendText } from '../collectText.ts';
import { COMMANDS } from '../commands/table.ts';
import { duration, shortNumber } from '../../shared/numbers.ts';
import { icon, shortTime } from '../runText.ts';
import { settingText } from '../../shared/sweepText.ts';
import { standingIcon, standingText } from '../sweep/text.ts';
import { joined, row } from './items.ts';
import type { TreeNode } from './nodes.ts';

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

export function stageItem(node: TreeNode, run: RunView, stage: StageView): vscode.TreeItem {
  const running = stage.state === 'running' && isActive(run.status);
  const below = (stage.parent === null ? 0 : 1) + stage.gates.length + stage.checkpoints.length;
  const item = row(node, stage.name, below === 0 ? None : running ? Expanded : Collapsed);
  item.iconPath = stageIcon(run, stage);
  const took = stage.beganAt === null ? null : duration((stage.endedAt ?? (running ? Date.now() : run.endedAt ?? stage.beganAt)) - stage.beganAt);
  const done = stage.total === null ? (stage.done > 0 ? String(stage.done) : null) : `${stage.done}/${stage.total}`;
  const spend = run.facts.collect?.event.stage === stage.index ? run.facts.collect.event.spend : null;
  const judged = stage.gates.findLast((gate) => gate.judged !== null);
  item.description = stage.state === 'waiting' ? '' : joined([
    stage.state === 'skipped' ? vscode.l10n.t('skipped') : done, judged === undefined ? null : `${judged.judged?.passed === true ? '✓' : '✗'} ${gateText(judged)}`,
    spend === null ? null : spendText(spend), took,
    stage.reason === null ? null : reasonText(stage.reason),
  ]);
  item.tooltip = [
    joined([stage.name, stage.type]),
    stage.parent === null ? null : vscode.l10n.t('starts from {0}', stage.parent),
    stage.handedOn === null ? null : vscode.l10n.t('hands on {0}', stage.handedOn),
    ...stage.gates.map((gate) => `${whenText(gate.when)}: ${gateText(gate)}`),
  ].filter((line) => line !== null).join('\n');
  item.contextValue = 'stage';
  return item;
}

function stageIcon(run: RunView, stage: StageView): vscode.ThemeIcon {
  if (stage.reason === 'gate-missed' || stage.reason === 'entry-missed') return icon('error', 'testing.iconFailed');
  if (stage.state === 'running') return isActive(run.status) ? icon('loading~spin', 'charts.blue') : icon('circle-slash', 'disabledForeground');
  if (stage.reason === 'stopped') return icon('circle-slash', 'disabledForeground');
  if (stage.state === 'done') return stage.gates.some(({ judged }) => judged?.passed === false) ? icon('warning', 'list.warningForeground') : icon('pass', 'testing.iconPassed');
  return stage.state === 'skipped' ? icon('debug-step-over', 'disabledForeground') : icon('circle-outline', 'disabledForeground');
}

/** Why a stage ended, where that is worth a word. */
function reasonText(reason: string): string | null {
  switch (reason) {
    case 'early-stop': return vscode.l10n.t('stopped early: no more improvement');
    case 'gate-missed': return vscode.l10n.t('gate missed');
    case 'entry-missed': return vscode.l10n.t('not begun');
    case 'stopped': return vscode.l10n.t('stopped');
    case 'budget': return vscode.l10n.t('the budget is spent');
    default: return null;
  }
}

function whenText(when: GateView['when']): string {
  return when === 'entry' ? vscode.l10n.t('Entry') : vscode.l10n.t('Gate');
}

/** The checkpoint that a stage starts from. */
export function parentItem(node: TreeNode, stage: StageView): vscode.TreeItem {
  const item = row(node, vscode.l10n.t('Starts from'), None);
  item.iconPath = icon('git-commit');
  item.description = stage.parent ?? '';
  return item;
}

export function gateItem(node: TreeNode, gate: GateView): vscode.TreeItem {
  const item = row(node, whenText(gate.when), None);
  const { judged } = gate;
  item.iconPath = judged === null ? icon('circle-outline', 'disabledForeground') : judged.passed ? icon('pass', 'testing.iconPassed') : icon(judged.action === 'stop' ? 'error' : 'warning', judged.action === 'stop' ? 'testing.iconFailed' : 'list.warningForeground');
  item.description = joined([gateText(gate), judged === null || judged.passed ? null : missText(judged.action, judged.checkpoint)]);
  item.accessibilityInformation = { label: joined([whenText(gate.when), judged === null ? vscode.l10n.t('not judged yet') : judged.passed ? vscode.l10n.t('passed') : vscode.l10n.t('missed'), item.description]) };
  return item;
}

function missText(action: 'stop' | 'continue' | 'best' | null, checkpoint: string | null): string {
  switch (action) {
    case 'best': return vscode.l10n.t('went back to {0}', checkpoint ?? '–');
    case 'continue': return vscode.l10n.t('went on all the same');
    default: return vscode.l10n.t('the run ended here');
  }
}

export function sweepItem(node: TreeNode, sweep: SweepView): vscode.TreeItem {
  const live = sweep.status === 'running' || sweep.status === 'stopping';
  const item = row(node, vscode.l10n.t('Sweep {0}', sweep.title), live ? Expanded : Collapsed);
  const best = sweep.rows.find((each) => each.best);
  item.iconPath = standingIcon(sweep.status);
  item.description = joined([
    shortTime(sweep.file.createdAt), sweep.status === 'done' ? null : standingText(sweep.status), `${String(sweep.finished)}/${String(sweep.rows.length)}`,
    sweep.secondsLeft === null || sweep.secondsLeft <= 0 ? null : vscode.l10n.t('{0} left', duration(sweep.secondsLeft * 1000)),
    best === undefined || best.mean === null ? null : `★ ${settingText(best.values)} · ${sweep.file.sweep.metric} ${shortNumber(best.mean)}`,
  ]);
  item.tooltip = joined([sweep.id, sweep.plan.axes.map(({ name }) => name).join(', ')]);
  item.contextValue = ['sweep', live ? 'live' : 'ended', ['stopped', 'lost', 'failed'].includes(sweep.status) ? 'resumable' : ''].filter((flag) => flag !== '').join(' ');
  item.command = { command: COMMANDS.openSweep.id, title: '', arguments: [node] };
  return item;
}
