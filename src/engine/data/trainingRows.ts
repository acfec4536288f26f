/**
 * The rows that a recipe's data name, in any format, with the decisions of a review applied; and what is written down of
 * each: data.json of the run (shared/consumed.ts).
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { ID_BYTES, RowRanges, type ConsumedData, type ConsumedFile, type RowFate } from '../../shared/consumed.ts';
import { DistillError } from '../../shared/messages.ts';
import type { DataRecipe } from '../../shared/recipe.ts';
import { RUN_FILES } from '../../shared/run.ts';
import type { ReviewLine } from '../../shared/review.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { idBytes } from '../../system/idBytes.ts';
import { writeWholeFile } from '../../system/wholeFile.ts';
import { checkUnchanged, fileState, type FileState } from './formats/fileBytes.ts';
import { readPlaced, type RecognisedFile } from './formats/read.ts';
import { readReview, reviewedRecord } from './review/reviewFile.ts';
import { rowOf, type Row } from './row.ts';

/** A row that knows which record it is. */
export interface RecordRow extends Row {
  readonly id: string;
  /** 1-based, as data.json counts. */
  readonly number: number;
}

/** Rows of files (absolute paths; a dataset folder gives its training split), those left out by a review not among them. */
export async function* rowsOf(files: readonly string[], fields: DataRecipe['fields'], notes: RowNotes | null = null): AsyncGenerator<RecordRow> {
  for (const file of files) {
    const reviews = new Map<string, Review>();
    const begun: string[] = [];
    let current: string | null = null;
    const options = {
      base: path.dirname(file), onBroken: 'refuse', answered: true,
      onFile: (found: RecognisedFile) => {
        begun.push(found.file);
        notes?.begin(found);
      },
      onBytes: notes === null ? undefined : (bytes: Buffer) => { notes.hash(bytes); },
    } as const;
    for await (const { record, usualId, file: from, row } of readPlaced({ file, format: 'auto', fields }, options)) {
      if (current !== from.file) {
        if (current !== null) await notes?.end(current);
        current = from.file;
        reviews.set(current, new Review(await readReview(current)));
      }
      const review = reviews.get(from.file);
      const decided = review?.decisionOn(record.id, usualId);
      const reviewed = decided === undefined ? record : reviewedRecord(record, decided);
      notes?.read(from.file, row, record.id);
      if (reviewed === null) notes?.add(from.file, row, decided?.decision === 'quarantine' ? 'quarantined' : 'rejected');
      else {
        if (decided?.decision === 'edit') notes?.edited();
        yield { ...rowOf(reviewed, from.file, row - 1), id: record.id, number: row };
      }
    }
    for (const each of begun) await notes?.end(each);
    for (const [of, review] of reviews) notes?.unmatched(of, review.unmatched);
  }
}

/** The decisions on one file's rows. */
export class Review {
  readonly #used = new Set<string>();

  constructor(private readonly lines: ReadonlyMap<string, ReviewLine>) {}

  /** By the row's id; or by the one that it has under the usual names, where the recipe's own fields make another text of it. */
  decisionOn(id: string, usualId: () => string | null): ReviewLine | undefined {
    if (this.lines.size === 0) return undefined;
    const key = this.lines.has(id) ? id : usualId();
    const line = key === null ? undefined : this.lines.get(key);
    if (line !== undefined) this.#used.add(line.id);
    return line;
  }

  /** Decisions on rows that are not in the file (any more). */
  get unmatched(): number {
    return this.lines.size - this.#used.size;
  }
}

