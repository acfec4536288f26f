/**
 * A data file as bytes, read once from its beginning to its end, a piece at a time: it may be larger than memory. A file
 * that somebody changes meanwhile is refused: half of it would be of another version.
 */
import { open, stat, type FileHandle } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DistillError } from '../../../shared/messages.ts';
import { fileError, systemCode } from '../../../system/fileErrors.ts';

/** What tells one version of a file from another without reading it. */
export interface FileState {
  readonly size: number;
  /** Nanoseconds. */
  readonly modified: bigint;
  readonly inode: bigint;
}

export interface BytesOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told every piece of the file as it lies on the disk (compressed where it is): to count and to hash. */
  readonly onBytes?: ((bytes: Buffer) => void) | undefined;
}

const PIECE = 1 << 18;

/** Throws DistillError `data-file-missing` or one of withFileErrors. */
export async function fileState(file: string): Promise<FileState> {
  try {
    const { size, mtimeNs, ino } = await stat(file, { bigint: true });
    return { size: Number(size), modified: mtimeNs, inode: ino };
  } catch (error) {
    throw dataFileError(error, file);
  }
}

export function sameState(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.modified === b.modified && a.inode === b.inode;
}

/** Opens a data file for reading. Throws DistillError `data-file-missing`, `data-file-is-folder` or one of withFileErrors. */
export async function openDataFile(file: string): Promise<{ readonly handle: FileHandle; readonly state: FileState }> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file, 'r');
    const found = await handle.stat({ bigint: true });
    if (found.isDirectory()) throw new DistillError('data-file-is-folder', { file });
    return { handle, state: { size: Number(found.size), modified: found.mtimeNs, inode: found.ino } };
  } catch (error) {
    await handle?.close();
    throw dataFileError(error, file);
  }
}

/** Throws DistillError `data-file-changed` where a file is no longer the one that was opened. */
export async function checkUnchanged(file: string, before: FileState, read = before.size): Promise<void> {
  const now = await stat(file, { bigint: true }).catch(() => null);
  const same = now !== null && sameState(before, { size: Number(now.size), modified: now.mtimeNs, inode: now.ino });
  if (!same || read !== before.size) throw new DistillError('data-file-changed', { file });
}

/** The file's own bytes. Throws DistillError `data-file-changed` at its end, and those of openDataFile. */
export async function* fileBytes(file: string, { signal, onBytes }: BytesOptions = {}): AsyncGenerator<Buffer> {
  const { handle, state } = await openDataFile(file);
  try {
    let read = 0;
    for (;;) {
      signal?.throwIfAborted();
      // A piece of its own each time: who reads may keep what it was given.
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(PIECE), 0, PIECE, null).catch((error: unknown) => { throw dataFileError(error, file); });
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      read += bytesRead;
      onBytes?.(piece);
      yield piece;
    }
    // What is no file (a pipe) has no size and can't be looked at again.
    if (state.size > 0 || read === 0) await checkUnchanged(file, state, read);
  } finally {
    await handle.close();
  }
}

/** As fileBytes, unpacked where the file is gzip. Throws DistillError `data-file-damaged` besides, where it ends too early. */
export async function* unpackedBytes(file: string, options: BytesOptions = {}): AsyncGenerator<Buffer> {
  const raw = fileBytes(file, options);
  const first = await raw.next();
  if (first.done === true) return;
  const whole = resumed(first.value, raw);
  if (!isGzip(first.value)) {
    yield* whole;
    return;
  }
  const gunzip = createGunzip();
  pipeline(Readable.from(whole), gunzip, () => undefined);
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) yield piece;
  } catch (error) {
    if (error instanceof DistillError || !(systemCode(error) ?? '').startsWith('Z_')) throw error;
    throw new DistillError('data-file-damaged', { file, detail: (error as Error).message }, { cause: error });
  } finally {
    gunzip.destroy();
  }
}

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function* resumed(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The first bytes of a file, unpacked, at most `count` (fewer where the file is shorter). */
export async function firstBytes(file: string, count: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of unpackedBytes(file)) {
    pieces.push(piece);
    length += piece.length;
    if (length >= count) break;
  }
  return Buffer.concat(pieces).subarray(0, count);
}

/** What reading a data file threw, as the error that a person can act on. */
export function dataFileError(error: unknown, file: string): unknown {
  if (systemCode(error) === 'ENOENT') return new DistillError('data-file-missing', { file }, { cause: error });
  if (systemCode(error) === 'EISDIR') return new DistillError('data-file-is-folder', { file }, { cause: error });
  return fileError(error, file);
}
