/** Which runs of a project took a row of data, and as what: read from their data.json and data-ids.bin. */
import { open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fatesOf, ID_BYTES, parseRanges, ROW_FATES, rowAt, type ConsumedData, type ConsumedFile, type RowFate } from '../shared/consumed.ts';
import type { RowUse } from '../shared/recordText.ts';
import { RUN_FILES } from '../shared/run.ts';
import { idBytes } from '../system/idBytes.ts';
import { listRuns } from './folder.ts';

/** A run that says nothing of its data (an older one, one that never came so far) is passed over. Newest first. */
export async function rowUses(project: string, id: string): Promise<readonly RowUse[]> {
  const wanted = idBytes(id);
  const uses: RowUse[] = [];
  for (const folder of [...await listRuns(project)].sort((a, b) => (path.basename(a) < path.basename(b) ? 1 : -1))) {
    const fates = new Set<RowFate>();
    for (const { data, ids } of await takenBy(folder)) {
      for (const file of data.files) for (const row of await rowsOfId(ids, file, wanted)) for (const fate of fatesOf(file, row)) fates.add(fate);
    }
    if (fates.size > 0) uses.push({ run: path.basename(folder), fates: ROW_FATES.filter((fate) => fates.has(fate)) });
  }
  return uses;
}

/** A resumed run whose files had changed has several: data.json and data-1.json … */
async function takenBy(folder: string): Promise<readonly { readonly data: ConsumedData; readonly ids: string }[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name === RUN_FILES.data || /^data-\d+\.json$/.test(name));
  const taken: { readonly data: ConsumedData; readonly ids: string }[] = [];
  for (const name of names) {
    const text = await readFile(path.join(folder, name), 'utf8').catch(() => null);
    const data = text === null ? null : parsed(text);
    if (data !== null) taken.push({ data, ids: path.join(folder, RUN_FILES.dataIds.replace('.', name.slice(RUN_FILES.data.indexOf('.'), -'.json'.length) + '.')) });
  }
  return taken;
}

function parsed(text: string): ConsumedData | null {
  try {
    const value = JSON.parse(text) as ConsumedData;
    return value.format === 1 && Array.isArray(value.files) ? value : null;
  } catch {
    return null;
  }
}

const IDS_AT_ONCE = 1 << 17;

/** Row numbers that an id had in a file; the same text twice has two. */
async function rowsOfId(idsFile: string, { read, firstId }: ConsumedFile, wanted: Buffer): Promise<readonly number[]> {
  const handle = await open(idsFile, 'r').catch(() => null);
  if (handle === null) return [];
  const rows: number[] = [];
  try {
    const count = parseRanges(read).reduce((sum, [from, to]) => sum + to - from + 1, 0);
    for (let first = 0; first < count; first += IDS_AT_ONCE) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(IDS_AT_ONCE, count - first) * ID_BYTES), 0, null, (firstId + first) * ID_BYTES);
      const bytes = buffer.subarray(0, bytesRead);
      for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
        const row = at % ID_BYTES === 0 ? rowAt(read, first + at / ID_BYTES) : null;
        if (row !== null) rows.push(row);
      }
    }
  } finally {
    await handle.close();
  }
  return rows;
}
