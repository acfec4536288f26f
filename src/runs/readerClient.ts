import { Worker } from 'node:worker_threads';
import { DistillError } from '../shared/messages.ts';
import type { ErrorCode } from '../shared/messages.ts';
import type { MessageData } from '../shared/events.ts';
import type { MetricsReader } from './metricsReader.ts';

type Method = Exclude<keyof MetricsReader, 'dispose'>;
type Answer<K extends Method> = Awaited<ReturnType<MetricsReader[K]>>;

/** One call of a method, as it crosses to the worker. */
export type ReaderCall = { readonly [K in Method]: { readonly id: number; readonly method: K; readonly args: Parameters<MetricsReader[K]> } }[Method];

/** An error crosses as a copy of itself that has lost its class and its own fields, so a DistillError's code and data go beside it. */
export type ReaderAnswer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly message: string; readonly code?: ErrorCode; readonly data?: MessageData } };

/**
 * A MetricsReader in a worker thread. `script` is the path of dist/reader.js. The thread starts with the first call, ends
 * with `dispose`, and doesn't keep the process alive. If it dies (out of memory), what was asked fails and the next call
 * starts another.
 */
export function workerReader(script: string): MetricsReader {
  let worker: Worker | null = null;
  let calls = 0;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();

  const failAll = (error: Error): void => {
    worker = null;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };

  const start = (): Worker => {
    const started = new Worker(script);
    started.on('message', (answer: ReaderAnswer) => {
      const asked = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (waiting.size === 0) started.unref();
      if ('error' in answer) {
        const { message, code, data } = answer.error;
        asked?.reject(code === undefined || data === undefined ? new Error(message) : new DistillError(code, data));
      } else {
        asked?.resolve(answer.value);
      }
    });
    started.on('error', failAll);
    started.on('exit', () => {
      if (worker === started) failAll(new Error('the reader ended'));
    });
    return started;
  };

  const call = <K extends Method>(method: K, ...args: Parameters<MetricsReader[K]>): Promise<Answer<K>> =>
    new Promise((resolve, reject) => {
      worker ??= start();
      worker.ref();
      const id = (calls += 1);
      waiting.set(id, { resolve: (value) => resolve(value as Answer<K>), reject });
      worker.postMessage({ id, method, args });
    });

  return {
    facts: (runFolder) => call('facts', runFolder),
    snapshot: (runFolder, options) => call('snapshot', runFolder, options),
    range: (runFolder, min, max, options) => call('range', runFolder, min, max, options),
    since: (runFolder, revision, lengths) => call('since', runFolder, revision, lengths),
    csv: (runFolders) => call('csv', runFolders),
    close: (runFolder) => call('close', runFolder),
    dispose() {
      const ending = worker;
      failAll(new Error('the reader was disposed'));
      void ending?.terminate();
    },
  };
}
