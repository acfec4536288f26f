/** The files of a collect stage: its rows, the held-out ones beside them, and what was taken out. All of them appear whole, or none. */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { CollectStage } from '../../shared/recipeCollect.ts';
import type { DataRecord } from '../../shared/record.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { recordWriter, type RecordWriter } from '../data/formats/write.ts';
import { sideFile } from '../data/mix/mix.ts';
import type { Side } from '../data/mix/split.ts';
import { SideRows } from './sideRows.ts';

export class Outputs {
  private constructor(private readonly writers: ReadonlyMap<Side, RecordWriter>, readonly side: SideRows | null) {}

  /** Begins every file, so that a folder nobody may write to is known before anything is paid for. Throws DistillError of the file system. */
  static async begin({ clean, verify, mix }: CollectStage, to: string): Promise<Outputs> {
    await withFileErrors(to, () => mkdir(path.dirname(to), { recursive: true }));
    const sides: readonly Side[] = ['train', ...((mix?.validation ?? 0) > 0 ? ['validation' as const] : []), ...((mix?.test ?? 0) > 0 ? ['test' as const] : [])];
    const writers = new Map<Side, RecordWriter>();
    const begun = new Outputs(writers, clean === undefined && verify === undefined ? null : await SideRows.begin(to));
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
  }

  /** The rows to train on last: where that file is new, the others are. */
  async close(): Promise<void> {
    await this.side?.close();
    for (const [side, writer] of this.writers) if (side !== 'train') await writer.close();
    await this.writers.get('train')?.close();
  }

  /** Leaves nothing behind; what had the names before stays. */
  async abandon(): Promise<void> {
    for (const writer of this.writers.values()) await writer.abandon();
    await this.side?.abandon();
  }
}
