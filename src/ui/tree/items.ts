/** How each row of the tree looks. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { EvaluationEvent, ModelScore, Verdict } from '../../shared/events.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { isActive } from '../../runs/status.ts';
import type { RunView } from '../../runs/view.ts';
import { COMMANDS } from '../commands/table.ts';
import { parameterCount, percent, shortNumber } from '../../shared/numbers.ts';
import type { Project } from '../project/projects.ts';
import { icon, lastMetric, progressText, shortTime, shortTitle, statusIcon, statusText } from '../runText.ts';
import type { Example, ExampleFilter } from './examples.ts';
import { nodeId, type TreeNode } from './nodes.ts';

const { Collapsed, Expanded, None } = vscode.TreeItemCollapsibleState;

export function row(node: TreeNode, label: string, state: vscode.TreeItemCollapsibleState): vscode.TreeItem {
  const item = new vscode.TreeItem(label, state);
  item.id = nodeId(node);
  item.contextValue = node.kind;
  return item;
}

export const joined = (parts: readonly (string | null | undefined)[]): string => parts.filter((part) => part !== null && part !== undefined && part !== '').join(' · ');

export function projectItem(node: TreeNode, project: Project, runs: number): vscode.TreeItem {
  const item = row(node, project.name, runs > 0 ? Expanded : None);
  item.iconPath = icon('project');
  item.description = runs === 0 ? vscode.l10n.t('no run yet') : '';
  item.tooltip = project.folder;
  return item;
}

export function runItem(node: TreeNode, run: RunView): vscode.TreeItem {
  const item = row(node, `${run.label.starred ? '★ ' : ''}${shortTitle(run)}`, Collapsed);
  const live = isActive(run.status);
  item.iconPath = statusIcon(run.status);
  item.description = joined([
    run.createdAt === null ? null : shortTime(run.createdAt),
    run.status === 'running' || run.status === 'done' ? null : statusText(run.status),
    live ? progressText(run) : null,
    run.status === 'done' ? resultText(run) : lastMetric(run.facts),
    live ? run.facts.started?.backend : null,
  ]);
  const flags = [live ? 'live' : 'ended', run.resumable ? 'resumable' : '', run.label.starred ? 'starred' : 'unstarred', run.facts.traces.length > 0 ? 'traces' : ''];
  item.contextValue = ['run', ...flags.filter((flag) => flag !== '')].join(' ');
  item.checkboxState = {
    state: run.label.plotted === true ? vscode.TreeItemCheckboxState.Checked : vscode.TreeItemCheckboxState.Unchecked,
    tooltip: run.label.plotted === true ? vscode.l10n.t('Drawn in the metrics panel') : vscode.l10n.t('Draw in the metrics panel'),
  };
  item.accessibilityInformation = { label: joined([shortTitle(run), statusText(run.status), item.description]) };
  return item;
}

/** Student's accuracy and what it kept of the teacher's, else the last loss. */
function resultText(run: RunView): string | null {
  const evaluation = run.facts.evaluations.at(-1);
  const student = evaluation?.models.find(({ role }) => role === 'student');
  if (evaluation === undefined || student === undefined) return lastMetric(run.facts);
  const kept = evaluation.retention === null ? null : vscode.l10n.t('kept {0}', percent(evaluation.retention.value));
  return joined([percent(student.accuracy), kept]);
}

export function sectionItem(node: Extract<TreeNode, { kind: 'section' }>, run: RunView, filter: ExampleFilter, examples: number): vscode.TreeItem {
  switch (node.section) {
    case 'evaluations': {
      const item = row(node, vscode.l10n.t('Evaluation'), Collapsed);
      item.iconPath = icon('beaker');
      item.description = resultText(run) ?? '';
      item.contextValue = 'evaluations';
      return item;
    }
    case 'traces': {
      const item = row(node, vscode.l10n.t('Reasoning traces'), Collapsed);
      item.iconPath = icon('comment-discussion');
      item.description = filter === 'all' ? String(examples) : `${examples} · ${filterText(filter)}`;
      item.contextValue = 'traces';
      return item;
    }
  }
}

export function checkpointItem(node: Extract<TreeNode, { kind: 'checkpoint' }>, run: RunView): vscode.TreeItem {
  const checkpoint = run.facts.checkpoints.find(({ event }) => event.name === node.name)?.event;
  const best = checkpoint?.best === true;
  const item = row(node, node.name, None);
  item.iconPath = best ? icon('star-full', 'charts.yellow') : icon('save');
  const loss = checkpoint?.values['validation/loss'];
  item.description = joined([best ? vscode.l10n.t('best') : null, typeof loss === 'number' ? `validation/loss ${shortNumber(loss)}` : null]);
  item.tooltip = path.join(run.folder, RUN_FILES.checkpoints, node.name);
  return item;
}

