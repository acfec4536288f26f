/** What training asks of its surroundings (main wires them) and what it answers. */
import type { MessageData } from '../../shared/events.ts';
import type { WarningCode } from '../../shared/messages.ts';
import type { TrainStage } from '../../shared/recipe.ts';
import type { Entry, Gate } from '../../shared/recipeGates.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import type { FoundCheckpoint } from './checkpoint.ts';
import type { GateTold } from './gate.ts';
import type { MixedTeacher } from './mixture.ts';
import type { RowLossOptions } from './rowLossFile.ts';
import type { Writing } from './written.ts';
import type { OtherTeacher } from './uld.ts';

/** Not finite is null. Names are those of shared/metrics.ts. */
export type MetricValues = Readonly<Record<string, number | null>>;

/** Where training tells what happens. `step` and `tokens` count over the whole run. */
export interface TrainReporter {
  metric(at: { readonly step: number; readonly tokens: number; readonly values: MetricValues }): void;
  checkpoint(at: { readonly step: number; readonly name: string; readonly best: boolean; readonly values: MetricValues }): void;
  checkpointRemoved(name: string): void;
  /** Of work between the steps: `validation` and `teacher` (its logits of all rows, once). */
  progress(what: string, done: number, total: number): void;
  warning(code: WarningCode, data: MessageData): void;
  acknowledged(order: string, accepted: boolean): void;
  gate(told: GateTold): void;
}

export interface TrainOrder {
  readonly id: string;
  readonly order: 'stop' | 'save' | 'evaluate';
}

/** Asked between two optimiser steps; each order is given out once. */
export interface TrainControl {
  poll(): readonly TrainOrder[] | Promise<readonly TrainOrder[]>;
}

/** The part of a stage's recipe that the loop reads. */
export interface LoopStage {
  readonly name: string;
  readonly entry?: Entry | undefined;
  readonly gate?: Gate | undefined;
  readonly validate: { readonly every: number };
  readonly earlyStop?: { readonly metric: string; readonly patience: number; readonly minDelta: number } | undefined;
  readonly checkpoint: { readonly every: number; readonly keepLast: number; readonly best: string };
}

/** What every such stage is given. */
export interface LoopInput {
  readonly stage: LoopStage;
  /** Place of the stage in the recipe. */
  readonly stageIndex: number;
  /** The recipe's. */
  readonly seed: number;
  readonly student: DecoderModel;
  /** The run's checkpoints folder; exists. */
  readonly checkpoints: string;
  /** A model folder whose tokenizer files go into every checkpoint. */
  readonly tokenizerFolder?: string;
  /** Evaluates the student as it is now (generation on held-out prompts), tells it, and answers the metrics; null where the recipe has none. */
  readonly evaluate: ((step: number) => Promise<MetricValues>) | null;
  /** Steps and supervised tokens of the stages before this one. */
  readonly before: { readonly steps: number; readonly tokens: number };
  /** The checkpoint that the stage starts from; null (default): the student's own first weights. */
  readonly parent?: string | null;
  /** What was last measured of the model as it is handed in; of a stage that had ended, what was told at its end. */
  readonly known?: MetricValues;
  /** A checkpoint of this stage; `student` has its weights already. */
  readonly resume: FoundCheckpoint | null;
  readonly reporter: TrainReporter;
  readonly control: TrainControl;
}

export interface TrainInput extends LoopInput {
  readonly stage: TrainStage;
  /** Null where the stage's weights ask for no teacher; of several the first. */
  readonly teacher: DecoderModel | null;
  /** All of them, where the stage mixes several. */
  readonly mixture?: readonly MixedTeacher[];
  /** Those of another vocabulary; the rows hold their readings. */
  readonly others?: readonly OtherTeacher[];
  /**
   * Ids that the tokenizer knows: logits are cut to them before any softmax, because models pad their head differently
   * (Qwen2.5: 151,936 and 152,064 columns for 151,665 tokens). The narrower head decides where it is narrower still.
   */
  readonly vocabulary: number;
  readonly train: readonly EncodedRow[];
  readonly validation: readonly EncodedRow[];
  /** Where the stage keeps what its teacher says, for a stage that asks for that; another run's is taken up by its content. */
  readonly targets?: { readonly folder: string; readonly name: string; readonly source: string };
  /** How the student writes, for a stage that lets it. */
  readonly writing?: Writing;
  /** Where each row's losses are recorded, for a stage that asks for that. */
  readonly rowLosses?: RowLossOptions;
}

export type TrainReason = 'steps' | 'epochs' | 'early-stop' | 'gate-missed' | 'entry-missed' | 'stopped';

export interface TrainResult {
  readonly reason: TrainReason;
  /** Over the whole run. */
  readonly steps: number;
  readonly tokens: number;
  /** The checkpoint that the student now is, where it is not simply the last step (early stopping hands on the best). */
  readonly handedOn: string | null;
  /** What is known of the model that is handed on. */
  readonly values: MetricValues;
}
