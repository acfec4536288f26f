/**
 * A large file into a file of its own, which stays when the connection breaks or the process ends: the next try goes on
 * where the last one stopped, if the server can (HTTP range requests, RFC 9110 section 14).
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { DistillError } from '../../shared/messages.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { get } from './get.ts';
import { shownAddress } from './pipSettings.ts';

/** Tries that brought nothing before it is given up; every byte that comes starts the count again. */
const FRUITLESS_TRIES = 5;
const FIRST_PAUSE_MS = 500;

export interface Wanted {
  readonly url: URL;
  /** For people. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Bytes that are there, also those of an earlier try. */
  readonly onBytes?: (done: number) => void;
  /** Bytes of an earlier try that were read again for the checksum. */
  readonly onVerified?: (done: number, total: number) => void;
  /** For tests. */
  readonly firstPauseMs?: number;
}

/** `target` is complete and right afterwards. @throws DistillError `setup-network`, `setup-checksum` (the file is gone then), of the file system */
export async function download(target: string, wanted: Wanted, options: DownloadOptions = {}): Promise<void> {
  const { signal, onBytes, firstPauseMs = FIRST_PAUSE_MS } = options;
  let fruitless = 0;
  let state = await begun(target, wanted, options);
  while (state.done < wanted.bytes) {
    signal?.throwIfAborted();
    const before = state.done;
    try {
      state = await continued(target, wanted, state, signal, onBytes);
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      if (error instanceof DistillError) throw error;
      state = { done: (await sizeOf(target)) ?? 0, hash: null };
      fruitless = state.done > before ? 0 : fruitless + 1;
      if (fruitless >= FRUITLESS_TRIES || error instanceof Refused) {
        throw new DistillError('setup-network', { address: shownAddress(wanted.url), detail: error instanceof Error ? error.message : String(error) }, { cause: error });
      }
      await pause(firstPauseMs * 2 ** fruitless, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      signal?.throwIfAborted();
      state = await begun(target, wanted, options);
    }
  }
  const found = state.hash!.digest('hex');
  if (state.done === wanted.bytes && found === wanted.sha256) return;
  await rm(target, { force: true });
  throw new DistillError('setup-checksum', { file: wanted.name, expected: wanted.sha256, found });
}

/** What is on the disk, and its hash. `hash` is null where it must be made again. */
interface Begun {
  readonly done: number;
  readonly hash: Hash | null;
}

/** The server said no: trying again would not help. */
class Refused extends Error {}

async function begun(target: string, { bytes }: Wanted, { signal, onVerified }: DownloadOptions): Promise<Begun> {
  const size = await sizeOf(target);
  if (size === null || size > bytes) {
    await rm(target, { force: true });
    return { done: 0, hash: createHash('sha256') };
  }
  const hash = createHash('sha256');
  let done = 0;
  for await (const part of createReadStream(target, signal === undefined ? {} : { signal }) as AsyncIterable<Buffer>) {
    hash.update(part);
    done += part.length;
    onVerified?.(done, size);
  }
  return { done, hash };
}

async function continued(target: string, { url, bytes }: Wanted, { done, hash }: Begun, signal: AbortSignal | undefined, onBytes: DownloadOptions['onBytes']): Promise<Begun> {
  const { response } = await get(url, done === 0 ? {} : { range: `bytes=${done}-` }, signal);
  const { statusCode = 0 } = response;
  const goesOn = statusCode === 206 && Number(/^bytes (\d+)-/.exec(response.headers['content-range'] ?? '')?.[1]) === done;
  if (!goesOn && statusCode !== 200) {
    response.destroy();
    // 5xx and 429 pass; 416 means that the range is none of its file: begin anew.
    if (statusCode === 416) await rm(target, { force: true });
    else if (statusCode < 500 && statusCode !== 429) throw new Refused(`HTTP ${statusCode}`);
    throw new Error(`HTTP ${statusCode}`);
  }
  // A server without ranges sends all of it again.
  const sum = goesOn ? hash! : createHash('sha256');
  let total = goesOn ? done : 0;
  await withFileErrors(target, async () => {
    const file = await open(target, goesOn ? 'a' : 'w');
    try {
      for await (const part of response as AsyncIterable<Buffer>) {
        total += part.length;
        if (total > bytes) break;
        await file.write(part);
        sum.update(part);
        onBytes?.(total);
      }
    } finally {
      await file.close();
    }
  });
  if (total < bytes) throw new Error('the connection was closed');
  return { done: total, hash: sum };
}

async function sizeOf(file: string): Promise<number | null> {
  try {
    return (await stat(file)).size;
  } catch {
    return null;
  }
}
