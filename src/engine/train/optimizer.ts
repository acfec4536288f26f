/**
 * AdamW (Loshchilov & Hutter 2019) over the student's weights, with the gradient clipped by its global norm (Pascanu et
 * al. 2013). Vectors, which are the norms' weights and the biases, have no weight decay: it would pull scales towards 0
 * that nothing else holds.
 */
import type { TrainStage } from '../../shared/recipe.ts';
import type { AdamSlots, Ops } from '../backend/contract.ts';
import { Resource } from '../backend/tensorflow/resource.ts';
import type { NativeTensorflow } from '../backend/tensorflow/binding.ts';
import { tf } from '../tf.ts';

/** As torch.nn.utils.clip_grad_norm_ has it. */
export const CLIP_EPSILON = 1e-6;

export interface Moments {
  readonly m: Float32Array;
  readonly v: Float32Array;
}

/** A weight and its moments where TensorFlow changes them in place. */
export interface InPlace {
  readonly weight: Resource;
  readonly m: Resource;
  readonly v: Resource;
}

export class AdamW {
  private readonly slots = new Map<string, AdamSlots>();
  private places: Map<string, InPlace> | null = null;
  private steps = 0;

  constructor(
    private readonly ops: Ops,
    private readonly weights: ReadonlyMap<string, tf.Variable>,
    readonly settings: TrainStage['optimizer'],
  ) {
    for (const [name, weight] of weights) {
      const zeros = (): tf.Variable => tf.tidy(() => tf.variable(tf.zeros(weight.shape), false));
      this.slots.set(name, { m: zeros(), v: zeros() });
    }
  }

  /** Optimiser steps taken. */
  get t(): number {
    return this.steps;
  }

  /** By how much the gradient is multiplied before the step. */
  clipScale(gradientNorm: number): number {
    const { clipNorm } = this.settings;
    return clipNorm === null ? 1 : Math.min(1, clipNorm / (gradientNorm + CLIP_EPSILON));
  }

  /** One step; `gradients` by the weights' names, of which a weight without influence may have none. */
  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number, gradientScale: number): void {
    this.steps++;
    const { beta1, beta2, epsilon, weightDecay } = this.settings;
    for (const [name, weight] of this.weights) {
      const gradient = gradients.get(name);
      const slots = this.slots.get(name);
      if (gradient === undefined || slots === undefined) continue;
      const decay = weight.rank > 1 ? weightDecay : 0;
      this.ops.adamw(weight, gradient, slots, { learningRate, beta1, beta2, epsilon, decay, t: this.steps, gradientScale });
    }
  }

  /** Weights and moments by the weights' names, for a step that is one function: it changes them, and `counted` counts it. */
  inPlace(native: NativeTensorflow): ReadonlyMap<string, InPlace> {
    this.places ??= new Map([...this.weights].flatMap(([name, weight]) => {
      const slots = this.slots.get(name);
      return slots === undefined ? [] : [[name, { weight: new Resource(native, weight), m: new Resource(native, slots.m), v: new Resource(native, slots.v) }] as const];
    }));
    return this.places;
  }

  /** A step was taken elsewhere. */
  counted(): void {
    this.steps++;
  }

  /** The moments of every weight, for a checkpoint. */
  async read(): Promise<Map<string, Moments>> {
    const moments = new Map<string, Moments>();
    for (const [name, { m, v }] of this.slots) {
      moments.set(name, { m: (await m.data()) as Float32Array, v: (await v.data()) as Float32Array });
    }
    return moments;
  }

  /** Takes up the moments and the step count of a checkpoint. */
  restore(t: number, moments: ReadonlyMap<string, Moments>): void {
    this.steps = t;
    for (const [name, slots] of this.slots) {
      const saved = moments.get(name);
      if (saved === undefined) throw new Error(`the checkpoint has no moments of ${name}`);
      assign(slots.m, saved.m);
      assign(slots.v, saved.v);
    }
  }

  dispose(): void {
    for (const { weight, m, v } of this.places?.values() ?? []) for (const resource of [weight, m, v]) resource.dispose();
    this.places = null;
    for (const { m, v } of this.slots.values()) tf.dispose([m, v]);
    this.slots.clear();
  }
}

/** Gives a variable new values of its own shape. */
export function assign(variable: tf.Variable, values: Float32Array): void {
  const tensor = tf.tensor(values, variable.shape, 'float32');
  variable.assign(tensor);
  tensor.dispose();
}
