/** BatchMatMul on our kernels: any transposes, any batch, broadcast batches. */
import { tf } from '../../tf.ts';
import type { Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';
import type { KernelCall } from './overrides.ts';
import { BATCH_PACKED_LIMIT } from './workers.ts';
import type { Workspace } from './workspace.ts';

/** Up to this many rows, packing B costs more than it saves. */
const THIN_ROWS = 12;

/** One operand: its matrices' rows and columns as stored, and how many there are. */
interface Operand {
  readonly address: number;
  readonly batch: readonly number[];
  readonly rows: number;
  readonly columns: number;
  readonly count: number;
}

export function matMulKernel(heap: Heap, kernels: Kernels, workspace: Workspace): (call: KernelCall) => tf.TensorInfo {
  const operand = (tensor: tf.TensorInfo): Operand => {
    if (tensor.dtype !== 'float32') throw new Error(`matMul of ${tensor.dtype} tensors is not supported on WebAssembly`);
    const batch = tensor.shape.slice(0, -2);
    const [rows, columns] = tensor.shape.slice(-2) as [number, number];
    return { address: heap.address(tensor), batch, rows, columns, count: tf.util.sizeFromShape(batch) };
  };

  return ({ inputs, attrs, backend }) => {
    const { transposeA: ta, transposeB: tb } = attrs as { transposeA: boolean; transposeB: boolean };
    const [a, b] = [operand(inputs['a']!), operand(inputs['b']!)];
    const [m, k] = ta ? [a.columns, a.rows] : [a.rows, a.columns];
    const [depth, n] = tb ? [b.columns, b.rows] : [b.rows, b.columns];
    if (k !== depth) throw new Error(`matMul: inner dimensions ${k} and ${depth} of [${inputs['a']!.shape.join()}] and [${inputs['b']!.shape.join()}] differ`);
    const outBatch = tf.broadcast_util.assertAndGetBroadcastShape([...a.batch], [...b.batch]);
    const out = backend.makeOutput([...outBatch, m, n], 'float32');
    const c = heap.address(out);
    const batch = tf.util.sizeFromShape(outBatch);
    if (batch * m * n === 0) return out;
    if (k === 0) {
      (backend.typedArrayFromHeap(out) as Float32Array).fill(0);
      return out;
    }
    const one = (pa: number, pb: number, pc: number, rows: number): void => {
      if (!ta && rows <= THIN_ROWS) kernels.thin(1, rows, n, k, pa, 0, pb, 0, Number(tb), pc);
      else kernels.gemm(rows, n, k, pa, Number(ta), pb, Number(tb), pc, workspace(kernels.packedBytes(n, k)));
    };
    const uniform = (count: number): boolean => count === batch || count === 1;
    if (batch === 1) {
      one(a.address, b.address, c, m);
    } else if (!ta && b.count === 1 && a.count === batch) {
      one(a.address, b.address, c, batch * m);
    } else if (uniform(a.count) && uniform(b.count) && !ta && m <= THIN_ROWS) {
      kernels.thin(batch, m, n, k, a.address, a.count === 1 ? 0 : m * k, b.address, b.count === 1 ? 0 : k * n, Number(tb), c);
    } else if (uniform(a.count) && uniform(b.count) && kernels.packedBytes(n, k) <= BATCH_PACKED_LIMIT) {
      kernels.gemmBatch(batch, m, n, k, a.address, a.count === 1 ? 0 : m * k, Number(ta), b.address, b.count === 1 ? 0 : k * n, Number(tb), c);
    } else {
      const [offsetA, offsetB] = [batchOffsets(a.batch, outBatch), batchOffsets(b.batch, outBatch)];
      for (let item = 0; item < batch; item += 1) one(a.address + 4 * m * k * offsetA(item), b.address + 4 * k * n * offsetB(item), c + 4 * m * n * item, m);
    }
    return out;
  };
}

/** Which matrix of a broadcast operand the `item`-th of the result takes. */
function batchOffsets(shape: readonly number[], outShape: readonly number[]): (item: number) => number {
  const padded = [...Array.from({ length: outShape.length - shape.length }, () => 1), ...shape];
  return (item) => {
    let rest = item;
    let offset = 0;
    let stride = 1;
    for (let axis = outShape.length - 1; axis >= 0; axis -= 1) {
      const size = outShape[axis]!;
      const own = padded[axis]!;
      if (own !== 1) offset += (rest % size) * stride;
      rest = Math.floor(rest / size);
      stride *= own;
    }
    return offset;
  };
}
