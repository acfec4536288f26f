/** tfjs-node as it is meant to be installed: with its own addon, where a person has fetched or compiled it. */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { tf } from '../../tf.ts';
import type { Opened } from '../opened.ts';
import { putBackOldUtilities } from './backend.ts';

const PLAIN = '@tensorflow/tfjs-node';
const GPU = '@tensorflow/tfjs-node-gpu';
const BINDING = 'tfjs_binding.node';

/** What tfjs-node's backend object has beyond KernelBackend. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
}

/** @throws Error that says what is missing. */
export async function openAddon(name: 'tensorflow-gpu' | 'tensorflow', threads: number): Promise<Omit<Opened, 'ops'>> {
  const found = (name === 'tensorflow-gpu' ? [GPU] : [PLAIN, GPU]).map(locate);
  const ready = found.find((candidate) => candidate.entry !== null);
  if (ready === undefined) throw new Error(found.map(({ detail }) => detail).join('; '));
  putBackOldUtilities();
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  const require = createRequire(import.meta.url);
  require(ready.entry!);
  // tfjs-node brings its own copy of tfjs; engine, kernels and gradients live in globals that all copies share.
  if (tf.findBackendFactory('tensorflow') === null) throw new Error(`${ready.name} did not register with this engine's copy of TensorFlow.js`);
  if (!await tf.setBackend('tensorflow')) throw new Error(`${ready.name} did not start`);
  const onGpu = (tf.backend() as unknown as NativeBackend).isUsingGpuDevice;
  if (name === 'tensorflow-gpu' && !onGpu) throw new Error(`${ready.name} found no GPU that it can use`);
  if (name === 'tensorflow' && onGpu) throw new Error(`${ready.name} runs on the GPU: ask for tensorflow-gpu`);
  return { device: onGpu ? 'GPU' : `CPU, ${threads} threads`, threads, dispose: () => Promise.resolve() };
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
      : { name, entry: null, detail: `${name} has no compiled addon` };
  }
  return { name, entry: null, detail: `${name} is not installed` };
}
