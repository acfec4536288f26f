/** Paths of a recipe on this machine. */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { escapesFolder } from '../../shared/recipePaths.ts';

/** A recipe's path, absolute. Throws DistillError `path-escapes` where a relative one leaves the project's folder. */
export function resolvePath(base: string, written: string): string {
  if (escapesFolder(written)) throw new DistillError('path-escapes', { path: written, folder: base });
  return path.resolve(base, written);
}
