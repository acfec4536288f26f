/** How the steps of a stage are computed: as one function or operation by operation, in which precision, with which loss scale. */
import { DistillError } from '../../shared/messages.ts';
import type { TrainStage } from '../../shared/recipe.ts';
import { NotRecordable } from '../backend/tensorflow/recorder.ts';
import type { DecoderModel } from '../model/contract.ts';
import { variantOf } from '../model/decoder.ts';
import type { Shapes } from './batch.ts';
import { LossScale, type LossScaleState } from './lossScale.ts';
import type { AdamW } from './optimizer.ts';
import { RecordedSteps } from './recordedStep.ts';
import { optimiserStep, type StepInput, type StepValues } from './step.ts';

type Settings = Pick<TrainStage, 'name' | 'compile' | 'precision' | 'lossScale'>;

/** Whether a model's steps can be recorded, and its shapes should therefore be few. */
export function shapesFor(student: DecoderModel, { compile }: Pick<TrainStage, 'compile'>): Shapes {
  return compile === 'auto' && RecordedSteps.possible(student) ? 'coarse' : 'fine';
}

/** The model with its products in the stage's precision; its weights are the same. @throws DistillError `precision-unavailable` */
export function inPrecision(model: DecoderModel, { name, precision }: Settings): DecoderModel {
  if (precision === 'float32') return model;
  const { backend } = model;
  if (backend.narrow === undefined) throw new DistillError('precision-unavailable', { stage: name, precision, backend: backend.name });
  return variantOf(model, { backend: { ...backend, ops: backend.narrow(precision) } });
}

export class StepRunner {
  #recorded: RecordedSteps | null;
  readonly #lossScale: LossScale | null;

  /** `fallback` is told once, with the reason, when steps go on operation by operation. */
  constructor(stage: Settings, student: DecoderModel, private readonly optimizer: AdamW, state: LossScaleState | undefined, private readonly fallback: (reason: string) => void) {
    this.#recorded = stage.compile === 'off' ? null : RecordedSteps.of(student, optimizer);
    this.#lossScale = stage.precision === 'float16' ? new LossScale(stage.lossScale, state) : null;
  }

  /** What a checkpoint keeps; nothing without a loss scale. */
  get state(): { readonly lossScale?: LossScaleState } {
    return this.#lossScale === null ? {} : { lossScale: this.#lossScale.state };
  }

  /** Null, with weights and moments as they were, when loss or gradient are not finite at any loss scale. */
  async step(input: Omit<StepInput, 'optimizer' | 'lossScale'>): Promise<(StepValues & { readonly lossScale?: number }) | null> {
    for (;;) {
      const lossScale = this.#lossScale?.value ?? 1;
      const values = await this.#once({ ...input, optimizer: this.optimizer, lossScale });
      if (this.#lossScale === null) return values;
      if (values !== null) {
        this.#lossScale.held();
        return { ...values, lossScale };
      }
      if (!this.#lossScale.lower()) return null;
    }
  }

  dispose(): void {
    this.#recorded?.dispose();
  }

  async #once(input: StepInput): Promise<StepValues | null> {
    if (this.#recorded === null) return optimiserStep(input);
    try {
      return await this.#recorded.step(input);
    } catch (error) {
      if (!(error instanceof NotRecordable)) throw error;
      this.#recorded.dispose();
      this.#recorded = null;
      this.fallback(error.message);
      return optimiserStep(input);
    }
  }
}
