/**
 * Native TensorFlow through tfjs-node's own JavaScript: on our binding to the library of a present-day TensorFlow, or else
 * on tfjs-node's own addon where a person has built one. Nothing is ever downloaded from here.
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { tf } from '../tf.ts';
import type { Opened } from './opened.ts';
import { portableOps } from './portable.ts';
import { startBackend, stopBackend } from './tensorflow/backend.ts';
import { findLibrary } from './tensorflow/find.ts';

const PLAIN = '@tensorflow/tfjs-node';
const GPU = '@tensorflow/tfjs-node-gpu';
const BINDING = 'tfjs_binding.node';

/** What tfjs-node's backend object has beyond KernelBackend. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
}

/** @throws Error that says what is missing. */
export async function openNative(name: 'tensorflow-gpu' | 'tensorflow', threads: number | null): Promise<Opened> {
  prepareProcess();
  const { library, passedOver } = await findLibrary();
  if (library === null) {
    try {
      return await openAddon(name, threads);
    } catch (error) {
      throw new Error([...passedOver, error instanceof Error ? error.message : String(error)].join('; '), { cause: error });
    }
  }
  const { context } = await startBackend(library, threads, name === 'tensorflow-gpu');
  if (name === 'tensorflow-gpu' && context.gpu === null) {
    stopBackend();
    throw new Error(`TensorFlow ${library.version} (${library.folder}) found no GPU that it can use`);
  }
  const count = threads ?? availableParallelism();
  return {
    device: `TensorFlow ${library.version}, ${context.gpu === null ? `CPU, ${count === 1 ? '1 thread' : `${count} threads`}` : 'GPU'}`,
    threads: count,
    ops: portableOps,
    dispose: () => {
      stopBackend();
      return Promise.resolve();
    },
  };
}

/** tfjs-node as it is meant to be installed: with an addon that somebody has built. */
async function openAddon(name: 'tensorflow-gpu' | 'tensorflow', threads: number | null): Promise<Opened> {
  const packages = name === 'tensorflow-gpu' ? [GPU] : [PLAIN, GPU];
  const found = packages.map(locate);
  const ready = found.find((candidate) => candidate.entry !== null);
  if (ready === undefined) throw new Error(found.map(({ detail }) => detail).join('; '));
  if (threads !== null) process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  const require = createRequire(import.meta.url);
  require(ready.entry!);
  // tfjs-node brings its own copy of tfjs; engine, kernels and gradients live in globals that all copies share.
  if (tf.findBackendFactory('tensorflow') === null) throw new Error(`${ready.name} did not register with this engine's copy of TensorFlow.js`);
  if (!await tf.setBackend('tensorflow')) throw new Error(`${ready.name} did not start`);
  const onGpu = (tf.backend() as unknown as NativeBackend).isUsingGpuDevice;
  if (name === 'tensorflow-gpu' && !onGpu) throw new Error(`${ready.name} found no GPU that it can use`);
  if (name === 'tensorflow' && onGpu) throw new Error(`${ready.name} runs on the GPU: ask for tensorflow-gpu`);
  const count = threads ?? availableParallelism();
  return { device: onGpu ? 'GPU' : `CPU, ${count} threads`, threads: count, ops: portableOps, dispose: () => Promise.resolve() };
}

interface Located {
  readonly name: string;
  /** Null: not to be used, and `detail` says why. */
  readonly entry: string | null;
  readonly detail: string;
}

/** Looks beside the bundle and in the folder that the engine runs in. */
function locate(name: string): Located {
  for (const from of [import.meta.url, path.join(process.cwd(), 'package.json')]) {
    let manifest: string;
    try {
      manifest = createRequire(from).resolve(`${name}/package.json`);
    } catch {
      continue;
    }
    const folder = path.dirname(manifest);
    const lib = path.join(folder, 'lib');
    const built = existsSync(lib) && readdirSync(lib).some((version) => existsSync(path.join(lib, version, BINDING)));
    return built
      ? { name, entry: folder, detail: folder }
      : { name, entry: null, detail: `${name} is installed without its native binding (${path.join(lib, 'napi-v*', BINDING)}); to fetch or build it: npm rebuild ${name} --ignore-scripts=false` };
  }
  return { name, entry: null, detail: `${name} is not installed` };
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
