/** Our kernels (assembly/) as functions. Addresses and sizes are numbers; booleans are 0 and 1. */
import { setFlagsFromString } from 'node:v8';
import { readKernels, type KernelsVariant } from './files.ts';

/** What assembly/index.ts exports; every function is described there. */
export interface Kernels {
  attach(control: number, scratch: number): void;
  setWorkers(count: number): void;
  close(): void;
  gemm(m: number, n: number, k: number, a: number, ta: number, b: number, tb: number, c: number, packed: number): void;
  gemmBatch(batch: number, m: number, n: number, k: number, a: number, strideA: number, ta: number, b: number, strideB: number, tb: number, c: number): void;
  thin(batch: number, m: number, n: number, k: number, a: number, strideA: number, b: number, strideB: number, tb: number, c: number): void;
  gemmScratchBytes(n: number, k: number): number;
  packedBytes(n: number, k: number): number;
  add(x: number, y: number, out: number, n: number): void;
  addRow(x: number, row: number, out: number, rows: number, width: number): void;
  sumRows(x: number, out: number, rows: number, width: number): void;
  sumOfSquares(x: number, n: number, partials: number): number;
  rmsNorm(x: number, weight: number, y: number, rows: number, width: number, epsilon: number): void;
  rmsNormGradient(x: number, weight: number, dy: number, dx: number, dWeight: number, partials: number, rows: number, width: number, epsilon: number): void;
  rmsNormPartialsBytes(rows: number, width: number): number;
  rotary(x: number, cos: number, sin: number, y: number, batch: number, heads: number, seq: number, half: number, tables: number, sign: number): void;
  swiglu(gate: number, up: number, y: number, n: number): void;
  swigluGradient(gate: number, up: number, dy: number, dGate: number, dUp: number, n: number): void;
  attentionSoftmax(scores: number, mask: number, out: number, batch: number, heads: number, queries: number, keys: number, masks: number, scale: number): void;
  attentionSoftmaxGradient(p: number, dy: number, dx: number, rows: number, keys: number, scale: number): void;
  crossEntropy(logits: number, weights: number, stats: number, rows: number, vocabulary: number): void;
  crossEntropyGradient(logits: number, targets: number, weights: number, stats: number, dLogits: number, rows: number, vocabulary: number, factor: number): void;
  forwardKl(student: number, teacher: number, weights: number, stats: number, rows: number, vocabulary: number, inverseTemperature: number): void;
  forwardKlGradient(student: number, teacher: number, weights: number, stats: number, dStudent: number, rows: number, vocabulary: number, inverseTemperature: number, factor: number): void;
  adamw(
    w: number, m: number, v: number, g: number, n: number, learningRate: number, beta1: number, beta2: number, epsilon: number, decay: number,
    correction1: number, correction2: number, gradientScale: number,
  ): void;
  swapMiddle(x: number, out: number, outer: number, first: number, second: number, width: number): void;
  segmentSum(x: number, ids: number, out: number, rows: number, segments: number, width: number): void;
  gatherRows(x: number, ids: number, out: number, rows: number, width: number): void;
  expAll(x: number, y: number, n: number): void;
  project(
    x: number, m: number, k: number, mode: number, w0: number, b0: number, n0: number, out0: number,
    w1: number, b1: number, n1: number, out1: number, w2: number, b2: number, n2: number, out2: number,
  ): void;
  remember(
    q: number, k: number, v: number, cos: number, sin: number, keys: number, values: number, slots: number, positions: number,
    tokens: number, heads: number, kvHeads: number, headDim: number, capacity: number,
  ): void;
  attend(
    q: number, keys: number, values: number, out: number, slots: number, positions: number,
    tokens: number, heads: number, kvHeads: number, headDim: number, capacity: number, scale: number, work: number,
  ): void;
  probabilities(logits: number, out: number, rows: number, width: number, inverseTemperature: number): void;
  best(logits: number, out: number, rows: number, width: number): void;
  readonly CONTROL_BYTES: WebAssembly.Global;
  readonly BROKEN_OFFSET: WebAssembly.Global;
}

/**
 * The kernels with multiply-add where this V8 has it (from 11.4 on; Node 20's 11.3 has the finished thing behind a flag),
 * the plain ones otherwise.
 */
export async function compileKernels(wanted: KernelsVariant): Promise<{ readonly module: WebAssembly.Module; readonly variant: KernelsVariant }> {
  if (wanted === 'fma') {
    const binary = Uint8Array.from(await readKernels('fma'));
    if (!WebAssembly.validate(binary)) setFlagsFromString('--experimental-wasm-relaxed-simd');
    if (WebAssembly.validate(binary)) return { module: await WebAssembly.compile(binary), variant: 'fma' };
  }
  return { module: await WebAssembly.compile(Uint8Array.from(await readKernels('plain'))), variant: 'plain' };
}

export function instantiateKernels(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
