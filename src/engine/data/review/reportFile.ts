/** The report of a file of any known format, for the command line. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { DataReport } from '../../../shared/dataReport.ts';
import { DistillError } from '../../../shared/messages.ts';
import { readRecords } from '../formats/read.ts';
import { recordWriter } from '../formats/write.ts';
import { buildIndex } from './dataIndex.ts';
import { Decisions } from './decisions.ts';
import { refuseOtherFormats } from './formatOf.ts';
import { makeReport, type ReportOptions } from './report.ts';
import { readReview } from './reviewFile.ts';
import { RowReader } from './rows.ts';

/**
 * Formats other than JSONL are read into a file of our own first, which is gone afterwards; their broken rows are counted.
 * Throws what readRecords and makeReport throw.
 */
export async function reportFile(file: string, options: ReportOptions): Promise<DataReport> {
  try {
    await refuseOtherFormats(file);
  } catch (error) {
    if (!(error instanceof DistillError) || (error.code !== 'review-convert-first' && error.code !== 'data-file-is-folder')) throw error;
    return reportConverted(file, options);
  }
  return reportJsonl(file, options);
}

async function reportConverted(file: string, options: ReportOptions): Promise<DataReport> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'distill-report-'));
  try {
    const rows = path.join(folder, 'rows.jsonl');
    const writer = await recordWriter(rows);
    let broken = 0;
    try {
      for await (const record of readRecords({ file, format: 'auto' }, { base: process.cwd(), onBroken: 'skip', onBrokenRow: () => { broken += 1; }, signal: options.signal })) await writer.write(record);
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    await writer.close();
    return { ...await reportJsonl(rows, options), file, broken };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function reportJsonl(file: string, options: ReportOptions): Promise<DataReport> {
  const index = await buildIndex(file, { signal: options.signal, breathe: (done, total) => options.breathe(done, total) });
  const decisions = new Decisions(index);
  decisions.load(await readReview(file));
  const reader = new RowReader(index);
  try {
    return await makeReport(index, decisions, reader, options);
  } finally {
    await reader.close();
  }
}
