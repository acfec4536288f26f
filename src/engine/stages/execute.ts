/** A run's stages, from its first or from where an earlier engine left off. */
import path from 'node:path';
import { takesSteps, type EndedEvent, type ProcessIdentity, type StartedEvent } from '../../shared/events.ts';
import type { ExportStage, Recipe, Stage } from '../../shared/recipe.ts';
import { RUN_FILES, type RunFile } from '../../shared/run.ts';
import { longerThanModel } from '../check/positions.ts';
import { refuseOtherTokenizers, refuseSameVocabularies } from '../check/tokens.ts';
import { withLimitsNow } from '../collect/limitsNow.ts';
import type { Control } from '../control.ts';
import { resolvePath } from '../data/paths.ts';
import { prepareData, type PreparedData } from '../data/prepare.ts';
import { writeConsumed, type Consumed } from '../data/trainingRows.ts';
import type { Journal } from '../journal.ts';
import { saveDecoder } from '../model/folder.ts';
import { saveAdapter } from '../model/peft.ts';
import type { KeyRing } from '../teacher/keys.ts';
import { tf } from '../tf.ts';
import { checkpointName, findCheckpoint, type FoundCheckpoint } from '../train/checkpoint.ts';
import type { MetricValues } from '../train/contract.ts';
import { needsMachine, runCollectStage } from './collectStage.ts';
import { progressTeller, type Reached, type StageContext } from './context.ts';
import { Evaluator } from './evaluateStage.ts';
import { readHistory, warningKey, type History } from './history.ts';
import type { Machine } from './machine.ts';
import { Models, otherVocabularyTeachers, scoringTeachers } from './models.ts';
import { reinforceTotal, runReinforceStage } from './reinforceStage.ts';
import { runTrainStage, runWarmUpStage, stageSteps, warmedFolder } from './trainStage.ts';

export interface Execution {
  readonly run: RunFile;
  readonly folder: string;
  readonly journal: Journal;
  readonly control: Control;
  readonly machine: Machine;
  readonly keys: KeyRing;
  readonly process: ProcessIdentity;
}

export type Outcome = Pick<EndedEvent, 'outcome' | 'code' | 'data'>;

/** Rows whose prompts are read by both tokenizers before soft targets are trusted. */
const PROBED_ROWS = 20;

/**
 * Executes what is left of a run: first the stages that only ask services, which need neither device nor backend and may make
 * the data of those behind them, then the rest. Throws DistillError, and what libraries throw.
 */
export async function execute(begun: Execution): Promise<Outcome> {
  const { run: { recipe: { stages } }, folder, journal } = begun;
  const history = await readHistory(path.join(folder, RUN_FILES.events));
  // A person who resumes it is told the same again.
  if (history.barred !== null) return skipRest(begun, history.barred);
  const { found, broken } = await findCheckpoint(path.join(folder, RUN_FILES.checkpoints));
  const plan = planOf(stages, found, history);
  const execution = history.started && stages.slice(plan.first).some(({ type }) => type === 'collect') ? await withChangedLimits(begun) : begun;
  const resumedFrom = history.started ? { stage: plan.first, step: found?.state.step ?? 0 } : null;
  const first = stages[plan.first];
  const light = first?.type === 'collect' && !needsMachine(first, execution.run.recipe);
  if (light) tellStarted(execution, { engine: 'collect', backend: null, device: '', threads: 0, attempts: [], resumedFrom });
  else await startMachine(execution, resumedFrom);
  for (const { name, detail } of broken) journal.event({ kind: 'warning', code: 'checkpoint-broken', data: { name, detail } });
  let next = plan.first;
  for (let stage = stages[next]; stage?.type === 'collect'; next += 1, stage = stages[next]) {
    const outcome = await runCollectStage(execution, stage, next, history);
    if (outcome !== null) return outcome;
  }
  if (next >= stages.length) return { outcome: 'done' };
  if (light) await startMachine(execution, { stage: next, step: found?.state.step ?? 0 });
  return runModelStages(execution, { ...plan, first: next }, found, history);
}

