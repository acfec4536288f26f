/**
 * A training stage, from its first step (or from a checkpoint) to its end. Between two steps everything that the next
 * ones depend on is in the weights, in AdamW's moments and in TrainerState: what a checkpoint holds, so a resumed run
 * repeats the uninterrupted one bit for bit on the same machine, backend and thread count.
 */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { asksTeacher, type TrainStage } from '../../shared/recipe.ts';
import { removeLeftovers } from '../../system/wholeFile.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { openWeights } from '../model/weightFiles.ts';
import type { tf } from '../tf.ts';
import { collate, groupByLength, keptPositions } from './batch.ts';
import type { MicroBatch } from './batch.ts';
import { checkpointName, pruneCheckpoints, readMoments, readTensors, writeCheckpoint } from './checkpoint.ts';
import type { TrainerState } from './checkpoint.ts';
import type { MetricValues, TrainInput, TrainOrder, TrainResult } from './contract.ts';
import { EarlyStop, isBetter } from './earlyStop.ts';
import type { Divergence } from './divergences.ts';
import { FeatureMatching } from './features.ts';
import { LOSS_TERMS, type Objective } from './losses.ts';
import { presentValues } from './lossValues.ts';
import { AdamW, assign } from './optimizer.ts';
import { RowSampler } from './sampler.ts';
import { Sentinel, termNorms } from './sentinel.ts';
import { finalTemperature, learningRateAt, temperatureAt, totalSteps } from './schedule.ts';
import { liveTargets, StoredTargets, targetsFit } from './softTargets.ts';
import type { SoftTargets } from './softTargets.ts';
import { mixtureTargets } from './mixture.ts';
import { optimiserStep } from './step.ts';
import { openTopK } from './topKTargets.ts';
import { validate, validationBatches } from './validation.ts';
import { checkWatched, describeRows, missedBounds } from './watch.ts';
import { yieldToEvents } from './yield.ts';

type Finished = NonNullable<TrainerState['finished']>;

const MIB = 2 ** 20;
/** Fewer passes over the rows don't pay for asking the teacher about all of them beforehand. */
export const PASSES_WORTH_STORING = 1.5;

/**
 * Runs (or continues) one training stage. The student's weights are changed in place; at the end they are those of the
 * last step, or, where the stage has an early stop, those of its best checkpoint.
 * Throws DistillError `no-training-rows`, `nothing-supervised`, `metric-not-measured`, `loss-not-finite`, those of the
 * file system, and what the backend throws (out of memory). The last good checkpoint is then still there.
 */
export async function trainStage(input: TrainInput): Promise<TrainResult> {
  const trainer = new Trainer(input);
  try {
    return await trainer.run();
  } finally {
    trainer.dispose();
  }
}

class Trainer {
  private readonly objective: Objective;
  private readonly teacher: DecoderModel | null;
  /** What is learnt from the teacher's inside; its projections are trained beside the student. */
  private readonly features: FeatureMatching | null;
  private readonly optimizer: AdamW;
  private readonly sampler: RowSampler;
  private readonly earlyStop: EarlyStop | null;
  private readonly validationRows: readonly EncodedRow[];
  private readonly validation: readonly MicroBatch[];
  /** Null without a teacher. */
  private targets: SoftTargets | null = null;
  private readonly limit: { readonly steps: number; readonly limit: 'steps' | 'epochs' };
  private readonly sentinel = new Sentinel();
  private stageStep: number;
  private tokens: number;
  private best: TrainerState['best'];
  private validated: MetricValues;
  /** The last whole checkpoint of this stage. */
  private saved: string | null;

