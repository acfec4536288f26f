/**
 * Kernels of TensorFlow.js's WebAssembly backend that training needs faster, put in the place of the shipped ones. What
 * ours don't cover (other types, broadcasts, axes) still goes to those.
 */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../../tf.ts';
import type { Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';
import { matMulKernel } from './matMul.ts';
import type { Workspace } from './workspace.ts';

export interface KernelCall {
  readonly inputs: tf.NamedTensorInfoMap;
  readonly attrs: Readonly<Record<string, unknown>>;
  readonly backend: BackendWasm;
}
/** Undefined: not covered, the shipped kernel is to do it. */
type Override = (call: KernelCall) => tf.TensorInfo | undefined;

const BACKEND = 'wasm';
/** The shipped kernels, kept before they are replaced for the first time. */
const shipped = new Map<string, tf.KernelConfig>();

export function installOverrides(heap: Heap, kernels: Kernels, workspace: Workspace): void {
  const overrides: Record<string, Override> = {
    BatchMatMul: matMulKernel(heap, kernels, workspace),
    Identity: identity,
    Add: add(heap, kernels),
    Sum: sumOverRows(heap, kernels),
    Transpose: swapMiddle(heap, kernels),
    GatherV2: gatherRows(heap, kernels),
    UnsortedSegmentSum: segmentSum(heap, kernels),
  };
  for (const [name, override] of Object.entries(overrides)) replace(name, override);
}

function replace(name: string, override: Override): void {
  const registered = tf.getKernel(name, BACKEND);
  if (registered !== undefined) {
    if (!shipped.has(name)) shipped.set(name, registered);
    tf.unregisterKernel(name, BACKEND);
  }
  const stock = shipped.get(name);
  tf.registerKernel({
    ...stock,
    kernelName: name,
    backendName: BACKEND,
    kernelFunc: (params) => {
      const call = params as unknown as KernelCall;
      const result = override(call) ?? stock?.kernelFunc(params);
      if (result === undefined) throw new Error(`the WebAssembly backend can't do ${name} of these tensors`);
      return result;
    },
  });
}

const isFloat = (...tensors: readonly tf.TensorInfo[]): boolean => tensors.every(({ dtype }) => dtype === 'float32');
const sameShape = (a: readonly number[], b: readonly number[]): boolean => a.length === b.length && a.every((size, axis) => size === b[axis]);

/** The same data in another shape. */
function view(backend: BackendWasm, x: tf.TensorInfo, shape: readonly number[]): tf.TensorInfo {
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: [...shape], dtype: x.dtype };
}

/** The shipped one copies; sharing the data is enough, because tensors are never written to (ops.ts minds it). */
function identity({ inputs, backend }: KernelCall): tf.TensorInfo | undefined {
  const { x } = inputs as { x: tf.TensorInfo };
  return x.dtype === 'string' ? undefined : view(backend, x, x.shape);
}

/** Residuals and the sums of gradients (same shape), biases ([…, n] + [n]). */
function add(heap: Heap, kernels: Kernels): Override {
  return ({ inputs, backend }) => {
    const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
    if (!isFloat(a, b)) return undefined;
    const n = tf.util.sizeFromShape(a.shape);
    const width = b.shape[0] ?? 0;
    if (sameShape(a.shape, b.shape)) {
      const out = backend.makeOutput(a.shape, 'float32');
      kernels.add(heap.address(a), heap.address(b), heap.address(out), n);
      return out;
    }
    if (b.shape.length === 1 && a.shape.length > 1 && a.shape.at(-1) === width && width > 1) {
      const out = backend.makeOutput(a.shape, 'float32');
      kernels.addRow(heap.address(a), heap.address(b), heap.address(out), n / width, width);
      return out;
    }
    return undefined;
  };
}

/** Over the first axes (the gradient of a bias); the shipped kernel transposes first. */
function sumOverRows(heap: Heap, kernels: Kernels): Override {
  return ({ inputs, attrs, backend }) => {
    const { x } = inputs as { x: tf.TensorInfo };
    const rank = x.shape.length;
    const axes = tf.util.parseAxisParam((attrs['axis'] ?? x.shape.map((_, axis) => axis)) as number | number[], x.shape).sort((a, b) => a - b);
    const leading = axes.length > 0 && axes.length < rank && axes.every((axis, index) => axis === index);
    if (!isFloat(x) || !leading) return undefined;
    const kept = x.shape.slice(axes.length);
    const width = tf.util.sizeFromShape(kept);
    if (width === 0) return undefined;
    const out = backend.makeOutput(attrs['keepDims'] === true ? [...axes.map(() => 1), ...kept] : kept, 'float32');
    kernels.sumRows(heap.address(x), heap.address(out), tf.util.sizeFromShape(x.shape) / width, width);
    return out;
  };
}

/** [batch, seq, heads, headDim] ↔ [batch, heads, seq, headDim]. */
function swapMiddle(heap: Heap, kernels: Kernels): Override {
  return ({ inputs, attrs, backend }) => {
    const { x } = inputs as { x: tf.TensorInfo };
    const perm = attrs['perm'] as readonly number[];
    if (x.dtype !== 'float32' && x.dtype !== 'int32') return undefined;
    if (perm.every((axis, index) => axis === index)) return view(backend, x, x.shape);
    if (x.shape.length !== 4 || !sameShape(perm, [0, 2, 1, 3])) return undefined;
    const [outer, first, second, width] = x.shape as [number, number, number, number];
    // Nothing moves then.
    if (first === 1 || second === 1) return view(backend, x, [outer, second, first, width]);
    const out = backend.makeOutput([outer, second, first, width], x.dtype);
    kernels.swapMiddle(heap.address(x), heap.address(out), outer, first, second, width);
    return out;
  };
}

/** Rows of a table (embeddings, supervised positions). The shipped kernel reads the ids back and takes milliseconds. */
function gatherRows(heap: Heap, kernels: Kernels): Override {
  return ({ inputs, attrs, backend }) => {
    const { x, indices } = inputs as { x: tf.TensorInfo; indices: tf.TensorInfo };
    const { axis, batchDims } = attrs as { axis: number; batchDims: number };
    if (x.dtype === 'string' || x.dtype === 'bool' || indices.dtype !== 'int32' || axis !== 0 || batchDims !== 0 || x.shape.length < 2) return undefined;
    const [segments, ...rest] = x.shape as [number, ...number[]];
    const ids = backend.typedArrayFromHeap(indices);
    for (const id of ids) if (id < 0 || id >= segments) throw new Error(`gather: the index ${id} is not within 0 and ${segments - 1}`);
    const out = backend.makeOutput([...indices.shape, ...rest], x.dtype);
    kernels.gatherRows(heap.address(x), heap.address(indices), heap.address(out), ids.length, tf.util.sizeFromShape(rest));
    return out;
  };
}

/** The gradient of `gather`; TensorFlow.js's WebAssembly backend has none. */
function segmentSum(heap: Heap, kernels: Kernels): Override {
  return ({ inputs, attrs, backend }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const segments = attrs['numSegments'] as number;
    if (!isFloat(x) || segmentIds.dtype !== 'int32') return undefined;
    const rest = x.shape.slice(segmentIds.shape.length);
    const out = backend.makeOutput([segments, ...rest], 'float32');
    kernels.segmentSum(heap.address(x), heap.address(segmentIds), heap.address(out), tf.util.sizeFromShape(segmentIds.shape), segments, tf.util.sizeFromShape(rest));
    return out;
  };
}
