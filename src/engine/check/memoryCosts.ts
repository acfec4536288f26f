/**
 * What passes hold, as fitted to measurements (bench/memory). `whole`: a step as one TensorFlow function, which forgets what is not
 * needed any more; `eager`: operation by operation on native TensorFlow; `wasm`: the same on WebAssembly, and, unmeasured, WebGPU.
 */
export type Computed = 'whole' | 'eager' | 'wasm';

export interface Costs {
  /** Bytes of the process before the first model, and what its own heap grows by. */
  readonly base: number;
  /** Tensors of a gradient's size: of a step, and where micro-batches are added up. */
  readonly gradients: { readonly once: number; readonly summed: number };
  /** Values that a block holds for each token, as multiples of what they are as wide as. */
  readonly pass: { readonly scores: number; readonly inner: number; readonly keys: number; readonly width: number; readonly queries: number };
  /** Values for each token outside the blocks, as multiples of the width. */
  readonly outside: number;
  /** A block of a pass without a gradient, as a share of one with it; `forgets`: only one block at a time is held. */
  readonly forward: number;
  readonly forgets: boolean;
  /** Tensors as large as the supervised logits: the student's alone, and with a teacher's beside them. */
  readonly logits: { readonly alone: number; readonly withTeacher: number };
  /** Of a block below which nothing is trained, as a share of one that is. */
  readonly frozen: number;
  /** Gradient checkpointing: tensors that stay of each block, and the share of the other blocks that is still held. */
  readonly checkpoint: { readonly kept: number; readonly share: number };
  /** Tensors as wide as what an adapter gives. */
  readonly adapter: number;
  /** Maps [batch, heads, seq, seq] that a pair of attention layers holds, of the student's heads and of the teacher's. */
  readonly attention: Readonly<Record<'kl' | 'mse', { readonly student: number; readonly teacher: number }>>;
  /** States [tokens, teacher's width] that a pair of hidden layers holds. */
  readonly hidden: number;
}

const MIB = 2 ** 20;

export const COSTS: Readonly<Record<Computed, Costs>> = {
  whole: {
    base: 513 * MIB, gradients: { once: 3, summed: 4.1 }, pass: { scores: 1.68, inner: 3.98, keys: 0, width: 5.41, queries: 0.1 }, outside: 0, forward: 0.5, forgets: true,
    logits: { alone: 1.4, withTeacher: 6.2 }, frozen: 0, checkpoint: { kept: 0.5, share: 0 }, adapter: 0.4, attention: { kl: { student: 0.25, teacher: 1.7 }, mse: { student: 0.25, teacher: 1.7 } }, hidden: 2.6,
  },
  eager: {
    base: 419 * MIB, gradients: { once: 4.1, summed: 4 }, pass: { scores: 7.6, inner: 10.87, keys: 18.14, width: 33.4, queries: 18.18 }, outside: 20.8, forward: 0.31, forgets: false,
    logits: { alone: 5.4, withTeacher: 13.7 }, frozen: 0.33, checkpoint: { kept: 2, share: 0.03 }, adapter: 3.3, attention: { kl: { student: 23.4, teacher: 2 }, mse: { student: 11.3, teacher: 2 } }, hidden: 8.4,
  },
  wasm: {
    base: 104 * MIB, gradients: { once: 4.3, summed: 5.2 }, pass: { scores: 4.18, inner: 5, keys: 8.17, width: 15.22, queries: 9.44 }, outside: 7.3, forward: 0.48, forgets: false,
    logits: { alone: 3.9, withTeacher: 6.2 }, frozen: 0.43, checkpoint: { kept: 0.8, share: 0 }, adapter: 2.5, attention: { kl: { student: 23.4, teacher: 2 }, mse: { student: 11.3, teacher: 2 } }, hidden: 8.4,
  },
};
