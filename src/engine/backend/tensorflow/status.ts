/** TensorFlow's way of saying that something failed, turned into exceptions. */
import { tf } from '../../tf.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { CApi, Pointer } from './cApi.ts';

/** TF_Code (tensorflow/c/tf_status.h): memory of a device is at an end. */
const RESOURCE_EXHAUSTED = 8;
const MEBIBYTE = 2 ** 20;

export class Status {
  readonly pointer: Pointer<'TF_Status'>;

  constructor(private readonly api: CApi) {
    this.pointer = api.TF_NewStatus();
  }

  /** After every call that was given `pointer`. @throws DistillError `out-of-memory`, or Error with TensorFlow's own words. */
  check(): void {
    const code = this.api.TF_GetCode(this.pointer);
    if (code !== 0) throw failure(code, this.api.TF_Message(this.pointer));
  }
}

function failure(code: number, message: string): Error {
  if (code !== RESOURCE_EXHAUSTED) return new Error(message);
  return outOfMemory(wantedBytes(message));
}

export function outOfMemory(bytes: number): DistillError {
  return new DistillError('out-of-memory', { backend: 'tensorflow', wantedMiB: Math.ceil(bytes / MEBIBYTE), heldMiB: Math.round(tf.memory().numBytes / MEBIBYTE) });
}

/** "OOM when allocating tensor with shape[8,2048,32000] and type float on …" */
function wantedBytes(message: string): number {
  const shape = /shape\[([\d,]*)\]/.exec(message)?.[1];
  if (shape === undefined) return 0;
  const width = /type (double|int64|complex64)/.test(message) ? 8 : /type (half|bfloat16)/.test(message) ? 2 : 4;
  return shape.split(',').filter(Boolean).reduce((product, size) => product * Number(size), width);
}
