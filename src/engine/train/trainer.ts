/** A training stage, from its first step (or from a checkpoint) to its end: the steps of stageLoop.ts by a loss over rows. */
import { DistillError } from '../../shared/messages.ts';
import { comparesWithModel, weighs } from '../../shared/recipe.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { variantOf } from '../model/decoder.ts';
import type { tf } from '../tf.ts';
import { keptPositions, passesOf } from './batch.ts';
import type { MicroBatch, Shapes } from './batch.ts';
import type { TrainerState } from './checkpoint.ts';
import type { MetricValues, TrainInput, TrainResult } from './contract.ts';
import { FeatureMatching } from './features.ts';
import { LOSS_TERMS, type Objective } from './losses.ts';
import { changingWeights, metricOf, objectiveAt, objectiveOf } from './objective.ts';
import { presentValues } from './lossValues.ts';
import { AdamW } from './optimizer.ts';
import { packRows } from './packing.ts';
import { RowSampler } from './sampler.ts';
import { RowLossFile } from './rowLossFile.ts';
import { Sentinel, termNorms } from './sentinel.ts';
import { learningRateAt, totalSteps } from './schedule.ts';
import { liveTargets, StoredTargets, targetsFit } from './softTargets.ts';
import type { SoftTargets } from './softTargets.ts';
import { mixtureTargets } from './mixture.ts';
import { inPrecision, shapesFor, StepRunner } from './stepRunner.ts';
import { openSaid } from './saidTargets.ts';
import type { TopKShape } from './topKFile.ts';
import { openTopK, storedTemperatures } from './topKTargets.ts';
import { isOnPolicy, onPolicyObjective, withoutReference, writtenBatch, type WrittenBatch } from './onPolicy.ts';
import { UldMatching } from './uldTargets.ts';
import { validate, validationBatches } from './validation.ts';
import { StageLoop } from './stageLoop.ts';
import { checkWatched, describeRows } from './watch.ts';

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
  const { stage, teacher, mixture } = input;
  const student = inPrecision(input.student, stage);
  const trainer = new Trainer({
    ...input, student: stage.gradientCheckpointing ? variantOf(student, { recomputes: true }) : student, teacher: teacher === null ? null : inPrecision(teacher, stage),
    ...(mixture === undefined ? {} : { mixture: mixture.map((each) => ({ ...each, model: inPrecision(each.model, stage) })) }),
  });
  try {
    return await trainer.run();
  } finally {
    trainer.dispose();
  }
}

class Trainer extends StageLoop<TrainInput> {
  private readonly objective: Objective;
  private readonly teacher: DecoderModel | null;
  /** What is learnt from the teacher's inside; its projections are trained beside the student. */
  private readonly features: FeatureMatching | null;
  /** Teachers of another vocabulary. */
  private readonly uld: UldMatching | null;
  protected readonly optimizer: AdamW;
  private readonly steps: StepRunner;
  protected readonly sampler: RowSampler;
  protected readonly limit: { readonly steps: number; readonly limit: 'steps' | 'epochs' };
  protected readonly more: ReadonlyMap<string, tf.Variable>;
  private readonly validationRows: readonly EncodedRow[];
  private readonly validation: readonly MicroBatch[];
  /** Null without a teacher. */
  private targets: SoftTargets | null = null;
  /** Of what the student writes: no store can have it. */
  private live: SoftTargets | null = null;
  /** Null where the recipe wants none. */
  private rowLosses: RowLossFile | null = null;
  private readonly sentinel = new Sentinel();

