/** Opens a backend: the first of the order that loads and computes right. Whoever is passed over is told with the reason. */
import type { BackendAttempt, BackendName } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import { tf } from '../tf.ts';
import type { Backend, OpenOptions } from './contract.ts';
import { openCpu } from './cpu.ts';
import { openNative } from './native.ts';
import type { Opened } from './opened.ts';
import { selfCheck } from './selfCheck.ts';
import { openWasm } from './wasm/open.ts';
import { openWebgpu } from './webgpu.ts';

/** Fastest first. Plain JavaScript is for unit tests, only by name. */
const ORDER: readonly BackendName[] = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];

function openNamed(name: BackendName, threads: number | null): Promise<Opened> {
  switch (name) {
    case 'tensorflow-gpu':
    case 'tensorflow': return openNative(name, threads);
    case 'webgpu': return openWebgpu();
    case 'wasm': return openWasm(threads);
    case 'cpu': return openCpu();
  }
}

/** What became of one candidate; `opened` is there when it was taken, and is the caller's to dispose of. */
interface Tried {
  readonly attempt: BackendAttempt;
  readonly opened?: Opened;
}

/** Opens one backend and checks what it computes. Failures are told in the attempt: unavailable did not load, wrong did. */
export async function attemptBackend(name: BackendName, threads: number | null, check: typeof selfCheck = selfCheck): Promise<Tried> {
  // Without it TensorFlow.js advises people, on their terminal, to install something else.
  tf.enableProdMode();
  let opened: Opened | undefined;
  try {
    opened = await openNamed(name, threads);
    const wrong = await check(opened.ops);
    if (wrong === null) return { attempt: { backend: name, outcome: 'taken', detail: opened.device }, opened };
    await opened.dispose();
    return { attempt: { backend: name, outcome: 'wrong', detail: wrong } };
  } catch (error) {
    await opened?.dispose();
    const detail = error instanceof Error ? error.message : String(error);
    // A backend that loads and then fails in a check is as wrong as one that gives wrong numbers.
    return { attempt: { backend: name, outcome: opened === undefined ? 'unavailable' : 'wrong', detail } };
  }
}

/** @throws DistillError `backend-unavailable` when none (or not the one asked for) can be opened. */
export async function openBackend(options: OpenOptions): Promise<Backend> {
  const attempts: BackendAttempt[] = [];
  for (const name of options.backend === 'auto' ? ORDER : [options.backend]) {
    const { attempt, opened } = await attemptBackend(name, options.threads);
    attempts.push(attempt);
    if (opened !== undefined) return { name, ...opened, attempts, memoryBytes: () => tf.memory().numBytes };
  }
  throw new DistillError('backend-unavailable', { detail: attempts.map(({ backend, detail }) => `${backend}: ${detail}`).join('; ') });
}
