/** TensorFlow's eager context: where operations run. */
import type { CApi, Pointer } from './cApi.ts';
import type { Status } from './status.ts';

export interface ContextOptions {
  /** Threads that share one operation, and operations at once; null leaves both to TensorFlow (as many as there are cores). */
  readonly threads: number | null;
}

export interface Context {
  readonly pointer: Pointer<'TFE_Context'>;
  /** The device that tensors are kept on: the first GPU, or null for the CPU. */
  readonly gpu: string | null;
}

/** Fields of ConfigProto (tensorflow/core/protobuf/config.proto), as the first byte of a varint field: number · 8. */
const INTRA_OP_PARALLELISM_THREADS = 2 << 3;
const INTER_OP_PARALLELISM_THREADS = 5 << 3;
/** `device_count` is a map<string, int32>; { "GPU": 0 } hides the GPUs from this context. */
const NO_GPU = [0x0a, 7, 0x0a, 3, ...Buffer.from('GPU'), 0x10, 0];

export function openContext(api: CApi, status: Status, { threads }: ContextOptions, gpuWanted: boolean): Context {
  const options = api.TFE_NewContextOptions();
  try {
    const parts = [...(threads === null ? [] : [INTRA_OP_PARALLELISM_THREADS, ...varint(threads), INTER_OP_PARALLELISM_THREADS, ...varint(threads)]), ...(gpuWanted ? [] : NO_GPU)];
    if (parts.length > 0) {
      api.TFE_ContextOptionsSetConfig(options, Uint8Array.from(parts), parts.length, status.pointer);
      status.check();
    }
    const pointer = api.TFE_NewContext(options, status.pointer);
    status.check();
    return { pointer, gpu: firstGpu(api, status, pointer) };
  } finally {
    api.TFE_DeleteContextOptions(options);
  }
}

function firstGpu(api: CApi, status: Status, context: Pointer<'TFE_Context'>): string | null {
  const devices = api.TFE_ContextListDevices(context, status.pointer);
  status.check();
  try {
    for (let i = 0; i < api.TF_DeviceListCount(devices); i += 1) {
      const type = api.TF_DeviceListType(devices, i, status.pointer);
      status.check();
      if (type === 'GPU') return api.TF_DeviceListName(devices, i, status.pointer);
    }
    return null;
  } finally {
    api.TF_DeleteDeviceList(devices);
  }
}

/** Protocol Buffers' number of variable length. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}