export function evaluationItem(node: TreeNode, run: RunView, evaluation: EvaluationEvent): vscode.TreeItem {
  const name = run.stages[evaluation.stage]?.name ?? evaluation.report;
  const item = row(node, name, run.facts.evaluations.length === 1 ? Expanded : Collapsed);
  item.iconPath = icon('beaker');
  item.description = joined([vscode.l10n.t('step {0}', evaluation.step), vscode.l10n.t('{0} examples', evaluation.models[0]?.examples ?? 0)]);
  return item;
}

export function scoreItem(node: Extract<TreeNode, { kind: 'score' }>, evaluation: EvaluationEvent): vscode.TreeItem {
  if (node.row === 'retention') {
    const item = row(node, vscode.l10n.t('Retention'), None);
    item.iconPath = icon('arrow-swap');
    const { retention } = evaluation;
    item.description = retention === null ? '' : `${percent(retention.value)}  [${percent(retention.low)}, ${percent(retention.high)}]`;
    item.tooltip = vscode.l10n.t('The student’s accuracy as a share of the teacher’s, with its 95% interval');
    return item;
  }
  const score = evaluation.models.find(({ role }) => role === node.row);
  const item = row(node, node.row === 'teacher' ? vscode.l10n.t('Teacher') : vscode.l10n.t('Student'), None);
  item.iconPath = icon(node.row === 'teacher' ? 'mortar-board' : 'person');
  if (score === undefined) return item;
  item.description = scoreText(score);
  item.tooltip = `${vscode.l10n.t('{0} of {1} right; 95% interval {2} to {3}', score.right, score.examples, percent(score.low), percent(score.high))}\n${scoreText(score)}`;
  return item;
}

function scoreText(score: ModelScore): string {
  return joined([
    `${percent(score.accuracy)}  [${percent(score.low)}, ${percent(score.high)}]`,
    vscode.l10n.t('{0} tokens/s', shortNumber(Math.round(score.tokensPerSecond))),
    vscode.l10n.t('{0} parameters', parameterCount(score.parameters)),
  ]);
}

/** `question` is the first line of the prompt, where it has been read. */
export function exampleItem(node: Extract<TreeNode, { kind: 'example' }>, { teacher, student }: Example, question: string | null): vscode.TreeItem {
  const item = row(node, question ?? node.example, None);
  item.iconPath = exampleIcon(teacher?.verdict, student?.verdict);
  // Short on purpose: the question needs the room, and the tooltip has the words.
  item.description = joined([
    teacher === null ? null : vscode.l10n.t('T {0}', verdictSign(teacher.verdict)),
    student === null ? null : vscode.l10n.t('S {0}', verdictSign(student.verdict)),
  ]);
  const verdicts = joined([
    teacher === null ? null : vscode.l10n.t('teacher {0}', verdictText(teacher.verdict)),
    student === null ? null : vscode.l10n.t('student {0}', verdictText(student.verdict)),
  ]);
  item.tooltip = [question, verdicts, node.example].filter((line) => line !== null).join('\n');
  item.accessibilityInformation = { label: joined([question ?? node.example, verdicts]) };
  item.command = { command: COMMANDS.diffTrace.id, title: vscode.l10n.t('Diff Reasoning Trace…'), arguments: [node] };
  return item;
}

function exampleIcon(teacher: Verdict | undefined, student: Verdict | undefined): vscode.ThemeIcon {
  if (student === 'right') return icon('pass', teacher === 'wrong' ? 'charts.blue' : 'testing.iconPassed');
  if (student === 'wrong') return icon('error', teacher === 'right' ? 'testing.iconFailed' : 'list.warningForeground');
  return icon('question', 'disabledForeground');
}

function verdictSign(verdict: Verdict): string {
  return verdict === 'right' ? '✓' : verdict === 'wrong' ? '✗' : '?';
}

export function verdictText(verdict: Verdict): string {
  switch (verdict) {
    case 'right': return vscode.l10n.t('right');
    case 'wrong': return vscode.l10n.t('wrong');
    case 'unknown': return vscode.l10n.t('unknown');
  }
}

export function filterText(filter: ExampleFilter): string {
  switch (filter) {
    case 'all': return vscode.l10n.t('all');
    case 'both-right': return vscode.l10n.t('both right');
    case 'student-wrong': return vscode.l10n.t('student wrong');
    case 'teacher-wrong': return vscode.l10n.t('teacher wrong');
    case 'differ': return vscode.l10n.t('verdicts differ');
    case 'unknown': return vscode.l10n.t('unknown verdict');
  }
}

export function moreItem(node: Extract<TreeNode, { kind: 'more' }>): vscode.TreeItem {
  const item = row(node, vscode.l10n.t('{0} more…', node.hidden), None);
  item.iconPath = icon('ellipsis');
  item.command = { command: COMMANDS.moreExamples.id, title: '', arguments: [node] };
  return item;
}