async function withChangedLimits(execution: Execution): Promise<Execution> {
  const { run, journal } = execution;
  const recipe = await withLimitsNow(run, (code, data) => { journal.event({ kind: 'warning', code, data }); });
  return { ...execution, run: { ...run, recipe } };
}

/** Takes the device and opens the backend, and says which. */
async function startMachine(execution: Execution, resumedFrom: StartedEvent['resumedFrom']): Promise<void> {
  const { name, device, threads, attempts } = await execution.machine.backend();
  tellStarted(execution, { engine: `tfjs ${tf.version_core}`, backend: name, device, threads, attempts, resumedFrom });
  for (const { backend, outcome, detail } of attempts) {
    if (outcome === 'wrong') execution.journal.event({ kind: 'warning', code: 'backend-passed-over', data: { backend, detail } });
  }
}

function tellStarted({ journal, process }: Execution, facts: Omit<StartedEvent, 'seq' | 'at' | 'kind' | 'process'>): void {
  journal.event({ kind: 'started', process, ...facts });
}

async function runModelStages(execution: Execution, plan: Plan, found: FoundCheckpoint | null, history: History): Promise<Outcome> {
  const { run, folder, journal, control, machine } = execution;
  const { recipe } = run;
  const models = await Models.open(recipe, run.base, await machine.backend());
  try {
    await checkModels(recipe, models);
    const data = await prepare(execution, models, plan.first, history);
    if (data === 'stopped') return { outcome: 'stopped' };
    const context = { run, folder, journal, control, models, data };
    await checkTokenizers(run, models, data);
    return await runStages(execution, context, plan, found, history);
  } finally {
    models.dispose();
  }
}

interface Plan {
  /** The first stage that is still to be run. */
  readonly first: number;
  /** The checkpoint is of that stage: it goes on from there. */
  readonly inside: boolean;
}

/** Stages that are done are those before the checkpoint's, it itself when it had ended, and those that ended right after it. */
function planOf(stages: readonly Stage[], found: FoundCheckpoint | null, { ended }: History): Plan {
  if (found !== null && !(found.state.finished !== null && ended.has(found.state.stage))) return { first: found.state.stage, inside: true };
  let first = found === null ? 0 : found.state.stage + 1;
  while (first < stages.length && !takesSteps(stages[first]?.type) && ended.has(first)) first += 1;
  return { first, inside: false };
}

