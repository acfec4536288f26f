/**
 * AdamW inside a TensorFlow function: the clipping by the global norm and the update of weights and moments in place, with
 * TensorFlow's own fused operation. A gradient that is not finite changes nothing, not a bit: the gradient counts as 0, the rate
 * is 0, and the moments keep their share of 1.
 */
import type { TrainStage } from '../../shared/recipe.ts';
import type { Tracing } from '../backend/tensorflow/recorder.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute } from '../backend/tensorflow/types.ts';
import type { Output } from '../backend/tensorflow/cApi.ts';
import { tf } from '../tf.ts';
import { CLIP_EPSILON, type InPlace } from './optimizer.ts';

const T: OpAttribute = { name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float };

/** An operation without results still has to be named where something waits for it. */
const EFFECT = 1;

/** What differs from update to update, as float32 numbers on the backend. */
export interface UpdateNumbers {
  readonly learningRate: number;
  /** learningRate · √c₂ / c₁: the rate with both bias corrections in it (Kingma & Ba 2015, end of section 2). */
  readonly correctedRate: number;
  /** ε · √c₂, which makes that the same as correcting the moments. */
  readonly correctedEpsilon: number;
  /** 1 / loss scale: the gradient is multiplied by it. */
  readonly unscale: number;
}

export const UPDATE_NUMBERS = ['learningRate', 'correctedRate', 'correctedEpsilon', 'unscale'] as const satisfies readonly (keyof UpdateNumbers)[];

/** `t`: 1 for the first update. */
export function updateNumbers({ beta1, beta2, epsilon }: TrainStage['optimizer'], learningRate: number, t: number, lossScale: number): UpdateNumbers {
  const [c1, c2] = [1 - beta1 ** t, 1 - beta2 ** t];
  return { learningRate, correctedRate: (learningRate * Math.sqrt(c2)) / c1, correctedEpsilon: epsilon * Math.sqrt(c2), unscale: 1 / lossScale };
}

export interface RecordedUpdate {
  readonly settings: TrainStage['optimizer'];
  readonly places: ReadonlyMap<string, InPlace>;
  /** By the weights' names; a weight without influence has none. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
  /** Σ of the squares of all gradients, as they are (scaled). */
  readonly squares: tf.Scalar;
  /** Not finite where the update must not happen; `squares` are looked at besides. */
  readonly witness: tf.Scalar;
  readonly numbers: Readonly<Record<keyof UpdateNumbers, tf.Scalar>>;
}

/** Adds the update to the graph; what comes back is done when all of it is. */
export function recordUpdate(tracing: Tracing, { settings, places, gradients, squares, witness, numbers }: RecordedUpdate): Output[] {
  const { add, outputOf, handleOf } = tracing;
  const one = (name: string, inputs: readonly Output[], attributes: readonly OpAttribute[] = [T]): Output => add(name, attributes, inputs, 1)[0] as Output;
  const constant = (value: number): Output => outputOf(tf.scalar(value));

  const unscale = outputOf(numbers.unscale);
  const norm = one('Mul', [one('Sqrt', [outputOf(squares)]), unscale]);
  const finite = one('IsFinite', [one('AddV2', [norm, outputOf(witness)])]);
  const ok = one('Cast', [finite], [{ name: 'SrcT', type: ATTRIBUTE.type, value: DATA_TYPE.bool }, { name: 'DstT', type: ATTRIBUTE.type, value: DATA_TYPE.float }]);
  const clip = settings.clipNorm === null ? constant(1) : one('Minimum', [constant(1), one('RealDiv', [constant(settings.clipNorm), one('AddV2', [norm, constant(CLIP_EPSILON)])])]);
  // 0 wins over what is not finite.
  const factor = one('MulNoNan', [one('Mul', [clip, unscale]), ok]);
  const unless = (value: Output): Output => one('SelectV2', [finite, value, constant(1)]);
  const [beta1, beta2] = [unless(constant(settings.beta1)), unless(constant(settings.beta2))];
  const rate = one('Mul', [outputOf(numbers.correctedRate), ok]);
  const shrink = unless(one('Sub', [constant(1), one('Mul', [outputOf(numbers.learningRate), constant(settings.weightDecay)])]));
  const nothing = constant(0);

  return [...gradients].map(([name, gradient]) => {
    const place = places.get(name);
    if (place === undefined) throw new Error(`the optimiser knows no weight ${name}`);
    const [weight, m, v] = [handleOf(place.weight), handleOf(place.m), handleOf(place.v)];
    const dtype: OpAttribute = { name: 'dtype', type: ATTRIBUTE.type, value: DATA_TYPE.float };
    const decays = place.weight.variable.rank > 1 && settings.weightDecay > 0;
    const before = decays ? add('AssignVariableOp', [dtype], [weight, one('Mul', [outputOf(place.weight.variable), shrink])], EFFECT) : [];
    const scaled = one('MulNoNan', [outputOf(gradient), factor]);
    // Its own bias corrections are left out (powers of 0): they are in the rate and in ε, computed in float64.
    return add('ResourceApplyAdam', [T], [weight, m, v, nothing, nothing, rate, beta1, beta2, outputOf(numbers.correctedEpsilon), scaled], EFFECT, before)[0] as Output;
  });
}
