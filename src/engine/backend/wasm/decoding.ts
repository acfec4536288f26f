/**
 * Generation on our kernels alone (assembly/decode.ts), without an operation of TensorFlow.js between them: at one row a
 * token is some hundred microseconds of reading weights, and dispatching a hundred operations would double it. Prompts and
 * new tokens are the same to it: tokens that have a slot and a position, each seeing the columns up to its own.
 */
import type { DecoderModel } from '../../model/contract.ts';
import type { Decoding, DecodingOptions, OpenDecoding, Scores } from '../../model/decoding.ts';
import { rotaryTable } from '../../model/positions.ts';
import { mergedWeight } from '../../model/projection.ts';
import { tf } from '../../tf.ts';
import type { Heap } from './heap.ts';
import type { Kernels } from './kernels.ts';

/** How `project` of assembly/decode.ts ends. */
const Mode = { store: 0, add: 1, swiglu: 2 } as const;
/** Tokens that are computed in one go; more make the buffers larger and nothing faster. */
const PASS_TOKENS = 256;
/** The cache begins with room for so many columns beyond the first prompts, and grows by half of what it has. */
const SPARE_COLUMNS = 64;
const GROWTH = 1.5;

/** A projection's weight [out, in] and bias [out], as addresses. */
interface Linear {
  readonly weight: number;
  /** 0: none. */
  readonly bias: number;
  readonly out: number;
}

interface Layer {
  readonly inputNorm: number;
  readonly q: Linear;
  readonly k: Linear;
  readonly v: Linear;
  readonly queryNorm: number;
  readonly keyNorm: number;
  readonly o: Linear;
  readonly innerNorm: number;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;
}

const NOTHING: Linear = { weight: 0, bias: 0, out: 0 };

export function wasmDecoding(heap: Heap, kernels: Kernels): OpenDecoding {
  // INT8 rounds what goes into each product as well: operation by operation.
  return (model, options) => (model.config.int8 ? null : new WasmDecoding(heap, kernels, model, options));
}

/** A token that is computed. */
interface Token {
  readonly id: number;
  readonly slot: number;
  readonly position: number;
}

class WasmDecoding implements Decoding {
  /** Everything on the heap that is ours: tensors, so that memory is counted and its end is told. */
  readonly #owned = new Set<tf.Tensor>();
  readonly #layers: readonly Layer[];
  readonly #embedding: number;
  readonly #finalNorm: number;
  readonly #head: Linear;
  #buffers: Buffers | null = null;
  #caches: { readonly keys: tf.Tensor; readonly values: tf.Tensor }[] = [];
  #capacity = 0;
  #cos: tf.Tensor | null = null;
  #sin: tf.Tensor | null = null;

