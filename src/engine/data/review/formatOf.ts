/** Only JSONL has rows that can be found by their place in bytes: other formats are converted first. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../../system/fileErrors.ts';

const BY_NAME: Readonly<Record<string, string>> = { '.json': 'JSON', '.csv': 'CSV', '.tsv': 'TSV', '.parquet': 'Parquet', '.arrow': 'Arrow', '.gz': 'gzip', '.zst': 'zstd' };
const HEAD_BYTES = 4096;

/** Throws DistillError `review-convert-first` for a file of another format, `data-file-missing` or `data-file-is-folder`. */
export async function refuseOtherFormats(file: string): Promise<void> {
  let head: string;
  try {
    head = await withFileErrors(file, () => beginning(file));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new DistillError('data-file-missing', { file }, { cause: error });
    if (systemCode(error) === 'EISDIR') throw new DistillError('data-file-is-folder', { file }, { cause: error });
    throw error;
  }
  const format = head.startsWith('PAR1') ? 'Parquet' : /^\s*\[/.test(head.replace(/^\uFEFF/, '')) ? 'JSON' : BY_NAME[path.extname(file).toLowerCase()];
  // A file of that name may hold JSONL all the same: one object, then a newline.
  if (format !== undefined && !(format === 'JSON' && /^\s*\{.*\}\s*\n\s*\{/.test(head))) throw new DistillError('review-convert-first', { file, format });
}

async function beginning(file: string): Promise<string> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
