/** UnsortedSegmentSum, the gradient of `gather`, which TensorFlow.js's WebAssembly backend lacks. */
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { tf } from '../../tf.ts';

export function registerSegmentSum(): void {
  if (tf.getKernel('UnsortedSegmentSum', 'wasm') !== undefined) return;
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, backend, attrs }) => {
      const wasm = backend as BackendWasm;
      const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
      const segments = (attrs as { numSegments: number }).numSegments;
      const rest = x.shape.slice(segmentIds.shape.length);
      const width = rest.reduce((product, size) => product * size, 1);
      const out = wasm.makeOutput([segments, ...rest], 'float32');
      const sums = wasm.typedArrayFromHeap(out) as Float32Array;
      const values = wasm.typedArrayFromHeap(x) as Float32Array;
      const ids = wasm.typedArrayFromHeap(segmentIds) as Int32Array;
      sums.fill(0);
      ids.forEach((segment, row) => {
        if (segment < 0 || segment >= segments) return;
        for (let column = 0; column < width; column += 1) sums[segment * width + column]! += values[row * width + column]!;
      });
      return out;
    },
  });
}
