/** The decoder's operations as single kernels. What they compute is said in contract.ts and, formula by formula, in assembly/. */
import { tf } from '../../tf.ts';
import type { AdamSlots, AdamStep, Ops, RowsAndFlow } from '../contract.ts';
import { portableOps } from '../portable.ts';
import { withGradient } from '../withGradient.ts';
import { wasmDecoding } from './decoding.ts';
import type { Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';
import type { Workspace } from './workspace.ts';

/** Float64 numbers that the loss kernels leave for every row: STATS_BYTES of assembly/losses.ts. */
const STATS = 5;

export function fusedOps(heap: Heap, kernels: Kernels, workspace: Workspace): Ops {
  const { backend } = heap;
  const at = (tensor: tf.Tensor): number => heap.address(tensor);
  const make = <T extends tf.Tensor>(shape: readonly number[]): T =>
    tf.engine().makeTensorFromTensorInfo(backend.makeOutput([...shape], 'float32')) as T;
  const floats = (tensor: tf.Tensor): Float32Array => backend.typedArrayFromHeap(tensor) as Float32Array;
  /** Rows of stats, kept in a tensor of twice as many floats; 8-byte aligned as malloc gives it. */
  const makeStats = (rows: number): tf.Tensor => make([rows, 2 * STATS]);
  const statsOf = (tensor: tf.Tensor, rows: number): Float64Array => new Float64Array(heap.memory.buffer, at(tensor), rows * STATS);

  function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor1D, epsilon: number): tf.Tensor2D {
    const [rows, width] = x.shape;
    return withGradient([x, weight], ([input, scale]) => {
      const y = make<tf.Tensor2D>(x.shape);
      kernels.rmsNorm(at(input), at(scale), at(y), rows, width, epsilon);
      return { value: y, save: [input, scale] };
    }, (dy, [input, scale]) => {
      const [dx, dWeight] = [make(x.shape), make(weight.shape)];
      const partials = workspace(kernels.rmsNormPartialsBytes(rows, width));
      kernels.rmsNormGradient(at(input), at(scale), at(dy), at(dx), at(dWeight), partials, rows, width, epsilon);
      return [dx, dWeight];
    });
  }

  function rotary(x: tf.Tensor4D, cos: tf.Tensor3D, sin: tf.Tensor3D): tf.Tensor4D {
    const [batch, heads, seq, headDim] = x.shape;
    const rotate = (input: tf.Tensor, cosine: tf.Tensor, sine: tf.Tensor, sign: 1 | -1): tf.Tensor4D => {
      const y = make<tf.Tensor4D>(x.shape);
      kernels.rotary(at(input), at(cosine), at(sine), at(y), batch, heads, seq, headDim / 2, cos.shape[0], sign);
      return y;
    };
    return withGradient([x], ([input]) => ({ value: rotate(input, cos, sin, 1), save: [cos, sin] }), (dy, [c, s]) => [rotate(dy, c, s, -1)]);
  }

  function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
    return withGradient([gate, up], ([g, u]) => {
      const y = make<tf.Tensor2D>(gate.shape);
      kernels.swiglu(at(g), at(u), at(y), gate.size);
      return { value: y, save: [g, u] };
    }, (dy, [g, u]) => {
      const [dGate, dUp] = [make(gate.shape), make(gate.shape)];
      kernels.swigluGradient(at(g), at(u), at(dy), at(dGate), at(dUp), gate.size);
      return [dGate, dUp];
    });
  }

  function attentionSoftmax(scores: tf.Tensor4D, mask: tf.Tensor4D, scale: number): tf.Tensor4D {
    const [batch, heads, queries, keys] = scores.shape;
    return withGradient([scores], ([input]) => {
      const p = make<tf.Tensor4D>(scores.shape);
      kernels.attentionSoftmax(at(input), at(mask), at(p), batch, heads, queries, keys, mask.shape[0], scale);
      return { value: p, save: [p] };
    }, (dy, [p]) => {
      const dx = make(scores.shape);
      kernels.attentionSoftmaxGradient(at(p), at(dy), at(dx), batch * heads * queries, keys, scale);
      return [dx];
    });
  }

  function crossEntropyRows(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D): { readonly stats: tf.Tensor; readonly losses: tf.Tensor1D } {
    const [rows, vocabulary] = logits.shape;
    const stats = makeStats(rows);
    kernels.crossEntropy(at(logits), at(rowWeights), at(stats), rows, vocabulary);
    const [numbers, values, ids, weights] = [statsOf(stats, rows), floats(logits), backend.typedArrayFromHeap(targets), floats(rowWeights)];
    const losses = new Float32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      if (weights[row] === 0) continue;
      const logPartition = numbers[row * STATS]! + Math.log(numbers[row * STATS + 1]!);
      losses[row] = weights[row]! * (logPartition - values[row * vocabulary + ids[row]!]!);
    }
    return { stats, losses: tf.tensor1d(losses) };
  }

  function crossEntropyFlow(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
    const [rows, vocabulary] = logits.shape;
    const { stats, losses } = crossEntropyRows(logits, targets, rowWeights);
    const flow = make<tf.Tensor2D>(logits.shape);
    kernels.crossEntropyGradient(at(logits), at(targets), at(flowWeights), at(stats), at(flow), rows, vocabulary, 1);
    stats.dispose();
    return { rows: losses, flow };
  }

  function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor1D, rowWeights: tf.Tensor1D): tf.Tensor1D {
    const [rows, vocabulary] = logits.shape;
    return withGradient([logits], ([input]) => {
      const { stats, losses } = crossEntropyRows(input as tf.Tensor2D, targets, rowWeights);
      return { value: losses, save: [input, stats, targets, rowWeights] };
    }, (dy, [input, stats, ids, weights]) => {
      const dLogits = make(logits.shape);
      kernels.crossEntropyGradient(at(input), at(ids), at(tf.mul(weights, dy)), at(stats), at(dLogits), rows, vocabulary, 1);
      return [dLogits];
    });
  }

  function forwardKlRows(student: tf.Tensor2D, teacher: tf.Tensor2D, inverse: number, rowWeights: tf.Tensor1D): { readonly stats: tf.Tensor; readonly losses: tf.Tensor1D } {
    const [rows, vocabulary] = student.shape;
    const stats = makeStats(rows);
    kernels.forwardKl(at(student), at(teacher), at(rowWeights), at(stats), rows, vocabulary, inverse);
    const [numbers, weights] = [statsOf(stats, rows), floats(rowWeights)];
    const losses = new Float32Array(rows);
    for (let row = 0; row < rows; row += 1) {
      if (weights[row] === 0) continue;
      const [bestStudent, sumStudent, bestTeacher, sumTeacher, cross] = numbers.subarray(row * STATS, (row + 1) * STATS) as unknown as [number, number, number, number, number];
      // KL = Σ q·(t − s) − log Z_t + log Z_s, with q = e^t / Z_t and t, s over the temperature.
      losses[row] = weights[row]! * (cross / sumTeacher + (bestStudent - bestTeacher) * inverse + Math.log(sumStudent) - Math.log(sumTeacher));
    }
    return { stats, losses: tf.tensor1d(losses) };
  }

  function forwardKlFlow(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D, flowWeights: tf.Tensor1D): RowsAndFlow {
    const [rows, vocabulary] = student.shape;
    const inverse = 1 / numberOf(temperature);
    const { stats, losses } = forwardKlRows(student, teacher, inverse, rowWeights);
    const flow = make<tf.Tensor2D>(student.shape);
    kernels.forwardKlGradient(at(student), at(teacher), at(flowWeights), at(stats), at(flow), rows, vocabulary, inverse, inverse);
    stats.dispose();
    return { rows: losses, flow };
  }

  function forwardKl(student: tf.Tensor2D, teacher: tf.Tensor2D, temperature: number | tf.Scalar, rowWeights: tf.Tensor1D): tf.Tensor1D {
    const [rows, vocabulary] = student.shape;
    const inverse = 1 / numberOf(temperature);
    return withGradient([student], ([input]) => {
      const { stats, losses } = forwardKlRows(input as tf.Tensor2D, teacher, inverse, rowWeights);
      return { value: losses, save: [input, stats, teacher, rowWeights] };
    }, (dy, [input, stats, teacherLogits, weights]) => {
      const dStudent = make(student.shape);
      kernels.forwardKlGradient(at(input), at(teacherLogits), at(tf.mul(weights, dy)), at(stats), at(dStudent), rows, vocabulary, inverse, inverse);
      return [dStudent];
    });
  }

  /** A variable's data may be shared (clones and reshapes share it): only data of its own is written to. */
  function own(variable: tf.Variable): number {
    if (backend.refCount(variable.dataId) > 1) {
      const copy = tf.tensor(variable.dataSync(), variable.shape);
      variable.assign(copy);
      copy.dispose();
    }
    return at(variable);
  }

  function adamw(parameter: tf.Variable, gradient: tf.Tensor, slots: AdamSlots, step: AdamStep): void {
    const { learningRate, beta1, beta2, epsilon, decay, t, gradientScale } = step;
    kernels.adamw(
      own(parameter), own(slots.m), own(slots.v), at(gradient), parameter.size, learningRate, beta1, beta2, epsilon, decay,
      1 / (1 - beta1 ** t), 1 / (1 - beta2 ** t), gradientScale,
    );
  }

  function sumOfSquares(gradients: readonly tf.Tensor[]): tf.Scalar {
    let total = 0;
    for (const gradient of gradients) total += kernels.sumOfSquares(at(gradient), gradient.size, workspace(Math.ceil(gradient.size / PARTIAL_ELEMENTS) * 8));
    return tf.scalar(total);
  }

  function writeColumns(cache: tf.Tensor3D, column: tf.Tensor3D, written: tf.Tensor1D): tf.Tensor3D {
    const width = cache.shape[2];
    const [target, source, rows] = [floats(cache), floats(column), backend.typedArrayFromHeap(written)];
    rows.forEach((to, row) => { target.set(source.subarray(row * width, (row + 1) * width), to * width); });
    return cache;
  }

  return { linear: portableOps.linear, linearGradient: portableOps.linearGradient, linearInputGradient: portableOps.linearInputGradient, rmsNorm, rotary, swiglu, attentionSoftmax, crossEntropy, forwardKl, crossEntropyFlow, forwardKlFlow, adamw, sumOfSquares, writeColumns, decoding: wasmDecoding(heap, kernels) };
}

function numberOf(value: number | tf.Scalar): number {
  return typeof value === 'number' ? value : value.dataSync()[0] ?? Number.NaN;
}

/** TILE_ELEMENTS of assembly/simd.ts. */
const PARTIAL_ELEMENTS = 16384;
