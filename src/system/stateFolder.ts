import { accessSync, constants, mkdirSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import path from 'node:path';

const NAME = 'distill-workbench';

/**
 * The folder of this user on this machine for what no project owns (the device locks), made if it is missing. The
 * environment variable DISTILL_STATE_FOLDER overrides it. A home that can't be written to is replaced by the temporary
 * folder, which every process of this user finds just as well.
 */
export function stateFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = environment['DISTILL_STATE_FOLDER'];
  if (chosen !== undefined && chosen !== '') {
    mkdirSync(chosen, { recursive: true });
    return chosen;
  }
  const usual = path.join(systemStateFolder(environment), NAME);
  try {
    mkdirSync(usual, { recursive: true, mode: 0o700 });
    accessSync(usual, constants.W_OK);
    return usual;
  } catch {
    const fallback = path.join(tmpdir(), `${NAME}-${userInfo().username}`);
    mkdirSync(fallback, { recursive: true, mode: 0o700 });
    return fallback;
  }
}

function systemStateFolder(environment: Readonly<Record<string, string | undefined>>): string {
  switch (process.platform) {
    case 'win32':
      return environment['LOCALAPPDATA'] ?? path.join(homedir(), 'AppData', 'Local');
    case 'darwin':
      return path.join(homedir(), 'Library', 'Application Support');
    default:
      // XDG Base Directory Specification 0.8: relative paths are invalid and to be ignored.
      return environment['XDG_STATE_HOME']?.startsWith('/') === true ? environment['XDG_STATE_HOME'] : path.join(homedir(), '.local', 'state');
  }
}
