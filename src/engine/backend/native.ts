/**
 * Native TensorFlow through tfjs-node's own JavaScript: on our binding to the library of a present-day TensorFlow, or else
 * on tfjs-node's own addon where a person has built one. Nothing is ever downloaded from here.
 */
import { availableParallelism } from 'node:os';
import { DistillError, sentence } from '../../shared/messages.ts';
import type { TensorflowCandidate } from '../../shared/nativeTensorflow.ts';
import type { Ops } from './contract.ts';
import type { Opened } from './opened.ts';
import { portableOps } from './portable.ts';
import { narrowOps } from './tensorflow/narrow.ts';
import { after } from './tensorflow/order.ts';
import { openAddon } from './tensorflow/addon.ts';
import { startBackend, stopBackend } from './tensorflow/backend.ts';
import { decodingOps } from './tensorflow/decoding.ts';
import { fusedOps } from './tensorflow/fused.ts';
import { findLibrary } from './tensorflow/find.ts';

/** @throws Error that says where was looked and what is missing. */
export async function openNative(name: 'tensorflow-gpu' | 'tensorflow', threads: number | null): Promise<Opened> {
  prepareProcess();
  const { library, candidates } = await findLibrary();
  const count = threads ?? availableParallelism();
  if (library === null) {
    // What was named outright is not replaced by something else.
    const named = candidates.find(({ source }) => source === 'environment');
    if (named !== undefined) throw new Error(passedOver(named));
    try {
      return { ...await openAddon(name, count), ops: portableOps };
    } catch (error) {
      throw new Error(`${candidates.map(passedOver).join('; ')}; ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
  const native = await startBackend(library, count, name === 'tensorflow-gpu');
  const { context } = native;
  if (name === 'tensorflow-gpu' && context.gpu === null) {
    stopBackend();
    throw new DistillError('tensorflow-no-gpu', { version: library.version, folder: library.folder });
  }
  const ops: Ops = { ...portableOps, ...fusedOps, after, ...decodingOps(native) };
  return {
    device: `TensorFlow ${library.version}, ${context.gpu === null ? `CPU, ${count === 1 ? '1 thread' : `${count} threads`}` : 'GPU'}`,
    threads: count,
    ops,
    narrow: (precision) => narrowOps(ops, precision),
    dispose: () => {
      stopBackend();
      return Promise.resolve();
    },
  };
}

function passedOver({ problem }: TensorflowCandidate): string {
  return problem === null ? '' : sentence(problem.code as never, problem.data, 'en');
}

/** What TensorFlow reads when it is loaded; what a person has set stays. */
function prepareProcess(): void {
  const settings: Record<string, string> = {
    // Otherwise it takes the whole GPU's memory at once.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
    // Products in TF32 would differ from every other backend in the third decimal.
    NVIDIA_TF32_OVERRIDE: '0',
    TF_CPP_MIN_LOG_LEVEL: '1',
  };
  for (const [name, value] of Object.entries(settings)) process.env[name] ??= value;
}
