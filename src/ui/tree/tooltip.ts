import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { RunView } from '../../runs/view.ts';
import { sentence } from '../../shared/messages.ts';
import { collectDetail } from '../collectText.ts';
import { displayLanguage } from '../language.ts';
import { duration, shortNumber } from '../../shared/numbers.ts';
import { failureText, progressText, shortTitle, statusText } from '../runText.ts';

/** Metrics in the tooltip: those a person asks about first. */
const METRICS = ['loss', 'kl', 'ce', 'validation/loss', 'learningRate', 'tokensPerSecond'];
const MOST_WARNINGS = 4;

/** All about a run on one card. What comes from files stays text: nothing in it becomes a link or an icon. */
export function runTooltip(run: RunView): vscode.MarkdownString {
  const card = new vscode.MarkdownString();
  card.appendMarkdown('**').appendText(shortTitle(run)).appendMarkdown('** — ').appendText(statusText(run.status));
  const progress = progressText(run);
  if (progress !== null) card.appendText(` (${progress})`);
  const failure = failureText(run);
  if (failure !== null) card.appendMarkdown('\n\n').appendText(failure);
  const { started, latest, warnings, collect } = run.facts;
  const values = METRICS.flatMap((name) => {
    const value = latest[name]?.value;
    return value === undefined || value === null ? [] : [`${name} ${shortNumber(value)}`];
  });
  if (collect !== null) card.appendMarkdown('\n\n').appendText(collectDetail(collect.event));
  if (values.length > 0) card.appendMarkdown('\n\n').appendText(values.join(' · '));
  if (started !== null && started.backend !== null) card.appendMarkdown('\n\n').appendText(vscode.l10n.t('{0} on {1}, {2} threads', started.backend, started.device, started.threads));
  if (run.startedAt !== null) {
    const took = duration((isActive(run.status) ? Date.now() : run.endedAt ?? run.startedAt) - run.startedAt);
    card.appendMarkdown('\n\n').appendText(vscode.l10n.t('Began {0}, took {1}', new Date(run.startedAt).toLocaleString(vscode.env.language), took));
  }
  for (const { event: { code, data } } of warnings.slice(-MOST_WARNINGS)) card.appendMarkdown('\n\n⚠ ').appendText(sentence(code, data, displayLanguage()));
  card.appendMarkdown('\n\n').appendText(run.id);
  return card;
}
