/** Opens a backend: the first of the order that loads. */
import type { BackendAttempt, BackendName } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import { tf } from '../tf.ts';
import type { Backend, OpenOptions } from './contract.ts';
import { openCpu } from './cpu.ts';
import type { Opened } from './opened.ts';
import { openWasm } from './wasm/open.ts';

/** Fastest first. Plain JavaScript is for unit tests, only by name. */
const ORDER: readonly BackendName[] = ['wasm'];

async function openOne(name: BackendName, threads: number | null): Promise<Opened> {
  switch (name) {
    case 'wasm': return openWasm(threads);
    case 'cpu': return openCpu();
    case 'tensorflow-gpu':
    case 'tensorflow':
    case 'webgpu': throw new Error('not built in yet');
  }
}

/** @throws DistillError `backend-unavailable` when none (or not the one asked for) can be opened. */
export async function openBackend(options: OpenOptions): Promise<Backend> {
  const attempts: BackendAttempt[] = [];
  for (const name of options.backend === 'auto' ? ORDER : [options.backend]) {
    try {
      const opened = await openOne(name, options.threads);
      attempts.push({ backend: name, outcome: 'taken', detail: opened.device });
      return { name, ...opened, attempts, memoryBytes: () => tf.memory().numBytes };
    } catch (error) {
      attempts.push({ backend: name, outcome: 'unavailable', detail: error instanceof Error ? error.message : String(error) });
    }
  }
  throw new DistillError('backend-unavailable', { detail: attempts.map(({ backend, detail }) => `${backend}: ${detail}`).join('; ') });
}
