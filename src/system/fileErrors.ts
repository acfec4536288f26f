import { DistillError } from '../shared/messages.ts';
import type { ErrorCode } from '../shared/messages.ts';

/** Which of our codes a system error is; the rest stay what they are. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EROFS: 'read-only',
  EACCES: 'no-permission',
  EPERM: 'no-permission',
  EMFILE: 'too-many-files',
  ENFILE: 'too-many-files',
};

/** The system's own code of an error (`ENOENT`), or undefined. */
export function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The error a person can act on, naming the path; an error that is none of the file system's usual ones is given back as it is. */
export function fileError(error: unknown, path: string): unknown {
  if (error instanceof DistillError) return error;
  const code = CODES[systemCode(error) ?? ''];
  return code === undefined ? error : new DistillError(code, { path }, { cause: error });
}

/** Does `work` on `path`; throws DistillError `disk-full`, `read-only`, `no-permission` or `too-many-files`, or what was thrown. */
export async function withFileErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, path);
  }
}
