/** How a sweep stands, as its folder and its driver's process say. */
import path from 'node:path';
import type { SweepStatus } from '../shared/sweepPanel.ts';
import { readLock } from '../system/lockFile.ts';
import { isAlive } from '../system/processIdentity.ts';
import { readRun } from './followRun.ts';
import { readOrders } from './orders.ts';
import { projectOfSweep, readSweepEnd, readSweepFile, runsOfSweep, SWEEP_FILES, type SweepEnd, type SweepFile } from './sweepFolder.ts';
import { sweepViewOf, type SweepView } from './sweepView.ts';

/** Between the making of the folder and the first word of who drives it. */
const STARTING_MS = 10_000;

export interface SweepStanding {
  readonly status: SweepStatus;
  readonly end: SweepEnd | null;
}

export async function standingOf(folder: string, file: SweepFile): Promise<SweepStanding> {
  const holder = await readLock(path.join(folder, SWEEP_FILES.lock)).catch(() => null);
  const end = await readSweepEnd(folder);
  if (holder !== null && (await isAlive(holder)) !== 'dead') {
    if (end !== null && end.at >= holder.at) return { status: end.outcome, end };
    const stops = (await readOrders(folder)).filter(({ order, at }) => order === 'stop' && at >= holder.at);
    return { status: stops.length > 0 ? 'stopping' : 'running', end: null };
  }
  if (end !== null) return { status: end.outcome, end };
  return { status: Date.now() - file.createdAt < STARTING_MS ? 'running' : 'lost', end: null };
}

/** A sweep and its runs, read from their folders. Throws DistillError `sweep-not-found`, `sweep-unreadable`. */
export async function readSweep(folder: string): Promise<SweepView> {
  const file = await readSweepFile(folder);
  const project = projectOfSweep(folder);
  const runs = await Promise.all([...(await runsOfSweep(project, file.id)).values()].map((run) => readRun(run)));
  return sweepViewOf({ folder, project, file, runs, ...await standingOf(folder, file) });
}
