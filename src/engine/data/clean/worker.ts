/** A worker thread of cleaning: batches of rows in, what was found out about them out. Bundled as dist/clean.js. */
import { parentPort, workerData } from 'node:worker_threads';
import { DistillError } from '../../../shared/messages.ts';
import { RowWorker, type WorkOptions } from './rowWork.ts';
import { packed, transferables, type WorkReply, type WorkRequest } from './workMessages.ts';

const worker = new RowWorker(workerData as WorkOptions);

parentPort?.on('message', ({ batch, rows }: WorkRequest) => {
  worker.work(rows).then(
    (results) => {
      const answer = packed(results);
      parentPort?.postMessage({ batch, results: answer, segmenter: worker.segmenter } satisfies WorkReply, transferables(answer));
    },
    (error: unknown) => {
      const told = error instanceof DistillError ? { code: error.code, data: error.data } : { text: error instanceof Error ? error.stack ?? error.message : String(error) };
      parentPort?.postMessage({ batch, error: told } satisfies WorkReply);
    },
  );
});
