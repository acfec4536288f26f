/** The worker that says every few seconds that the engine lives, also while a training step blocks the main thread. */
import { workerData } from 'node:worker_threads';
import { EventLines, waitForStop } from './eventLines.ts';

const { events, shared, everyMs } = workerData as { readonly events: string; readonly shared: SharedArrayBuffer; readonly everyMs: number };
const lines = new EventLines(events, shared);

while (!waitForStop(shared, everyMs)) {
  try {
    lines.append({ kind: 'beat' });
  } catch (error) {
    // A full disk: the main thread meets it as well and says so; the next beat may fit again.
    process.stderr.write(`beat: ${String(error)}\n`);
  }
}
lines.close();