  constructor(input: TrainInput) {
    super(input);
    const { stage, resume, train, student } = input;
    if (train.length === 0) throw new DistillError('no-training-rows', { stage: stage.name });
    const useless = train.filter((row) => keptPositions(row) === 0);
    if (useless.length > 0) throw new DistillError('nothing-supervised', { rows: describeRows(useless) });
    const validation = input.validation.filter((row) => keptPositions(row) > 0).slice(0, stage.validate.rows);
    checkWatched(stage, { validation: validation.length > 0, evaluation: input.evaluate !== null });
    if (weighs(stage, 'uld') && (input.others ?? []).length === 0) throw new Error(`stage ${stage.name} learns from another vocabulary and was given no such teacher`);
    if (comparesWithModel(stage) && input.teacher === null) throw new Error(`stage ${stage.name} compares logits and was given no teacher`);

    this.teacher = comparesWithModel(stage) ? input.teacher : null;
    const models = this.teacher === null ? [student] : [student, this.teacher, ...(input.mixture ?? []).map(({ model }) => model)];
    this.objective = objectiveOf(stage, Math.min(input.vocabulary, ...models.map(({ config }) => config.vocabSize)));
    this.limit = totalSteps(stage, train.length);
    this.validationRows = validation;
    this.validation = validationBatches(validation, stage.batch.size, student.config.maxPositions);
    const { size, accumulate, buckets } = stage.batch;
    const lengths = buckets === 0 ? null : { lengths: train.map(({ ids }) => ids.length), step: size * accumulate, pool: buckets };
    this.sampler = new RowSampler(train.length, input.seed, input.stageIndex, resume?.state.sampler, lengths);
    this.uld = !weighs(stage, 'uld') ? null : new UldMatching(input.others ?? [], { k: stage.uld.topK, temperature: stage.uld.temperature }, Math.min(input.vocabulary, student.config.vocabSize));
    this.features = FeatureMatching.of(stage, this.teacher, student, input.seed, this.uld);
    this.more = this.features?.projections ?? new Map();
    this.optimizer = new AdamW(student.backend.ops, this.trained, stage.optimizer);
    this.steps = new StepRunner(stage, student, this.optimizer, resume?.state.lossScale, (reason) => { input.reporter.warning('step-not-recorded', { stage: stage.name, reason }); });
  }

  protected override stepState(): Pick<TrainerState, 'lossScale'> {
    return this.steps.state;
  }

  dispose(): void {
    this.steps.dispose();
    this.optimizer.dispose();
    this.features?.dispose();
    this.targets?.dispose?.();
    this.rowLosses?.close();
  }

  protected get validates(): boolean {
    return this.validation.length > 0;
  }

  protected async prepare(): Promise<boolean> {
    const { objective: { vocabulary }, teacher, validationRows } = this;
    const { stage: { batch }, train, control, reporter } = this.input;
    const pause = async (done: number, total: number): Promise<boolean> => {
      reporter.progress('teacher', done, total);
      return this.obey(await control.poll());
    };
    if (this.uld !== null && !await this.uld.fill([...train, ...validationRows], batch.size, pause)) return false;
    const { rowLosses } = this.input;
    if (rowLosses !== undefined && this.input.stage.rowLosses) this.rowLosses = await RowLossFile.open(rowLosses, train, this.step);
    const { stage, targets: place, mixture } = this.input;
    if (stage.targets?.from === 'data' && place !== undefined) {
      const rows = [...train, ...validationRows];
      this.targets = await openSaid({ ...place, rows, shape: this.storeShape(stage.targets), pause }, (code, data) => { reporter.warning(code, { ...data, stage: stage.name }); });
      return this.targets !== null;
    }
    if (teacher === null) return true;
    this.live = liveTargets(teacher, vocabulary);
    if (mixture !== undefined) {
      this.targets = mixtureTargets(mixture, vocabulary, stage.combine === 'confidence' ? stage.tau : null);
      this.live = this.targets;
      return true;
    }
    if (stage.targets !== undefined && place !== undefined) {
      this.targets = await openTopK(teacher, batch.size, { ...place, rows: [...train, ...validationRows], shape: this.storeShape(stage.targets), pause });
      return this.targets !== null;
    }
    // The inside of a teacher is too large to keep, and asking for it gives the logits as well.
    if (this.features?.looksInside === true) {
      this.targets = liveTargets(teacher, vocabulary);
      return true;
    }
    const passes = ((1 - (stage.onPolicy?.share ?? 0)) * this.limit.steps * batch.size * batch.accumulate) / train.length;
    const rows = [...train, ...validationRows];
    if (passes < PASSES_WORTH_STORING || !targetsFit(rows, vocabulary)) {
      this.targets = liveTargets(teacher, vocabulary);
      return true;
    }
    const stored = new StoredTargets(vocabulary);
    this.targets = stored;
    return stored.fill(teacher, rows, batch.size, pause);
  }