  constructor(private readonly input: TrainInput) {
    const { stage, resume, train, student } = input;
    if (train.length === 0) throw new DistillError('no-training-rows', { stage: stage.name });
    const useless = train.filter((row) => keptPositions(row) === 0);
    if (useless.length > 0) throw new DistillError('nothing-supervised', { rows: describeRows(useless) });
    const validation = input.validation.filter((row) => keptPositions(row) > 0).slice(0, stage.validate.rows);
    checkWatched(stage, { validation: validation.length > 0, evaluation: input.evaluate !== null });
    if (asksTeacher(stage) && input.teacher === null) throw new Error(`stage ${stage.name} compares logits and was given no teacher`);

    this.teacher = asksTeacher(stage) ? input.teacher : null;
    const models = this.teacher === null ? [student] : [student, this.teacher, ...(input.mixture ?? []).map(({ model }) => model)];
    this.objective = {
      weights: stage.weights, divergence: divergenceOf(stage), temperature: finalTemperature(stage.temperature),
      vocabulary: Math.min(input.vocabulary, ...models.map(({ config }) => config.vocabSize)),
    };
    this.limit = totalSteps(stage, train.length);
    this.validationRows = validation;
    this.validation = validationBatches(validation, stage.batch.size, student.config.maxPositions);
    this.sampler = new RowSampler(train.length, input.seed, input.stageIndex, resume?.state.sampler);
    this.earlyStop = stage.earlyStop === undefined ? null : new EarlyStop(stage.earlyStop, resume?.state.earlyStop ?? undefined);
    this.stageStep = resume?.state.stageStep ?? 0;
    this.tokens = resume?.state.tokens ?? input.before.tokens;
    this.best = resume?.state.best ?? null;
    this.validated = resume?.state.validation ?? {};
    this.saved = resume?.name ?? null;
    this.features = this.teacher === null ? null : FeatureMatching.of(stage, this.teacher, student, input.seed);
    this.optimizer = new AdamW(student.backend.ops, this.trained, stage.optimizer);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.features?.dispose();
    this.targets?.dispose?.();
  }

  async run(): Promise<TrainResult> {
    const { resume, checkpoints, control, reporter } = this.input;
    await removeLeftovers(checkpoints);
    if (resume !== null) {
      // An engine that was killed right after the checkpoint had no time to tell of it; told twice it is still one.
      reporter.checkpoint({ step: this.step, name: resume.name, best: this.best?.name === resume.name, values: this.validated });
      if (resume.state.finished !== null) return this.conclude(resume.state.finished);
      this.optimizer.restore(this.stageStep, await readMoments(resume.folder, this.trained.keys()));
      const { projections } = this.features ?? {};
      if (projections !== undefined) for (const [name, values] of await readTensors(resume.folder, projections.keys())) assign(projections.get(name) as tf.Variable, values);
    }
    if (!await this.prepareTargets()) return this.result('stopped', null);
    if (this.stageStep === 0) await this.validate();
    for (;;) {
      await this.trainOneStep();
      const finished = await this.afterStep();
      if (finished !== null) return this.conclude(finished);
      await yieldToEvents();
      if (await this.obey(await control.poll())) return this.result('stopped', null);
    }
  }

  /** All that the optimiser changes. */
  private get trained(): ReadonlyMap<string, tf.Variable> {
    return new Map([...this.input.student.trainable, ...(this.features?.projections ?? [])]);
  }

  /** Steps over the whole run. */
  private get step(): number {
    return this.input.before.steps + this.stageStep;
  }

  /** False when an order stopped the run in between. */
  private async prepareTargets(): Promise<boolean> {
    const { objective: { vocabulary }, teacher, validationRows } = this;
    const { stage: { batch }, train, control, reporter } = this.input;
    if (teacher === null) return true;
    const { stage, targets: place, mixture } = this.input;
    if (mixture !== undefined) {
      this.targets = mixtureTargets(mixture, vocabulary, stage.combine === 'confidence' ? stage.tau : null);
      return true;
    }
    if (stage.targets !== undefined && place !== undefined) {
      this.targets = await openTopK({
        folder: place.folder, name: `stage-${this.input.stageIndex}`, teacher, teacherName: place.teacher, rows: [...train, ...validationRows], vocabulary, k: stage.targets.topK, values: stage.targets.values,
        temperature: stage.temperature, batch: batch.size,
        pause: async (done, total) => {
          reporter.progress('teacher', done, total);
          return this.obey(await control.poll());
        },
      });
      return this.targets !== null;
    }
    // The inside of a teacher is too large to keep, and asking for it gives the logits as well.
    if (this.features !== null) {
      this.targets = liveTargets(teacher, vocabulary);
      return true;
    }
    const passes = (this.limit.steps * batch.size * batch.accumulate) / train.length;
    const rows = [...train, ...validationRows];
    if (passes < PASSES_WORTH_STORING || !targetsFit(rows, vocabulary)) {
      this.targets = liveTargets(teacher, vocabulary);
      return true;
    }
    const stored = new StoredTargets(vocabulary);
    this.targets = stored;
    return stored.fill(teacher, rows, batch.size, async (done, total) => {
      reporter.progress('teacher', done, total);
      return this.obey(await control.poll());
    });
  }

