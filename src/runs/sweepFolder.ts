/** The folder of a sweep: .distill/sweeps/ID/ holds what was asked for; its runs are ordinary run folders that name it. */
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { DistillError } from '../shared/messages.ts';
import { sweep } from '../shared/recipeSweep.ts';
import { SWEEPS_FOLDER } from '../shared/run.ts';
import { systemCode, withFileErrors } from '../system/fileErrors.ts';
import { writeWholeFile, writeWholeFolder } from '../system/wholeFile.ts';
import { isRunName, listRuns, readRunFile, runName } from './folder.ts';

/** sweep.json: written once. The runs are worked out from it anew, always the same (sweepPlan.ts). */
export const sweepFile = z.object({
  format: z.literal(1),
  id: z.string(),
  createdAt: z.number(),
  recipePath: z.string(),
  base: z.string(),
  /** The recipe as it was written. */
  recipe: z.record(z.string(), z.json()),
  sweep,
  seed: z.int().min(0),
  queue: z.boolean(),
  versions: z.record(z.string(), z.string()),
});
export type SweepFile = z.output<typeof sweepFile>;

/** ended.json: how the sweep ended, until it is taken up again. */
export const sweepEnd = z.object({
  format: z.literal(1),
  at: z.number(),
  outcome: z.enum(['done', 'stopped', 'failed']),
  code: z.string().optional(),
  data: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
});
export type SweepEnd = z.output<typeof sweepEnd>;

export const SWEEP_FILES = { sweep: 'sweep.json', ended: 'ended.json', lock: 'sweep.lock', log: 'sweep.log', control: 'control.jsonl' } as const;

export function sweepsFolder(project: string): string {
  return path.join(project, ...SWEEPS_FOLDER.split('/'));
}

/** The project that a sweep's folder belongs to. */
export function projectOfSweep(folder: string): string {
  return path.resolve(folder, '..', ...SWEEPS_FOLDER.split('/').map(() => '..'));
}

/** Makes the folder of a new sweep, whole, under the first free name. Throws DistillError of the file system. */
export async function createSweepFolder(project: string, made: Omit<SweepFile, 'id' | 'format'>): Promise<string> {
  const sweeps = sweepsFolder(project);
  await withFileErrors(sweeps, async () => mkdir(sweeps, { recursive: true }));
  const name = runName(new Date(made.createdAt), String(made.recipe['name'] ?? ''));
  for (let number = 1; ; number += 1) {
    const id = number === 1 ? name : `${name}-${String(number)}`;
    const folder = path.join(sweeps, id);
    const content: SweepFile = { format: 1, ...made, id };
    if (await writeWholeFolder(folder, (temporary) => writeWholeFile(path.join(temporary, SWEEP_FILES.sweep), `${JSON.stringify(content, null, 2)}\n`), { exclusive: true })) return folder;
  }
}

/** Throws DistillError `sweep-not-found`, `sweep-unreadable`, or of the file system. */
export async function readSweepFile(folder: string): Promise<SweepFile> {
  const file = path.join(folder, SWEEP_FILES.sweep);
  const text = await withFileErrors(file, async () => readFile(file, 'utf8')).catch((error: unknown) => {
    throw ['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '') ? new DistillError('sweep-not-found', { path: folder }, { cause: error }) : error;
  });
  const parsed = sweepFile.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new DistillError('sweep-unreadable', { path: file, detail }, { cause: parsed.error });
}

/** Null while it goes on, and where it was interrupted. */
export async function readSweepEnd(folder: string): Promise<SweepEnd | null> {
  const text = await readFile(path.join(folder, SWEEP_FILES.ended), 'utf8').catch(() => '');
  return sweepEnd.safeParse(jsonOf(text)).data ?? null;
}

export async function writeSweepEnd(folder: string, end: Omit<SweepEnd, 'format' | 'at'> | null): Promise<void> {
  const file = path.join(folder, SWEEP_FILES.ended);
  if (end === null) await rm(file, { force: true });
  else await writeWholeFile(file, `${JSON.stringify({ format: 1, at: Date.now(), ...end } satisfies SweepEnd, null, 2)}\n`);
}

/** The folders of a project's sweeps in the order of their names, oldest first. */
export async function listSweeps(project: string): Promise<readonly string[]> {
  const sweeps = sweepsFolder(project);
  const entries = await readdir(sweeps, { withFileTypes: true }).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return [];
    throw error;
  });
  return entries.filter((entry) => entry.isDirectory() && isRunName(entry.name)).map(({ name }) => path.join(sweeps, name)).sort();
}

/** The runs of a sweep by their place in it; of two at one place the newer. */
export async function runsOfSweep(project: string, id: string): Promise<ReadonlyMap<number, string>> {
  const found = new Map<number, { readonly folder: string; readonly at: number }>();
  for (const folder of await listRuns(project)) {
    const run = await readRunFile(folder).catch(() => null);
    if (run?.sweep?.id !== id) continue;
    const before = found.get(run.sweep.index);
    if (before === undefined || before.at <= run.createdAt) found.set(run.sweep.index, { folder, at: run.createdAt });
  }
  return new Map([...found].map(([index, { folder }]) => [index, folder]));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
