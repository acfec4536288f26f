/**
 * Products in 16 bits: both sides are rounded, the sums are kept in float32 by the hardware or the library, and the result is
 * widened again, so that everything between two products, the weights and the optimiser stay in float32 (Micikevicius et al. 2018,
 * "Mixed precision training", sections 3.1 and 3.3).
 */
import type { tf } from '../../tf.ts';
import type { Ops, Precision } from '../contract.ts';
import { withGradient } from '../withGradient.ts';
import { nodeBackend } from './nodeBackend.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute, type TensorMetadata } from './types.ts';

type Narrow = Exclude<Precision, 'float32'>;

const NUMBER: Readonly<Record<Narrow, number>> = { bfloat16: DATA_TYPE.bfloat16, float16: DATA_TYPE.half };

/** The same operations with the products of `linear` in fewer bits. */
export function narrowOps(ops: Ops, precision: Narrow): Ops {
  const product = (a: tf.Tensor2D, b: tf.Tensor2D, transposeA: boolean, transposeB: boolean): tf.Tensor2D => narrowProduct(NUMBER[precision], a, b, transposeA, transposeB);
  const linearInputGradient: Ops['linearInputGradient'] = (dy, weight) => product(dy, weight, false, false);
  const linearGradient: Ops['linearGradient'] = (dy, x, weight) => [linearInputGradient(dy, weight), product(dy, x, true, false)];
  return {
    ...ops,
    linear: (x, weight) => withGradient([x, weight], ([input, matrix]) => ({ value: product(input as tf.Tensor2D, matrix as tf.Tensor2D, false, true), save: [input, matrix] }),
      (dy, [input, matrix]) => linearGradient(dy, input as tf.Tensor2D, matrix as tf.Tensor2D)),
    linearGradient,
    linearInputGradient,
  };
}

function narrowProduct(dtype: number, a: tf.Tensor2D, b: tf.Tensor2D, transposeA: boolean, transposeB: boolean): tf.Tensor2D {
  const backend = nodeBackend();
  const { binding } = backend;
  const run = (name: string, attributes: readonly OpAttribute[], inputs: readonly number[]): TensorMetadata => binding.executeOp(name, attributes, inputs, 1)[0] as TensorMetadata;
  const type = (name: string, value: number): OpAttribute => ({ name, type: ATTRIBUTE.type, value });
  const flag = (name: string, value: boolean): OpAttribute => ({ name, type: ATTRIBUTE.bool, value });
  const [left, right] = backend.getInputTensorIds([a, b]).map((id) => run('Cast', [type('SrcT', DATA_TYPE.float), type('DstT', dtype)], [id])) as [TensorMetadata, TensorMetadata];
  const rounded = run('MatMul', [type('T', dtype), flag('transpose_a', transposeA), flag('transpose_b', transposeB)], [left.id, right.id]);
  const widened = run('Cast', [type('SrcT', dtype), type('DstT', DATA_TYPE.float)], [rounded.id]);
  for (const { id } of [left, right, rounded]) binding.deleteTensor(id);
  return backend.createOutputTensor(widened) as tf.Tensor2D;
}
