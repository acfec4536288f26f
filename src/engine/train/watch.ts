/** What a stage may watch, checked before its first step, and how its rows are named to a person. */
import { DistillError } from '../../shared/messages.ts';
import { EVALUATION_METRICS, REINFORCE_VALIDATION_METRICS, VALIDATION_METRICS } from '../../shared/metrics.ts';
import { asksTeacher, weighs, type TrainStage } from '../../shared/recipe.ts';
import type { EncodedRow } from '../data/contract.ts';

/** Terms that are measured only where they have a weight. */
const MORE_TERMS = ['mse', 'hidden', 'attention', 'uld'] as const;

/** Throws DistillError `metric-not-measured` for an early stop, a best checkpoint or a gate that could never be judged. */
export function checkWatched(stage: TrainStage, measured: { readonly validation: boolean; readonly evaluation: boolean }): void {
  const validation = measured.validation ? VALIDATION_METRICS.filter((name) => (asksTeacher(stage) || !/kl$/i.test(name)) && MORE_TERMS.every((term) => weighs(stage, term) || name !== `validation/${term}`)) : [];
  const demand = (metric: string, known: readonly string[]): void => {
    if (!known.includes(metric)) throw new DistillError('metric-not-measured', { stage: stage.name, metric, known: known.join(', ') || '–' });
  };
  if (stage.earlyStop !== undefined) demand(stage.earlyStop.metric, validation);
  if (measured.validation) demand(stage.checkpoint.best, validation);
  const judged = [...validation, ...(measured.evaluation ? EVALUATION_METRICS : [])];
  if (stage.gate !== undefined) demand(stage.gate.metric, judged);
  // An entry looks at the model as the stage before it measured it: what this stage does not measure may be known.
  if (stage.entry !== undefined) demand(stage.entry.metric, [...judged, ...(measured.validation ? [...VALIDATION_METRICS, ...REINFORCE_VALIDATION_METRICS] : [])]);
}

/** `train.jsonl:12,57; more.jsonl:3`, lines counted from 1 as editors do. */
export function describeRows(rows: readonly EncodedRow[]): string {
  const lines = new Map<string, number[]>();
  for (const { file, row } of rows) lines.set(file, [...(lines.get(file) ?? []), row + 1]);
  return [...lines].map(([file, numbers]) => `${file}:${numbers.sort((a, b) => a - b).join(',')}`).join('; ');
}
