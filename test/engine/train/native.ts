/** Native TensorFlow for tests: the one that `npm test` has set up (test/fixtures/tensorflow.ts). */
import { openBackend } from '../../../src/engine/backend/open.ts';
import type { Backend } from '../../../src/engine/backend/contract.ts';
import { tensorflowFolder } from '../../fixtures/tensorflow.ts';

/** Null where none could be had; one that is there and doesn't open fails the test. */
export async function openNativeOrNull(): Promise<Backend | null> {
  if (tensorflowFolder === null) return null;
  process.env['DISTILL_TENSORFLOW'] = tensorflowFolder;
  return openBackend({ backend: 'tensorflow', threads: 2 });
}
