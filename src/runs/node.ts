/** Which program runs the engine: a Node.js that the person named, one on the PATH, or the one that runs us. */
import { execa } from 'execa';
import { DistillError } from '../shared/messages.ts';

export interface NodeProgram {
  readonly path: string;
  /** What its environment needs besides: Electron runs as Node only when told to. */
  readonly environment: Readonly<Record<string, string>>;
  readonly version: string;
}

/** package.json's engines.node. */
const OLDEST = [20, 19] as const;
const VERSION_TIMEOUT_MS = 10_000;

/**
 * `named`: a path from the settings, or null. Throws DistillError `node-not-found` when that one doesn't run or is too old;
 * without a name there is always one: the program of this process, as Node.
 */
export async function findNode(named: string | null): Promise<NodeProgram> {
  if (named !== null && named !== '') {
    const version = await versionOf(named);
    if (version === null || !newEnough(version)) throw new DistillError('node-not-found', { path: version === null ? named : `${named} (${version})` });
    return { path: named, environment: {}, version };
  }
  if (process.versions['electron'] === undefined && newEnough(process.version)) return { path: process.execPath, environment: {}, version: process.version };
  const version = await versionOf('node');
  if (version !== null && newEnough(version)) return { path: 'node', environment: {}, version };
  return { path: process.execPath, environment: { ELECTRON_RUN_AS_NODE: '1' }, version: process.version };
}

async function versionOf(program: string): Promise<string | null> {
  const { failed, stdout } = await execa(program, ['--version'], { reject: false, timeout: VERSION_TIMEOUT_MS, stdin: 'ignore' });
  return !failed && /^v\d+\.\d+\.\d+/.test(stdout) ? stdout : null;
}

function newEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}