  private async trainOneStep(): Promise<void> {
    const { stage, student, train } = this.input;
    const { size, accumulate } = stage.batch;
    const began = performance.now();
    const rows = this.sampler.take(size * accumulate).map((index) => train[index] as EncodedRow);
    const batches = groupByLength(rows, size).map((group) => collate(group, student.config.maxPositions));
    const learningRate = learningRateAt(stage.schedule, stage.optimizer.learningRate, this.stageStep, this.limit.steps);
    const objective = { ...this.objective, temperature: temperatureAt(stage.temperature, this.stageStep, this.limit.steps) };
    const values = await optimiserStep({ student, targets: this.targets, features: this.features, objective, optimizer: this.optimizer, batches, learningRate });
    if (values === null) {
      throw new DistillError('loss-not-finite', { step: this.step + 1, rows: describeRows(rows), checkpoint: this.saved ?? '–' });
    }
    this.stageStep++;
    this.tokens += sum(batches.map(({ kept }) => kept));
    const seconds = (performance.now() - began) / 1000;
    const tokensPerSecond = sum(batches.map(({ tokens }) => tokens)) / seconds;
    this.tell({ ...presentValues(values), ...await this.pulls(objective, batches[0]), learningRate, temperature: objective.temperature, tokensPerSecond, memoryMiB: process.memoryUsage.rss() / MIB });
  }

  /** The gradient norm of each term, when it is time to look. */
  private async pulls(objective: Objective, batch: MicroBatch | undefined): Promise<MetricValues> {
    const { stage, student, reporter } = this.input;
    const terms = LOSS_TERMS.filter((term) => objective.weights[term] > 0);
    if (stage.sentinel === 0 || batch === undefined || terms.length < 2 || this.stageStep % stage.sentinel !== 0) return {};
    const norms = await termNorms(student, this.targets, this.features, objective, batch);
    for (const { code, term, value } of this.sentinel.look(norms)) {
      const at = { step: this.step, stage: stage.name, term };
      reporter.warning(code, code === 'loss-term-dead' ? { ...at, share: value < 1e-4 ? '<0.01%' : `${(100 * value).toFixed(2)}%` } : { ...at, times: Math.round(value) });
    }
    return Object.fromEntries(terms.map((term) => [`grad${term[0]?.toUpperCase() ?? ''}${term.slice(1)}`, norms[term] ?? null]));
  }

  /** Validates and saves when it is time to. Answers why the stage is over, when it is. */
  private async afterStep(): Promise<Finished | null> {
    const { stage } = this.input;
    const last = this.stageStep === this.limit.steps;
    let finished: Finished | null = last ? this.limit.limit : null;
    let best = false;
    if (this.validation.length > 0 && (last || this.stageStep % stage.validate.every === 0)) {
      await this.validate();
      best = this.isBest();
      if (this.earlyStop?.shouldStop(this.validated[stage.earlyStop?.metric ?? ''] ?? null) === true) finished ??= 'early-stop';
    }
    if (best || finished !== null || this.stageStep % stage.checkpoint.every === 0) await this.save(finished, best);
    return finished;
  }

  private isBest(): boolean {
    const metric = this.input.stage.checkpoint.best;
    const value = this.validated[metric] ?? null;
    const before = this.best?.values[metric] ?? null;
    return value !== null && (before === null || isBetter(metric, value, before));
  }

