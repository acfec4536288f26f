/**
 * What every stage that changes the student has in common, whatever its steps are: it counts them, validates, saves, obeys
 * orders, stops early, hands on the best, minds its gate. Between two steps everything that the next ones depend on is in the
 * weights, in AdamW's moments and in TrainerState: what a checkpoint holds, so a resumed run repeats the uninterrupted one bit
 * for bit on the same machine, backend and thread count.
 */
import path from 'node:path';
import { removeLeftovers } from '../../system/wholeFile.ts';
import type { tf } from '../tf.ts';
import { checkpointName, pruneCheckpoints, readMoments, readStudent, readTensors, writeCheckpoint } from './checkpoint.ts';
import type { TrainerState } from './checkpoint.ts';
import type { LoopInput, MetricValues, TrainOrder, TrainResult } from './contract.ts';
import { EarlyStop, isBetter } from './earlyStop.ts';
import { endOfStage, mayEnter } from './gate.ts';
import { assign, type AdamW } from './optimizer.ts';
import type { RowSampler } from './sampler.ts';
import { yieldToEvents } from './yield.ts';

export type Finished = NonNullable<TrainerState['finished']>;

/** The parts differ in what a step does and what is measured. */
export abstract class StageLoop<Input extends LoopInput> {
  protected stageStep: number;
  protected tokens: number;
  /** The last whole checkpoint of this stage. */
  protected saved: string | null;
  private readonly earlyStop: EarlyStop | null;
  private best: TrainerState['best'];
  private validated: MetricValues;

  protected constructor(protected readonly input: Input) {
    const { stage, resume } = input;
    this.earlyStop = stage.earlyStop === undefined ? null : new EarlyStop(stage.earlyStop, resume?.state.earlyStop ?? undefined);
    this.stageStep = resume?.state.stageStep ?? 0;
    this.tokens = resume?.state.tokens ?? input.before.tokens;
    this.best = resume?.state.best ?? null;
    this.validated = resume?.state.validation ?? {};
    this.saved = resume?.name ?? null;
  }

  protected abstract readonly limit: { readonly steps: number; readonly limit: 'steps' | 'epochs' };
  protected abstract readonly optimizer: AdamW;
  protected abstract readonly sampler: RowSampler;
  /** Weights that are trained but are not the student's. */
  protected abstract readonly more: ReadonlyMap<string, tf.Variable>;
  /** Whether there is something to validate on. */
  protected abstract readonly validates: boolean;
  /** What has to be there before the first step; false when an order stopped the run in between. */
  protected abstract prepare(): Promise<boolean>;
  /** One step, told; `stageStep` and `tokens` are counted up by it. */
  protected abstract trainOneStep(): Promise<void>;
  /** The values of a validation. */
  protected abstract measure(): Promise<MetricValues>;

  /** What else the next steps depend on. */
  protected stepState(): Pick<TrainerState, 'lossScale'> {
    return {};
  }

  async run(): Promise<TrainResult> {
    const { resume, checkpoints, control, reporter } = this.input;
    await removeLeftovers(checkpoints);
    if (resume !== null) {
      // An engine that was killed right after the checkpoint had no time to tell of it; told twice it is still one.
      reporter.checkpoint({ step: this.step, name: resume.name, best: this.best?.name === resume.name, values: this.validated });
      if (resume.state.finished !== null) return this.conclude(resume.state.finished);
      this.optimizer.restore(resume.state.updates ?? this.stageStep, await readMoments(resume.folder, this.trained.keys()));
      if (this.more.size > 0) for (const [name, values] of await readTensors(resume.folder, this.more.keys())) assign(this.more.get(name) as tf.Variable, values);
    }
    const entered = this.stageStep === 0 ? await this.mayEnter({}, !this.validates) : true;
    if (entered === false) return this.result('entry-missed');
    if (!await this.prepare()) return this.result('stopped');
    if (this.stageStep === 0) await this.validate();
    if (entered === null && await this.mayEnter(this.validated, true) === false) return this.result('entry-missed');
    for (;;) {
      await this.trainOneStep();
      const finished = await this.afterStep();
      if (finished !== null) return this.conclude(finished);
      await yieldToEvents();
      if (await this.obey(await control.poll())) return this.result('stopped');
    }
  }

