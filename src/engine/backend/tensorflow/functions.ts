/**
 * Graphs and the functions that are made of them. A function that was added to the context runs like an operation, under its
 * name: `executeOp(name, [], inputs, outputs)`.
 */
import type { CApi, Output, Pointer } from './cApi.ts';
import type { Runtime } from './ops.ts';
import { ATTRIBUTE, type OpAttribute } from './types.ts';

/** TF_GraphToFunction: every operation of the graph belongs to the function. */
const ALL_OPERATIONS = -1;
const NULL_ADDRESS = 0;
/** One TF_Output in memory: a pointer, an index, padding. */
const OUTPUT_WORDS = 2;

/** Inputs of an operation in their order: one tensor, or a list of tensors for what TensorFlow calls a list argument ("ConcatV2", "AddN", "Pack"). */
export type GraphInput = Output | readonly Output[];

/** A graph while it is put together. Delete it when its functions are made. */
export class GraphBuilder {
  readonly #graph: Pointer<'TF_Graph'>;
  readonly #api: CApi;
  #made = 0;

  constructor(private readonly runtime: Runtime) {
    this.#api = runtime.api;
    this.#graph = runtime.api.TF_NewGraph();
  }

  /** How many operations it holds. */
  get size(): number {
    return this.#made;
  }

