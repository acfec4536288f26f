/** A sweep as its page shows it. No vscode here. */
import type { SweepView } from '../../runs/sweepView.ts';
import { sentence, type ErrorCode, type Language } from '../../shared/messages.ts';
import { fill } from '../../shared/metricsText.ts';
import { percent } from '../../shared/numbers.ts';
import type { SweepPage } from '../../shared/sweepPanel.ts';
import { sweepPageText } from '../../shared/sweepPageText.ts';
import { shortPaths } from '../../shared/sweepPaths.ts';
import { goalOf } from '../../shared/sweepPlan.ts';

export function sweepPageOf({ folder, title, file: { sweep }, plan, status, end, rows, finished, secondsLeft }: SweepView, language: Language): SweepPage {
  const labels = shortPaths(plan.axes.map(({ name }) => name));
  const { stopEarly } = sweep;
  return {
    folder, title, status, metric: sweep.metric, goal: goalOf(sweep), seeds: sweep.seeds, rows, finished, secondsLeft,
    failure: status === 'failed' && end?.code !== undefined ? sentence(end.code as ErrorCode, end.data ?? {}, language) : null,
    axes: plan.axes.map(({ name, scale }, index) => ({ name, scale, label: labels[index] ?? name })),
    rule: stopEarly === undefined ? null : fill(sweepPageText(language).rule, stopEarly.metric ?? sweep.metric, percent(stopEarly.after), stopEarly.runs),
  };
}
