/** Texts of traces: read from traces.jsonl where the `trace` events say that they lie. */
import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { TraceEvent } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES } from '../shared/run.ts';
import type { Trace } from '../shared/trace.ts';
import { withFileErrors } from '../system/fileErrors.ts';

/** Traces of a run, in the order of the events. Throws DistillError `trace-broken` where the bytes are no trace of that id, or of the file system. */
export async function readTraces(runFolder: string, events: readonly TraceEvent[]): Promise<Trace[]> {
  if (events.length === 0) return [];
  const file = path.join(runFolder, RUN_FILES.traces);
  const handle = await withFileErrors(file, async () => open(file, 'r'));
  try {
    const traces: Trace[] = [];
    for (const event of events) traces.push(await readAt(handle, file, event));
    return traces;
  } finally {
    await handle.close();
  }
}

export async function readTrace(runFolder: string, event: TraceEvent): Promise<Trace> {
  const [trace] = await readTraces(runFolder, [event]);
  return trace as Trace;
}

async function readAt(handle: FileHandle, file: string, { id, offset, bytes }: TraceEvent): Promise<Trace> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
  try {
    const trace: unknown = JSON.parse(buffer.toString('utf8', 0, bytesRead));
    if (isTrace(trace) && trace.id === id) return trace;
  } catch {
    // Told below, as the same thing.
  }
  throw new DistillError('trace-broken', { id, file, offset });
}

function isTrace(value: unknown): value is Trace {
  if (typeof value !== 'object' || value === null) return false;
  const { id, prompt, think, answer } = value as Partial<Record<keyof Trace, unknown>>;
  return [id, prompt, think, answer].every((field) => typeof field === 'string');
}
