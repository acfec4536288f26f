/**
 * The part of TensorFlow's C API that is used, each function with its types, as one table: koffi's signatures and the
 * types of TypeScript both come from it. Declared in tensorflow/c/c_api.h, tf_tensor.h, tf_tstring.h and eager/c_api.h.
 *
 * A pointer is a number here (addresses of a process lie below 2⁵³), so that nothing is wrapped for a call that costs three
 * microseconds; the brand keeps one kind of pointer from being taken for another.
 */
import type { LibraryHandle, TypeObject } from 'koffi';

declare const pointee: unique symbol;
/** The address of a C object; 0 is none. */
export type Pointer<Name extends string> = number & { readonly [pointee]: Name };

/** One result of an operation in a graph (TF_Output): passed by value. */
export interface Output {
  readonly oper: Pointer<'TF_Operation'>;
  readonly index: number;
}

/** Types that are no pointers. `address`: a place in memory as a number; `bytes`: memory of JavaScript, for the time of the call; `chars`: a string that is copied at once. */
interface Plain {
  void: void;
  int: number;
  int64: number;
  size: number;
  float: number;
  byte: number;
  address: number;
  bytes: NodeJS.ArrayBufferView | null;
  chars: string;
  nullableChars: string | null;
  output: Output;
}
type Kind = keyof Plain | `${string}*`;
type Value<K extends Kind> = K extends keyof Plain ? Plain[K] : K extends `${infer Name}*` ? Pointer<Name> : never;
type Values<K extends readonly Kind[]> = { [I in keyof K]: Value<K[I]> };
type Signature = readonly [result: Kind, ...parameters: Kind[]];
type Callable<S extends Signature> = S extends readonly [infer R extends Kind, ...infer A extends Kind[]] ? (...values: Values<A>) => Value<R> : never;

