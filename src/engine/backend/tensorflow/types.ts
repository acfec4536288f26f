/** TensorFlow's numbers for types and attributes (tensorflow/c/tf_datatype.h, tf_attrtype.h), and what travels between its C API and TensorFlow.js. */

/** The types of elements that a tensor of ours can have. */
export const DATA_TYPE = { float: 1, int32: 3, uint8: 4, string: 7, complex64: 8, int64: 9, bool: 10, bfloat16: 14, half: 19, resource: 20 } as const;

export const ATTRIBUTE = { string: 0, int: 1, float: 2, bool: 3, type: 4, shape: 5 } as const;

/** An attribute of an operation, as tfjs-node's kernels give it (TFEOpAttr). */
export interface OpAttribute {
  readonly name: string;
  /** One of ATTRIBUTE. */
  readonly type: number;
  readonly value: boolean | number | object | string | readonly number[];
}

/** What an operation gave (TensorMetadata). */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  /** One of DATA_TYPE. */
  readonly dtype: number;
}

/** Elements on the side of JavaScript: a string is its bytes; an int64 may come as pairs of 32 bits (tfjs-node's Int64Scalar). */
export type TensorValues = Float32Array | Int32Array | Uint8Array | Uint16Array | BigInt64Array | readonly Uint8Array[];
