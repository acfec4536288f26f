/**
 * Ending a process with everything it started. A process is only ever signalled when its pid and its start token are those
 * that were seen, so a pid that the system has given away again is never hit.
 */
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { ProcessIdentity } from '../shared/events.ts';
import { systemCode } from './fileErrors.ts';
import { isAlive, processIdentity } from './processIdentity.ts';

const run = promisify(execFile);

/** How often a dying process is looked at: nothing tells of the death of a process that is not one's own child. */
const LOOK_MS = 50;
/** A process that is killed is gone within moments, unless the kernel holds it (a disk that doesn't answer). */
const KILLED_WITHIN_MS = 5000;
/** Rounds in which processes may still start others while they are being killed. */
const KILL_ROUNDS = 20;

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

/** Resolves with true once the process is gone, with false after `withinMs` or when the signal aborts. */
export async function waitForEnd(identity: ProcessIdentity, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const until = Date.now() + withinMs;
  for (;;) {
    if ((await isAlive(identity)) === 'dead') return true;
    if (Date.now() >= until || signal?.aborted === true) return false;
    await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, Math.max(1, until - Date.now()))));
  }
}

/**
 * A process and everything it started: its descendants, and those of its session or process group, which they stay in when
 * their parents are gone (the root was started detached, so both bear its pid).
 */
export class ProcessTree {
  /** Everyone of the tree that was ever seen: once a parent is gone, its children no longer name it. */
  private readonly seen = new Map<string, ProcessIdentity>();

  constructor(readonly root: ProcessIdentity) {
    this.seen.set(keyOf(root), root);
  }

  /** Looks who belongs to it now. Returns those that live, the root first if it does. */
  async alive(): Promise<readonly ProcessIdentity[]> {
    for (const identity of [...this.seen.values()]) {
      for (const member of await membersOf(identity)) this.seen.set(keyOf(member), member);
    }
    const all = [...this.seen.values()];
    const alive = await Promise.all(all.map(async (identity) => (await isAlive(identity)) === 'alive'));
    return all.filter((_, index) => alive[index]);
  }

  /** SIGTERM to the root's group. Returns whether the whole tree has ended after `graceMs`. */
  async terminate(graceMs: number): Promise<boolean> {
    // Windows has no signals to ask with: there this is only the waiting.
    if (process.platform !== 'win32') {
      await this.alive();
      await signal(this.root, 'SIGTERM');
    }
    await waitForEnd(this.root, graceMs);
    return (await this.alive()).length === 0;
  }

  /** SIGKILL to everyone left. Returns who is still there: nobody, unless the system holds a process or it is another user's. */
  async kill(): Promise<readonly ProcessIdentity[]> {
    let left = await this.alive();
    for (let round = 0; round < KILL_ROUNDS && left.length > 0; round += 1) {
      // taskkill takes the tree with /T, and asks nobody with /F.
      if (process.platform === 'win32') await run('taskkill', ['/PID', String(this.root.pid), '/T', '/F']).catch(() => undefined);
      for (const identity of left) await signal(identity, 'SIGKILL');
      await Promise.all(left.map((identity) => waitForEnd(identity, KILLED_WITHIN_MS / KILL_ROUNDS)));
      left = await this.alive();
    }
    return left;
  }
}

/** The living processes that the root started, directly or not, as far as the system's table of now tells. */
async function membersOf(root: ProcessIdentity): Promise<readonly ProcessIdentity[]> {
  const rows = await allProcesses();
  // The system gives a pid away again only when no group and no session bears it any more: then nobody here is the root's.
  const now = await processIdentity(root.pid);
  if (now !== null && now.startToken !== root.startToken) return [];
  const members = new Set<number>([root.pid]);
  for (let grown = true; grown;) {
    grown = false;
    for (const row of rows) {
      if (members.has(row.pid) || row.pid === process.pid) continue;
      if ((now !== null && row.parent === root.pid) || (row.parent !== root.pid && members.has(row.parent)) || row.group === root.pid || row.session === root.pid) {
        members.add(row.pid);
        grown = true;
      }
    }
  }
  members.delete(root.pid);
  const identities = await Promise.all([...members].map((pid) => processIdentity(pid)));
  return identities.filter((identity) => identity !== null);
}

/** `SIGTERM` goes to the whole group of a process that leads one, `SIGKILL` to the one process. */
async function signal(identity: ProcessIdentity, name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const toGroup = name === 'SIGTERM' && (await allProcesses()).some((row) => row.pid === identity.pid && row.group === identity.pid);
  if ((await isAlive(identity)) !== 'alive') return;
  try {
    process.kill(toGroup ? -identity.pid : identity.pid, name);
  } catch (error) {
    // Gone in between, or another user's: whoever is left is told by `alive`.
    if (systemCode(error) !== 'ESRCH' && systemCode(error) !== 'EPERM') throw error;
  }
}

function keyOf(identity: ProcessIdentity): string {
  return `${identity.pid} ${identity.startToken}`;
}

async function allProcesses(): Promise<readonly ProcessRow[]> {
  if (process.platform === 'win32') return [];
  if (process.platform === 'linux') {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const rows = await Promise.all(pids.map(linuxRow));
    return rows.filter((row) => row !== null);
  }
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent, group] = line.trim().split(/\s+/).map(Number);
    return pid === undefined || parent === undefined || group === undefined ? [] : [{ pid, parent, group, session: 0 }];
  });
}

/** Fields 4, 5 and 6 of /proc/PID/stat: proc_pid_stat(5). */
async function linuxRow(pid: string): Promise<ProcessRow | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => null);
  if (stat === null) return null;
  const [, parent, group, session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ').map(Number);
  return { pid: Number(pid), parent: parent ?? 0, group: group ?? 0, session: session ?? 0 };
}
