/** What kind of file a data file is, by its first bytes, its name, and what the recipe says. */
import path from 'node:path';
import { FIELD_NAMES, isJsonObject, namedField } from '../../../shared/fieldNames.ts';
import { DistillError } from '../../../shared/messages.ts';
import { DATA_FORMATS, type DataFormat } from '../../../shared/recipeCollect.ts';
import { looksLikeChoices } from './choicesText.ts';
import { delimiterOf } from './csv.ts';
import { encodedBytes } from './encoding.ts';
import { firstBytes } from './fileBytes.ts';

/** How rows lie in a file; what their fields mean is a second question (shape.ts). */
export type Container = 'jsonl' | 'json' | 'csv' | 'parquet' | 'choices';

/** Enough for the header of a CSV file and the first line of most JSONL files. */
const HEAD = 1 << 16;

/** Files that are known, and what to do with them instead. */
const OTHERS: readonly (readonly [magic: string, seen: string])[] = [
  ['504b0304', 'zip or xlsx'], ['28b52ffd', 'zstd'], ['fd377a585a00', 'xz'], ['425a68', 'bzip2'], ['53514c69746520666f726d6174', 'SQLite'], ['25504446', 'PDF'],
  ['89504e47', 'PNG'], ['ffd8ff', 'JPEG'], ['8004', 'pickle'], ['8005', 'pickle'], ['1f9d', 'compress'], ['377abcaf271c', '7z'],
];

/** Throws DistillError `data-format-unknown`, naming what was seen and what is known; `data-format-arrow` for Arrow files. */
export async function recogniseFile(file: string, format: DataFormat): Promise<Container> {
  const head = await firstBytes(file, HEAD);
  const magic = head.subarray(0, 16).toString('hex');
  if (magic.startsWith('50415231')) return 'parquet';
  if (magic.startsWith('4152524f5731') || (magic.startsWith('ffffffff') && /\.arrow$/.test(file))) throw new DistillError('data-format-arrow', { file });
  const told = containerOf(format);
  if (told !== null) return told;
  const other = OTHERS.find(([bytes]) => magic.startsWith(bytes));
  if (other !== undefined) throw unknown(file, other[1]);
  const text = await headText(head, file);
  if (text === null) throw unknown(file, `binary (${magic.slice(0, 16)})`);
  const extension = extensionOf(file);
  const beginning = text.trimStart().slice(0, 256);
  if (/^\[\s*(?:\]|\{\s*["}]|$)/.test(beginning)) return 'json';
  if (extension === '.jsonl' || extension === '.ndjson') return 'jsonl';
  if (/^\{\s*(?:["}]|$)/.test(beginning)) return extension === '.json' && !wholeObjectFirst(text) ? 'json' : 'jsonl';
  if (looksLikeChoices(text)) return 'choices';
  if (extension === '.csv' || extension === '.tsv') return 'csv';
  if (text.trim() === '') return 'jsonl';
  const [line = ''] = text.trimStart().split(/\r?\n/, 1);
  if (extension === '.json') throw unknown(file, line.slice(0, 80));
  if (/\.(?:txt|tab|dat)$/.test(extension) && text.includes('\n') && line.includes(delimiterOf(text))) return 'csv';
  throw unknown(file, line.slice(0, 80));
}

function containerOf(format: DataFormat): Container | null {
  switch (format) {
    case 'jsonl': case 'json': case 'csv': case 'parquet': return format;
    case 'auto': case 'distill': case 'huggingface': case 'sharegpt': case 'alpaca': case 'messages': case 'think': return null;
  }
}

/** `.jsonl` of `train.jsonl.gz`. */
export function extensionOf(file: string): string {
  return path.extname(file.toLowerCase().replace(/\.gz$/, ''));
}

function unknown(file: string, seen: string): DistillError {
  return new DistillError('data-format-unknown', { file, seen, known: DATA_FORMATS.filter((format) => format !== 'auto').join(', ') });
}

async function headText(head: Buffer, file: string): Promise<string | null> {
  const bytes = encodedBytes((async function* () { yield await Promise.resolve(head); })(), file);
  const pieces: Buffer[] = [];
  try {
    for await (const piece of bytes.pieces) pieces.push(piece);
  } catch {
    return null;
  }
  const text = new TextDecoder(bytes.encoding === 'gb18030' ? 'gb18030' : 'utf-8').decode(Buffer.concat(pieces));
  return /[\u0000-\u0008\u000e-\u001a]/.test(text) ? null : text;
}

/** JSONL under the name .json: the first line is an object of its own. */
function wholeObjectFirst(text: string): boolean {
  const [line = '', ...more] = text.trim().split('\n');
  try {
    const value: unknown = JSON.parse(line);
    if (more.length > 0 || !isJsonObject(value)) return true;
    // One object alone may be a row, or what stands around the rows.
    const isRow = namedField(value, [...FIELD_NAMES.prompt, ...FIELD_NAMES.conversation], (each) => each !== null && each !== undefined) !== null;
    return isRow || !Object.values(value).some((each) => Array.isArray(each) && each.some(isJsonObject));
  } catch {
    return false;
  }
}
