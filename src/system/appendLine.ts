/** Appending to a file of lines that several processes may write to. */
import { open } from 'node:fs/promises';
import { withFileErrors } from './fileErrors.ts';

const NEWLINE = 0x0a;

/**
 * Appends one line with one write. A torn line that a crashed writer left is closed first, so that it never swallows this
 * one. Throws DistillError (see withFileErrors), `disk-full` also when only a part of the line fitted.
 */
export async function appendLine(file: string, line: string): Promise<void> {
  await withFileErrors(file, async () => {
    const handle = await open(file, 'a+');
    try {
      const { size } = await handle.stat();
      const last = Buffer.alloc(1);
      const torn = size > 0 && (await handle.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== NEWLINE;
      const bytes = Buffer.from(`${torn ? '\n' : ''}${line}\n`, 'utf8');
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    } finally {
      await handle.close();
    }
  });
}
