/** Reads a growing file of lines from where it stopped. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { systemCode, withFileErrors } from '../system/fileErrors.ts';

/** Read at once: large enough that a big file is read in few calls, small enough to leave memory alone. */
const CHUNK_BYTES = 4 * 1024 * 1024;
const NEWLINE = 0x0a;

/**
 * The offset always stands after a newline. A half line is never kept in memory but read again once it is whole: so a
 * character split between two writes needs no care, and a torn line that a resumed engine cuts off and writes over is
 * never joined with what follows.
 */
export class Tail {
  private inode: number | null = null;

  /** `offset`: bytes that are known already; must stand after a newline. */
  constructor(readonly file: string, private position: number = 0) {}

  get offset(): number {
    return this.position;
  }

  /**
   * Gives every whole line that came since the last call, in blocks of lines that are joined by newlines (without the last).
   * `onRestart` comes before them when the file was cut below what was read, or replaced by another: everything that was
   * given before is void. A missing file has no lines. Throws DistillError of the file system.
   */
  async read(onLines: (block: string) => void, onRestart: () => void = () => undefined): Promise<void> {
    let handle: FileHandle;
    try {
      handle = await withFileErrors(this.file, async () => open(this.file, 'r'));
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
      if (this.position > 0) onRestart();
      this.position = 0;
      this.inode = null;
      return;
    }
    try {
      const { size, ino } = await handle.stat();
      const another = this.inode !== null && this.inode !== ino;
      if (this.position > 0 && (another || size < this.position)) {
        this.position = 0;
        onRestart();
      }
      this.inode = ino;
      await this.readTo(handle, size, onLines);
    } finally {
      await handle.close();
    }
  }

  private async readTo(handle: FileHandle, size: number, onLines: (block: string) => void): Promise<void> {
    let bytes = Math.min(CHUNK_BYTES, size - this.position);
    let buffer: Buffer | null = null;
    while (this.position < size && bytes > 0) {
      if (buffer === null || buffer.length < bytes) buffer = Buffer.allocUnsafe(bytes);
      const { bytesRead } = await handle.read(buffer, 0, bytes, this.position);
      const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE);
      if (end >= 0) {
        const block = buffer.toString('utf8', 0, end);
        this.position += end + 1;
        onLines(block);
        bytes = Math.min(CHUNK_BYTES, size - this.position);
      } else if (this.position + bytesRead >= size || bytesRead === 0) {
        return; // half a line
      } else {
        bytes = Math.min(bytes * 2, size - this.position); // a line longer than the chunk
      }
    }
  }
}
