/**
 * A piece of TensorFlow.js's work as one TensorFlow function. While `body` runs nothing is computed: every operation that
 * TensorFlow.js would execute is added to a graph instead, its tensors stand for results to come, and TensorFlow tells their
 * shapes. So recording is a dry run that changes nothing. What the body makes of numbers of JavaScript becomes a constant of
 * the function; whatever differs from call to call has to be among the inputs.
 */
import { tf } from '../../tf.ts';
import type { NativeTensorflow, Route } from './binding.ts';
import type { Output } from './cApi.ts';
import { GraphBuilder, type AddedFunction, type GraphInput } from './functions.ts';
import { nodeBackend } from './nodeBackend.ts';
import type { Resource } from './resource.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute, type TensorMetadata } from './types.ts';

/** Something that a function can't hold: a read-back, a shape that depends on values. */
export class NotRecordable extends Error {
  override readonly name = 'NotRecordable';
}

/** How the inputs of operations with list arguments are parted. TensorFlow counts N itself. */
const LISTS: Readonly<Record<string, (inputs: number) => readonly ('one' | number)[]>> = {
  ConcatV2: (inputs) => [inputs - 1, 'one'],
  ConcatOffset: (inputs) => ['one', inputs - 1],
  Pack: (inputs) => [inputs],
  AddN: (inputs) => [inputs],
  Einsum: (inputs) => [inputs],
};
const COUNT_ATTRIBUTE = 'N';

/** Tensors of this size or less that were made while recording are copied into the graph: TensorFlow needs the values of axes and shapes there. */
const CONSTANT_ELEMENTS_MOST = 4096;

/** −1 is a tensor that has not been handed to TensorFlow yet. */
const FIRST_STAND_IN = -2;

/** What a body may do beyond TensorFlow.js. */
export interface Tracing {
  /** The result that a tensor stands for. */
  outputOf(tensor: tf.Tensor): Output;
  /** A tensor that stands for a result. */
  tensorOf<T extends tf.Tensor>(output: Output): T;
  /** Where the values of a variable lie. */
  handleOf(resource: Resource): Output;
  /** `after`: operations that have to be done before. */
  add(name: string, attributes: readonly OpAttribute[], inputs: readonly GraphInput[], outputs: number, after?: readonly Output[]): Output[];
}

export interface FunctionSignature {
  /** Given anew with every call, in this order; here for their types and shapes. */
  readonly inputs: readonly tf.Tensor[];
  /** Variables that are read and written in place. */
  readonly resources: readonly Resource[];
}

export interface RecordedFunction {
  /** Operations in its graph. */
  readonly size: number;
  /** Runs it on tensors of the signature's types and shapes. The results are the caller's to dispose of. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  dispose(): void;
}

let functions = 0;
let tracing: Tracing | null = null;

/** The recording that is going on, if one is. */
export function currentTracing(): Tracing | null {
  return tracing;
}

/** @throws NotRecordable, and what the body throws. Nothing of the body's tensors is left. */
export function recordFunction(native: NativeTensorflow, signature: FunctionSignature, body: (tracing: Tracing) => readonly tf.Tensor[]): RecordedFunction {
  const recorder = new Recorder(native, signature);
  try {
    const outputs = recorder.trace(body);
    functions += 1;
    const added = recorder.finish(`distill_${functions}`, outputs);
    return new Recorded(native, added, recorder.size, signature.resources, recorder.captured, outputs.length);
  } catch (error) {
    for (const id of recorder.captured) native.direct.deleteTensor(id);
    throw error;
  } finally {
    recorder.delete();
  }
}

class Recorded implements RecordedFunction {
  constructor(
    private readonly native: NativeTensorflow, private readonly added: AddedFunction, readonly size: number,
    private readonly resources: readonly Resource[], private readonly captured: readonly number[], private readonly outputs: number,
  ) {}

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const backend = nodeBackend();
    const ids = [...backend.getInputTensorIds(inputs), ...this.resources.map(({ handle }) => handle), ...this.captured];
    return this.native.direct.executeOp(this.added.name, [], ids, this.outputs).map((result) => backend.createOutputTensor(result));
  }

  dispose(): void {
    this.added.remove();
    for (const id of this.captured) this.native.direct.deleteTensor(id);
  }
}

class Recorder {
  /** Tensors that were there before and are given with every call: their own numbers, which share the values. */
  readonly captured: number[] = [];
  readonly #graph: GraphBuilder;
  readonly #arguments: Output[] = [];
  readonly #capturedArguments: Output[] = [];
  /** By the number of a tensor. */
  readonly #results = new Map<number, Output>();
  readonly #handles = new Map<Resource, Output>();
  /** Numbers of tensors that were made of JavaScript's values while recording. */
  readonly #made = new Set<number>();
  /** Results in fewer bits that were widened, by the widened one: narrowing it again is a way back. */
  readonly #narrow = new Map<string, { readonly output: Output; readonly dtype: number }>();
  #nextStandIn = FIRST_STAND_IN;

