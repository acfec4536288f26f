/** The thread that reads one data file: its bundle is started by path, so that nothing of the engine is in the extension. */
import { Worker } from 'node:worker_threads';
import type { DataFromWorker, DataToWorker, DataWorkerStart } from '../../shared/dataPanel.ts';

/** A thread that has not saved by then is ended: its disk hangs. */
const CLOSE_WITHIN_MS = 4000;

export class DataThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #saved: Promise<void>;

  /**
   * @param script path of the bundle of dataWorker.ts
   * @param broke what ended the thread before it was closed
   */
  constructor(script: string, start: DataWorkerStart, take: (message: DataFromWorker) => void, broke: (error: Error) => void) {
    this.#worker = new Worker(script, { workerData: start });
    this.#worker.on('error', broke);
    this.#ended = new Promise((resolve) => this.#worker.once('exit', () => resolve()));
    this.#saved = new Promise((resolve) => {
      this.#worker.on('message', (message: DataFromWorker) => {
        if (message.kind === 'saved') resolve();
        else take(message);
      });
    });
  }

  post(message: DataToWorker): void {
    this.#worker.postMessage(message);
  }

  /** Resolves when what was unsaved is on the disk and the thread is gone. */
  async close(): Promise<void> {
    this.post({ kind: 'close' });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => { timer = setTimeout(resolve, CLOSE_WITHIN_MS); });
    await Promise.race([this.#saved, this.#ended, late]);
    clearTimeout(timer);
    await this.#worker.terminate();
  }
}
