/** Worker threads that look at batches of rows; on the calling thread where there are none. Results don't depend on their number. */
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { DistillError, type ErrorCode } from '../../../shared/messages.ts';
import { RowWorker, type RowResult, type WorkOptions } from './rowWork.ts';
import type { RowTexts } from './textRules.ts';
import { unpacked, type WorkReply, type WorkRequest } from './workMessages.ts';

/** More threads wait for the one that reads and writes. */
const MOST_THREADS = 8;

export interface PoolOptions {
  /** Threads; by default one for each core, none where the bundle isn't there (run from the sources). */
  readonly threads?: number | undefined;
  /** The worker's bundle. */
  readonly bundle?: string | undefined;
}

interface Waiting {
  readonly resolve: (results: readonly RowResult[]) => void;
  readonly reject: (error: unknown) => void;
}

export class WorkPool {
  readonly threads: number;
  readonly #bundle: string;
  readonly #own: RowWorker;
  readonly #workers: { readonly worker: Worker; busy: number }[] = [];
  readonly #waiting = new Map<number, Waiting>();
  #batches = 0;
  #segmenter: 'jieba' | 'intl' | null = null;
  #failed: unknown = null;

  constructor(private readonly options: WorkOptions, { threads, bundle }: PoolOptions = {}) {
    this.#bundle = bundle ?? path.join(path.dirname(fileURLToPath(import.meta.url)), 'clean.js');
    this.threads = existsSync(this.#bundle) ? Math.min(threads ?? os.availableParallelism(), MOST_THREADS) : 0;
    this.#own = new RowWorker(options);
  }

  /** Batches worth having under way at the same time. */
  get window(): number {
    return Math.max(1, this.threads * 2);
  }

  get segmenter(): 'jieba' | 'intl' | null {
    return this.#segmenter ?? this.#own.segmenter;
  }

  /** `alone`: this batch is all there is, for which no thread is worth starting. */
  async work(rows: readonly RowTexts[], alone = false): Promise<readonly RowResult[]> {
    const batch = this.#batches++;
    if (this.threads === 0 || (alone && this.#workers.length === 0)) return this.#own.work(rows);
    if (this.#failed !== null) throw this.#failed;
    if (this.#workers.length === 0) for (let i = 0; i < this.threads; i++) this.#start();
    const free = this.#workers.reduce((least, each) => each.busy < least.busy ? each : least);
    free.busy += 1;
    try {
      return await new Promise<readonly RowResult[]>((resolve, reject) => {
        this.#waiting.set(batch, { resolve, reject });
        free.worker.postMessage({ batch, rows } satisfies WorkRequest);
      });
    } finally {
      free.busy -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    const worker = new Worker(this.#bundle, { workerData: this.options });
    worker.on('message', (reply: WorkReply) => {
      const waiting = this.#waiting.get(reply.batch);
      this.#waiting.delete(reply.batch);
      if ('results' in reply) {
        this.#segmenter = reply.segmenter ?? this.#segmenter;
        waiting?.resolve(unpacked(reply.results));
      } else {
        waiting?.reject('code' in reply.error ? new DistillError(reply.error.code as ErrorCode, reply.error.data) : new Error(reply.error.text));
      }
    });
    worker.on('error', (error) => {
      // Out of memory, as a rule; every batch that waits for it would wait for ever.
      this.#failed = error;
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
    this.#workers.push({ worker, busy: 0 });
  }
}

/** `work` over batches, several at a time, answered in the order in which they came. */
export async function* inOrder<In, Out>(batches: AsyncIterable<In>, window: number, work: (batch: In) => Promise<Out>): AsyncGenerator<readonly [In, Out]> {
  const under: (readonly [In, Promise<Out>])[] = [];
  try {
    for await (const batch of batches) {
      const result = work(batch);
      // Its failure is met when its turn comes.
      result.catch(() => undefined);
      under.push([batch, result]);
      if (under.length < window) continue;
      const [first, done] = under.shift() ?? [batch, result];
      yield [first, await done];
    }
    for (const [batch, result] of under.splice(0)) yield [batch, await result];
  } finally {
    await Promise.allSettled(under.map(([, result]) => result));
  }
}
