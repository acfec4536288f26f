/**
 * Head and losses of a few positions at a time, so that the logits of all positions never exist at once. The gradient of each
 * piece is taken right where its logits are (as Hsu et al. 2024, "Liger Kernel", section 3.2, do for cross-entropy): nothing is
 * kept for the way back but the gradients of the states and, where it is trained, of the head's weight, and nothing is computed
 * twice. A live teacher's head is asked piece by piece too.
 */
import { withGradient } from '../backend/withGradient.ts';
import type { Ops, RowsAndFlow } from '../backend/contract.ts';
import type { DecoderModel } from '../model/contract.ts';
import { tf } from '../tf.ts';
import { divergenceFlow, logitsMseFlow, topDivergenceFlow } from './divergences.ts';
import { computes, type DeviceBatch, type Factor, type Objective, type Scales, type SegmentSums, type SegmentTargets } from './losses.ts';

const MIB = 2 ** 20;
const FLOAT_BYTES = 4;
/** Logits of one model in one segment from which on they are made piece by piece: below, the pieces cost more than memory does. */
export const CHUNKED_FROM_BYTES = 256 * MIB;
/** Logits of a piece: small beside the rest of training, and still enough rows for an efficient product. */
export const CHUNK_BYTES = 16 * MIB;

/** A live teacher, asked for its logits where they are needed. */
export interface AskedTeacher {
  readonly model: DecoderModel;
  /** After its last norm [batch · seq, hidden]. */
  readonly states: tf.Tensor2D;
}

/** Whether the losses of a batch are computed piece by piece. Depends on shapes and recipe alone. */
export function isChunked({ segments }: Pick<DeviceBatch, 'segments'>, { vocabulary }: Pick<Objective, 'vocabulary'>): boolean {
  return segments.some(({ positions }) => positions.size * vocabulary * FLOAT_BYTES >= CHUNKED_FROM_BYTES);
}

export function chunkRows(vocabulary: number): number {
  return Math.max(1, Math.floor(CHUNK_BYTES / (vocabulary * FLOAT_BYTES)));
}

export interface ChunkedLosses {
  /** Kept: the caller's to dispose of. No gradient flows through them. */
  readonly sums: readonly SegmentSums[];
  /** Their part of the total, with a gradient in the states and the head. */
  readonly totals: readonly tf.Scalar[];
}

/**
 * Inside a gradient or tf.tidy. `states` [batch · seq, hidden] after the last norm; `soft` as segmentSums has it, or `asked`, or
 * neither. Values and gradients are those of supervisedLogits, segmentSums and totalLoss together.
 */
export function chunkedLosses(
  model: DecoderModel, objective: Objective, { segments }: DeviceBatch, states: tf.Tensor2D, soft: readonly SegmentTargets[] | null, asked: AskedTeacher | null,
  { temperature, scales, rows = chunkRows(objective.vocabulary) }: { readonly temperature: Factor; readonly scales: Scales; readonly rows?: number },
): ChunkedLosses {
  const { ops } = model.backend;
  const { vocabulary } = objective;
  const weight = cut(headWeight(model), vocabulary);
  const trained = trainsHead(model);
  const results = segments.map(({ name, positions, labels, mask }, index) => {
    const teacher = soft?.[index] ?? null;
    const teacherStates = asked === null ? null : tf.gather(asked.states, positions);
    const kept: { ce: tf.Tensor1D[]; kl: tf.Tensor1D[]; mse: tf.Tensor1D[] } = { ce: [], kl: [], mse: [] };
    const total = withGradient([tf.gather(states, positions), ...(trained ? [weight] : [])], ([x, given]) => {
      const own = x as tf.Tensor2D;
      const head = (given ?? weight) as tf.Tensor2D;
      const dx: tf.Tensor2D[] = [];
      // The total so far and, where the head is trained, its gradient.
      let sums: readonly tf.Tensor[] = [];
      for (let begin = 0; begin < positions.size; begin += rows) {
        const size = Math.min(rows, positions.size - begin);
        const before = sums;
        const last = before[1] ?? dx.at(-1) ?? null;
        const [toStates, ...now] = tf.tidy((): tf.Tensor[] => {
          const piece = <T extends tf.Tensor>(whole: T): T => slice(whole, begin, size);
          const input = inOrder(ops, piece(own), last);
          const logits: tf.Tensor2D = ops.linear(input, head);
          const [ids, weights] = [piece(labels), piece(mask)];
          const target = teacherStates !== null && asked !== null
            ? { kind: 'logits' as const, logits: cutColumns(asked.model.head(inOrder(ops, piece(teacherStates), last)), vocabulary) }
            : teacher === null ? null : pieceOf(teacher, begin, size);
          const losses = pieceLosses(ops, objective, logits, ids, weights, target, temperature, scales);
          const present = (['ce', 'kl', 'mse'] as const).flatMap((term) => (losses[term] === null ? [] : [{ term, ...losses[term] }]));
          for (const { term, rows: values } of present) kept[term].push(tf.keep(values));
          const weighed = present.filter(({ term }) => computes(objective, term));
          const flow = addAll(weighed.map(({ flow: part }) => part)) as tf.Tensor2D;
          const flows = trained ? ops.linearGradient(flow, input, head) : [ops.linearInputGradient(flow, head)] as const;
          const value = addAll(weighed.map(({ term, rows: values }) => tf.mul(tf.sum(values), scales[term])));
          return [flows[0], ...[value, ...flows.slice(1)].map((each, at) => (before[at] === undefined ? each : tf.add(before[at], each)))];
        });
        tf.dispose([...before]);
        dx.push(toStates as tf.Tensor2D);
        sums = now;
      }
      return { value: sums[0] as tf.Scalar, save: [dx.length === 1 ? dx[0] as tf.Tensor2D : tf.concat2d(dx, 0), ...sums.slice(1)] };
    }, (dy, [dx, dHead]) => (trained ? [tf.mul(dx, dy), tf.mul(dHead, dy)] : [tf.mul(dx, dy)]));
    const whole = (parts: tf.Tensor1D[]): tf.Tensor1D | null => {
      if (parts.length === 0) return null;
      const all = tf.keep(tf.concat1d(parts));
      tf.dispose(parts);
      return all;
    };
    const [ce, kl, mse] = [whole(kept.ce), whole(kept.kl), whole(kept.mse)];
    const sumOf = (values: tf.Tensor1D | null): tf.Scalar | null => (values === null ? null : tf.keep(tf.sum(values)));
    const sums = { name, ce: sumOf(ce) as tf.Scalar, kl: sumOf(kl), mse: sumOf(mse), each: { ce: ce as tf.Tensor1D, kl } };
    if (mse !== null) mse.dispose();
    return { sums, total };
  });
  return { sums: results.map(({ sums }) => sums), totals: results.map(({ total }) => total) };
}

