/**
 * A reinforcement stage, from its first step (or from a checkpoint) to its end: GRPO (Shao et al. 2024, section 4.1) with rewards
 * that a program verifies. One step: `samples` completions of each of `prompts` prompts by the student as it is, their rewards,
 * their advantages within each group, and `iterations` updates. What a step draws depends on seed, stage and step alone, and
 * nothing of it outlives the step: so a resumed stage goes on as if it had not been stopped.
 */
import { DistillError } from '../../shared/messages.ts';
import type { ReinforceStage } from '../../shared/recipeReinforce.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { quantisedDecoder } from '../model/decoder.ts';
import { loadDecoder, saveDecoder } from '../model/folder.ts';
import type { tf } from '../tf.ts';
import { loadComparer } from '../verify/compare.ts';
import { keptPositions } from './batch.ts';
import type { LoopInput, MetricValues, TrainResult } from './contract.ts';
import { AdamW } from './optimizer.ts';
import { groupAdvantages, tokenWeights } from './policyLoss.ts';
import { policyGradients, tokenLogs, updatePolicy, type Completion, type TokenLogs } from './reinforceStep.ts';
import { rewarded, type Rewarded } from './rewards.ts';
import { RowSampler } from './sampler.ts';
import { learningRateAt } from './schedule.ts';
import { StageLoop } from './stageLoop.ts';
import { describeRows } from './watch.ts';
import { stepSeed, write, writtenRow, type Writing } from './written.ts';

const MIB = 2 ** 20;
/** Prompts that are answered at once when the student is validated. */
const VALIDATION_BATCH = 64;

/** A completion that is kept for people to look at. */
export interface KeptCompletion {
  readonly row: EncodedRow;
  readonly place: number;
  readonly step: number;
  readonly rewarded: Rewarded;
}

export interface ReinforceInput extends LoopInput {
  readonly stage: ReinforceStage;
  /** Their prompts and references are what is used of them. */
  readonly train: readonly EncodedRow[];
  readonly validation: readonly EncodedRow[];
  readonly writing: Writing;
  /** Where the student as the stage began with it is kept, while the stage compares with it. */
  readonly referenceFolder: string;
  readonly keep: (completions: readonly KeptCompletion[]) => void;
}

/** Steps of the stage over so many prompts: the smaller of its two limits. */
export function reinforceSteps({ limits, prompts }: Pick<ReinforceStage, 'limits' | 'prompts'>, rows: number): { readonly steps: number; readonly limit: 'steps' | 'epochs' } {
  const ofEpochs = limits.epochs === undefined ? Infinity : Math.max(1, Math.ceil((limits.epochs * rows) / prompts));
  return limits.steps !== undefined && limits.steps <= ofEpochs ? { steps: limits.steps, limit: 'steps' } : { steps: ofEpochs, limit: 'epochs' };
}

/** Rows whose answers can be judged: all where a right answer is not rewarded. */
export function judgedRows(rows: readonly EncodedRow[], { rewards }: Pick<ReinforceStage, 'rewards'>): readonly EncodedRow[] {
  return rewards.answer === 0 ? rows : rows.filter(({ gold }) => typeof gold === 'string' && gold.trim() !== '');
}

/**
 * Runs (or continues) a reinforcement stage; the student's weights are changed in place. Throws DistillError
 * `reinforce-without-reference`, `loss-not-finite`, those of the file system, and what the backend throws.
 */
export async function reinforce(input: ReinforceInput): Promise<TrainResult> {
  const trainer = new ReinforceTrainer(input);
  try {
    return await trainer.run();
  } finally {
    trainer.dispose();
  }
}

class ReinforceTrainer extends StageLoop<ReinforceInput> {
  protected readonly optimizer: AdamW;
  protected readonly sampler: RowSampler;
  protected readonly limit: { readonly steps: number; readonly limit: 'steps' | 'epochs' };
  protected readonly more: ReadonlyMap<string, tf.Variable> = new Map();
  private readonly rows: readonly EncodedRow[];
  private readonly validation: readonly EncodedRow[];
  private reference: DecoderModel | null = null;
  private warned = false;

