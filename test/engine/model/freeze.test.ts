/** Frozen parts: what a pattern takes, what is said of one that takes nothing, and what isn't computed of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { DecoderModel } from '../../../src/engine/model/contract.ts';
import { createDecoder, weightShapes } from '../../../src/engine/model/decoder.ts';
import { frozenWeights, withFrozen } from '../../../src/engine/model/freeze.ts';
import { withNewAdapter } from '../../../src/engine/model/lora.ts';
import { tf } from '../../../src/engine/tf.ts';
import { collate } from '../../../src/engine/train/batch.ts';
import { gradientsOf } from '../../../src/engine/train/step.ts';
import { lora } from '../../../src/shared/recipeAdapter.ts';
import { makeRows, TINY } from '../train/setup.ts';

const UNTIED = { ...TINY, layers: 4, tiedHead: false, qkNorm: true, family: 'qwen3' as const };

describe('a pattern takes', () => {
  const frozen = (patterns: readonly string[], config = UNTIED): readonly string[] => [...frozenWeights(config, patterns)];

  test('the embedding, the head, all norms, or layers', () => {
    expect(frozen(['embeddings'])).toEqual(['model.embed_tokens.weight']);
    expect(frozen(['head'])).toEqual(['lm_head.weight']);
    expect(frozen(['norms'])).toHaveLength(4 * 4 + 1);
    expect(frozen(['layers.1-2']).every((name) => /^model\.layers\.[12]\./.test(name))).toBe(true);
    expect(frozen(['layers.1-2'])).toHaveLength(2 * frozen(['layers.3']).length);
  });

  test('of a tied head the one weight that embeds and answers', () => {
    const tied = { ...UNTIED, tiedHead: true };
    expect(frozen(['head'], tied)).toEqual(['model.embed_tokens.weight']);
    expect(frozen(['embeddings'], tied)).toEqual(['model.embed_tokens.weight']);
  });

  test('names with * for any letters, with or without "model."', () => {
    expect(frozen(['*.mlp.up_proj.weight'])).toHaveLength(4);
    expect(frozen(['layers.2.self_attn.*'])).toEqual(frozen(['model.layers.2.self_attn.*']));
    expect(frozen(['lm_head.weight'])).toEqual(['lm_head.weight']);
    // A dot is a dot.
    expect(() => frozen(['modelXnorm.weight'])).toThrow();
  });

  test.each([['embedding', 'embeddings'], ['norm', 'norms'], ['layers.7', 'layers.'], ['layers.3-1', 'layers.'], ['q_proj', '*q_proj*'], ['model.embed_token.weight', 'model.embed_tokens.weight']])('%s takes nothing, and the nearest is named: %s', (pattern, nearest) => {
    try {
      frozen([pattern]);
      expect.fail('it was taken');
    } catch (error) {
      expect(error).toMatchObject({ code: 'freeze-matches-nothing', data: { pattern, allowed: expect.stringContaining(nearest) as string } });
    }
  });

  test('never all', () => {
    expect(() => frozen(['*'])).toThrow(expect.objectContaining({ code: 'freeze-leaves-nothing' }));
    expect(() => frozen(['embeddings', 'layers.0-3', 'head', 'model.norm.weight'])).toThrow(expect.objectContaining({ code: 'freeze-leaves-nothing' }));
  });
});

describe('what is frozen', () => {
  let backend: Backend;
  beforeAll(async () => { backend = await openBackend({ backend: 'wasm', threads: 1 }); });
  afterAll(() => backend.dispose());

  const batch = collate(makeRows(2, 1), TINY.maxPositions);
  /** Wide, so that weights weigh more than what a pass of a few tokens holds. */
  const wide = { ...TINY, hiddenSize: 128, headDim: 64, intermediateSize: 512, layers: 3 };
  const objective = { weights: { kl: 0, ce: 1, mse: 0, hidden: 0, attention: 0, uld: 0 }, divergence: { kind: 'forward-kl' }, temperature: 1, vocabulary: TINY.vocabSize } as const;

  /** Shapes that were made while the gradients were taken: a gradient of a frozen weight would be among them. */
  function madeBy(model: DecoderModel): { readonly names: readonly string[]; readonly shapes: readonly string[]; readonly bytes: number } {
    const engine = tf.engine() as unknown as { trackTensor(...args: unknown[]): void; readonly state: { readonly numDataBuffers: number } };
    const track = engine.trackTensor;
    const shapes: string[] = [];
    engine.trackTensor = (...args) => {
      const before = engine.state.numDataBuffers;
      track.apply(engine, args);
      // Not what shares the data of another.
      if (engine.state.numDataBuffers > before) shapes.push((args[0] as tf.Tensor).shape.join('×'));
    };
    try {
      const { gradients, scalars } = gradientsOf(model, null, objective, batch, batch.kept);
      const bytes = [...gradients.values()].reduce((sum, { size }) => sum + 4 * size, 0);
      const names = [...gradients.keys()];
      tf.dispose([...gradients.values(), ...scalars]);
      return { names, shapes, bytes };
    } finally {
      engine.trackTensor = track;
    }
  }

  const shapesOf = (frozen: ReadonlySet<string>): ReadonlySet<string> => new Set([...weightShapes(wide)].filter(([name, shape]) => frozen.has(name) && shape.length === 2).map(([, shape]) => shape.join('×')));

  test('has no gradient, and none is computed to be thrown away', () => {
    const model = createDecoder(wide, 1, backend);
    const all = madeBy(model);
    const patterns = ['embeddings', '*.mlp.*'];
    const partly = madeBy(withFrozen(model, patterns));
    const frozen = frozenWeights(wide, patterns);
    expect(partly.names).toEqual(all.names.filter((name) => !frozen.has(name)));
    for (const shape of shapesOf(frozen)) {
      expect(all.shapes, shape).toContain(shape);
      expect(partly.shapes, shape).not.toContain(shape);
    }
    model.dispose();
  });

  test('and so of the weights beside an adapter: what is computed is as thin as it', () => {
    const model = withNewAdapter(createDecoder(wide, 1, backend), lora.parse({ rank: 2 }), 1, { base: '', baseDigest: '' });
    const { names, shapes, bytes } = madeBy(model);
    expect(names.every((name) => /\.lora_[AB]\.weight$/.test(name))).toBe(true);
    for (const shape of shapesOf(new Set(weightShapes(wide).keys()))) expect(shapes, shape).not.toContain(shape);
    expect(bytes).toBeLessThan(4 * model.parameters / 20);
    model.dispose();
  });
});