  /** All that the optimiser changes. */
  protected get trained(): ReadonlyMap<string, tf.Variable> {
    return new Map([...this.input.student.trainable, ...this.more]);
  }

  /** Steps over the whole run. */
  protected get step(): number {
    return this.input.before.steps + this.stageStep;
  }

  /** Validates and saves when it is time to. Answers why the stage is over, when it is. */
  private async afterStep(): Promise<Finished | null> {
    const { stage } = this.input;
    const last = this.stageStep === this.limit.steps;
    let finished: Finished | null = last ? this.limit.limit : null;
    let best = false;
    if (this.validates && (last || this.stageStep % stage.validate.every === 0)) {
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

  /** Measures and tells the values; nothing where there is nothing to validate on. */
  private async validate(): Promise<void> {
    if (!this.validates) return;
    this.validated = finite(await this.measure());
    this.tell(this.validated);
  }

  private async save(finished: Finished | null, best: boolean): Promise<void> {
    const { input, step, tokens, stageStep } = this;
    const { stage, stageIndex, checkpoints, reporter, resume } = input;
    if (best) this.best = { name: checkpointName(step), values: this.validated };
    const state: TrainerState = {
      stage: stageIndex, stageName: stage.name, step, tokens, stageStep,
      // Where a step is one update there is nothing more to say.
      ...(this.optimizer.t === stageStep ? {} : { updates: this.optimizer.t }),
      sampler: this.sampler.state(),
      earlyStop: this.earlyStop?.state() ?? null, best: this.best, validation: this.validated, finished, ...this.stepState(), parent: resume === null ? input.parent ?? null : resume.state.parent ?? null,
    };
    const { name } = await writeCheckpoint(checkpoints, state, input.student, { moments: await this.optimizer.read(), more: this.more }, input.tokenizerFolder);
    this.saved = name;
    reporter.checkpoint({ step, name, best: this.best?.name === name, values: this.validated });
    for (const removed of await pruneCheckpoints(checkpoints, stageIndex, stage.checkpoint.keepLast, this.best?.name ?? null)) {
      reporter.checkpointRemoved(removed);
    }
  }

  /** True when the run is to stop; it is saved then. */
  protected async obey(orders: readonly TrainOrder[]): Promise<boolean> {
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

  /** Null while the metric of the stage's entry is still to be validated. */
  private mayEnter(validated: MetricValues, last: boolean): Promise<boolean | null> {
    const { stage, known, reporter } = this.input;
    return mayEnter({ stage, step: this.step, known: { ...validated, ...known }, evaluate: this.evaluation(), last, reporter });
  }

  private evaluation(): (() => Promise<MetricValues>) | null {
    const { evaluate } = this.input;
    return evaluate === null ? null : () => evaluate(this.step);
  }

  /** The end of the stage, whether it was reached now or in an earlier life of the run: what is handed on, and the gate. */
  private async conclude(finished: Finished): Promise<TrainResult> {
    const { stage, reporter, resume, known = {} } = this.input;
    const told = resume === null || resume.state.finished === null ? {} : known;
    const last = { name: checkpointName(this.step), values: this.validated };
    const { stop, handedOn, values } = await endOfStage({ stage, step: this.step, last, best: this.best, known: told, evaluate: this.evaluation(), takeWeights: (name) => this.takeWeights(name), reporter });
    return this.result(stop ? 'gate-missed' : finished, handedOn, values);
  }

  private async takeWeights(checkpoint: string): Promise<void> {
    const { checkpoints, student } = this.input;
    const weights = student.adapter === null ? student.weights : student.trainable;
    for await (const [name, values] of readStudent(path.join(checkpoints, checkpoint), student)) assign(weights.get(name) as tf.Variable, values);
  }

  private result(reason: TrainResult['reason'], handedOn: string | null = null, values: MetricValues = this.validated): TrainResult {
    return { reason, steps: this.step, tokens: this.tokens, handedOn, values };
  }

  protected tell(values: MetricValues): void {
    this.input.reporter.metric({ step: this.step, tokens: this.tokens, values: finite(values) });
  }
}

function finite(values: MetricValues): MetricValues {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value !== null && Number.isFinite(value) ? value : null]));
}
