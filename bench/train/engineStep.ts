/** Training steps as the engine makes them: its model, loss, clipping and optimiser on one backend. */
import { trainStage } from '../../src/shared/recipe.ts';
import type { Backend } from '../../src/engine/backend/contract.ts';
import { createDecoder } from '../../src/engine/model/decoder.ts';
import { collate } from '../../src/engine/train/batch.ts';
import { AdamW } from '../../src/engine/train/optimizer.ts';
import { liveTargets } from '../../src/engine/train/softTargets.ts';
import { inPrecision, StepRunner } from '../../src/engine/train/stepRunner.ts';
import { teacherOf, type BenchModel } from './models.ts';

export interface Steps {
  readonly parameters: number;
  /** Runs that many steps and answers the last loss. */
  run(count: number): Promise<number>;
}

export interface StepKind {
  readonly precision?: 'float32' | 'bfloat16';
  /** 0.7 · T² · KL to a live teacher of twice the depth and 0.3 · CE, instead of CE alone. */
  readonly distils?: boolean;
  /** `off`: operation by operation. */
  readonly compile?: 'auto' | 'off';
}

const TEMPERATURE = 2;

export function prepareSteps(model: BenchModel, backend: Backend, { precision = 'float32', distils = false, compile = 'auto' }: StepKind = {}): Steps {
  const { config, batch, seq } = model;
  const stage = trainStage.parse({ type: 'train', precision, compile, optimizer: { learningRate: 1e-3, beta2: 0.99 } });
  const student = inPrecision(createDecoder(config, 1, backend), stage);
  const targets = distils ? liveTargets(inPrecision(createDecoder(teacherOf(model), 2, backend), stage), config.vocabSize) : null;
  const runner = new StepRunner(stage, student, new AdamW(backend.ops, student.trainable, stage.optimizer), undefined, (reason) => { throw new Error(`the step was not recorded: ${reason}`); });
  const weights = { kl: distils ? 0.7 : 0, ce: distils ? 0.3 : 1, mse: 0, hidden: 0, attention: 0, uld: 0 };
  const objective = { weights, divergence: { kind: 'forward-kl' } as const, temperature: distils ? TEMPERATURE : 1, vocabulary: config.vocabSize };
  let drawn = 0;
  /** Rows with a pattern that can be learnt, other ones each time. All positions but the first are supervised. */
  const rows = (): Parameters<typeof collate>[0] => Array.from({ length: batch }, (_, row) => {
    const [start, stride] = [(drawn += 1), (row % 7) + 1];
    const ids = Int32Array.from({ length: seq + 1 }, (_id, at) => (start + at * stride) % config.vocabSize);
    return { row, file: 'bench', ids, promptLength: 1, answerStart: seq + 1, ended: true };
  });
  return {
    parameters: student.parameters,
    run: async (count) => {
      let loss = Number.NaN;
      for (let step = 0; step < count; step += 1) {
        const values = await runner.step({ student, targets, features: null, objective, batches: [collate(rows(), config.maxPositions)], learningRate: 1e-3 });
        if (values === null) throw new Error('the loss is not finite');
        loss = values.loss;
      }
      return loss;
    },
  };
}
