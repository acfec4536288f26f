/** WebGPU through Dawn (npm `webgpu`), on a real graphics card only: a software adapter is slower than WebAssembly. */
import { tf } from '../tf.ts';
import type { Opened } from './opened.ts';
import { portableOps } from './portable.ts';

/** What is used of WebGPU's own types. */
interface AdapterInfo {
  readonly vendor?: string;
  readonly architecture?: string;
  readonly description?: string;
  readonly isFallbackAdapter?: boolean;
}
interface Adapter {
  readonly info?: AdapterInfo;
  readonly isFallbackAdapter?: boolean;
}
interface Gpu {
  requestAdapter(options: { readonly powerPreference: 'high-performance' }): Promise<Adapter | null>;
}
interface DawnPackage {
  create(flags: readonly string[]): Gpu;
  readonly globals: object;
}

/** Names under which drivers present software. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** @throws Error that says what is missing. */
export async function openWebgpu(): Promise<Opened> {
  let dawn: DawnPackage;
  try {
    dawn = (await import('webgpu')) as unknown as DawnPackage;
  } catch (error) {
    throw new Error(`the package webgpu can't be loaded: ${firstLine(error)}`, { cause: error });
  }
  const gpu = dawn.create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('there is no graphics adapter (no driver for Vulkan, Metal or Direct3D 12 was found)');
  const info = adapter.info ?? {};
  const name = [info.vendor, info.architecture, info.description].filter((part) => part !== undefined && part !== '').join(' ') || 'unnamed adapter';
  if (info.isFallbackAdapter === true || adapter.isFallbackAdapter === true || SOFTWARE.test(name)) throw new Error(`the only adapter is software: ${name}`);
  Object.assign(globalThis, dawn.globals);
  // From Node 21 on `navigator` exists and can't be replaced, but it can be given a property.
  if (typeof globalThis.navigator === 'object') Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true, writable: true });
  // Only now: the backend looks for navigator.gpu when it is loaded.
  await import('@tensorflow/tfjs-backend-webgpu');
  if (!await tf.setBackend('webgpu')) throw new Error('TensorFlow.js refused the WebGPU backend');
  return {
    device: name,
    threads: 1,
    ops: portableOps,
    dispose: () => {
      // Dawn keeps the process alive as long as somebody holds it.
      tf.removeBackend('webgpu');
      Object.defineProperty(globalThis.navigator, 'gpu', { value: undefined, configurable: true });
      return Promise.resolve();
    },
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
