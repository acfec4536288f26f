/**
 * The only writer of events.jsonl and traces.jsonl (the beat's worker, which this starts, included). An append is one
 * write; the numbers of the events go on where an earlier engine left off, and a line that its death tore is cut.
 */
import { closeSync, existsSync, fstatSync, ftruncateSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { parseEvent, type UnsentEvent } from '../shared/events.ts';
import { DistillError } from '../shared/messages.ts';
import { RUN_FILES } from '../shared/run.ts';
import type { Trace } from '../shared/trace.ts';
import { fileError } from '../system/fileErrors.ts';
import { appendWhole, EventLines, newShared, requestStop } from './eventLines.ts';

/** A beat every so often, also while a training step blocks the main thread: design of the run folder. */
const BEAT_MS = 5000;
/** Held back on the disk so that a run which fills it can still say so: a few last events fit into it. */
const RESERVE = '.reserve';
const RESERVE_BYTES = 64 * 1024;

export interface Journal {
  /** Throws DistillError `disk-full`, `read-only`, `no-permission`. */
  event(event: UnsentEvent): void;
  /** Appends a trace and tells of it. Throws as `event` does. */
  trace(trace: Trace): void;
  /** Frees what was held back for the last words; call it before telling of a failure. */
  freeReserve(): void;
  /** Ends the beat, so that nothing comes after the run's last word. */
  stopBeat(): Promise<void>;
  /** Ends the beat and closes the files. */
  close(): Promise<void>;
}

export interface JournalOptions {
  /** The beat's bundle; null for no beat (tests of other things). */
  readonly beat: string | null;
  readonly beatMs?: number;
}

/** Opens the journal of a run folder whose lock this process holds. Throws DistillError of the file system. */
export function openJournal(folder: string, options: JournalOptions): Journal {
  const events = path.join(folder, RUN_FILES.events);
  const traces = path.join(folder, RUN_FILES.traces);
  const shared = newShared(repair(events, lastSeq) + 1);
  repair(traces, () => 0);
  const lines = new EventLines(events, shared);
  const traceDescriptor = withFile(traces, () => openSync(traces, 'a'));
  const reserve = path.join(folder, RESERVE);
  withFile(reserve, () => { writeFileSync(reserve, Buffer.alloc(RESERVE_BYTES, '.')); });
  const beat = options.beat === null ? null : startBeat(options.beat, { events, shared, everyMs: options.beatMs ?? BEAT_MS });
  const event = (unsent: UnsentEvent): void => { lines.append(unsent); };
  return {
    event,
    trace(trace) {
      const { offset, bytes } = withFile(traces, () => appendWhole(traceDescriptor, `${JSON.stringify(trace)}\n`));
      event({ kind: 'trace', id: trace.id, role: trace.role, example: trace.example, verdict: trace.verdict, offset, bytes });
    },
    freeReserve() {
      rmSync(reserve, { force: true });
    },
    async stopBeat() {
      requestStop(shared);
      await beat?.ended();
    },
    async close() {
      await this.stopBeat();
      lines.close();
      closeSync(traceDescriptor);
      rmSync(reserve, { force: true });
    },
  };
}

/** A beat that can't be started would make a living run look lost: so it throws. */
function startBeat(bundle: string, workerData: { readonly events: string; readonly shared: SharedArrayBuffer; readonly everyMs: number }): Beat {
  if (!existsSync(bundle)) throw new DistillError('engine-incomplete', { file: bundle });
  const worker = new Worker(bundle, { workerData });
  worker.unref();
  // The beat passes over full disks itself; what else ends it is in engine.log, and the run goes on.
  worker.once('error', (error) => { process.stderr.write(`beat: ${error.stack ?? error.message}\n`); });
  const ended = new Promise<void>((resolve) => { worker.once('exit', () => { resolve(); }); });
  return {
    ended() {
      // While it is waited for it must keep the process, or that would end in the middle of its own end.
      worker.ref();
      return ended;
    },
  };
}

interface Beat {
  ended(): Promise<void>;
}

/** Cuts a torn last line and answers the last whole one's number (-1 in a new file). */
function repair(file: string, numberOf: (line: string) => number | null): number {
  if (!existsSync(file)) return -1;
  return withFile(file, () => {
    const descriptor = openSync(file, 'r+');
    try {
      const { size } = fstatSync(descriptor);
      let last: number | null = null;
      let end: number | null = null;
      for (const { line, offset, bytes } of linesFromEnd(descriptor, size)) {
        // What comes after the last newline was never whole.
        end ??= offset + bytes;
        last = numberOf(line);
        if (last !== null) break;
      }
      if (end !== size && size > 0) ftruncateSync(descriptor, end ?? 0);
      return last ?? -1;
    } finally {
      closeSync(descriptor);
    }
  });
}

function lastSeq(line: string): number | null {
  const parsed = parseEvent(line);
  if (parsed.type === 'event') return parsed.event.seq;
  // A kind of a newer version counts as well: its number is taken.
  return parsed.type === 'unknown' ? (JSON.parse(line) as { seq: number }).seq : null;
}

/** The whole lines of a file from the last to the first, read in growing pieces from its end. */
function* linesFromEnd(descriptor: number, size: number): Generator<{ readonly line: string; readonly offset: number; readonly bytes: number }> {
  const PIECE = 64 * 1024;
  let start = size;
  let tail = Buffer.alloc(0);
  let first = true;
  while (start > 0) {
    const length = Math.min(PIECE, start);
    const piece = Buffer.alloc(length);
    readSync(descriptor, piece, 0, length, start - length);
    start -= length;
    tail = Buffer.concat([piece, tail]);
    let newline = tail.lastIndexOf(0x0a);
    if (first && newline >= 0) {
      tail = tail.subarray(0, newline + 1);
      first = false;
    }
    // Every line in `tail` ends with a newline from here on; the first one is whole once its own start is in it.
    while (!first && tail.length > 0) {
      // Of a lone newline nothing stands before it (an offset of -1 would mean the end).
      newline = tail.length === 1 ? -1 : tail.lastIndexOf(0x0a, tail.length - 2);
      if (newline < 0 && start > 0) break;
      const line = tail.subarray(newline + 1);
      yield { line: line.toString('utf8').trimEnd(), offset: start + newline + 1, bytes: line.length };
      tail = tail.subarray(0, newline + 1);
    }
  }
}

function withFile<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, file);
  }
}