  private storeShape({ topK, values, from }: NonNullable<TrainInput['stage']['targets']>): TopKShape {
    const { vocabulary } = this.objective;
    // Of what a service said something is always left over.
    return { k: Math.min(topK, from === 'data' ? vocabulary - 1 : vocabulary), vocabulary, values, temperatures: [...storedTemperatures(this.input.stage.temperature)] };
  }

  protected async trainOneStep(): Promise<void> {
    const { stage, student, train } = this.input;
    const { size, accumulate } = stage.batch;
    const began = performance.now();
    const asked = this.sampler.take(size * accumulate).map((index) => train[index] as EncodedRow);
    const written = await this.writtenBatch(asked);
    const rows = written?.rows ?? asked;
    const batches = stage.packing ? packRows(rows, size, student.config, this.shapes) : passesOf(rows, size, student.config.maxPositions, this.shapes);
    const learningRate = learningRateAt(stage.schedule, stage.optimizer.learningRate, this.stageStep, this.limit.steps);
    const now = objectiveAt(stage, this.objective, this.stageStep, this.limit.steps);
    const objective = written === null ? now : onPolicyObjective(now);
    const targets = written === null ? this.targets : this.live;
    const values = await this.steps.step({ student, targets, features: this.features, objective, batches, learningRate });
    if (values === null) {
      throw new DistillError('loss-not-finite', { step: this.step + 1, rows: describeRows(rows), checkpoint: this.saved ?? '–' });
    }
    this.stageStep++;
    // Before the step is told: whoever sees it finds its rows.
    this.rowLosses?.append(this.step, this.input.stageIndex, values.rows, objective);
    this.tokens += sum(batches.map(({ kept }) => kept));
    const seconds = (performance.now() - began) / 1000;
    const tokens = sum(batches.map((batch) => batch.tokens));
    const speed = { tokensPerSecond: tokens / seconds, filled: tokens / sum(batches.map(({ batch, seq }) => batch * seq)) };
    const losses = written === null ? presentValues(values) : { ...withoutReference(presentValues(values)), ...written.metrics };
    const policy = stage.onPolicy === undefined ? {} : { onPolicy: written === null ? 0 : 1 };
    this.tell({ ...losses, ...policy, ...await this.pulls(objective, targets, batches[0]), learningRate, temperature: objective.temperature, ...changingWeights(stage, objective), ...speed, memoryMiB: process.memoryUsage.rss() / MIB });
  }

  /** Null where this step learns from the data's own completions. */
  private async writtenBatch(asked: readonly EncodedRow[]): Promise<WrittenBatch | null> {
    const { stage: { onPolicy }, student, seed, stageIndex, writing } = this.input;
    if (onPolicy === undefined || writing === undefined || this.live === null) return null;
    const place = { seed, stage: stageIndex, step: this.stageStep };
    return isOnPolicy(onPolicy, place) ? writtenBatch(student, asked, writing, onPolicy, place) : null;
  }

  /** Where a step is a recorded function there is one for each shape. */
  private get shapes(): Shapes {
    return shapesFor(this.input.student, this.input.stage);
  }

  /** The gradient norm of each term, when it is time to look. */
  private async pulls(objective: Objective, targets: SoftTargets | null, batch: MicroBatch | undefined): Promise<MetricValues> {
    const { stage, student, reporter } = this.input;
    const terms = LOSS_TERMS.filter((term) => objective.weights[term] > 0);
    if (stage.sentinel === 0 || batch === undefined || terms.length < 2 || this.stageStep % stage.sentinel !== 0) return {};
    const norms = await termNorms(student, targets, this.features, objective, batch);
    for (const { code, term, value } of this.sentinel.look(norms)) {
      const at = { step: this.step, stage: stage.name, term };
      reporter.warning(code, code === 'loss-term-dead' ? { ...at, share: value < 1e-4 ? '<0.01%' : `${(100 * value).toFixed(2)}%` } : { ...at, times: Math.round(value) });
    }
    return Object.fromEntries(terms.map((term) => [metricOf('grad', term), norms[term] ?? null]));
  }

  protected measure(): Promise<MetricValues> {
    const { student, reporter } = this.input;
    return validate(student, this.targets, this.features, this.objective, this.validation, (done, total) => reporter.progress('validation', done, total));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
