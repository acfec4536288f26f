/** A sweep as it is shown: its plan, and what has become of each run of it. Pure. */
import { takesSteps, type MetricEvent } from '../shared/events.ts';
import type { SweepRow, SweepRowStatus, SweepStatus } from '../shared/sweepPanel.ts';
import { goalOf, planSweep, type SweepPlan } from '../shared/sweepPlan.ts';
import { isEvaluationMetric } from '../shared/metrics.ts';
import type { RunFacts } from './fold.ts';
import { isActive } from './status.ts';
import type { SweepEnd, SweepFile } from './sweepFolder.ts';
import type { RunView } from './view.ts';

export interface SweepView {
  readonly id: string;
  /** Absolute; its key everywhere. */
  readonly folder: string;
  readonly project: string;
  /** The recipe's name. */
  readonly title: string;
  readonly file: SweepFile;
  readonly plan: SweepPlan;
  readonly status: SweepStatus;
  readonly end: SweepEnd | null;
  readonly rows: readonly SweepRow[];
  /** Runs that need nothing more. */
  readonly finished: number;
  readonly secondsLeft: number | null;
}

export interface SweepParts {
  readonly folder: string;
  readonly project: string;
  readonly file: SweepFile;
  readonly status: SweepStatus;
  readonly end: SweepEnd | null;
  /** All runs of the project, or those of the sweep. */
  readonly runs: readonly RunView[];
  readonly now?: number;
}

export function sweepViewOf({ folder, project, file, status, end, runs, now = Date.now() }: SweepParts): SweepView {
  const plan = planSweep(file.recipe, file.sweep, file.seed);
  const byIndex = new Map<number, RunView>();
  for (const run of runs) {
    const place = run.run?.sweep;
    if (place?.id !== file.id) continue;
    const before = byIndex.get(place.index);
    if (before === undefined || (before.createdAt ?? 0) <= (run.createdAt ?? 0)) byIndex.set(place.index, run);
  }
  const rows = withBest(plan.runs.map((planned): SweepRow => {
    const run = byIndex.get(planned.index);
    return {
      ...planned, run: run?.folder ?? null, status: run === undefined ? 'waiting' : rowStatus(run), value: run === undefined ? null : resultOf(run.facts, file.sweep.metric), mean: null, best: false,
      accuracy: run?.facts.latest['evaluation/accuracy']?.value ?? null, step: run?.facts.step ?? 0, totalSteps: run?.totalSteps ?? null, seconds: run === undefined ? null : secondsOf(run, now),
    };
  }), goalOf(file.sweep));
  return {
    id: file.id, folder, project, title: String(file.recipe['name'] ?? file.id), file, plan, status, end, rows,
    finished: rows.filter((row) => isOver(row.status)).length,
    secondsLeft: status === 'running' ? secondsLeft(rows) : null,
  };
}

/** How a run of a sweep stands; one that its sweep has stopped has a word of its own. */
export function rowStatus({ status, facts }: Pick<RunView, 'status' | 'facts'>): SweepRowStatus {
  return status === 'stopped' && facts.ended?.code === 'stopped-behind' ? 'stopped-behind' : status;
}

function isOver(status: SweepRowStatus): boolean {
  return status === 'done' || status === 'stopped-behind' || status === 'failed';
}

/**
 * The metric of the model that a run ended with: where its last training stage handed on a checkpoint (early stop, gate), the
 * values of that one; else the last that was measured.
 */
export function resultOf({ stages, latest }: Pick<RunFacts, 'stages' | 'latest'>, metric: string): number | null {
  const handed: MetricEvent['values'] | null = isEvaluationMetric(metric) ? null : stages.findLast(({ values }) => values !== null)?.values ?? null;
  const trainsNow = stages.some((stage) => stage.state === 'running' && stage.values === null && takesSteps(stage.type));
  return (trainsNow ? null : handed?.[metric]) ?? latest[metric]?.value ?? null;
}

/** Means over the seeds of a setting, and the best setting among those all of whose runs are done. */
function withBest(rows: readonly SweepRow[], goal: 'min' | 'max'): readonly SweepRow[] {
  const bySetting = grouped(rows);
  let best: { readonly setting: number; readonly mean: number } | null = null;
  const means = new Map<number, number>();
  for (const [setting, runs] of bySetting) {
    const values = runs.flatMap(({ value, status }) => (status === 'done' && value !== null ? [value] : []));
    if (values.length < runs.length) continue;
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    means.set(setting, mean);
    if (best === null || (goal === 'min' ? mean < best.mean : mean > best.mean)) best = { setting, mean };
  }
  return rows.map((row) => ({ ...row, mean: means.get(row.setting) ?? null, best: row.setting === best?.setting }));
}

function grouped(rows: readonly SweepRow[]): ReadonlyMap<number, readonly SweepRow[]> {
  const groups = new Map<number, SweepRow[]>();
  for (const row of rows) groups.set(row.setting, [...(groups.get(row.setting) ?? []), row]);
  return groups;
}

/** Of work: what a run waited for its device, or lay stopped, is no measure of it. */
function secondsOf(run: RunView, now: number): number | null {
  if (run.startedAt === null) return null;
  return Math.max(0, ((isActive(run.status) ? now : run.endedAt ?? run.startedAt) - run.startedAt) / 1000);
}

/** By the mean of what is through; null before the first is. */
function secondsLeft(rows: readonly SweepRow[]): number | null {
  const through = rows.flatMap(({ status, seconds }) => (isOver(status) && status !== 'failed' && seconds !== null ? [seconds] : []));
  if (through.length === 0) return null;
  const mean = through.reduce((sum, seconds) => sum + seconds, 0) / through.length;
  return rows.reduce((sum, { status, seconds }) => sum + (isOver(status) ? 0 : Math.max(0, mean - (seconds ?? 0))), 0);
}
