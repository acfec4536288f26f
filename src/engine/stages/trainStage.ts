/** A training stage of a run: the trainer wired to the journal, the orders and the evaluation. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { comparedTeachers, type TrainStage } from '../../shared/recipe.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { SIGNAL } from '../control.ts';
import type { DecoderModel } from '../model/contract.ts';
import type { FoundCheckpoint } from '../train/checkpoint.ts';
import type { TrainReporter, TrainResult } from '../train/contract.ts';
import { totalSteps } from '../train/schedule.ts';
import { trainStage } from '../train/trainer.ts';
import { progressTeller, type Reached, type StageContext } from './context.ts';
import type { Evaluator } from './evaluateStage.ts';
import { metricKey } from './history.ts';

export interface TrainRun {
  readonly stage: TrainStage;
  readonly index: number;
  readonly before: Reached;
  /** A checkpoint of this stage. */
  readonly resume: FoundCheckpoint | null;
  /** Metrics at the resumed step that are in events.jsonl already. */
  readonly told: ReadonlySet<string>;
}

/** Optimiser steps of the stage. */
export function stageSteps(context: StageContext, stage: TrainStage): number {
  return totalSteps(stage, context.data.train.length).steps;
}

export async function runTrainStage(context: StageContext, evaluator: Evaluator, { stage, index, before, resume, told }: TrainRun): Promise<TrainResult> {
  const { run: { recipe }, folder, journal, control, models, data } = context;
  const loaded = await models.student(resume?.folder ?? null);
  const student = stage.quantise === 'int8' ? await models.quantiseStudent() : loaded;
  const teachers: DecoderModel[] = [];
  for (const name of comparedTeachers(stage)) teachers.push(await models.teacher(name));
  const mixture = stage.teachers?.map(({ weight, tasks }, place) => ({ model: teachers[place] as DecoderModel, weight, tasks }));
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
    acknowledged(order, accepted) { if (order !== SIGNAL) journal.event({ kind: 'acknowledged', order, accepted }); },
  };
  return trainStage({
    stage, stageIndex: index, seed: recipe.seed, student, teacher: teachers[0] ?? null, ...(mixture === undefined ? {} : { mixture }), vocabulary: models.tokenizer.vocabSize,
    train: data.train, validation: data.validation, checkpoints, targets: { folder: path.join(folder, RUN_FILES.targets), teacher: stage.teacher ?? '' }, tokenizerFolder: models.tokenizerFolder,
    evaluate: evaluation === undefined ? null : async (step) => (await evaluator.evaluate(student, evaluation.teacher ?? null, index, { steps: step, tokens: reachedTokens })) ?? {},
    before, resume, reporter, control: { poll: () => control.poll() },
  });
}