/** Attribute names are `address`, not `chars`: TensorFlow keeps them beyond the call (see memory.ts). */
const SIGNATURES = {
  TF_Version: ['chars'],
  TF_NewStatus: ['TF_Status*'],
  TF_GetCode: ['int', 'TF_Status*'],
  TF_Message: ['chars', 'TF_Status*'],

  TFE_NewContextOptions: ['TFE_ContextOptions*'],
  TFE_ContextOptionsSetConfig: ['void', 'TFE_ContextOptions*', 'bytes', 'size', 'TF_Status*'],
  TFE_DeleteContextOptions: ['void', 'TFE_ContextOptions*'],
  TFE_NewContext: ['TFE_Context*', 'TFE_ContextOptions*', 'TF_Status*'],
  TFE_DeleteContext: ['void', 'TFE_Context*'],
  TFE_ContextListDevices: ['TF_DeviceList*', 'TFE_Context*', 'TF_Status*'],
  TF_DeviceListCount: ['int', 'TF_DeviceList*'],
  TF_DeviceListType: ['chars', 'TF_DeviceList*', 'int', 'TF_Status*'],
  TF_DeviceListName: ['chars', 'TF_DeviceList*', 'int', 'TF_Status*'],
  TF_DeleteDeviceList: ['void', 'TF_DeviceList*'],

  TF_AllocateTensor: ['TF_Tensor*', 'int', 'address', 'int', 'size'],
  TF_DeleteTensor: ['void', 'TF_Tensor*'],
  TF_TensorData: ['address', 'TF_Tensor*'],
  TF_TensorByteSize: ['size', 'TF_Tensor*'],
  TF_TensorElementCount: ['int64', 'TF_Tensor*'],
  TF_StringInit: ['void', 'address'],
  TF_StringCopy: ['void', 'address', 'bytes', 'size'],
  TF_StringGetDataPointer: ['address', 'address'],
  TF_StringGetSize: ['size', 'address'],
  TF_StringDealloc: ['void', 'address'],

  TFE_NewTensorHandle: ['TFE_TensorHandle*', 'TF_Tensor*', 'TF_Status*'],
  TFE_DeleteTensorHandle: ['void', 'TFE_TensorHandle*'],
  TFE_TensorHandleDataType: ['int', 'TFE_TensorHandle*'],
  TFE_TensorHandleNumDims: ['int', 'TFE_TensorHandle*', 'TF_Status*'],
  TFE_TensorHandleDim: ['int64', 'TFE_TensorHandle*', 'int', 'TF_Status*'],
  TFE_TensorHandleResolve: ['TF_Tensor*', 'TFE_TensorHandle*', 'TF_Status*'],
  TFE_TensorHandleCopyToDevice: ['TFE_TensorHandle*', 'TFE_TensorHandle*', 'TFE_Context*', 'chars', 'TF_Status*'],

  TFE_NewOp: ['TFE_Op*', 'TFE_Context*', 'address', 'TF_Status*'],
  TFE_DeleteOp: ['void', 'TFE_Op*'],
  TFE_OpAddInput: ['void', 'TFE_Op*', 'TFE_TensorHandle*', 'TF_Status*'],
  TFE_Execute: ['void', 'TFE_Op*', 'address', 'address', 'TF_Status*'],
  TFE_OpSetAttrString: ['void', 'TFE_Op*', 'address', 'bytes', 'size'],
  TFE_OpSetAttrInt: ['void', 'TFE_Op*', 'address', 'int64'],
  TFE_OpSetAttrFloat: ['void', 'TFE_Op*', 'address', 'float'],
  TFE_OpSetAttrBool: ['void', 'TFE_Op*', 'address', 'byte'],
  TFE_OpSetAttrType: ['void', 'TFE_Op*', 'address', 'int'],
  TFE_OpSetAttrShape: ['void', 'TFE_Op*', 'address', 'address', 'int', 'TF_Status*'],
  TFE_OpSetAttrIntList: ['void', 'TFE_Op*', 'address', 'bytes', 'int'],
  TFE_OpSetAttrFloatList: ['void', 'TFE_Op*', 'address', 'bytes', 'int'],
  TFE_OpSetAttrBoolList: ['void', 'TFE_Op*', 'address', 'bytes', 'int'],

  TF_NewGraph: ['TF_Graph*'],
  TF_DeleteGraph: ['void', 'TF_Graph*'],
  TF_NewOperation: ['TF_OperationDescription*', 'TF_Graph*', 'address', 'chars'],
  TF_FinishOperation: ['TF_Operation*', 'TF_OperationDescription*', 'TF_Status*'],
  TF_AddInput: ['void', 'TF_OperationDescription*', 'output'],
  TF_AddInputList: ['void', 'TF_OperationDescription*', 'bytes', 'int'],
  TF_AddControlInput: ['void', 'TF_OperationDescription*', 'TF_Operation*'],
  TF_SetAttrType: ['void', 'TF_OperationDescription*', 'address', 'int'],
  TF_SetAttrInt: ['void', 'TF_OperationDescription*', 'address', 'int64'],
  TF_SetAttrFloat: ['void', 'TF_OperationDescription*', 'address', 'float'],
  TF_SetAttrBool: ['void', 'TF_OperationDescription*', 'address', 'byte'],
  TF_SetAttrString: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'size'],
  TF_SetAttrShape: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'int'],
  TF_SetAttrTensor: ['void', 'TF_OperationDescription*', 'address', 'TF_Tensor*', 'TF_Status*'],
  TF_SetAttrIntList: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'int'],
  TF_SetAttrFloatList: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'int'],
  TF_SetAttrBoolList: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'int'],
  TF_SetAttrTypeList: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'int'],
  TF_SetAttrFuncName: ['void', 'TF_OperationDescription*', 'address', 'bytes', 'size'],
  TF_OperationOutputType: ['int', 'output'],
  TF_GraphSetTensorShape: ['void', 'TF_Graph*', 'output', 'bytes', 'int', 'TF_Status*'],
  TF_GraphGetTensorNumDims: ['int', 'TF_Graph*', 'output', 'TF_Status*'],
  TF_GraphGetTensorShape: ['void', 'TF_Graph*', 'output', 'bytes', 'int', 'TF_Status*'],
  TF_GraphToFunction: ['TF_Function*', 'TF_Graph*', 'chars', 'byte', 'int', 'address', 'int', 'bytes', 'int', 'bytes', 'address', 'address', 'nullableChars', 'TF_Status*'],
  TF_FunctionSetAttrValueProto: ['void', 'TF_Function*', 'chars', 'bytes', 'size', 'TF_Status*'],
  TF_DeleteFunction: ['void', 'TF_Function*'],
  TFE_ContextAddFunction: ['void', 'TFE_Context*', 'TF_Function*', 'TF_Status*'],
  TFE_ContextRemoveFunction: ['void', 'TFE_Context*', 'chars', 'TF_Status*'],
} as const satisfies Record<string, Signature>;

export type CApi = { readonly [Name in keyof typeof SIGNATURES]: Callable<(typeof SIGNATURES)[Name]> };

const KOFFI_TYPES: Record<Exclude<keyof Plain, 'output'>, string> = {
  void: 'void', int: 'int', int64: 'int64_t', size: 'size_t', float: 'float', byte: 'uint8_t', address: 'int64_t',
  bytes: 'const void *', chars: 'const char *', nullableChars: 'const char *',
};

/** `output`: koffi's type of TF_Output. @returns the functions, or the names of those that no library has. */
export function bindCApi(libraries: readonly LibraryHandle[], output: TypeObject): CApi | readonly string[] {
  const bound: Record<string, unknown> = {};
  const missing: string[] = [];
  const koffiType = (kind: Kind): string | TypeObject => kind === 'output' ? output : kind in KOFFI_TYPES ? KOFFI_TYPES[kind as keyof typeof KOFFI_TYPES] : 'int64_t';
  for (const [name, [result, ...parameters]] of Object.entries<Signature>(SIGNATURES)) {
    const home = libraries.find((library) => has(library, name));
    if (home === undefined) missing.push(name);
    else bound[name] = home.func(name, koffiType(result), parameters.map(koffiType));
  }
  return missing.length > 0 ? missing : bound as unknown as CApi;
}

function has(library: LibraryHandle, name: string): boolean {
  try {
    library.symbol(name);
    return true;
  } catch {
    return false;
  }
}