  /** An argument of the function to be. A shape is needed where the shapes of what follows are asked for. */
  placeholder(dtype: number, shape: readonly number[]): Output {
    return this.#operation('Placeholder', (description) => {
      const { memory } = this.runtime;
      this.#api.TF_SetAttrType(description, memory.string('dtype'), dtype);
      this.#api.TF_SetAttrShape(description, memory.string('shape'), longs(shape), shape.length);
    });
  }

  /** The value of a tensor, copied into the graph. */
  constant(id: number): Output {
    const { api, memory, status, tensors } = this.runtime;
    const tensor = tensors.resolve(id);
    try {
      return this.#operation('Const', (description) => {
        api.TF_SetAttrType(description, memory.string('dtype'), tensors.describe(id).dtype);
        api.TF_SetAttrTensor(description, memory.string('value'), tensor, status.pointer);
        status.check();
      });
    } finally {
      api.TF_DeleteTensor(tensor);
    }
  }

  /**
   * Adds an operation and gives its results. Attributes that TensorFlow counts itself ("N" of a list) are left out by the caller.
   * `after`: operations that have to be done before it.
   */
  add(name: string, attributes: readonly OpAttribute[], inputs: readonly GraphInput[], outputs: number, after: readonly Output[] = []): Output[] {
    const { oper } = this.#operation(name, (description) => {
      for (const input of inputs) {
        if ('oper' in input) this.#api.TF_AddInput(description, input);
        else this.#api.TF_AddInputList(description, packed(input), input.length);
      }
      for (const attribute of attributes) this.#setAttribute(description, attribute);
      for (const { oper: before } of after) this.#api.TF_AddControlInput(description, before);
    });
    return Array.from({ length: outputs }, (_, index) => ({ oper, index }));
  }

  /** Tells the shape of a result where TensorFlow can't know it (what a resource holds). */
  setShape(output: Output, shape: readonly number[]): void {
    const { status } = this.runtime;
    this.#api.TF_GraphSetTensorShape(this.#graph, output, longs(shape), shape.length, status.pointer);
    status.check();
  }

  /** What TensorFlow infers about a result; shape null where it can't (a rank or a size that depends on values). */
  describe(output: Output): { readonly dtype: number; readonly shape: number[] | null } {
    const { status } = this.runtime;
    const dtype = this.#api.TF_OperationOutputType(output);
    const rank = this.#api.TF_GraphGetTensorNumDims(this.#graph, output, status.pointer);
    status.check();
    if (rank < 0) return { dtype, shape: null };
    if (rank === 0) return { dtype, shape: [] };
    const sizes = new BigInt64Array(rank);
    this.#api.TF_GraphGetTensorShape(this.#graph, output, sizes, rank, status.pointer);
    status.check();
    const shape = Array.from(sizes, Number);
    return { dtype, shape: shape.some((size) => size < 0) ? null : shape };
  }

  /** Makes a function of the whole graph and adds it to the context under `name`, which must not be there yet. */
  addFunction(name: string, inputs: readonly Output[], outputs: readonly Output[], attributes: readonly FunctionAttribute[] = []): AddedFunction {
    const { api, context, status } = this.runtime;
    const made = api.TF_GraphToFunction(this.#graph, name, 0, ALL_OPERATIONS, NULL_ADDRESS, inputs.length, packed(inputs), outputs.length, packed(outputs), NULL_ADDRESS, NULL_ADDRESS, null, status.pointer);
    status.check();
    try {
      for (const attribute of attributes) {
        api.TF_FunctionSetAttrValueProto(made, attribute.name, attribute.value, attribute.value.length, status.pointer);
        status.check();
      }
      api.TFE_ContextAddFunction(context.pointer, made, status.pointer);
      status.check();
    } finally {
      // The context has its own reference.
      api.TF_DeleteFunction(made);
    }
    return {
      name,
      remove: () => {
        api.TFE_ContextRemoveFunction(context.pointer, name, status.pointer);
        status.check();
      },
    };
  }

  delete(): void {
    this.#api.TF_DeleteGraph(this.#graph);
  }

  #operation(name: string, describe: (description: Pointer<'TF_OperationDescription'>) => void): Output {
    const { memory, status } = this.runtime;
    const description = this.#api.TF_NewOperation(this.#graph, memory.string(name), `${name}_${this.#made}`);
    this.#made += 1;
    try {
      describe(description);
    } catch (error) {
      // There is no way to drop a description but to finish it; what it then says is about the half that was described.
      this.#api.TF_FinishOperation(description, status.pointer);
      throw error;
    }
    const oper = this.#api.TF_FinishOperation(description, status.pointer);
    status.check();
    return { oper, index: 0 };
  }

  #setAttribute(description: Pointer<'TF_OperationDescription'>, { name, type, value }: OpAttribute): void {
    const key = this.runtime.memory.string(name);
    const list = Array.isArray(value) ? value as readonly number[] : null;
    switch (type) {
      case ATTRIBUTE.type:
        if (list === null) this.#api.TF_SetAttrType(description, key, value as number);
        else this.#api.TF_SetAttrTypeList(description, key, Int32Array.from(list), list.length);
        break;
      case ATTRIBUTE.bool:
        if (list === null) this.#api.TF_SetAttrBool(description, key, value === true || value === 1 ? 1 : 0);
        else this.#api.TF_SetAttrBoolList(description, key, Uint8Array.from(list, Number), list.length);
        break;
      case ATTRIBUTE.int:
        if (list === null) this.#api.TF_SetAttrInt(description, key, value as number);
        else this.#api.TF_SetAttrIntList(description, key, longs(list), list.length);
        break;
      case ATTRIBUTE.float:
        if (list === null) this.#api.TF_SetAttrFloat(description, key, value as number);
        else this.#api.TF_SetAttrFloatList(description, key, Float32Array.from(list), list.length);
        break;
      case ATTRIBUTE.string: {
        const bytes = Buffer.from(value as string);
        this.#api.TF_SetAttrString(description, key, bytes, bytes.length);
        break;
      }
      case ATTRIBUTE.shape: this.#api.TF_SetAttrShape(description, key, longs(list ?? []), (list ?? []).length); break;
      default: throw new Error(`attribute ${name}: there is no type ${type} of attributes`);
    }
  }
}

/** `value`: a serialised AttrValue, e.g. [0x28, 1] for true. */
export interface FunctionAttribute {
  readonly name: string;
  readonly value: Uint8Array;
}

/** A function that the context knows. */
export interface AddedFunction {
  readonly name: string;
  /** The context forgets it, and its compiled graph with it. */
  remove(): void;
}

/** At least one element, so that an empty list has an address too. */
function longs(values: readonly number[]): BigInt64Array {
  const list = new BigInt64Array(Math.max(1, values.length));
  for (let i = 0; i < values.length; i += 1) list[i] = BigInt(values[i]!);
  return list;
}

/** An array of TF_Output. */
function packed(outputs: readonly Output[]): BigInt64Array {
  const words = new BigInt64Array(OUTPUT_WORDS * Math.max(1, outputs.length));
  for (let i = 0; i < outputs.length; i += 1) {
    words[OUTPUT_WORDS * i] = BigInt(outputs[i]!.oper);
    words[OUTPUT_WORDS * i + 1] = BigInt(outputs[i]!.index);
  }
  return words;
}

