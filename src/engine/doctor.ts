/** One backend, opened and checked, for who wants to know what this machine has. */
import type { BackendAttempt, BackendName } from '../shared/events.ts';
import { attemptBackend } from './backend/open.ts';

/** In the order they are tried; plain JavaScript is for tests only. */
export const DOCTOR_BACKENDS: readonly BackendName[] = ['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm'];

/** A native library may end the process: ask in one of its own (`engine.js --try-backend`). `check` is the backend's own unless a test says otherwise. */
export async function tryBackend(name: string, check?: Parameters<typeof attemptBackend>[2]): Promise<BackendAttempt> {
  const backend = DOCTOR_BACKENDS.find((each) => each === name);
  if (backend === undefined) return { backend: 'cpu', outcome: 'unavailable', detail: `no backend ${name}` };
  const { attempt, opened } = await attemptBackend(backend, null, check);
  await opened?.dispose();
  return attempt;
}
