/** Only JSONL in UTF-8 has rows that can be found by their place in bytes: everything else is converted first. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../../system/fileErrors.ts';

const BY_NAME: Readonly<Record<string, string>> = { '.json': 'JSON', '.csv': 'CSV', '.tsv': 'TSV', '.parquet': 'Parquet', '.arrow': 'Arrow', '.gz': 'gzip', '.zst': 'zstd' };
const HEAD_BYTES = 4096;

/** Throws DistillError `review-convert-first` for a file of another format, `data-file-missing` or `data-file-is-folder`. */
export async function refuseOtherFormats(file: string): Promise<void> {
  let bytes: Buffer;
  try {
    bytes = await withFileErrors(file, () => beginning(file));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new DistillError('data-file-missing', { file }, { cause: error });
    if (systemCode(error) === 'EISDIR') throw new DistillError('data-file-is-folder', { file }, { cause: error });
    throw error;
  }
  const head = bytes.toString('utf8');
  const other = encodingOf(bytes);
  if (other !== null) throw new DistillError('review-convert-first', { file, format: other });
  const format = head.startsWith('PAR1') ? 'Parquet' : /^\s*\[/.test(head.replace(/^\uFEFF/, '')) ? 'JSON' : BY_NAME[path.extname(file).toLowerCase()];
  // A file of that name may hold JSONL all the same: one object, then a newline.
  if (format !== undefined && !(format === 'JSON' && /^\s*\{.*\}\s*\n\s*\{/.test(head))) throw new DistillError('review-convert-first', { file, format });
}

/** Null for UTF-8. A character may be cut by the end of what was read. */
function encodingOf(bytes: Buffer): string | null {
  if (bytes.length >= 2 && ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))) return 'UTF-16';
  const binary = bytes[0] === 0x1f || bytes.toString('latin1', 0, 4) === 'PAR1';
  const whole = [0, 1, 2, 3].some((cut) => isUtf8(bytes.subarray(0, Math.max(0, bytes.length - cut))));
  return binary || whole ? null : 'GB18030';
}

async function beginning(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
