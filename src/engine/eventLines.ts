/**
 * Numbering and appending the lines of events.jsonl from two threads: the engine's main thread and the beat's worker.
 *
 * The choice: both append whole lines through descriptors of their own, one at a time, under a mutex in shared memory
 * that also holds the next `seq`. So the numbers are without a gap and in the order of the file, and a beat never lands
 * inside another line. (O_APPEND alone would keep lines whole, but not their numbers in order.) The mutex is held for
 * one write; nothing that holds it can end without giving it back but the death of the whole process.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { UnsentEvent } from '../shared/events.ts';
import { fileError } from '../system/fileErrors.ts';

const MUTEX = 0;
const NEXT_SEQ = 1;
/** Set when the beat has to end. */
const STOP = 2;

/** Shared memory of the two threads, the numbering starting at `nextSeq`. */
export function newShared(nextSeq: number): SharedArrayBuffer {
  const shared = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT);
  Atomics.store(new Int32Array(shared), NEXT_SEQ, nextSeq);
  return shared;
}

export function requestStop(shared: SharedArrayBuffer): void {
  const cells = new Int32Array(shared);
  Atomics.store(cells, STOP, 1);
  Atomics.notify(cells, STOP);
}

/** Blocks this thread until a stop is requested or the time is over; says whether it was a stop. Only for a worker. */
export function waitForStop(shared: SharedArrayBuffer, milliseconds: number): boolean {
  return Atomics.wait(new Int32Array(shared), STOP, 0, milliseconds) !== 'timed-out';
}

export class EventLines {
  readonly #cells: Int32Array;
  readonly #descriptor: number;

  /** Throws DistillError `disk-full`, `read-only`, `no-permission`. */
  constructor(private readonly file: string, shared: SharedArrayBuffer) {
    this.#cells = new Int32Array(shared);
    try {
      this.#descriptor = openSync(file, 'a');
    } catch (error) {
      throw fileError(error, file);
    }
  }

  /** Appends one event as one line. Throws DistillError; the file then ends where it ended before, and no number is used up. */
  append(event: UnsentEvent): void {
    while (Atomics.compareExchange(this.#cells, MUTEX, 0, 1) !== 0) Atomics.wait(this.#cells, MUTEX, 1);
    try {
      const seq = Atomics.load(this.#cells, NEXT_SEQ);
      appendWhole(this.#descriptor, `${JSON.stringify({ seq, at: Date.now(), ...event })}\n`);
      Atomics.store(this.#cells, NEXT_SEQ, seq + 1);
    } catch (error) {
      throw fileError(error, this.file);
    } finally {
      Atomics.store(this.#cells, MUTEX, 0);
      Atomics.notify(this.#cells, MUTEX, 1);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** One write; where only a part fitted on the disk, that part is taken back. Answers where the text lies. */
export function appendWhole(descriptor: number, text: string): { readonly offset: number; readonly bytes: number } {
  const bytes = Buffer.from(text, 'utf8');
  const { size } = fstatSync(descriptor);
  const written = writeSync(descriptor, bytes);
  if (written < bytes.length) {
    ftruncateSync(descriptor, size);
    throw Object.assign(new Error(`wrote ${String(written)} of ${String(bytes.length)} bytes`), { code: 'ENOSPC' });
  }
  return { offset: size, bytes: bytes.length };
}
