/** The thread behind the Review Data page: the extension host goes on answering while a large file is read. Its own bundle. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DataToWorker, DataWorkerStart } from '../../../shared/dataPanel.ts';
import { DataService } from './dataService.ts';

const port = parentPort;
if (port === null) throw new Error('this file runs as a worker thread');
const service = new DataService(workerData as DataWorkerStart, (message) => port.postMessage(message));
port.on('message', (message: DataToWorker) => {
  void service.receive(message).then(() => {
    if (message.kind === 'close') port.close();
  });
});