function pieceLosses(
  ops: Ops, objective: Objective, logits: tf.Tensor2D, labels: tf.Tensor1D, weights: tf.Tensor1D, target: SegmentTargets | null, temperature: Factor, scales: Scales,
): Readonly<Record<'ce' | 'kl' | 'mse', RowsAndFlow | null>> {
  const { divergence } = objective;
  const scaled = (term: 'ce' | 'kl' | 'mse'): tf.Tensor1D => tf.mul(weights, scales[term]);
  return {
    ce: ops.crossEntropyFlow(logits, labels, weights, scaled('ce')),
    kl: target === null ? null
      : target.kind === 'logits' ? divergenceFlow(ops, divergence, logits, target.logits, temperature, weights, scaled('kl'))
      : topDivergenceFlow(divergence, logits, target.ids, target.logP, temperature, weights, scaled('kl')),
    mse: target?.kind === 'logits' && computes(objective, 'mse') ? logitsMseFlow(logits, target.logits, weights, scaled('mse')) : null,
  };
}

export function headWeight(model: DecoderModel): tf.Tensor2D {
  return model.weights.get(model.config.tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight') as tf.Tensor as tf.Tensor2D;
}

/** Not of a frozen head, nor where adapters stand beside the weights: a gradient as large as the head would be made for nothing. */
export function trainsHead(model: DecoderModel): boolean {
  const head: tf.Tensor = headWeight(model);
  return [...model.trainable.values()].some((weight) => weight === head);
}

/** The head's rows of the tokens that count. */
function cut(weight: tf.Tensor2D, vocabulary: number): tf.Tensor2D {
  const [rows, width] = weight.shape;
  return rows === vocabulary ? weight : tf.slice2d(weight, [0, 0], [vocabulary, width]);
}

function cutColumns(logits: tf.Tensor2D, vocabulary: number): tf.Tensor2D {
  const [rows, width] = logits.shape;
  return width === vocabulary ? logits : tf.slice2d(logits, [0, 0], [rows, vocabulary]);
}

export function slice<T extends tf.Tensor>(whole: T, begin: number, size: number): T {
  if (begin === 0 && size === whole.shape[0]) return whole;
  return tf.slice(whole, [begin, ...whole.shape.slice(1).map(() => 0)], [size, ...whole.shape.slice(1)]);
}

/** Rows of what is known of a teacher. */
export function pieceOf(target: SegmentTargets, begin: number, size: number): SegmentTargets {
  return target.kind === 'logits' ? { kind: 'logits', logits: slice(target.logits, begin, size) } : { kind: 'top', ids: slice(target.ids, begin, size), logP: slice(target.logP, begin, size) };
}

/** In a recorded function pieces would all be begun at once: each waits for the one before. */
function inOrder(ops: Ops, x: tf.Tensor2D, before: tf.Tensor | null): tf.Tensor2D {
  return before === null || ops.after === undefined ? x : ops.after(x, before) as tf.Tensor2D;
}

function addAll(parts: readonly tf.Tensor[]): tf.Tensor {
  const [first, ...more] = parts;
  if (first === undefined) throw new RangeError('a total of nothing');
  return more.reduce((sum, part) => tf.add(sum, part), first);
}
