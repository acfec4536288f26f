/** The comparison table of a sweep: a row a run, the best setting marked. */
import type { SweepView } from '../runs/sweepView.ts';
import { duration, percent, shortNumber } from '../shared/numbers.ts';
import { metricsText } from '../shared/metricsText.ts';
import type { SweepRow, SweepRowStatus } from '../shared/sweepPanel.ts';
import { goalOf } from '../shared/sweepPlan.ts';
import { shortPaths } from '../shared/sweepPaths.ts';
import { sweptText } from '../shared/sweepText.ts';
import { table, type Terminal } from './terminal.ts';

export function sweepTable(terminal: Terminal, { file, plan, rows }: SweepView): string {
  const { say, paint } = terminal;
  const names = plan.axes.map(({ name }) => name);
  const several = file.sweep.seeds > 1;
  const accuracy = rows.some((row) => row.accuracy !== null) && file.sweep.metric !== 'evaluation/accuracy';
  const head = [
    '', '#', ...shortPaths(names), ...(several ? [say('sweepSeed')] : []), file.sweep.metric, ...(several ? [say('sweepMean')] : []), ...(accuracy ? [say('evaluationAccuracy')] : []),
    say('sweepTime'), say('columnStatus'),
  ];
  const body = ranked(rows, goalOf(file.sweep)).map((row) => [
    row.best ? '★' : '', String(row.index + 1), ...names.map((name) => sweptText(row.values[name])), ...(several ? [String(row.seed)] : []),
    row.value === null ? '–' : shortNumber(row.value), ...(several ? [row.mean === null ? '–' : shortNumber(row.mean)] : []),
    ...(accuracy ? [row.accuracy === null ? '–' : percent(row.accuracy)] : []), row.seconds === null ? '–' : duration(row.seconds * 1000), rowStatusText(terminal, row.status),
  ]);
  const [first = '', ...lines] = table([head, ...body]).split('\n');
  return [paint('dim', first), ...lines.map((line) => (line.startsWith('★') ? paint('green', line) : line))].join('\n');
}

export function rowStatusText({ say, language }: Pick<Terminal, 'say' | 'language'>, status: SweepRowStatus): string {
  return status === 'waiting' ? say('sweepWaiting') : status === 'stopped-behind' ? say('sweepBehind') : metricsText(language)[`status.${status}`];
}

/** The best settings first; then those that go on or wait, in their order. */
function ranked(rows: readonly SweepRow[], goal: 'min' | 'max'): readonly SweepRow[] {
  const worst = goal === 'min' ? Infinity : -Infinity;
  const sign = goal === 'min' ? 1 : -1;
  const key = ({ mean }: SweepRow): number => mean ?? worst;
  return [...rows].sort((a, b) => (key(a) === key(b) ? a.index - b.index : sign * (key(a) - key(b))));
}
