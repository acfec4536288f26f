/** The side file of a collect stage: what cleaning took or changed, and the rows that verification didn't keep. */
import { rm } from 'node:fs/promises';
import type { DataRecord } from '../../shared/record.ts';
import { removedFileOf, sideWriter, type SideRow, type SideSink, type SideWriter } from '../data/clean/removed.ts';

export class SideRows implements SideSink {
  #rows = 0;

  private constructor(readonly file: string, private readonly writer: SideWriter) {}

  /** `to`: the stage's file, absolute. Throws DistillError of the file system. */
  static async begin(to: string): Promise<SideRows> {
    const file = removedFileOf(to);
    return new SideRows(file, await sideWriter(file));
  }

  get rows(): number {
    return this.#rows;
  }

  async write(row: SideRow): Promise<void> {
    this.#rows += 1;
    await this.writer.write(row);
  }

  /** A row that `keep` leaves out; `row` and `keptBefore` count verified rows. */
  async notKept(record: DataRecord, row: number, keptBefore: number): Promise<void> {
    const { verdict } = record.provenance;
    const detail = verdict === null ? {} : { verdict: verdict.verdict, reason: verdict.reason };
    await this.write({ format: 1, kind: 'removed', rule: 'verdict', detail, row, keptBefore, record });
  }

  /** Under its name; where nothing was taken there is no such file, also none of an earlier run. */
  async close(): Promise<void> {
    if (this.#rows > 0) {
      await this.writer.close();
      return;
    }
    await this.writer.abandon();
    await rm(this.file, { force: true });
  }

  abandon(): Promise<void> {
    return this.writer.abandon();
  }
}
