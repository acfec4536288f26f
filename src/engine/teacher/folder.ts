/** Where a project keeps what its teachers were asked: one folder a teacher, shared by all runs of the project. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { TEACHERS_FOLDER } from '../../shared/run.ts';
import { readLock, tryLock, type LockHolder } from '../../system/lockFile.ts';
import { isAlive } from '../../system/processIdentity.ts';

export const TEACHER_FILES = { lock: 'collect.lock', ledger: 'ledger.jsonl', answers: 'answers.jsonl' } as const;

/** Names that every file system takes as they are, and that Windows has no device for. */
const PLAIN = /^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z0-9]([a-z0-9_.-]{0,50}[a-z0-9_-])?$/i;

/** The folder of a teacher. */
export function teacherFolder(project: string, name: string): string {
  return path.join(project, TEACHERS_FOLDER, fileNameOf(name));
}

/** A name as a file's name: itself where every system takes it, else one told apart from its likes by a hash. */
export function fileNameOf(name: string): string {
  if (PLAIN.test(name)) return name;
  return `${name.replaceAll(/[^a-z0-9_-]+/gi, '_').slice(0, 40)}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}

/**
 * One process at a time asks a teacher for a project. Answers what gives the lock back, which an exit does as well. Throws
 * DistillError `collect-busy`, or of the file system.
 */
export async function lockTeacher({ name, folder, about }: { readonly name: string; readonly folder: string; readonly about: string }): Promise<() => Promise<void>> {
  const attempt = await tryLock(path.join(folder, TEACHER_FILES.lock), { about });
  if (attempt.type === 'taken') throw busy(name, attempt.holder);
  const { lock } = attempt;
  const atExit = (): void => { lock.releaseSync(); };
  process.once('exit', atExit);
  return async () => {
    process.removeListener('exit', atExit);
    await lock.release();
  };
}

/** For whoever is about to start a process that asks: throws DistillError `collect-busy` where another one does now, or of the file system. */
export async function refuseAskedTeacher(project: string, name: string): Promise<void> {
  const holder = await readLock(path.join(teacherFolder(project, name), TEACHER_FILES.lock));
  if (holder !== null && (await isAlive(holder)) === 'alive') throw busy(name, holder);
}

function busy(name: string, { pid, host, about }: LockHolder): DistillError {
  return new DistillError('collect-busy', { teacher: name, pid, host, about: about ?? '–' });
}
