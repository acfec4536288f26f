/** Writes what each row lost at each step (shared/rowLosses.ts): 24 bytes a visit and 16 a step, each an append of one write. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RowRanges, parseRanges } from '../../shared/consumed.ts';
import { decodeSteps, decodeVisits, encodeStep, encodeVisits, NO_ROW, standing, STEP_BYTES, VISIT_BYTES, type RowTable, type StepEntry } from '../../shared/rowLosses.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { fileError, systemCode } from '../../system/fileErrors.ts';
import { writeWholeFile } from '../../system/wholeFile.ts';
import type { EncodedRow } from '../data/contract.ts';
import type { Objective } from './losses.ts';
import type { RowLoss } from './rowLosses.ts';

export interface RowLossOptions {
  /** The run's folder. */
  readonly folder: string;
  /** What paths inside are written relative to. */
  readonly base: string;
}

export class RowLossFile {
  private constructor(
    private readonly files: { readonly steps: string; readonly visits: string },
    private readonly descriptors: { readonly steps: number; readonly visits: number },
    private readonly numbers: ReadonlyMap<string, ReadonlyMap<number, number>>,
    /** Of each row, 1 + the place of its last visit. */
    private readonly last: Uint32Array,
    private visits: number,
    private entries: number,
  ) {}

  /**
   * Opens the files of a run that goes on after `step`, or begins them: what a crash has torn is cut, and steps beyond are taken back.
   * Throws DistillError of the file system.
   */
  static async open({ folder, base }: RowLossOptions, rows: readonly EncodedRow[], step: number): Promise<RowLossFile> {
    const files = { steps: path.join(folder, RUN_FILES.rowLossSteps), visits: path.join(folder, RUN_FILES.rowLosses) };
    const { numbers, count } = await numbered(path.join(folder, RUN_FILES.rowLossRows), base, rows);
    return guarded(files.visits, () => {
      const descriptors = { steps: openForAll(files.steps), visits: openForAll(files.visits) };
      const { entries, visits } = repaired(descriptors);
      const beyond = standing(entries).at(-1)?.step ?? 0;
      const kept = [...entries];
      if (beyond > step) {
        const mark: StepEntry = { step: step + 1, stage: 0, first: visits, count: 0 };
        writeAll(descriptors.steps, encodeStep(mark), kept.length * STEP_BYTES);
        kept.push(mark);
      }
      return new RowLossFile(files, descriptors, numbers, lastVisits(descriptors.visits, standing(kept), count), visits, kept.length);
    });
  }

  /** `step` counts over the whole run. Throws DistillError of the file system. */
  append(step: number, stage: number, rows: readonly RowLoss[], { weights, temperature }: Objective): void {
    const first = this.visits;
    const visits = rows.map(({ row, positions, ce, kl }, index) => {
      const number = this.numbers.get(row.file)?.get(row.row + 1) ?? NO_ROW;
      const before = number === NO_ROW ? 0 : this.last[number] ?? 0;
      if (number !== NO_ROW) this.last[number] = first + index + 1;
      return { row: number, previous: before === 0 ? null : before - 1, positions, loss: weights.ce * ce + weights.kl * temperature ** 2 * (kl ?? 0), ce, kl };
    });
    guarded(this.files.visits, () => { writeAll(this.descriptors.visits, encodeVisits(visits), first * VISIT_BYTES); });
    guarded(this.files.steps, () => { writeAll(this.descriptors.steps, encodeStep({ step, stage, first, count: visits.length }), this.entries * STEP_BYTES); });
    this.visits += visits.length;
    this.entries += 1;
  }

  close(): void {
    closeSync(this.descriptors.visits);
    closeSync(this.descriptors.steps);
  }
}

/** The numbers of all rows by file and 1-based row; rows that the table hasn't yet are added at its end. */
async function numbered(file: string, base: string, rows: readonly EncodedRow[]): Promise<{ readonly numbers: Map<string, Map<number, number>>; readonly count: number }> {
  const known = await readTable(file);
  const written = (absolute: string): string => {
    const inside = path.relative(base, absolute);
    return (inside.startsWith('..') || path.isAbsolute(inside) ? absolute : inside).split(path.sep).join('/');
  };
  const byPath = new Map<string, Map<number, number>>();
  let count = 0;
  for (const entry of known.files) {
    const numbers = byPath.get(entry.path) ?? new Map<number, number>();
    byPath.set(entry.path, numbers);
    for (const [from, to] of parseRanges(entry.rows)) for (let row = from; row <= to; row++) numbers.set(row, count++);
  }
  const numbers = new Map<string, Map<number, number>>();
  const more: { path: string; rows: string }[] = [];
  for (const absolute of new Set(rows.map((row) => row.file))) {
    const name = written(absolute);
    const own = byPath.get(name) ?? new Map<number, number>();
    numbers.set(absolute, own);
    const ranges = new RowRanges();
    const missing = [...new Set(rows.filter((row) => row.file === absolute && !own.has(row.row + 1)).map(({ row }) => row + 1))].sort((a, b) => a - b);
    for (const row of missing) {
      ranges.add(row);
      own.set(row, count++);
    }
    if (missing.length > 0) more.push({ path: name, rows: String(ranges) });
  }
  if (more.length > 0) await writeWholeFile(file, `${JSON.stringify({ format: 1, files: [...known.files, ...more] } satisfies RowTable)}\n`);
  return { numbers, count };
}

async function readTable(file: string): Promise<RowTable> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RowTable;
  } catch (error) {
    // Written whole: it is there or not.
    if (systemCode(error) === 'ENOENT') return { format: 1, files: [] };
    throw fileError(error, file);
  }
}

/** Cuts both files to what is whole in both. */
function repaired({ steps, visits }: { readonly steps: number; readonly visits: number }): { readonly entries: readonly StepEntry[]; readonly visits: number } {
  const there = Math.floor(fstatSync(visits).size / VISIT_BYTES);
  const all = decodeSteps(readAll(steps, 0, fstatSync(steps).size));
  const torn = all.findIndex(({ first, count }) => first + count > there);
  const entries = torn < 0 ? all : all.slice(0, torn);
  const end = entries.reduce((most, { first, count }) => Math.max(most, first + count), 0);
  ftruncateSync(steps, entries.length * STEP_BYTES);
  ftruncateSync(visits, end * VISIT_BYTES);
  return { entries, visits: end };
}

const VISITS_AT_ONCE = 1 << 16;

function lastVisits(descriptor: number, entries: readonly StepEntry[], rows: number): Uint32Array {
  const last = new Uint32Array(rows);
  let at = 0;
  while (at < entries.length) {
    // Steps whose visits lie one after another are read together.
    const begin = (entries[at] as StepEntry).first;
    let end = begin;
    while (at < entries.length && entries[at]?.first === end && end - begin < VISITS_AT_ONCE) end += entries[at++]?.count ?? 0;
    decodeVisits(readAll(descriptor, begin * VISIT_BYTES, (end - begin) * VISIT_BYTES)).forEach(({ row }, index) => { if (row < rows) last[row] = begin + index + 1; });
  }
  return last;
}

function readAll(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const read = readSync(descriptor, bytes, done, length - done, offset + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
}

function writeAll(descriptor: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.length;) done += writeSync(descriptor, bytes, done, bytes.length - done, offset + done);
}

/** Made if it isn't there. Not for appending: such a file can't be cut on every system. */
function openForAll(file: string): number {
  closeSync(openSync(file, 'a'));
  return openSync(file, 'r+');
}

function guarded<T>(file: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(error, file);
  }
}
