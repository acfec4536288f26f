/** One backend, opened and checked, for who wants to know what this machine has. */
import type { BackendAttempt, BackendName } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import { openBackend } from './backend/open.ts';

/** In the order they are tried; plain JavaScript is for tests only. */
export const DOCTOR_BACKENDS: readonly BackendName[] = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];

/** Never throws; but a native library may end the process, so ask in one of its own (`engine.js --try-backend`). */
export async function tryBackend(name: string): Promise<BackendAttempt> {
  const backend = DOCTOR_BACKENDS.find((each) => each === name);
  if (backend === undefined) return { backend: 'cpu', outcome: 'unavailable', detail: `no backend ${name}` };
  try {
    const opened = await openBackend({ backend, threads: null });
    await opened.dispose();
    return { backend, outcome: 'taken', detail: opened.device };
  } catch (error) {
    const detail = error instanceof DistillError && error.code === 'backend-unavailable' ? String(error.data['detail']) : error instanceof Error ? error.message : String(error);
    return { backend, outcome: 'unavailable', detail: detail.replace(`${backend}: `, '') };
  }
}
