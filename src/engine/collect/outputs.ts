/** The files of a collect stage: its rows, the held-out ones beside them, and what was taken out. All of them appear whole, or none. */
import { createReadStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { recordWriter, type RecordWriter } from '../data/formats/write.ts';
import { sideFile } from '../data/mix/mix.ts';
import type { Side } from '../data/mix/split.ts';
import { SideRows } from './sideRows.ts';

export class Outputs {
  #rows = 0;

  private constructor(private readonly to: string, private readonly writers: ReadonlyMap<Side, RecordWriter>, readonly side: SideRows | null) {}

  /** Begins every file, so that a folder nobody may write to is known before anything is paid for. Throws DistillError of the file system. */
  static async begin({ clean, verify, mix }: CollectStage, to: string): Promise<Outputs> {
    await withFileErrors(to, () => mkdir(path.dirname(to), { recursive: true }));
    const sides: readonly Side[] = ['train', ...((mix?.validation ?? 0) > 0 ? ['validation' as const] : []), ...((mix?.test ?? 0) > 0 ? ['test' as const] : [])];
    const writers = new Map<Side, RecordWriter>();
    const begun = new Outputs(to, writers, clean === undefined && verify === undefined ? null : await SideRows.begin(to));
    try {
      for (const side of sides) writers.set(side, await recordWriter(sideFile(to, side)));
      return begun;
    } catch (error) {
      await begun.abandon();
      throw error;
    }
  }

  async write(record: DataRecord, side: Side = 'train'): Promise<void> {
    const writer = this.writers.get(side);
    if (writer === undefined) throw new Error(`no file for ${side} rows`);
    await writer.write(record);
    if (side === 'train') this.#rows += 1;
  }

  /**
   * The rows to train on last: where that file is new, the others are. With `partial` a file that has more rows than are
   * written now is kept beside it; its name is answered, null otherwise.
   */
  async close(partial: boolean): Promise<string | null> {
    const previous = partial && await linesOf(this.to) > this.#rows ? `${this.to.replace(/\.jsonl$/, '')}.previous.jsonl` : null;
    if (previous !== null) await withFileErrors(previous, () => rename(this.to, previous));
    await this.side?.close();
    for (const [side, writer] of this.writers) if (side !== 'train') await writer.close();
    await this.writers.get('train')?.close();
    return previous;
  }

  /** Names of the files that close() writes beside the rows to train on. */
  beside(): readonly string[] {
    const sides = [...this.writers.keys()].filter((side) => side !== 'train').map((side) => sideFile(this.to, side));
    return [...sides, ...(this.side === null || this.side.rows === 0 ? [] : [this.side.file])].map((file) => path.basename(file));
  }

  /** Leaves nothing behind; what had the names before stays. */
  async abandon(): Promise<void> {
    for (const writer of this.writers.values()) await writer.abandon();
    await this.side?.abandon();
  }
}

const NEWLINE = 0x0a;

/** 0 of a file that is not there. */
async function linesOf(file: string): Promise<number> {
  let lines = 0;
  try {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      for (let place = piece.indexOf(NEWLINE); place >= 0; place = piece.indexOf(NEWLINE, place + 1)) lines += 1;
    }
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return lines;
}
