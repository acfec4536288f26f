/** Training stages against the rows that there are: steps, passes, warm-up, validations. */
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { TrainStage } from '../../shared/recipe.ts';
import { FLOAT32_BACKENDS } from '../../shared/recipeCrossChecksBatch.ts';
import { pathText } from '../../shared/recipePaths.ts';
import { totalSteps } from '../train/schedule.ts';
import { checkWatched } from '../train/watch.ts';
import { finding, percent, refusalOf, setFix, type CheckContext } from './contract.ts';
import { idleFindings } from './idle.ts';
import { policyFindings } from './policy.ts';
import type { ScannedRows } from './scan.ts';

/** A warm-up longer than this leaves hardly a step at the peak; the usual one is 1 % to 10 %. */
const LONGEST_WARMUP = 0.5;
const USUAL_WARMUP = 0.1;

export async function checkTraining(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe: { stages } } = context;
  const early = await precisionFindings(context);
  const rows = await context.rows();
  if (rows === null || rows.rows.train === 0) return early;
  const measured = { validation: rows.rows.validation > 0, evaluation: stages.some(({ type }) => type === 'evaluate') };
  const findings: Finding[] = [...early, ...saidFindings(context, rows)];
  for (const [index, stage] of stages.entries()) {
    if (stage.type === 'train') findings.push(...ofStage(context, stage, index, rows.rows.train, measured));
    if (stage.type === 'train') findings.push(...await idleFindings(context, stage, index));
    findings.push(...await policyFindings(context, stage, index, rows));
  }
  return findings;
}

/** Before a launch no backend is tried: there the engine says it. */
async function precisionFindings({ recipe: { stages }, text, backend }: CheckContext): Promise<readonly Finding[]> {
  if (!stages.some((stage) => stage.type === 'train' && stage.precision !== 'float32')) return [];
  const taken = (await backend())?.backend;
  if (taken === undefined || !FLOAT32_BACKENDS.includes(taken)) return [];
  return stages.flatMap((stage, index) => {
    if (stage.type !== 'train' || stage.precision === 'float32') return [];
    const path = ['stages', index, 'precision'];
    const error = new DistillError('precision-unavailable', { stage: stage.name, precision: stage.precision, backend: taken });
    return [refusalOf('training', error, { path, fix: setFix(text, path, pathText(path), 'float32') })];
  });
}

/** Stages that learn from what a service said of the data, where it said nothing. */
function saidFindings({ recipe: { stages } }: CheckContext, { rows, said }: ScannedRows): readonly Finding[] {
  if (said > 0) return [];
  return stages.flatMap((stage, index) => (stage.type === 'train' && stage.targets?.from === 'data'
    ? [refusalOf('training', new DistillError('targets-nothing-said', { rows: rows.train, without: rows.train, unfit: 0 }), { path: ['stages', index, 'targets', 'from'] })] : []));
}

function ofStage({ text }: CheckContext, stage: TrainStage, index: number, rows: number, measured: { readonly validation: boolean; readonly evaluation: boolean }): readonly Finding[] {
  const at = (...rest: readonly string[]): readonly (string | number)[] => ['stages', index, ...rest];
  const shown = (key: string): string => `stages[${String(index)}].${key}`;
  const findings: Finding[] = [];
  const { name, batch, schedule, validate, earlyStop } = stage;
  const taken = batch.size * batch.accumulate;
  const { steps } = totalSteps(stage, rows);
  const plan = { stage: name, steps, batch: taken, rows };
  try {
    checkWatched(stage, measured);
  } catch (error) {
    findings.push(refusalOf('training', error, { path: error instanceof DistillError && error.data['metric'] === stage.gate?.metric ? at('gate') : at() }));
  }
  if (taken > rows) {
    const fix = batch.accumulate === 1 ? setFix(text, at('batch', 'size'), shown('batch.size'), rows) : setFix(text, at('batch', 'accumulate'), shown('batch.accumulate'), Math.max(1, Math.floor(rows / batch.size)));
    findings.push(finding('training', 'warning', 'training-batch-beyond-rows', plan, { path: at('batch'), fix }));
  } else if (steps * taken < rows) {
    findings.push(finding('training', 'warning', 'training-rows-unseen', { ...plan, share: percent(steps * taken / rows) }, { path: at('limits') }));
  }
  if (schedule.warmupSteps > steps * LONGEST_WARMUP) {
    const reach = schedule.warmupSteps > steps ? '@never-peaks' : '@barely-peaks';
    const fix = setFix(text, at('schedule', 'warmupSteps'), shown('schedule.warmupSteps'), Math.floor(steps * USUAL_WARMUP));
    findings.push(finding('training', 'warning', 'training-warmup', { ...plan, warmup: schedule.warmupSteps, reach }, { path: at('schedule', 'warmupSteps'), fix }));
  }
  const validations = Math.ceil(steps / validate.every);
  if (measured.validation && validations === 1 && steps > 1) {
    const fix = setFix(text, at('validate', 'every'), shown('validate.every'), Math.max(1, Math.floor(steps * USUAL_WARMUP)));
    findings.push(finding('training', 'warning', 'training-never-validates', { ...plan, every: validate.every }, { path: at('validate', 'every'), fix }));
  } else if (earlyStop !== undefined && earlyStop.patience >= validations) {
    findings.push(finding('training', 'warning', 'training-never-stops-early', { ...plan, patience: earlyStop.patience, validations }, { path: at('earlyStop', 'patience') }));
  }
  return findings.length > 0 ? findings : [finding('training', 'pass', 'training-plan', { ...plan, passes: ((steps * taken) / rows).toFixed(1) }, { path: at() })];
}
