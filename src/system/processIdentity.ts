/**
 * Who a process is, in a way that survives the reuse of its pid: pid, start time as the system tells it, and host.
 * Linux reads /proc; macOS asks `ps`, Windows PowerShell (both written for, untried).
 */
import { execFile } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import type { ProcessIdentity } from '../shared/events.ts';
import { systemCode } from './fileErrors.ts';

/** `unknown`: the process is on another host, or the system doesn't tell its start time. Never a reason to kill or to take over. */
export type Liveness = 'alive' | 'dead' | 'unknown';

/** The inode that Linux gives the first pid namespace (PROC_PID_INIT_INO in include/linux/proc_ns.h). */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';
const TOOL_TIMEOUT_MS = 10_000;

const run = promisify(execFile);

let ownHost: string | undefined;

/**
 * The name within which a pid means something. A container on the same machine has pids of its own, so on Linux a pid
 * namespace other than the first is part of the name.
 */
export function hostName(): string {
  if (ownHost !== undefined) return ownHost;
  let namespace = FIRST_PID_NAMESPACE;
  try {
    if (process.platform === 'linux') namespace = readlinkSync('/proc/self/ns/pid');
  } catch {
    // A kernel without namespaces has one only.
  }
  ownHost = namespace === FIRST_PID_NAMESPACE ? hostname() : `${hostname()} ${namespace}`;
  return ownHost;
}

/** The identity of a running process of this host; null where there is none (a zombie is none), or its start time is not told. */
export async function processIdentity(pid: number = process.pid): Promise<ProcessIdentity | null> {
  const token = presence(pid) === 'none' ? null : await startToken(pid);
  return token === null ? null : { pid, startToken: token, host: hostName() };
}

/** Whether exactly this process still runs: a later process with the same pid is `dead` to it. */
export async function isAlive(identity: ProcessIdentity): Promise<Liveness> {
  if (identity.host !== hostName()) return 'unknown';
  if (presence(identity.pid) === 'none') return 'dead';
  const token = await startToken(identity.pid);
  if (token !== null) return token === identity.startToken ? 'alive' : 'dead';
  const left = presence(identity.pid);
  // No token although it is there: a zombie of ours on Linux; another user's hidden process, or a tool that failed, elsewhere.
  return left === 'none' || (left === 'ours' && process.platform === 'linux') ? 'dead' : 'unknown';
}

/** Which process has this pid now: one of this user's, another user's, or none. */
function presence(pid: number): 'ours' | 'foreign' | 'none' {
  if (!Number.isInteger(pid) || pid <= 0) return 'none';
  try {
    process.kill(pid, 0);
    return 'ours';
  } catch (error) {
    return systemCode(error) === 'EPERM' ? 'foreign' : 'none';
  }
}

async function startToken(pid: number): Promise<string | null> {
  switch (process.platform) {
    case 'linux':
      return linuxStartToken(pid);
    case 'win32':
      return output('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`]);
    default:
      return output('ps', ['-o', 'lstart=', '-p', String(pid)]);
  }
}

/** Boot id and field 22 (start time in clock ticks since boot) of /proc/PID/stat: proc_pid_stat(5). */
async function linuxStartToken(pid: number): Promise<string | null> {
  let stat: string;
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return null;
  }
  // Field 2 is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  const gone = state === 'Z' || state === 'X' || state === 'x';
  return gone || startTime === undefined ? null : `${bootId()}:${startTime}`;
}

let ownBootId: string | undefined;
function bootId(): string {
  ownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  return ownBootId;
}

async function output(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout } = await run(command, [...args], { timeout: TOOL_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' }, windowsHide: true });
    const text = stdout.trim();
    return text === '' ? null : text;
  } catch {
    return null;
  }
}
