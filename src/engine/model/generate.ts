/**
 * Text generation with a cache of keys and values, many rows at a time. Rows of a batch are padded on the left, so that
 * all of them grow by the same column; a row's ids depend on its prompt, its place in `prompts` and the seed, not on its
 * neighbours.
 */
import { DistillError } from '../../shared/messages.ts';
import { tf } from '../tf.ts';
import type { DecoderModel, Generated, GenerateOptions } from './contract.ts';
import { blocks, finalNorm } from './decoder.ts';
import { KvCache } from './kvCache.ts';
import { MASKED, rotaryTable } from './positions.ts';
import { Random } from './random.ts';
import { sample } from './sample.ts';

/** Rows that have ended are computed on until this share of the batch is left; then the cache is made smaller. */
const COMPACT_AT = 0.75;
/** The event loop gets a turn this often, so that orders and timers are served. */
const BREATH_MS = 50;

/** One row of the batch that has not ended. */
interface Row {
  readonly index: number;
  readonly ids: number[];
  readonly random: Random;
  readonly limit: number;
  /** Columns of padding before its prompt. */
  pad: number;
}

/**
 * Continues every prompt (ids, not empty) by up to `maxNewTokens`, or to the model's last position. Results stand in the
 * order of the prompts. Throws DistillError `sequence-too-long` (a prompt beyond the model's positions), `token-not-in-model`.
 */
export async function generate(model: DecoderModel, prompts: readonly (readonly number[])[], options: GenerateOptions): Promise<readonly Generated[]> {
  for (const prompt of prompts) check(model, prompt);
  const results = new Array<Generated>(prompts.length);
  // Prompts of like length go together: less padding, and often answers of like length.
  const order = prompts.map((_, index) => index).sort((a, b) => prompts[b]!.length - prompts[a]!.length || a - b);
  const size = options.batch ?? Math.max(1, prompts.length);
  const counts = { rows: 0, tokens: 0 };
  for (let start = 0; start < order.length; start += size) {
    await generateBatch(model, prompts, order.slice(start, start + size), options, (index, result) => {
      results[index] = result;
      counts.rows += 1;
    }, (tokens) => {
      counts.tokens += tokens;
      options.progress?.({ ...counts });
    });
  }
  return results;
}

async function generateBatch(
  model: DecoderModel,
  prompts: readonly (readonly number[])[],
  indices: readonly number[],
  options: GenerateOptions,
  finished: (index: number, result: Generated) => void,
  progressed: (tokens: number) => void,
): Promise<void> {
  const columns = Math.max(...indices.map((index) => prompts[index]!.length));
  let slots: (Row | null)[] = indices.map((index) => ({
    index,
    ids: [],
    random: new Random(options.seed, index),
    limit: Math.min(options.maxNewTokens, model.config.maxPositions - prompts[index]!.length),
    pad: columns - prompts[index]!.length,
  }));
  const end = (slot: number, finish: Generated['finish']): void => {
    const row = slots[slot]!;
    finished(row.index, { ids: row.ids, finish });
    slots[slot] = null;
  };
  for (const [slot, row] of slots.entries()) if (row!.limit <= 0) end(slot, 'length');

  const cache = new KvCache(model.config.kvHeads, model.backend.ops);
  const ends = new Set(options.eosTokenIds);
  let breath = performance.now();
  try {
    let input = paddedPrompts(indices.map((index) => prompts[index]!), columns);
    let seq = columns;
    while (slots.some((row) => row !== null)) {
      if (options.stopped?.() === true) {
        slots.forEach((row, slot) => row !== null && end(slot, 'stopped'));
        break;
      }
      const logits = step(model, cache, input, seq, slots.map((row) => row?.pad ?? 0));
      const chosen = await choose(logits, slots, options);
      let made = 0;
      for (const [slot, row] of slots.entries()) {
        if (row === null) continue;
        const id = chosen[slot]!;
        made += 1;
        if (ends.has(id)) end(slot, 'end');
        else if (row.ids.push(id) === row.limit) end(slot, 'length');
      }
      progressed(made);
      const active = slots.flatMap((row, slot) => row === null ? [] : [slot]);
      if (active.length > 0 && active.length <= slots.length * COMPACT_AT) {
        const spare = Math.min(...active.map((slot) => slots[slot]!.pad));
        cache.keep(active, spare);
        slots = active.map((slot) => ({ ...slots[slot]!, pad: slots[slot]!.pad - spare }));
      }
      input = Int32Array.from(slots, (row) => row?.ids.at(-1) ?? 0);
      seq = 1;
      if (performance.now() - breath > BREATH_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        breath = performance.now();
      }
    }
  } finally {
    cache.dispose();
  }
}