  constructor(private readonly heap: Heap, private readonly kernels: Kernels, private readonly model: DecoderModel, private readonly options: DecodingOptions) {
    const { layers, tiedHead, qkvBias, outputBias, qkNorm, vocabSize } = model.config;
    const at = (name: string): number => heap.address(model.weights.get(name)!);
    const linear = (name: string, bias: boolean): Linear => {
      const weight = this.#weight(name);
      return { weight: heap.address(weight), bias: bias ? at(`${name}.bias`) : 0, out: weight.shape[0]! };
    };
    this.#layers = Array.from({ length: layers }, (_, layer) => {
      const name = (part: string): string => `model.layers.${String(layer)}.${part}`;
      return {
        inputNorm: at(name('input_layernorm.weight')),
        q: linear(name('self_attn.q_proj'), qkvBias), k: linear(name('self_attn.k_proj'), qkvBias), v: linear(name('self_attn.v_proj'), qkvBias),
        queryNorm: qkNorm ? at(name('self_attn.q_norm.weight')) : 0, keyNorm: qkNorm ? at(name('self_attn.k_norm.weight')) : 0,
        o: linear(name('self_attn.o_proj'), outputBias),
        innerNorm: at(name('post_attention_layernorm.weight')),
        gate: linear(name('mlp.gate_proj'), false), up: linear(name('mlp.up_proj'), false), down: linear(name('mlp.down_proj'), false),
      };
    });
    this.#embedding = at('model.embed_tokens.weight');
    this.#finalNorm = at('model.norm.weight');
    this.#head = { weight: at(tiedHead ? 'model.embed_tokens.weight' : 'lm_head.weight'), bias: 0, out: vocabSize };
  }

  prefill(prompts: readonly { readonly slot: number; readonly ids: readonly number[] }[]): Promise<Scores> {
    const tokens: Token[] = [];
    const last: number[] = [];
    for (const { slot, ids } of prompts) {
      ids.forEach((id, position) => tokens.push({ id, slot, position }));
      last.push(tokens.length - 1);
    }
    return Promise.resolve(this.#run(tokens, last));
  }

  copy(from: number, to: readonly number[], length: number): void {
    const { kvHeads, headDim } = this.model.config;
    const [row, head, used] = [kvHeads * this.#capacity * headDim, this.#capacity * headDim, length * headDim];
    for (const tensor of this.#caches.flatMap(({ keys, values }) => [keys, values])) {
      const all = this.#floats(tensor);
      for (const slot of to) for (let h = 0; h < kvHeads; h++) all.copyWithin(slot * row + h * head, from * row + h * head, from * row + h * head + used);
    }
  }

  step(slots: readonly number[], ids: Int32Array, positions: Int32Array): Promise<Scores> {
    const tokens = slots.map((slot, at) => ({ id: ids[at]!, slot, position: positions[at]! }));
    return Promise.resolve(this.#run(tokens, tokens.map((_, at) => at)));
  }

  release(): void {
    // A slot's columns are written over by whoever gets it.
  }

  dispose(): void {
    for (const tensor of this.#owned) tensor.dispose();
    this.#owned.clear();
  }

  /** Scores after the tokens that `asked` names, by their places in `tokens`, ascending. */
  #run(tokens: readonly Token[], asked: readonly number[]): Scores {
    this.#widen(tokens.reduce((most, { position }) => Math.max(most, position + 1), 0));
    const { hiddenSize, vocabSize } = this.model.config;
    const { best, temperature } = this.options;
    const buffers = this.#room(Math.min(PASS_TOKENS, tokens.length), asked.length);
    const states = buffers.address('states');
    let done = 0;
    for (let start = 0; start < tokens.length; start += PASS_TOKENS) {
      const pass = tokens.slice(start, start + PASS_TOKENS);
      this.#pass(pass, buffers);
      const all = buffers.floats('x');
      for (; done < asked.length && asked[done]! < start + pass.length; done++) {
        const from = (asked[done]! - start) * hiddenSize;
        buffers.floats('states').set(all.subarray(from, from + hiddenSize), done * hiddenSize);
      }
    }
    const rows = asked.length;
    this.kernels.rmsNorm(states, this.#finalNorm, states, rows, hiddenSize, this.model.config.rmsNormEpsilon);
    this.#project(states, rows, hiddenSize, Mode.store, this.#head, buffers.address('logits'));
    if (best) this.kernels.best(buffers.address('logits'), buffers.address('best'), rows, vocabSize);
    if (temperature !== null) this.kernels.probabilities(buffers.address('logits'), buffers.address('logits'), rows, vocabSize, 1 / temperature);
    return {
      best: best ? buffers.ints('best').slice(0, rows) : [],
      probabilities: temperature === null ? new Float32Array(0) : buffers.floats('logits').subarray(0, rows * vocabSize),
    };
  }

  /** The blocks for one pass of tokens: leaves their states in `x`. */
  #pass(tokens: readonly Token[], buffers: Buffers): void {
    const { kernels } = this;
    const { hiddenSize: width, heads, kvHeads, headDim, intermediateSize, rmsNormEpsilon: epsilon } = this.model.config;
    const count = tokens.length;
    const [ids, slots, positions] = [buffers.ints('ids'), buffers.ints('slots'), buffers.ints('positions')];
    let work = 0;
    tokens.forEach(({ id, slot, position }, at) => {
      ids[at] = id;
      slots[at] = slot;
      positions[at] = position;
      work += position + 1;
    });
    const [x, normed, q, k, v, mixed, gate, up] = BLOCK_BUFFERS.map((name) => buffers.address(name)) as [number, number, number, number, number, number, number, number];
    const [slotsAt, positionsAt] = [buffers.address('slots'), buffers.address('positions')];
    const [cos, sin] = [this.heap.address(this.#cos!), this.heap.address(this.#sin!)];
    kernels.gatherRows(this.#embedding, buffers.address('ids'), x, count, width);
    this.#layers.forEach((layer, at) => {
      const cache = this.#caches[at]!;
      const [keys, values] = [this.heap.address(cache.keys), this.heap.address(cache.values)];
      kernels.rmsNorm(x, layer.inputNorm, normed, count, width, epsilon);
      this.#project(normed, count, width, Mode.store, layer.q, q, layer.k, k, layer.v, v);
      if (layer.queryNorm !== 0) {
        kernels.rmsNorm(q, layer.queryNorm, q, count * heads, headDim, epsilon);
        kernels.rmsNorm(k, layer.keyNorm, k, count * kvHeads, headDim, epsilon);
      }
      kernels.remember(q, k, v, cos, sin, keys, values, slotsAt, positionsAt, count, heads, kvHeads, headDim, this.#capacity);
      kernels.attend(q, keys, values, mixed, slotsAt, positionsAt, count, heads, kvHeads, headDim, this.#capacity, 1 / Math.sqrt(headDim), work);
      this.#project(mixed, count, heads * headDim, Mode.add, layer.o, x);
      kernels.rmsNorm(x, layer.innerNorm, normed, count, width, epsilon);
      this.#project(normed, count, width, Mode.swiglu, layer.gate, gate, layer.up, up);
      this.#project(gate, count, intermediateSize, Mode.add, layer.down, x);
    });
  }

  #project(x: number, rows: number, width: number, mode: number, first: Linear, out: number, second = NOTHING, secondOut = 0, third = NOTHING, thirdOut = 0): void {
    this.kernels.project(
      x, rows, width, mode, first.weight, first.bias, first.out, out,
      second.weight, second.bias, second.out, secondOut, third.weight, third.bias, third.out, thirdOut,
    );
  }

  /** A projection's weight, with the adapter in it where there is one. */
  #weight(name: string): tf.Tensor {
    const weight = this.model.weights.get(`${name}.weight`)! as tf.Tensor as tf.Tensor2D;
    const { adapter } = this.model;
    const pair = adapter?.pairs.get(name);
    return adapter === null || pair === undefined ? weight : this.#own(mergedWeight(weight, pair, adapter.scaling));
  }

  /** Buffers for so many tokens and scores. */
  #room(tokens: number, scores: number): Buffers {
    if (this.#buffers === null || this.#buffers.tokens < tokens || this.#buffers.scores < scores) {
      const larger = { tokens: Math.max(tokens, this.#buffers?.tokens ?? 0), scores: Math.max(scores, this.#buffers?.scores ?? 0) };
      this.#buffers?.tensors.forEach((tensor) => { this.#drop(tensor); });
      this.#buffers = new Buffers(this.heap, this.model, larger.tokens, larger.scores, (tensor) => this.#own(tensor));
    }
    return this.#buffers;
  }

  /** Room for so many columns; what is remembered stays. */
  #widen(columns: number): void {
    if (columns <= this.#capacity) return;
    const { config } = this.model;
    const { kvHeads, headDim, layers } = config;
    const before = this.#capacity;
    const wanted = before === 0 ? columns + SPARE_COLUMNS : Math.ceil(before * GROWTH);
    this.#capacity = Math.max(columns, Math.min(wanted, this.options.columns));
    const rows = this.options.rows * kvHeads;
    const grown = (old: tf.Tensor | undefined): tf.Tensor => {
      const tensor = this.#own(this.#make([rows, this.#capacity, headDim]));
      if (old === undefined) return tensor;
      const [from, to] = [this.#floats(old), this.#floats(tensor)];
      for (let row = 0; row < rows; row++) to.set(from.subarray(row * before * headDim, (row + 1) * before * headDim), row * this.#capacity * headDim);
      this.#drop(old);
      return tensor;
    };
    for (let layer = 0; layer < layers; layer++) this.#caches[layer] = { keys: grown(this.#caches[layer]?.keys), values: grown(this.#caches[layer]?.values) };
    const { cos, sin } = rotaryTable(config, Array.from({ length: this.#capacity }, (_, position) => position));
    for (const table of [this.#cos, this.#sin]) if (table !== null) this.#drop(table);
    this.#cos = this.#own(tf.tensor1d(cos));
    this.#sin = this.#own(tf.tensor1d(sin));
  }

  #make(shape: readonly number[]): tf.Tensor {
    return tf.engine().makeTensorFromTensorInfo(this.heap.backend.makeOutput([...shape], 'float32'));
  }

  #own(tensor: tf.Tensor): tf.Tensor {
    this.#owned.add(tf.keep(tensor));
    // Now, not at its first reading: its address is asked for.
    this.#floats(tensor);
    return tensor;
  }

  #drop(tensor: tf.Tensor): void {
    this.#owned.delete(tensor);
    tensor.dispose();
  }

  #floats(tensor: tf.Tensor): Float32Array {
    return this.heap.backend.typedArrayFromHeap(tensor) as Float32Array;
  }
}

const BLOCK_BUFFERS = ['x', 'normed', 'q', 'k', 'v', 'mixed', 'gate', 'up'] as const;
type BufferName = typeof BLOCK_BUFFERS[number] | 'ids' | 'slots' | 'positions' | 'states' | 'logits' | 'best';

/** What a pass computes with; each is written anew. */
class Buffers {
  readonly tensors = new Map<BufferName, tf.Tensor>();

  constructor(private readonly heap: Heap, { config }: DecoderModel, readonly tokens: number, readonly scores: number, own: (tensor: tf.Tensor) => tf.Tensor) {
    const { hiddenSize, heads, kvHeads, headDim, intermediateSize, vocabSize } = config;
    const sizes: Record<BufferName, number> = {
      x: tokens * hiddenSize, normed: tokens * hiddenSize, q: tokens * heads * headDim, k: tokens * kvHeads * headDim, v: tokens * kvHeads * headDim,
      mixed: tokens * heads * headDim, gate: tokens * intermediateSize, up: tokens * intermediateSize,
      ids: tokens, slots: tokens, positions: tokens, states: scores * hiddenSize, logits: scores * vocabSize, best: scores,
    };
    for (const [name, size] of Object.entries(sizes) as [BufferName, number][]) {
      const whole = name === 'ids' || name === 'slots' || name === 'positions' || name === 'best';
      this.tensors.set(name, own(tf.engine().makeTensorFromTensorInfo(heap.backend.makeOutput([size], whole ? 'int32' : 'float32'))));
    }
  }

  address(name: BufferName): number {
    return this.heap.address(this.tensors.get(name)!);
  }

  floats(name: BufferName): Float32Array {
    return this.heap.backend.typedArrayFromHeap(this.tensors.get(name)!) as Float32Array;
  }

  ints(name: BufferName): Int32Array {
    return this.heap.backend.typedArrayFromHeap(this.tensors.get(name)!) as Int32Array;
  }
}
