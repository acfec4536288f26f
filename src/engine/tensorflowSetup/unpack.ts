/** Takes some files out of a wheel (a zip) without holding any of it in memory. */
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import { DistillError } from '../../shared/messages.ts';
import { systemCode } from '../../system/fileErrors.ts';

export interface UnpackOptions {
  readonly signal?: AbortSignal;
  /** Bytes that are written. */
  readonly onBytes?: (done: number) => void;
}

/** Writes the named entries into `folder`, under the last part of their names. @throws DistillError `setup-archive`, errors of the file system */
export async function unpack(archive: string, entries: readonly string[], folder: string, { signal, onBytes }: UnpackOptions = {}): Promise<void> {
  const missing = new Set(entries);
  let done = 0;
  try {
    const zip = await yauzl.openPromise(archive, { lazyEntries: true, autoClose: false });
    try {
      for await (const entry of zip.eachEntry()) {
        if (!missing.delete(entry.fileName)) continue;
        let sum = 0;
        const counted = new Transform({
          transform(part: Buffer, _, next) {
            done += part.length;
            sum = crc32(part, sum);
            onBytes?.(done);
            next(null, part);
          },
        });
        await pipeline(await zip.openReadStreamPromise(entry), counted, createWriteStream(path.join(folder, path.posix.basename(entry.fileName)), { mode: 0o644 }), signal === undefined ? {} : { signal });
        // yauzl compares sizes, not checksums.
        if (sum !== entry.crc32) throw new Error(`${entry.fileName} is damaged`);
        if (missing.size === 0) break;
      }
    } finally {
      zip.close();
    }
  } catch (error) {
    // An abort and a full disk are not the archive's fault; zlib's errors have codes too.
    if (signal?.aborted === true) throw signal.reason;
    const code = systemCode(error);
    if (code !== undefined && !code.startsWith('Z_')) throw error;
    throw new DistillError('setup-archive', { file: path.basename(archive), detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
  if (missing.size > 0) throw new DistillError('setup-archive', { file: path.basename(archive), detail: `${[...missing].join(', ')} not in it` });
}