  /** Measures the validation rows and tells the values; nothing where there are none. */
  private async validate(): Promise<void> {
    if (this.validation.length === 0) return;
    const { student, reporter } = this.input;
    this.validated = finite(await validate(student, this.targets, this.features, this.objective, this.validation, (done, total) => reporter.progress('validation', done, total)));
    this.tell(this.validated);
  }

  private async save(finished: Finished | null, best: boolean): Promise<void> {
    const { input, step, tokens, stageStep } = this;
    const { stage, stageIndex, checkpoints, reporter } = input;
    if (best) this.best = { name: checkpointName(step), values: this.validated };
    const state: TrainerState = {
      stage: stageIndex, stageName: stage.name, step, tokens, stageStep, sampler: this.sampler.state(),
      earlyStop: this.earlyStop?.state() ?? null, best: this.best, validation: this.validated, finished,
    };
    const { name } = await writeCheckpoint(checkpoints, state, input.student, { moments: await this.optimizer.read(), more: this.features?.projections ?? new Map() }, input.tokenizerFolder);
    this.saved = name;
    reporter.checkpoint({ step, name, best: this.best?.name === name, values: this.validated });
    for (const removed of await pruneCheckpoints(checkpoints, stageIndex, stage.checkpoint.keepLast, this.best?.name ?? null)) {
      reporter.checkpointRemoved(removed);
    }
  }

  /** True when the run is to stop; it is saved then. */
  private async obey(orders: readonly TrainOrder[]): Promise<boolean> {
    const { evaluate, reporter } = this.input;
    for (const { id, order } of orders) {
      if (order === 'evaluate') {
        reporter.acknowledged(id, evaluate !== null);
        await evaluate?.(this.step);
      } else {
        if (this.saved !== checkpointName(this.step)) await this.save(null, false);
        reporter.acknowledged(id, true);
        if (order === 'stop') return true;
      }
    }
    return false;
  }

  /** The end of the stage, whether it was reached now or in an earlier life of the run: what is handed on, and the gate. */
  private async conclude(finished: Finished): Promise<TrainResult> {
    const { stage, reporter, evaluate } = this.input;
    const handedOn = stage.earlyStop !== undefined && this.best !== null && this.best.name !== checkpointName(this.step) ? this.best : null;
    if (handedOn !== null) await this.takeWeights(handedOn.name);
    if (stage.gate === undefined) return this.result(finished, handedOn?.name ?? null);
    const { metric, onMiss } = stage.gate;
    const values = metric.startsWith('evaluation/') ? await evaluate?.(this.step) : handedOn?.values ?? this.validated;
    const value = values?.[metric] ?? null;
    const bounds = missedBounds(stage.gate, value);
    if (bounds !== null) reporter.warning('gate-missed', { stage: stage.name, metric, value: value ?? '–', bounds });
    return this.result(bounds !== null && onMiss === 'stop' ? 'gate-missed' : finished, handedOn?.name ?? null);
  }

  private async takeWeights(checkpoint: string): Promise<void> {
    const files = await openWeights(path.join(this.input.checkpoints, checkpoint));
    try {
      for (const [name, weight] of this.input.student.weights) assign(weight, await files.floats(name, weight.shape));
    } finally {
      await files.close();
    }
  }

  private result(reason: TrainResult['reason'], handedOn: string | null): TrainResult {
    return { reason, steps: this.step, tokens: this.tokens, handedOn };
  }

  private tell(values: MetricValues): void {
    this.input.reporter.metric({ step: this.step, tokens: this.tokens, values: finite(values) });
  }
}

function divergenceOf({ objective, beta, gamma }: TrainStage): Divergence {
  switch (objective) {
    case 'jsd': return { kind: objective, beta };
    case 'skew-kl': return { kind: objective, gamma };
    // Without a teacher nothing is compared.
    case 'sequence': return { kind: 'forward-kl' };
    default: return { kind: objective };
  }
}

function finite(values: MetricValues): MetricValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
