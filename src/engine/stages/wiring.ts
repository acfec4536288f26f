/** A stage that changes the student, wired to the journal, the orders and the evaluation: what all such stages are given. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { RUN_FILES } from '../../shared/run.ts';
import { SIGNAL } from '../control.ts';
import type { DecoderModel } from '../model/contract.ts';
import type { FoundCheckpoint } from '../train/checkpoint.ts';
import type { LoopInput, MetricValues, TrainReporter } from '../train/contract.ts';
import { progressTeller, type Reached, type StageContext } from './context.ts';
import type { Evaluator } from './evaluateStage.ts';
import { metricKey } from './history.ts';

export interface StageRun<Stage> {
  readonly stage: Stage;
  readonly index: number;
  readonly before: Reached;
  /** The checkpoint that the stage starts from, and what is known of that model. */
  readonly parent: string | null;
  readonly known: MetricValues;
  /** A checkpoint of this stage. */
  readonly resume: FoundCheckpoint | null;
  /** Metrics at the resumed step that are in events.jsonl already. */
  readonly told: ReadonlySet<string>;
}

export async function wired<Stage>(context: StageContext, evaluator: Evaluator, student: DecoderModel, { stage, index, before, parent, known, resume, told }: StageRun<Stage>): Promise<Omit<LoopInput, 'stage'> & { readonly stage: Stage }> {
  const { run: { recipe }, folder, journal, control, models } = context;
  const evaluation = recipe.stages.find((each) => each.type === 'evaluate');
  const checkpoints = path.join(folder, RUN_FILES.checkpoints);
  await mkdir(checkpoints, { recursive: true });
  const tell = progressTeller(journal, index);
  const firstStep = resume?.state.step ?? before.steps;
  let reachedTokens = resume?.state.tokens ?? before.tokens;
  const reporter: TrainReporter = {
    metric({ step, tokens, values }) {
      reachedTokens = tokens;
      if (step === firstStep && told.has(metricKey({ stage: index, values }))) return;
      journal.event({ kind: 'metric', stage: index, step, tokens, values });
    },
    checkpoint(at) { journal.event({ kind: 'checkpoint', stage: index, ...at }); },
    checkpointRemoved(name) { journal.event({ kind: 'checkpoint-removed', name }); },
    progress: tell,
    warning(code, warningData) { journal.event({ kind: 'warning', code, data: warningData }); },
    gate(gate) { journal.event({ kind: 'gate', stage: index, ...gate }); },
    acknowledged(order, accepted) { if (order !== SIGNAL) journal.event({ kind: 'acknowledged', order, accepted }); },
  };
  return {
    stage, stageIndex: index, seed: recipe.seed, student, checkpoints, tokenizerFolder: models.tokenizerFolder,
    evaluate: evaluation === undefined ? null : async (step) => (await evaluator.evaluate(student, evaluation.teacher ?? null, index, { steps: step, tokens: reachedTokens })) ?? {},
    before, parent, known, resume, reporter, control: { poll: () => control.poll() },
  };
}
