/** A reinforcement stage of a run: the student's tokenizer and template as what it writes with, its completions as traces. */
import path from 'node:path';
import type { ReinforceStage } from '../../shared/recipeReinforce.ts';
import { RUN_FILES } from '../../shared/run.ts';
import type { TrainResult } from '../train/contract.ts';
import { judgedRows, reinforce, reinforceSteps, type KeptCompletion } from '../train/reinforceTrainer.ts';
import type { StageContext } from './context.ts';
import type { Evaluator } from './evaluateStage.ts';
import { wired, type StageRun } from './wiring.ts';
import { writingOf } from './writing.ts';

export async function runReinforceStage(context: StageContext, evaluator: Evaluator, run: StageRun<ReinforceStage>): Promise<TrainResult> {
  const { folder, models, data } = context;
  await models.student(run.resume?.folder ?? null);
  const student = await models.studentFor({ quantise: 'none', lora: run.stage.lora, freeze: run.stage.freeze }, { index: run.index, checkpoints: path.join(folder, RUN_FILES.checkpoints) });
  return reinforce({
    ...await wired(context, evaluator, student, run), train: data.train, validation: data.validation, writing: writingOf(context),
    referenceFolder: path.join(folder, RUN_FILES.targets, `stage-${String(run.index)}-reference`),
    keep: (completions) => { for (const each of completions) keep(context, run, each); },
  });
}

/** Steps of the stage. */
export function reinforceTotal({ data }: StageContext, stage: ReinforceStage): number {
  return reinforceSteps(stage, judgedRows(data.train, stage).length).steps;
}

function keep({ run: { recipe }, journal }: StageContext, { stage, index }: StageRun<ReinforceStage>, { row, place, step, rewarded }: KeptCompletion): void {
  const { think, answer, verdict, tokens, ended } = rewarded;
  journal.trace({
    format: 1, id: `${String(index)}-${String(step)}-student-${String(place)}`, example: `${path.basename(row.file)}:${String(row.row + 1)}`, role: 'student', stage: index, step,
    prompt: row.question ?? '', think, answer, gold: row.gold ?? null, verdict, tokens, finish: ended ? 'end' : 'length', model: `${recipe.name}, step ${String(step)}`,
    sampling: { temperature: stage.temperature, topP: stage.topP, seed: recipe.seed },
  });
}