  constructor(input: ReinforceInput) {
    super(input);
    const { stage, resume, student, train, reporter } = input;
    this.rows = judgedRows(train, stage);
    if (this.rows.length === 0) throw new DistillError('reinforce-without-reference', { stage: stage.name, rows: train.length });
    if (this.rows.length < train.length && resume === null) reporter.warning('reinforce-rows-without-reference', { stage: stage.name, rows: train.length - this.rows.length, all: train.length });
    this.validation = judgedRows(input.validation, stage).slice(0, stage.validate.rows);
    this.limit = reinforceSteps(stage, this.rows.length);
    this.sampler = new RowSampler(this.rows.length, input.seed, input.stageIndex, resume?.state.sampler);
    this.optimizer = new AdamW(student.backend.ops, this.trained, stage.optimizer);
  }

  dispose(): void {
    this.optimizer.dispose();
    this.reference?.dispose();
  }

  protected get validates(): boolean {
    return this.validation.length > 0;
  }

  protected async prepare(): Promise<boolean> {
    const { stage, resume, student, referenceFolder } = this.input;
    await loadComparer();
    if (stage.kl === 0) return true;
    // Through the disk even the first time: a resumed stage has the very same one.
    if (resume === null) await saveDecoder(student, referenceFolder, {});
    const loaded = await loadDecoder(referenceFolder, student.backend);
    this.reference = student.config.int8 ? quantisedDecoder(loaded) : loaded;
    return true;
  }

  protected async trainOneStep(): Promise<void> {
    const { stage, student, seed, stageIndex, writing, reporter, keep } = this.input;
    const began = performance.now();
    const asked = this.sampler.take(stage.prompts).map((index) => this.rows[index] as EncodedRow);
    const { samples, maxNewTokens, temperature, topP } = stage;
    const generated = await write(student, asked, writing, {
      samples, maxNewTokens, temperature, topP, seed: stepSeed(seed, stageIndex, this.stageStep, 'completions'),
      progress: (done, total) => { reporter.progress('completions', done, total); },
    });
    const all = generated.map((each, index) => {
      const row = asked[Math.floor(index / samples)] as EncodedRow;
      return { row: { ...writtenRow(row, each, writing), answerStart: row.promptLength }, asked: row, rewarded: rewarded(row, each, writing, stage) };
    });
    const groups = asked.map((_, place) => all.slice(place * samples, (place + 1) * samples));
    const advantages = groups.map((group) => groupAdvantages(group.map((each) => each.rewarded.reward), stage.advantage === 'normalised'));
    const learnt = groups.flatMap((group, place) => (advantages[place] ?? []).map((advantage, sample) => ({ row: group[sample]?.row as EncodedRow, advantage }))).filter(({ row }) => keptPositions(row) > 0);
    const weights = tokenWeights(stage.aggregate, learnt.map(({ row }) => keptPositions(row)), maxNewTokens);
    const updated = await this.update(learnt.map((each, index) => ({ ...each, weight: weights[index] ?? 0 })), asked);
    this.stageStep++;
    this.tokens += learnt.reduce((sum, { row }) => sum + keptPositions(row), 0);
    const written = all.map((each) => each.rewarded);
    const seconds = (performance.now() - began) / 1000;
    this.tell({
      ...rewardMetrics(written, stage), ...updated, sameRewardShare: advantages.filter((each) => each === null).length / groups.length,
      tokensPerSecond: written.reduce((sum, { tokens }) => sum + tokens, 0) / seconds, memoryMiB: process.memoryUsage.rss() / MIB,
    });
    if (stage.traces.every > 0 && (this.stageStep === 1 || this.stageStep % stage.traces.every === 0)) {
      keep(all.slice(0, stage.traces.rows).map((each, place) => ({ row: each.asked, place, step: this.step, rewarded: each.rewarded })));
    }
  }

