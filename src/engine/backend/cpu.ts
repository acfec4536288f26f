/** TensorFlow.js in plain JavaScript: slow and simple, for unit tests. */
import '@tensorflow/tfjs-backend-cpu';
import { tf } from '../tf.ts';
import type { Opened } from './opened.ts';
import { portableOps } from './portable.ts';

export async function openCpu(): Promise<Opened> {
  await tf.setBackend('cpu');
  return { device: 'JavaScript, 1 thread', threads: 1, ops: portableOps, dispose: () => Promise.resolve() };
}
