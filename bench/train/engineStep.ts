/** Training steps as the engine makes them: its model, loss, clipping and optimiser on one backend. */
import type { Backend } from '../../src/engine/backend/contract.ts';
import { createDecoder } from '../../src/engine/model/decoder.ts';
import { collate } from '../../src/engine/train/batch.ts';
import { AdamW } from '../../src/engine/train/optimizer.ts';
import { optimiserStep } from '../../src/engine/train/step.ts';
import type { BenchModel } from './models.ts';

export interface Steps {
  readonly parameters: number;
  /** Runs that many steps and answers the last loss. */
  run(count: number): Promise<number>;
}

export function prepareSteps({ config, batch, seq }: BenchModel, backend: Backend): Steps {
  const student = createDecoder(config, 1, backend);
  const optimizer = new AdamW(backend.ops, student.weights, { kind: 'adamw', learningRate: 1e-3, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.01, clipNorm: 1 });
  const objective = { weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' } as const, temperature: 1, vocabulary: config.vocabSize };
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
        const values = await optimiserStep({ student, targets: null, objective, optimizer, batches: [collate(rows(), config.maxPositions)], learningRate: 1e-3 });
        if (values === null) throw new Error('the loss is not finite');
        loss = values.loss;
      }
      return loss;
    },
  };
}