async function runStages(execution: Execution, context: StageContext, plan: Plan, found: FoundCheckpoint | null, history: History): Promise<Outcome> {
  const { run: { recipe }, journal, control, models } = context;
  const evaluator = new Evaluator(context);
  // What a warm-up has left is a teacher, not the student.
  const left = found === null || trainedTeacher(recipe.stages[found.state.stage]) === null ? found : null;
  const from = await handedOn(left, plan, context, history);
  for (const stage of recipe.stages.slice(0, plan.first)) {
    const name = trainedTeacher(stage);
    if (name !== null) models.useWarmed(name, warmedFolder(context.folder, name));
  }
  let reached: Reached = { steps: found?.state.step ?? 0, tokens: found?.state.tokens ?? 0 };
  // The checkpoint that the student is, and what is known of it.
  let parent: string | null = plan.inside ? left?.state.parent ?? null : from === null ? null : path.basename(from);
  let known = left === found ? knownOf(history, reached, plan.inside && found !== null && found.state.finished !== null) : {};
  for (const [index, stage] of recipe.stages.entries()) {
    if (index < plan.first) continue;
    const begin = { kind: 'stage', stage: index, name: stage.name, type: stage.type } as const;
    if (control.stopped()) return { outcome: 'stopped' };
    const trains = trainedTeacher(stage);
    // The student may be made of a teacher that is trained first.
    if (trains === null && stage.type !== 'collect') await models.student(from, calibrationRows(context));
    switch (stage.type) {
      case 'train':
      case 'reinforce': {
        const resume = plan.inside && index === plan.first ? found : null;
        const before = resume === null ? reached : { steps: resume.state.step - resume.state.stageStep, tokens: 0 };
        const total = stage.type === 'train' ? stageSteps(context, stage) : reinforceTotal(context, stage);
        journal.event({ ...begin, state: 'begin', total, parent });
        const told = history.started ? history.toldAt(resume?.state.step ?? before.steps) : new Set<string>();
        const its = { index, before, parent, known, resume, told };
        const result = trains !== null && stage.type === 'train' ? await runWarmUpStage(context, evaluator, { ...its, stage, parent: null, known: {} }, trains)
          : stage.type === 'train' ? await runTrainStage(context, evaluator, { ...its, stage }) : await runReinforceStage(context, evaluator, { ...its, stage });
        reached = { steps: result.steps, tokens: result.tokens };
        if (result.reason === 'stopped' || result.reason === 'entry-missed') {
          journal.event({ ...begin, state: 'end', total, reason: result.reason });
          return result.reason === 'stopped' ? { outcome: 'stopped' } : skipRest(context, { stage: index, by: 'entry' });
        }
        const handed = result.handedOn ?? checkpointName(result.steps);
        journal.event({ ...begin, state: 'end', total, reason: result.reason, checkpoint: handed, values: result.values });
        if (trains === null) [parent, known] = [handed, result.values];
        if (result.reason === 'gate-missed') return skipRest(context, { stage: index, by: 'gate' });
        break;
      }
      case 'evaluate': {
        journal.event({ ...begin, state: 'begin', total: context.data.evaluation.length, parent });
        const values = await evaluator.evaluate(await models.student(null), stage.teacher ?? null, index, reached);
        journal.event({ ...begin, state: 'end', total: context.data.evaluation.length, reason: values === null ? 'stopped' : 'done' });
        if (values === null) return { outcome: 'stopped' };
        known = { ...known, ...values };
        break;
      }
      case 'collect': {
        const outcome = await runCollectStage(execution, stage, index, history);
        if (outcome !== null) return outcome;
        break;
      }
      case 'export':
        journal.event({ ...begin, state: 'begin', total: null, parent });
        await exportStudent(stage, context);
        journal.event({ ...begin, state: 'end', total: null, reason: 'done' });
        break;
    }
  }
  return { outcome: 'done' };
}

/** The teacher that a stage trains in place of the student. */
function trainedTeacher(stage: Stage | undefined): string | null {
  return stage?.type === 'train' ? stage.trains ?? null : null;
}

async function exportStudent({ to, dtype, adapter }: ExportStage, { run, models }: StageContext): Promise<void> {
  const [student, folder] = [await models.student(null), resolvePath(run.base, to)];
  if (adapter && dtype !== 'int8') await saveAdapter(student, folder, { dtype, tokenizerFolder: models.tokenizerFolder });
  else await saveDecoder(student, folder, { dtype, tokenizerFolder: models.tokenizerFolder });
}

/** Rows on which the parts of a teacher are weighed; enough that their order hardly changes with more. */
const CALIBRATION_ROWS = 64;

/** Spread over the training rows, always the same. */
function calibrationRows({ data: { train } }: StageContext): readonly Int32Array[] {
  const stride = Math.max(1, Math.floor(train.length / CALIBRATION_ROWS));
  return train.filter((_, index) => index % stride === 0).slice(0, CALIBRATION_ROWS).map(({ ids }) => ids);
}