  /** All updates of a step; none where no group has anything to tell. */
  private async update(completions: readonly Completion[], asked: readonly EncodedRow[]): Promise<MetricValues> {
    const { stage, student, reporter } = this.input;
    const learningRate = learningRateAt(stage.schedule, stage.optimizer.learningRate, this.stageStep, this.limit.steps);
    if (completions.length === 0) {
      if (!this.warned) reporter.warning('reinforce-all-the-same', { stage: stage.name, step: this.step + 1 });
      this.warned = true;
      return { learningRate };
    }
    const rows = completions.map(({ row }) => row);
    const reference = this.reference === null ? null : await tokenLogs(this.reference, rows, stage.temperature, stage.batch.size);
    const means = { loss: 0, gradNorm: 0, referenceKl: 0, entropy: 0, clipShare: 0 };
    let old: TokenLogs | null = null;
    for (let iteration = 0; iteration < stage.iterations; iteration++) {
      const result = await policyGradients({ student, completions, settings: stage, old, reference, size: stage.batch.size });
      if (!updatePolicy(this.optimizer, result, learningRate)) {
        throw new DistillError('loss-not-finite', { step: this.step + 1, rows: describeRows(asked), checkpoint: this.saved ?? '–' });
      }
      // The first update is made with the weights that wrote: what it finds are the old log-probabilities of the others.
      old ??= result.logs;
      for (const name of Object.keys(means) as (keyof typeof means)[]) means[name] += result[name] / stage.iterations;
    }
    const { referenceKl, ...told } = means;
    return { ...told, ...(reference === null ? {} : { referenceKl }), learningRate };
  }

  protected async measure(): Promise<MetricValues> {
    const { stage, student, writing, reporter } = this.input;
    const written: Rewarded[] = [];
    for (let start = 0; start < this.validation.length; start += VALIDATION_BATCH) {
      const asked = this.validation.slice(start, start + VALIDATION_BATCH);
      const generated = await write(student, asked, writing, { samples: 1, maxNewTokens: stage.maxNewTokens, temperature: 0, topP: 1, seed: 0 });
      written.push(...generated.map((each, index) => rewarded(asked[index] as EncodedRow, each, writing, stage)));
      reporter.progress('validation', written.length, this.validation.length);
    }
    const { reward, accuracy, completionTokens, unfinishedShare } = rewardMetrics(written, stage);
    return {
      'validation/reward': reward ?? null, 'validation/completionTokens': completionTokens ?? null, 'validation/unfinishedShare': unfinishedShare ?? null,
      ...(accuracy === undefined ? {} : { 'validation/accuracy': accuracy }),
    };
  }
}

/** Means over completions; a part without weight is not told. */
function rewardMetrics(written: readonly Rewarded[], { rewards }: Pick<ReinforceStage, 'rewards'>): MetricValues {
  const mean = (value: (each: Rewarded) => number): number => written.reduce((sum, each) => sum + value(each), 0) / Math.max(1, written.length);
  const judged = written.filter(({ verdict }) => verdict !== 'unknown');
  return {
    reward: mean((each) => each.reward),
    ...(rewards.answer > 0 ? { rewardAnswer: mean(({ parts }) => parts.answer) } : {}),
    ...(rewards.format > 0 ? { rewardFormat: mean(({ parts }) => parts.format) } : {}),
    ...(rewards.length > 0 ? { rewardLength: mean(({ parts }) => parts.length) } : {}),
    ...(judged.length > 0 ? { accuracy: judged.filter(({ verdict }) => verdict === 'right').length / judged.length } : {}),
    completionTokens: mean(({ tokens }) => tokens),
    unfinishedShare: mean(({ ended }) => (ended ? 0 : 1)),
  };
}
