/** Kernels that take the place of tfjs-node's own. */
import { tf } from '../../tf.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute } from './types.ts';

/** What tfjs-node's backend offers its kernels. */
interface KernelHost {
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly tf.TensorInfo[]): tf.Tensor;
}

const NAME = 'tensorflow';

export function installKernels(): void {
  tf.unregisterKernel(tf.GatherV2, NAME);
  tf.registerKernel({ kernelName: tf.GatherV2, backendName: NAME, kernelFunc: ({ inputs, attrs, backend }) => gather(inputs, attrs, backend as unknown as KernelHost) });
}

/**
 * tfjs-node reads the indices back to look whether they are in range: that waits for everything before it, and can't be
 * recorded. TensorFlow looks itself (on a GPU an index out of range gives zeros).
 */
function gather(inputs: tf.NamedTensorInfoMap, attributes: tf.NamedAttrMap | undefined, backend: KernelHost): tf.TensorInfo {
  const { x, indices } = inputs as { readonly x: tf.TensorInfo; readonly indices: tf.TensorInfo };
  const { axis, batchDims } = attributes as unknown as tf.GatherV2Attrs;
  const axisTensor = tf.scalar(axis, 'int32');
  const result = backend.executeSingleOutput('GatherV2', [
    { name: 'batch_dims', type: ATTRIBUTE.int, value: batchDims },
    { name: 'Tparams', type: ATTRIBUTE.type, value: dataType(x.dtype) },
    { name: 'Tindices', type: ATTRIBUTE.type, value: dataType(indices.dtype) },
    { name: 'Taxis', type: ATTRIBUTE.type, value: DATA_TYPE.int32 },
  ], [x, indices, axisTensor]);
  axisTensor.dispose();
  return result;
}

function dataType(name: tf.DataType): number {
  switch (name) {
    case 'float32': return DATA_TYPE.float;
    case 'int32': return DATA_TYPE.int32;
    case 'bool': return DATA_TYPE.bool;
    case 'complex64': return DATA_TYPE.complex64;
    case 'string': return DATA_TYPE.string;
  }
}