/** The weights that the next stage starts with: those that the last one said it hands on; an older engine said it by its early stop. */
async function handedOn(found: FoundCheckpoint | null, plan: Plan, { run, folder }: StageContext, history: History): Promise<string | null> {
  if (found === null || plan.inside) return found?.folder ?? null;
  const told = history.handedOn?.stage === found.state.stage ? history.handedOn.checkpoint : undefined;
  const stage = run.recipe.stages[found.state.stage];
  const early = (stage?.type === 'train' || stage?.type === 'reinforce') && stage.earlyStop !== undefined ? found.state.best?.name : undefined;
  return path.join(folder, RUN_FILES.checkpoints, told ?? early ?? found.name);
}

/** What earlier engines of the run have measured of the model as it was at this step. */
function knownOf({ handedOn: handed, evaluated }: History, { steps }: Reached, atEnd: boolean): MetricValues {
  // At the end of a stage the one before it has said nothing of the model.
  return { ...(atEnd ? {} : handed?.values), ...(evaluated?.step === steps ? evaluated.values : {}) };
}

/** The run ends at a gate that was missed, or before a stage whose entry was. */
function skipRest({ run: { recipe }, journal }: Pick<Execution, 'run' | 'journal'>, { stage: missed, by }: NonNullable<History['barred']>): Outcome {
  for (const [index, stage] of recipe.stages.entries()) {
    if (index > missed) journal.event({ kind: 'stage', stage: index, name: stage.name, type: stage.type, state: 'skipped', total: null });
  }
  const stage = recipe.stages[missed];
  return { outcome: 'failed', code: by === 'gate' ? 'stopped-by-gate' : 'stopped-at-entry', data: { stage: stage?.name ?? '' } };
}

async function prepare({ run, folder, journal, control }: Execution, models: Models, stage: number, { warned }: History): Promise<PreparedData | 'stopped'> {
  const tell = progressTeller(journal, stage);
  const stopped = new Error('stopped');
  try {
    const data = await prepareData({
      recipe: run.recipe, base: run.base, tokenizer: models.tokenizer, others: await Promise.all(otherVocabularyTeachers(run.recipe).map((name) => models.otherReader(name))), said: saidTokensKept(run.recipe),
      onProgress: async (done, total) => {
        tell('encoding', done, total);
        // Encoding keeps the thread; signals and timers need it now and then.
        await new Promise((resolve) => setImmediate(resolve));
        if (control.stopped()) throw stopped;
      },
      onWarning: (code, data) => { if (!warned.has(warningKey(code, data))) journal.event({ kind: 'warning', code, data }); },
    });
    await tellConsumed(folder, journal, data.consumed);
    return data;
  } catch (error) {
    if (error === stopped) return 'stopped';
    throw error;
  }
}

/** How many log-probabilities of a service's are kept at each position; null where no stage learns from them. */
function saidTokensKept({ stages }: Recipe): number | null {
  const kept = stages.flatMap((stage) => stage.type === 'train' && stage.targets?.from === 'data' ? [stage.targets.topK] : []);
  return kept.length === 0 ? null : Math.max(...kept);
}

/** Writes down which rows this run takes, and warns where a resumed run finds other files than it began with. */
async function tellConsumed(folder: string, journal: Journal, consumed: Consumed): Promise<void> {
  const { changed, kept } = await writeConsumed(folder, consumed);
  for (const file of changed) journal.event({ kind: 'warning', code: 'data-changed-since-start', data: { file, kept } });
}

async function checkModels(recipe: Recipe, models: Models): Promise<void> {
  if (!recipe.stages.some(({ type }) => takesSteps(type))) return;
  const positions = await models.maxPositions(scoringTeachers(recipe));
  if (recipe.data.maxLength > positions) throw longerThanModel(recipe.data.maxLength, positions);
}

async function checkTokenizers({ recipe, base }: RunFile, models: Models, data: PreparedData): Promise<void> {
  const texts = data.train.slice(0, PROBED_ROWS).map(({ ids }) => models.tokenizer.decode([...ids]));
  await refuseOtherTokenizers(recipe, base, models.tokenizer, texts);
  await refuseSameVocabularies(recipe, base, models.tokenizer, texts);
}
