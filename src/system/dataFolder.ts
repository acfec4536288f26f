/** The folder of this user on this machine for large things that can be had again: libraries that were set up. */
import { homedir } from 'node:os';
import path from 'node:path';

const NAME = 'distill-workbench';

/** Not made here. The environment variable DISTILL_DATA_FOLDER overrides it. */
export function dataFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = environment['DISTILL_DATA_FOLDER'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  switch (process.platform) {
    // Not APPDATA: that one roams between machines.
    case 'win32': return path.join(environment['LOCALAPPDATA'] ?? path.join(homedir(), 'AppData', 'Local'), NAME);
    case 'darwin': return path.join(homedir(), 'Library', 'Application Support', NAME);
    // XDG Base Directory Specification 0.8: relative paths are invalid and to be ignored.
    default: return path.join(environment['XDG_DATA_HOME']?.startsWith('/') === true ? environment['XDG_DATA_HOME'] : path.join(homedir(), '.local', 'share'), NAME);
  }
}
