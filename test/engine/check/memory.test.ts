/** The memory model against what a training step and a teacher's pass really hold, on the backend that everybody has. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import { generationMemory, total, trainingMemory } from '../../../src/engine/check/memoryModel.ts';
import { parametersOf } from '../../../src/engine/check/models.ts';
import { parseConfig } from '../../../src/engine/model/config.ts';
import type { DecoderConfig } from '../../../src/engine/model/contract.ts';
import { createDecoder } from '../../../src/engine/model/decoder.ts';
import { generate } from '../../../src/engine/model/generate.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { AdamW } from '../../../src/engine/train/optimizer.ts';
import { FeatureMatching } from '../../../src/engine/train/features.ts';
import { liveTargets } from '../../../src/engine/train/softTargets.ts';
import { objectiveOf } from '../../../src/engine/train/objective.ts';
import { gradientsOf, optimiserStep } from '../../../src/engine/train/step.ts';
import { trainStage } from '../../../src/shared/recipe.ts';
import { optimizerRecipe } from './settings.ts';

const SIZES = { model_type: 'llama', vocab_size: 512, hidden_size: 96, intermediate_size: 256, num_hidden_layers: 3, num_attention_heads: 4, num_key_value_heads: 2, max_position_embeddings: 256, tie_word_embeddings: true };
/** An estimate that is further off than this would refuse what works, or let through what can't. */
const TOLERANCE = 0.15;

const config = (change: object = {}): DecoderConfig => parseConfig({ ...SIZES, ...change }, 'config.json');

describe('the memory model', () => {
  let backend: Backend;
  beforeAll(async () => { backend = await openBackend({ backend: 'wasm', threads: 1 }); });
  afterAll(() => backend.dispose());

  /** The most bytes that tensors held at once during `work`. */
  async function peakOf(work: () => Promise<unknown>): Promise<number> {
    const engine = tf.engine() as unknown as { trackTensor(...args: unknown[]): void; readonly state: { readonly numBytes: number } };
    const track = engine.trackTensor;
    let peak = engine.state.numBytes;
    engine.trackTensor = (...args) => {
      track.apply(engine, args);
      peak = Math.max(peak, engine.state.numBytes);
    };
    try {
      await work();
    } finally {
      engine.trackTensor = track;
    }
    return peak;
  }

  test.each([
    ['long rows', {}, {}, 4, 192, 1],
    ['a wide vocabulary', { vocab_size: 4096 }, { vocab_size: 4096 }, 4, 64, 1],
    ['many heads and micro-batches', { num_attention_heads: 8, num_key_value_heads: 8 }, {}, 4, 96, 2],
    ['a teacher ten times as deep', { num_hidden_layers: 1 }, { num_hidden_layers: 12 }, 4, 96, 1],
  ])('holds for a step with %s', async (_, student, teacher, batch, length, accumulate) => {
    const [ofStudent, ofTeacher] = [config(student), config(teacher)];
    const [small, large] = [createDecoder(ofStudent, 0, backend), createDecoder(ofTeacher, 1, backend)];
    const optimizer = new AdamW(backend.ops, small.weights, optimizerRecipe());
    const rows = Array.from({ length: batch }, (__, row) => ({ row, file: 'x', ids: Int32Array.from({ length: length + 1 }, (___, at) => (at * 7 + row) % 500), promptLength: 16, answerStart: length - 8, ended: true }));
    const micro = collate(rows, ofStudent.maxPositions);
    const objective = { weights: { kl: 0.7, ce: 0.3, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' } as const, temperature: 2, vocabulary: ofStudent.vocabSize };
    const step = (): Promise<unknown> => optimiserStep({ student: small, targets: liveTargets(large, ofStudent.vocabSize), objective, optimizer, batches: Array.from({ length: accumulate }, () => micro), learningRate: 1e-3 } as Parameters<typeof optimiserStep>[0]);
    const measured = await peakOf(step);
    const estimated = total(trainingMemory(ofStudent, ofTeacher, parametersOf(ofTeacher), { batch, length, kept: micro.kept, accumulate, vocabulary: ofStudent.vocabSize }));
    expect(estimated / measured).toBeGreaterThan(1 - TOLERANCE);
    expect(estimated / measured).toBeLessThan(1 + TOLERANCE);
    optimizer.dispose();
    small.dispose();
    large.dispose();
  });

  test('holds for a step that matches attention and hidden states', async () => {
    const [ofStudent, ofTeacher] = [config({ num_hidden_layers: 2 }), config({ num_hidden_layers: 4 })];
    const [small, large] = [createDecoder(ofStudent, 0, backend), createDecoder(ofTeacher, 1, backend)];
    const stage = trainStage.parse({ type: 'train', weights: { kl: 0, ce: 1, hidden: 1, attention: 1 } });
    const features = FeatureMatching.of(stage, large, small, 0);
    const [batch, length] = [4, 128];
    const rows = Array.from({ length: batch }, (_, row) => ({ row, file: 'x', ids: Int32Array.from({ length: length + 1 }, (__, at) => (at * 7 + row) % 500), promptLength: 16, answerStart: length - 8, ended: true }));
    const micro = collate(rows, ofStudent.maxPositions);
    const objective = objectiveOf(stage, ofStudent.vocabSize);
    const measured = await peakOf(() => {
      const { gradients, scalars } = gradientsOf(small, null, objective, micro, micro.kept, features);
      tf.dispose([...gradients.values(), ...scalars]);
      return Promise.resolve();
    });
    const shape = { batch, length, kept: micro.kept, accumulate: 1, vocabulary: ofStudent.vocabSize };
    const parts = trainingMemory(ofStudent, ofTeacher, parametersOf(ofTeacher), shape, { hiddenPairs: 2, attentionPairs: 2, loss: 'kl' });
    const estimated = total(parts.filter(({ part }) => part !== 'moments'));
    expect(estimated / measured).toBeGreaterThan(1 - TOLERANCE);
    expect(estimated / measured).toBeLessThan(1 + TOLERANCE);
    features?.dispose();
    small.dispose();
    large.dispose();
  });

  test('is an upper bound for an evaluation', async () => {
    const sizes = config();
    const model = createDecoder(sizes, 0, backend);
    const prompts = Array.from({ length: 8 }, () => Array.from({ length: 64 }, (_, at) => at));
    const measured = await peakOf(() => generate(model, prompts, { maxNewTokens: 12, temperature: 0, topP: 1, seed: 0, eosTokenIds: [] }));
    const estimated = total(generationMemory(sizes, parametersOf(sizes), { batch: 8, prompt: 64, length: 76 }));
    expect(estimated / measured).toBeGreaterThan(1 - TOLERANCE);
    expect(estimated / measured).toBeLessThan(2);
    model.dispose();
  });
});