/** Ids one after another: an object for each would cost ten times its bytes. */
class IdList {
  #bytes = Buffer.alloc(ID_BYTES << 10);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#count * ID_BYTES);
  }

  add(id: Buffer): void {
    if (this.bytes.length === this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes, Buffer.alloc(this.#bytes.length)]);
    id.copy(this.#bytes, this.#count * ID_BYTES);
    this.#count += 1;
  }
}

interface FileNotes {
  readonly found: RecognisedFile;
  readonly read: RowRanges;
  readonly ids: IdList;
  readonly rows: Map<RowFate, RowRanges>;
  hash: Hash | null;
  sha256: string;
  state: FileState | null;
}

/** Collects what a run takes of its files. The first time that a file is read it is hashed; the second time it must be the same. */
export class RowNotes {
  readonly #files = new Map<string, FileNotes>();
  readonly #unmatched = new Map<string, number>();
  #current: FileNotes | null = null;
  #edited = 0;
  /** The first reading decides, the second one takes rows. */
  #taking = false;

  begin(found: RecognisedFile): void {
    const known = this.#files.get(found.file);
    if (known !== undefined) {
      this.#current = known;
      return;
    }
    const notes: FileNotes = { found, read: new RowRanges(), ids: new IdList(), rows: new Map(), hash: found.container === 'parquet' ? null : createHash('sha256'), sha256: '', state: null };
    this.#files.set(found.file, notes);
    this.#current = notes;
  }

  hash(bytes: Buffer): void {
    this.#current?.hash?.update(bytes);
  }

  /** Throws DistillError `data-file-changed` where a file is another than the first time. */
  async end(file: string): Promise<void> {
    const notes = this.#files.get(file);
    if (notes === undefined) return;
    if (notes.state !== null) {
      await checkUnchanged(file, notes.state);
      return;
    }
    notes.state = await fileState(file);
    notes.sha256 = notes.hash === null ? await sha256(file) : notes.hash.digest('hex');
    notes.hash = null;
  }

  /** From here on rows are taken, not only looked at. */
  take(): void {
    this.#taking = true;
  }

  read(file: string, row: number, id: string): void {
    const notes = this.#files.get(file);
    // Once for each row, though a file may be named for two splits and is read twice.
    if (this.#taking || notes === undefined || notes.state !== null) return;
    notes.read.add(row);
    notes.ids.add(idBytes(id));
  }

  add(file: string, row: number, fate: RowFate): void {
    const notes = this.#files.get(file);
    if (!this.#taking || notes === undefined) return;
    const ranges = notes.rows.get(fate) ?? new RowRanges();
    notes.rows.set(fate, ranges);
    ranges.add(row);
  }

  edited(): void {
    if (this.#taking) this.#edited += 1;
  }

  unmatched(file: string, count: number): void {
    if (count > 0) this.#unmatched.set(file, count);
  }

  /** What a review did, and decisions that no row was found for, by file. */
  get review(): { readonly left: number; readonly edited: number; readonly unmatched: ReadonlyMap<string, number> } {
    const count = (fate: RowFate): number => [...this.#files.values()].reduce((sum, { rows }) => sum + (rows.get(fate)?.count ?? 0), 0);
    return { left: count('rejected') + count('quarantined'), edited: this.#edited, unmatched: this.#unmatched };
  }

  /** @param base the folder that paths are written relative to */
  consumed(base: string): Consumed {
    let firstId = 0;
    const files = [...this.#files.values()].map(({ found, read, rows, ids, sha256: hash, state }): ConsumedFile => {
      const inside = path.relative(base, found.file);
      const written = inside.startsWith('..') || path.isAbsolute(inside) ? found.file : inside;
      const first = firstId;
      firstId += ids.count;
      return {
        path: written.split(path.sep).join('/'), size: state?.size ?? 0, sha256: hash, format: found.container, read: String(read),
        rows: Object.fromEntries([...rows].map(([fate, ranges]) => [fate, String(ranges)])), firstId: first,
      };
    });
    return { data: { format: 1, at: Date.now(), files }, ids: Buffer.concat([...this.#files.values()].map(({ ids }) => ids.bytes)) };
  }
}

export interface Consumed {
  readonly data: ConsumedData;
  readonly ids: Buffer;
}

/**
 * Writes data.json and data-ids.bin into a run's folder. A resumed run that read other bytes than before keeps what it took
 * the first time as data-1.json and names the files that differ.
 */
export async function writeConsumed(folder: string, { data, ids }: Consumed): Promise<{ readonly changed: readonly string[]; readonly kept: string }> {
  const file = path.join(folder, RUN_FILES.data);
  const before = await readConsumed(file);
  const changed = before === null ? [] : data.files.filter(({ path: name, sha256: hash }) => before.files.some((each) => each.path === name && each.sha256 !== hash)).map(({ path: name }) => name);
  if (before !== null && changed.length === 0 && before.files.length === data.files.length) return { changed, kept: '' };
  const kept = before === null ? '' : await keepEarlier(folder);
  await writeWholeFile(path.join(folder, RUN_FILES.dataIds), ids);
  await writeWholeFile(file, `${JSON.stringify(data)}\n`);
  return { changed, kept };
}

async function keepEarlier(folder: string): Promise<string> {
  const numbered = (name: string, number: number): string => path.join(folder, name.replace('.', `-${String(number)}.`));
  let number = 1;
  while (await stat(numbered(RUN_FILES.data, number)).then(() => true, () => false)) number += 1;
  await withFileErrors(folder, async () => {
    await rename(path.join(folder, RUN_FILES.dataIds), numbered(RUN_FILES.dataIds, number)).catch((error: unknown) => { if (systemCode(error) !== 'ENOENT') throw error; });
    await rename(path.join(folder, RUN_FILES.data), numbered(RUN_FILES.data, number));
  });
  return path.basename(numbered(RUN_FILES.data, number));
}

async function readConsumed(file: string): Promise<ConsumedData | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    return JSON.parse(text) as ConsumedData;
  } catch (error) {
    throw new DistillError('data-file-damaged', { file, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) hash.update(piece);
  return hash.digest('hex');
}
