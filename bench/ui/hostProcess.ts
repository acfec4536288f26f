/** The extension host among a VS Code server's processes, and the processor time that it has used. Linux only: from /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** The newest extension host below a process. Throws when there is none. */
export function extensionHostOf(server: number): number {
  const hosts = descendants(server).filter((pid) => read(pid, 'cmdline').includes('--type=extensionHost'));
  const host = hosts.at(-1);
  if (host === undefined) throw new Error(`no extension host below process ${server}`);
  return host;
}

/** Seconds of processor time of all threads of a process, since it began. */
export function cpuSeconds(pid: number): number {
  const [user, system] = fields(pid).slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) / TICKS_PER_SECOND;
}

function descendants(root: number): readonly number[] {
  const parents = new Map(readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), Number(fields(Number(name))[1])]));
  const below = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (!below.has(parent) || below.has(pid)) continue;
      below.add(pid);
      grown = true;
    }
  }
  return [...below].sort((a, b) => a - b);
}

/** The fields of /proc/PID/stat after the name (which may hold spaces): state, parent, … */
function fields(pid: number): readonly string[] {
  const stat = read(pid, 'stat');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
