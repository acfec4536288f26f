/**
 * A variable whose values TensorFlow changes in place. A tensor never changes, so an optimiser on tensors writes every weight
 * anew; a resource of TensorFlow does, as long as nobody else holds its values. Between steps the variable of TensorFlow.js
 * holds them as well, as one more reference without a copy; for the time of a step it lets go.
 */
import type { tf } from '../../tf.ts';
import type { NativeTensorflow } from './binding.ts';
import { nodeBackend } from './nodeBackend.ts';
import { ATTRIBUTE, DATA_TYPE, type OpAttribute, type TensorMetadata } from './types.ts';

const FLOAT: OpAttribute = { name: 'dtype', type: ATTRIBUTE.type, value: DATA_TYPE.float };
const NOTHING = -1;

let made = 0;

export class Resource {
  /** Number of the tensor that names the resource. */
  readonly handle: number;
  /** What the variable was given last; another one is an assignment from elsewhere. */
  #given = NOTHING;

  constructor(private readonly native: NativeTensorflow, readonly variable: tf.Variable) {
    made += 1;
    const [handle] = native.direct.executeOp('VarHandleOp', [
      FLOAT, { name: 'shape', type: ATTRIBUTE.shape, value: variable.shape }, { name: 'shared_name', type: ATTRIBUTE.string, value: `distill_${made}` }, { name: 'container', type: ATTRIBUTE.string, value: '' },
    ], [], 1) as [TensorMetadata];
    this.handle = handle.id;
  }

  /** The resource takes up the variable's values, which can't be read from then on. */
  take(): void {
    const { direct } = this.native;
    const backend = nodeBackend();
    // Somebody has a clone, which shares the entry and is not to see what follows.
    if (backend.refCount(this.variable.dataId) > 1) {
      const [id] = backend.getInputTensorIds([this.variable]) as [number];
      const own = backend.createOutputTensor(direct.executeOp('Identity', [{ name: 'T', type: ATTRIBUTE.type, value: DATA_TYPE.float }], [id], 1)[0] as TensorMetadata);
      this.variable.assign(own);
      own.dispose();
    }
    const [id] = backend.getInputTensorIds([this.variable]) as [number];
    if (id !== this.#given) direct.executeOp('AssignVariableOp', [FLOAT], [this.handle, id], 0);
    direct.deleteTensor(id);
    backend.tensorMap.get(this.variable.dataId).id = NOTHING;
    this.#given = NOTHING;
  }

  /** The variable holds the resource's values again. */
  give(): void {
    const [values] = this.native.direct.executeOp('ReadVariableOp', [FLOAT], [this.handle], 1) as [TensorMetadata];
    nodeBackend().tensorMap.get(this.variable.dataId).id = values.id;
    this.#given = values.id;
  }

  /** The variable keeps its values. */
  dispose(): void {
    this.native.direct.executeOp('DestroyResourceOp', [{ name: 'ignore_lookup_error', type: ATTRIBUTE.bool, value: true }], [this.handle], 0);
    this.native.direct.deleteTensor(this.handle);
  }
}
