/** Where a project keeps what its teachers were asked: one folder a teacher, shared by all runs of the project. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { TEACHERS_FOLDER } from '../../shared/run.ts';

export const TEACHER_FILES = { lock: 'collect.lock', ledger: 'ledger.jsonl', answers: 'answers.jsonl' } as const;

/** Names that every file system takes as they are, and that Windows has no device for. */
const PLAIN = /^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z0-9]([a-z0-9_.-]{0,50}[a-z0-9_-])?$/i;

/** The folder of a teacher; a name that is no file name becomes one, told apart from its likes by a hash. */
export function teacherFolder(project: string, name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return path.join(project, TEACHERS_FOLDER, PLAIN.test(name) ? name : `${name.replaceAll(/[^a-z0-9_-]+/gi, '_').slice(0, 40)}-${hash}`);
}
