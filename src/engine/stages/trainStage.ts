/** A training stage of a run: the trainer with its teachers and its rows. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { comparedTeachers, otherTeachers, type TrainStage } from '../../shared/recipe.ts';
import { RUN_FILES, TARGETS_FOLDER } from '../../shared/run.ts';
import type { DecoderModel } from '../model/contract.ts';
import { modelFingerprint } from '../model/fingerprint.ts';
import { saveDecoder } from '../model/folder.ts';
import { fileNameOf } from '../teacher/folder.ts';
import type { TrainInput, TrainResult } from '../train/contract.ts';
import type { OtherTeacher } from '../train/uld.ts';
import { totalSteps } from '../train/schedule.ts';
import { trainStage } from '../train/trainer.ts';
import type { StageContext } from './context.ts';
import type { Evaluator } from './evaluateStage.ts';
import { wired, type StageRun } from './wiring.ts';
import { writingOf } from './writing.ts';

/** Optimiser steps of the stage. */
export function stageSteps(context: StageContext, stage: TrainStage): number {
  return totalSteps(stage, context.data.train.length).steps;
}

export async function runTrainStage(context: StageContext, evaluator: Evaluator, run: StageRun<TrainStage>): Promise<TrainResult> {
  const { folder, models, data } = context;
  const { stage } = run;
  await models.student(run.resume?.folder ?? null);
  const student = await models.studentFor({ quantise: stage.quantise, lora: stage.lora, freeze: stage.freeze }, { index: run.index, checkpoints: path.join(folder, RUN_FILES.checkpoints) });
  const teachers: DecoderModel[] = [];
  for (const name of comparedTeachers(stage)) teachers.push(await models.teacher(name));
  const others: OtherTeacher[] = [];
  for (const name of otherTeachers(stage)) others.push({ name, model: await models.teacher(name), vocabulary: (await models.teacherTokenizer(name)).vocabSize });
  const mixture = stage.teachers?.map(({ weight, tasks }, place) => ({ model: teachers[place] as DecoderModel, weight, tasks }));
  return trainStage({
    ...await wired(context, evaluator, student, run), teacher: teachers[0] ?? null, ...(mixture === undefined ? {} : { mixture }), others, vocabulary: models.tokenizer.vocabSize, writing: writingOf(context),
    train: data.train, validation: data.validation, targets: await storePlace(context, stage), rowLosses: { folder, base: context.run.base },
  });
}

/** Where soft targets are stored: with the project, so that runs share them. */
async function storePlace({ run, models }: StageContext, stage: TrainStage): Promise<NonNullable<TrainInput['targets']>> {
  const folder = path.join(run.base, TARGETS_FOLDER);
  const [teacher] = stage.targets === undefined ? [] : comparedTeachers(stage);
  return teacher === undefined ? { folder, name: '', source: '' } : { folder, name: teacher, source: await modelFingerprint(models.teacherFolder(teacher)) };
}

/** A stage that trains a teacher (warm-up): on the rows alone, written into the run, where the stages behind it find it. */
export async function runWarmUpStage(context: StageContext, evaluator: Evaluator, run: StageRun<TrainStage>, name: string): Promise<TrainResult> {
  const { folder, models, data } = context;
  const teacher = await models.teacherToTrain(name, run.resume?.folder ?? null);
  const tokenizerFolder = models.teacherFolder(name);
  const result = await trainStage({
    ...await wired(context, evaluator, teacher, run), tokenizerFolder, evaluate: null, teacher: null, vocabulary: models.tokenizer.vocabSize,
    train: data.train, validation: data.validation, rowLosses: { folder, base: context.run.base },
  });
  if (result.reason === 'stopped' || result.reason === 'entry-missed') return result;
  const warmed = warmedFolder(folder, name);
  await mkdir(path.dirname(warmed), { recursive: true });
  await saveDecoder(teacher, warmed, { tokenizerFolder });
  models.useWarmed(name, warmed);
  return result;
}

/** Where a run keeps a teacher that one of its stages has trained. */
export function warmedFolder(folder: string, name: string): string {
  return path.join(folder, RUN_FILES.teachers, fileNameOf(name));
}