/** [rows · columns], the prompts at the right. */
function paddedPrompts(prompts: readonly (readonly number[])[], columns: number): Int32Array {
  const ids = new Int32Array(prompts.length * columns);
  for (const [row, prompt] of prompts.entries()) ids.set(prompt, (row + 1) * columns - prompt.length);
  return ids;
}

/** Feeds `seq` new columns (ids [rows · seq]) → logits of each row's last token [rows, vocab]. */
function step(model: DecoderModel, cache: KvCache, ids: Int32Array, seq: number, pads: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => {
    const batch = pads.length;
    const first = cache.used;
    const columns = cache.begin(seq);
    const states = blocks(model, tf.tensor1d(ids, 'int32'), {
      batch,
      seq,
      ...rotation(model, first, seq, pads),
      mask: tf.tensor4d(visible(first, seq, columns, pads), [batch, 1, seq, columns]),
      past: (layer, keys, values) => cache.append(layer, keys, values),
    });
    const last = seq === 1 ? states : tf.reshape<tf.Rank.R2>(
      tf.slice(tf.reshape(states, [batch, seq, model.config.hiddenSize]), [0, seq - 1, 0], [batch, 1, model.config.hiddenSize]),
      [batch, model.config.hiddenSize],
    );
    return model.head(finalNorm(model, last));
  });
}

/** Rotary tables [rows, seq, headDim / 2]: a row's first real token has position 0, its padding too (nobody sees it). */
function rotation(model: DecoderModel, first: number, seq: number, pads: readonly number[]): { readonly cos: tf.Tensor3D; readonly sin: tf.Tensor3D } {
  const positions = new Int32Array(pads.length * seq);
  for (const [row, pad] of pads.entries()) for (let i = 0; i < seq; i++) positions[row * seq + i] = Math.max(0, first + i - pad);
  const { cos, sin } = rotaryTable(model.config, positions);
  const shape: [number, number, number] = [pads.length, seq, model.config.headDim / 2];
  return { cos: tf.tensor3d(cos, shape), sin: tf.tensor3d(sin, shape) };
}

/** The mask [rows · seq · columns]: no padding, nothing to the right of oneself. */
function visible(first: number, seq: number, columns: number, pads: readonly number[]): Float32Array {
  const mask = new Float32Array(pads.length * seq * columns);
  for (const [row, pad] of pads.entries()) {
    for (let i = 0; i < seq; i++) {
      const start = (row * seq + i) * columns;
      mask.fill(MASKED, start, start + pad);
      mask.fill(MASKED, start + first + i + 1, start + columns);
    }
  }
  return mask;
}

/** One id a slot; disposes the logits. One read-back: ids when greedy, logits when sampled. */
async function choose(logits: tf.Tensor2D, slots: readonly (Row | null)[], options: GenerateOptions): Promise<ArrayLike<number>> {
  if (options.temperature === 0) {
    const best = tf.argMax(logits, -1);
    logits.dispose();
    const ids = await best.data();
    best.dispose();
    return ids;
  }
  const vocabulary = logits.shape[1];
  const values = await logits.data<'float32'>();
  logits.dispose();
  return slots.map((row, slot) => row === null ? 0 : sample(values.subarray(slot * vocabulary, (slot + 1) * vocabulary), options, row.random));
}

function check(model: DecoderModel, prompt: readonly number[]): void {
  const { maxPositions, vocabSize } = model.config;
  if (prompt.length === 0) throw new RangeError('a prompt needs at least one token');
  if (prompt.length > maxPositions) throw new DistillError('sequence-too-long', { length: prompt.length, limit: maxPositions });
  const wrong = prompt.find((id) => id < 0 || id >= vocabSize);
  if (wrong !== undefined) throw new DistillError('token-not-in-model', { token: wrong, vocabSize });
}