  constructor(private readonly native: NativeTensorflow, { inputs, resources }: FunctionSignature) {
    this.#graph = new GraphBuilder(native);
    nodeBackend().getInputTensorIds(inputs).forEach((id) => {
      const { dtype, shape } = native.tensors.describe(id);
      const argument = this.#graph.placeholder(dtype, shape);
      this.#arguments.push(argument);
      this.#results.set(id, argument);
    });
    for (const resource of resources) {
      const handle = this.#graph.placeholder(DATA_TYPE.resource, []);
      this.#arguments.push(handle);
      this.#handles.set(resource, handle);
      const [id] = nodeBackend().getInputTensorIds([resource.variable]) as [number];
      const [values] = this.#graph.add('ReadVariableOp', [{ name: 'dtype', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [handle], 1) as [Output];
      this.#graph.setShape(values, resource.variable.shape);
      this.#results.set(id, values);
    }
  }

  get size(): number {
    return this.#graph.size;
  }

  trace(body: (tracing: Tracing) => readonly tf.Tensor[]): Output[] {
    const { direct } = this.native;
    const route: Route = {
      createTensor: (shape, dtype, values) => {
        const id = direct.createTensor(shape, dtype, values);
        this.#made.add(id);
        return id;
      },
      deleteTensor: (id) => {
        if (id <= FIRST_STAND_IN) return;
        this.#made.delete(id);
        direct.deleteTensor(id);
      },
      tensorDataSync: (id) => {
        if (id <= FIRST_STAND_IN) throw new NotRecordable('values are read back in the middle of it');
        return direct.tensorDataSync(id);
      },
      executeOp: (name, attributes, inputs, outputs) => this.#execute(name, attributes, inputs, outputs),
    };
    const restore = this.native.divert(route);
    const backend = nodeBackend();
    try {
      let outputs: Output[] = [];
      tf.tidy(() => {
        tracing = {
          outputOf: (tensor) => this.#resultOf(backend.getInputTensorIds([tensor])[0] as number),
          tensorOf: <T extends tf.Tensor>(output: Output) => backend.createOutputTensor(this.#standIn('a result', output)) as T,
          handleOf: (resource) => this.#handles.get(resource) as Output,
          add: (name, attributes, inputs, count, after) => this.#graph.add(name, attributes, inputs, count, after),
        };
        outputs = body(tracing).map((tensor) => this.#resultOf(backend.getInputTensorIds([tensor])[0] as number));
      });
      return outputs;
    } finally {
      tracing = null;
      restore();
    }
  }

  finish(name: string, outputs: readonly Output[]): AddedFunction {
    return this.#graph.addFunction(name, [...this.#arguments, ...this.#capturedArguments], outputs);
  }

  delete(): void {
    this.#graph.delete();
  }

  #execute(name: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): TensorMetadata[] {
    const given = inputs.map((id) => this.#resultOf(id));
    const cast = name === 'Cast' ? { from: typeOf(attributes, 'SrcT'), to: typeOf(attributes, 'DstT') } : null;
    const [input] = given;
    if (cast !== null && input !== undefined) {
      const narrow = this.#narrow.get(keyOf(input));
      if (narrow?.dtype === cast.to) return [this.#standIn(name, narrow.output)];
    }
    const parts = LISTS[name]?.(inputs.length);
    const results = this.#graph.add(name, parts === undefined ? attributes : attributes.filter((attribute) => attribute.name !== COUNT_ATTRIBUTE), parts === undefined ? given : parted(given, parts), outputs);
    const [widened] = results;
    if (cast !== null && input !== undefined && widened !== undefined && isHalf(cast.from) && cast.to === DATA_TYPE.float) this.#narrow.set(keyOf(widened), { output: input, dtype: cast.from });
    return results.map((output) => this.#standIn(name, output));
  }

  #standIn(name: string, output: Output): TensorMetadata {
    const { dtype, shape } = this.#graph.describe(output);
    if (shape === null) throw new NotRecordable(`the shape of ${name} depends on values`);
    const id = this.#nextStandIn;
    this.#nextStandIn -= 1;
    this.#results.set(id, output);
    return { id, shape, dtype };
  }

  #resultOf(id: number): Output {
    const known = this.#results.get(id);
    if (known !== undefined) return known;
    const { dtype, shape } = this.native.tensors.describe(id);
    const elements = shape.reduce((product, size) => product * size, 1);
    let output: Output;
    if (this.#made.has(id) && elements <= CONSTANT_ELEMENTS_MOST) {
      output = this.#graph.constant(id);
    } else {
      const [copy] = this.native.direct.executeOp('Identity', [{ name: 'T', type: ATTRIBUTE.type, value: dtype }], [id], 1) as [TensorMetadata];
      this.captured.push(copy.id);
      output = this.#graph.placeholder(dtype, shape);
      this.#capturedArguments.push(output);
    }
    this.#results.set(id, output);
    return output;
  }
}

function parted(inputs: readonly Output[], parts: readonly ('one' | number)[]): GraphInput[] {
  let next = 0;
  return parts.map((part) => {
    if (part === 'one') {
      next += 1;
      return inputs[next - 1] as Output;
    }
    next += part;
    return inputs.slice(next - part, next);
  });
}

function typeOf(attributes: readonly OpAttribute[], name: string): number {
  return attributes.find((attribute) => attribute.name === name)?.value as number;
}

function isHalf(dtype: number): boolean {
  return dtype === DATA_TYPE.bfloat16 || dtype === DATA_TYPE.half;
}

function keyOf({ oper, index }: Output): string {
  return `${oper}:${index}`;
}
