/** The part of tfjs-node's backend object that lies between TensorFlow.js's tensors and those of TensorFlow. */
import { tf } from '../../tf.ts';
import type { Route } from './binding.ts';
import type { OpAttribute, TensorMetadata } from './types.ts';

/** What it knows of a tensor's data. */
interface TensorEntry {
  /** The number of the tensor in TensorFlow; −1 while it has values that were not handed over yet. */
  id: number;
  readonly values: tf.backend_util.BackendValues | null;
}

export interface NodeBackend {
  /** What computes, or records. */
  readonly binding: Route;
  readonly tensorMap: { get(dataId: object): TensorEntry };
  /** Hands over what was not yet. */
  getInputTensorIds(tensors: readonly tf.Tensor[]): number[];
  createOutputTensor(result: TensorMetadata): tf.Tensor;
  executeSingleOutput(name: string, attributes: readonly OpAttribute[], inputs: readonly tf.Tensor[]): tf.Tensor;
  refCount(dataId: object): number;
}

/** Only while the TensorFlow backend is TensorFlow.js's current one. */
export function nodeBackend(): NodeBackend {
  return tf.backend() as unknown as NodeBackend;
}
