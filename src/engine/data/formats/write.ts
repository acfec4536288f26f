/** Records written as our own format: whole or not at all, and flushed before the name is there. */
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { DataRecord } from '../../../shared/record.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import { flushFolder, renameOver, temporaryName } from '../../../system/wholeFile.ts';

export interface RecordWriter {
  write(record: DataRecord): Promise<void>;
  /** Makes the file appear under its name. */
  close(): Promise<void>;
  /** Leaves nothing behind; what had the name before stays. May be called after a failure, and twice. */
  abandon(): Promise<void>;
}

export interface RecordFile extends RecordWriter {
  /** Puts what was written on the disk, still without its name: for files that have to appear together. */
  flush(): Promise<void>;
}

/** Characters kept before they are written. */
const BUFFERED = 1 << 18;

/** A file that grows under a temporary name beside its own. */
export class GrowingFile {
  #buffered: (string | Uint8Array)[] = [];
  #length = 0;
  #ended = false;

  private constructor(readonly file: string, private readonly temporary: string, private readonly handle: FileHandle) {}

  /**
   * Its folder is made where it is missing. Throws DistillError of withFileErrors.
   * @param begin makes the temporary file; a test gives a device that is full
   */
  static async begin(file: string, begin: (temporary: string) => Promise<FileHandle> = (temporary) => open(temporary, 'wx')): Promise<GrowingFile> {
    const temporary = temporaryName(file);
    return new GrowingFile(file, temporary, await withFileErrors(file, async () => {
      await mkdir(path.dirname(path.resolve(file)), { recursive: true });
      return begin(temporary);
    }));
  }

  async append(part: string | Uint8Array): Promise<void> {
    this.#buffered.push(part);
    this.#length += part.length;
    if (this.#length >= BUFFERED) await this.#flush();
  }

  /** On the disk when this resolves, under its temporary name. */
  async flush(): Promise<void> {
    await this.#flush();
    await withFileErrors(this.file, () => this.handle.sync());
  }

  async close(): Promise<void> {
    await this.flush();
    await withFileErrors(this.file, async () => {
      await this.handle.close();
      this.#ended = true;
      await renameOver(this.temporary, this.file);
      await flushFolder(path.dirname(this.file));
    });
  }

  async abandon(): Promise<void> {
    if (!this.#ended) await this.handle.close().catch(() => undefined);
    this.#ended = true;
    await rm(this.temporary, { force: true });
  }

  async #flush(): Promise<void> {
    const parts = this.#buffered;
    [this.#buffered, this.#length] = [[], 0];
    if (parts.length > 0) await withFileErrors(this.file, () => this.handle.writeFile(parts.every((part) => typeof part === 'string') ? parts.join('') : Buffer.concat(parts.map((part) => Buffer.from(part)))));
  }
}

/** Throws DistillError `disk-full`, `read-only` and the like, at any of its calls. */
export async function recordWriter(file: string): Promise<RecordFile> {
  const growing = await GrowingFile.begin(file);
  return {
    write: (record) => growing.append(`${JSON.stringify(record)}\n`),
    flush: () => growing.flush(),
    close: () => growing.close(),
    abandon: () => growing.abandon(),
  };
}
