/**
 * What a stage demands when it begins (`entry`) and when it has ended (`gate`), and what comes of a miss; for every stage that
 * trains. Both judge values that a checkpoint holds or that the same weights give again, so that a run which was killed
 * before or after the judgement judges the same when it is resumed.
 */
import type { GateEvent } from '../../shared/events.ts';
import type { Entry, Gate } from '../../shared/recipeGates.ts';
import { isEvaluationMetric } from '../../shared/metrics.ts';
import { shortNumber } from '../../shared/numbers.ts';
import type { TrainerState } from './checkpoint.ts';
import type { MetricValues, TrainReporter } from './contract.ts';

export type GateTold = Omit<GateEvent, 'seq' | 'at' | 'kind' | 'stage'>;

type Bounds = Pick<Entry, 'min' | 'max'>;

/** The bounds as text for a person (`≥ 0.2, ≤ 2.5`). */
function boundsText({ min, max }: Bounds): string {
  return [...(min === undefined ? [] : [`≥ ${min}`]), ...(max === undefined ? [] : [`≤ ${max}`])].join(', ');
}

/** No value, and one that is not finite, is outside. */
export function isWithin({ min, max }: Bounds, value: number | null): boolean {
  return value !== null && Number.isFinite(value) && (min === undefined || value >= min) && (max === undefined || value <= max);
}

export interface EntryInput {
  readonly stage: { readonly name: string; readonly entry?: Entry | undefined };
  readonly step: number;
  /** What is known of the model that the stage starts from. */
  readonly known: MetricValues;
  /** Null where the recipe evaluates nothing. */
  readonly evaluate: (() => Promise<MetricValues>) | null;
  /** Nothing more will be validated: what is unknown now stays unknown. */
  readonly last: boolean;
  readonly reporter: Pick<TrainReporter, 'gate' | 'warning'>;
}

/** Whether the stage may begin; null while its metric is still to be validated. */
export async function mayEnter({ stage, step, known, evaluate, last, reporter }: EntryInput): Promise<boolean | null> {
  const { entry } = stage;
  if (entry === undefined) return true;
  const { metric, min = null, max = null } = entry;
  const value = known[metric] ?? (isEvaluationMetric(metric) ? (await evaluate?.())?.[metric] ?? null : null);
  if (value === null && !last && !isEvaluationMetric(metric)) return null;
  const passed = isWithin(entry, value);
  reporter.gate({ when: 'entry', step, metric, value, min, max, passed, action: passed ? null : 'stop', checkpoint: null });
  if (!passed) reporter.warning('entry-missed', { stage: stage.name, metric, value: value === null ? '–' : shortNumber(value), bounds: boundsText(entry) });
  return passed;
}

export interface EndInput {
  readonly stage: { readonly name: string; readonly gate?: Gate | undefined; readonly earlyStop?: object | undefined };
  readonly step: number;
  /** The checkpoint of the last step, and the last validation. */
  readonly last: NonNullable<TrainerState['best']>;
  readonly best: TrainerState['best'];
  /** Values of this very end that an earlier engine of the run has told. */
  readonly known: MetricValues;
  readonly evaluate: (() => Promise<MetricValues>) | null;
  readonly takeWeights: (checkpoint: string) => Promise<void>;
  readonly reporter: Pick<TrainReporter, 'gate' | 'warning'>;
}

export interface StageEnd {
  /** The stages after it are not to be run. */
  readonly stop: boolean;
  /** The checkpoint that the student now is, where it is not that of the last step. */
  readonly handedOn: string | null;
  /** What is known of the model that is handed on. */
  readonly values: MetricValues;
}

/** What is handed on (an early stop and a missed gate may go back to the best checkpoint), and whether the run goes on. */
export async function endOfStage({ stage, step, last, best, known, evaluate, takeWeights, reporter }: EndInput): Promise<StageEnd> {
  const better = best !== null && best.name !== last.name ? best : null;
  const first = stage.earlyStop === undefined ? null : better;
  if (first !== null) await takeWeights(first.name);
  const validated = (first ?? last).values;
  const { gate } = stage;
  if (gate === undefined) return { stop: false, handedOn: first?.name ?? null, values: validated };
  const { metric, min = null, max = null, onMiss } = gate;
  const values = { ...validated, ...(!isEvaluationMetric(metric) ? {} : metric in known ? { [metric]: known[metric] ?? null } : await evaluate?.()) };
  const value = values[metric] ?? null;
  const passed = isWithin(gate, value);
  const back = !passed && onMiss === 'best' && first === null ? better : null;
  if (back !== null) await takeWeights(back.name);
  // Where the best one is what would be handed on anyway, it is named all the same.
  const checkpoint = !passed && onMiss === 'best' ? (back ?? first ?? last).name : null;
  reporter.gate({ when: 'exit', step, metric, value, min, max, passed, action: passed ? null : onMiss, checkpoint });
  if (!passed) {
    const data = { stage: stage.name, metric, value: value === null ? '–' : shortNumber(value), bounds: boundsText(gate) };
    if (checkpoint === null) reporter.warning('gate-missed', data);
    else reporter.warning('gate-missed-best', { ...data, checkpoint });
  }
  return { stop: !passed && onMiss === 'stop', handedOn: (back ?? first)?.name ?? null, values: back?.values ?? values };
}
