/** Runs one operation of TensorFlow, or a function that was added to the context, which is called like one. */
import type { CApi, Pointer } from './cApi.ts';
import type { Context } from './context.ts';
import type { NativeMemory } from './memory.ts';
import type { Status } from './status.ts';
import type { TensorTable } from './tensors.ts';
import { ATTRIBUTE, type OpAttribute, type TensorMetadata } from './types.ts';

/** What an operation needs of TensorFlow. */
export interface Runtime {
  readonly api: CApi;
  readonly status: Status;
  readonly memory: NativeMemory;
  readonly context: Context;
  readonly tensors: TensorTable;
}

/** @throws DistillError `out-of-memory`, or Error with TensorFlow's words. */
export function executeOp(runtime: Runtime, name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[] {
  const { api, status, memory, context, tensors } = runtime;
  const op = api.TFE_NewOp(context.pointer, memory.string(name), status.pointer);
  status.check();
  try {
    for (const id of inputs) {
      api.TFE_OpAddInput(op, tensors.handle(id), status.pointer);
      status.check();
    }
    for (const attribute of attributes) setAttribute(runtime, op, attribute);
    if (outputs > memory.mostOutputs) throw new Error(`${name} gives ${outputs} tensors, more than ${memory.mostOutputs}`);
    memory.outputCount[0] = outputs;
    api.TFE_Execute(op, memory.outputsAddress, memory.outputCountAddress, status.pointer);
    status.check();
  } finally {
    api.TFE_DeleteOp(op);
  }
  const results: TensorMetadata[] = [];
  const given = memory.outputCount[0];
  // All of them are ours before anything can fail.
  for (let i = 0; i < given; i += 1) results.push({ id: tensors.insert(memory.output(i) as Pointer<'TFE_TensorHandle'>), shape: [], dtype: 0 });
  return results.map(({ id }) => tensors.describe(id));
}

function setAttribute({ api, status, memory }: Runtime, op: Pointer<'TFE_Op'>, { name, type, value }: OpAttribute): void {
  const key = memory.string(name);
  const list = Array.isArray(value) ? value as readonly number[] : null;
  switch (type) {
    case ATTRIBUTE.type: api.TFE_OpSetAttrType(op, key, value as number); break;
    case ATTRIBUTE.bool:
      if (list === null) api.TFE_OpSetAttrBool(op, key, value === true || value === 1 ? 1 : 0);
      else api.TFE_OpSetAttrBoolList(op, key, Uint8Array.from(list, Number), list.length);
      break;
    case ATTRIBUTE.int:
      if (list === null) api.TFE_OpSetAttrInt(op, key, value as number);
      else api.TFE_OpSetAttrIntList(op, key, BigInt64Array.from(list, BigInt), list.length);
      break;
    case ATTRIBUTE.float:
      if (list === null) api.TFE_OpSetAttrFloat(op, key, value as number);
      else api.TFE_OpSetAttrFloatList(op, key, Float32Array.from(list), list.length);
      break;
    case ATTRIBUTE.string: {
      const bytes = Buffer.from(value as string);
      api.TFE_OpSetAttrString(op, key, bytes, bytes.length);
      break;
    }
    case ATTRIBUTE.shape:
      api.TFE_OpSetAttrShape(op, key, memory.shape(list ?? []), (list ?? []).length, status.pointer);
      status.check();
      break;
    default: throw new Error(`attribute ${name}: there is no type ${type} of attributes`);
  }
}
