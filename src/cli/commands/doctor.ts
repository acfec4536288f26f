/** distill doctor: which backends this machine has, and what else a run needs. */
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import { DOCTOR_BACKENDS } from '../../engine/doctor.ts';
import { findNode } from '../../runs/node.ts';
import type { BackendAttempt } from '../../shared/events.ts';
import { deviceLockFile } from '../../system/deviceQueue.ts';
import { readLock } from '../../system/lockFile.ts';
import { isAlive } from '../../system/processIdentity.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { engineProgram, workbenchVersion } from '../programs.ts';
import { candidateLines, findTensorflow, tryBackend } from '../tensorflow.ts';
import { table, type Terminal } from '../terminal.ts';

const GIB = 2 ** 30;

export async function doctor(terminal: Terminal, options: { readonly json: boolean }): Promise<ExitCode> {
  const { say, paint } = terminal;
  const node = await findNode(engineProgram().node);
  const { bavail, bsize } = await statfs(process.cwd());
  const facts = {
    version: workbenchVersion(), node: { version: node.version, path: node.path },
    machine: { system: `${os.type()} ${os.release()} ${os.arch()}`, cores: os.availableParallelism(), processor: os.cpus()[0]?.model.trim() ?? '' },
    memory: { free: os.freemem(), total: os.totalmem() }, disk: { free: bavail * bsize, path: process.cwd() },
    device: await deviceHolder(),
  };
  if (!options.json) {
    const gib = (bytes: number): string => (bytes / GIB).toFixed(1);
    terminal.print(table([
      [say('doctorEngine'), facts.version],
      [say('doctorNode'), `${facts.node.version}  ${facts.node.path}`],
      [say('doctorMachine'), say('doctorCores', facts.machine.system, facts.machine.cores, facts.machine.processor)],
      [say('doctorMemory'), say('doctorMemoryOf', gib(facts.memory.free), gib(facts.memory.total))],
      [say('doctorDisk'), say('doctorDiskOf', gib(facts.disk.free), facts.disk.path)],
      [say('doctorQueue'), facts.device === null ? say('doctorFree') : say('doctorHeld', facts.device.about ?? '?', facts.device.pid)],
    ]));
    terminal.print('');
    terminal.print(say('doctorBackends'));
  }
  const tensorflow = await findTensorflow();
  const noLibrary = tensorflow.candidates.every(({ problem }) => problem !== null);
  const attempts: BackendAttempt[] = [];
  for (const name of DOCTOR_BACKENDS) {
    terminal.live(`  ${name} …`);
    const attempt = await tryBackend(name);
    const chosen = attempt.outcome === 'taken' && !attempts.some(({ outcome }) => outcome === 'taken');
    attempts.push(attempt);
    if (!options.json) terminal.print(`  ${chosen ? paint('green', '✓') : attempt.outcome === 'taken' ? '✓' : paint('dim', '–')} ${name.padEnd(15)} ${outcomeText(terminal, noLibrary && attempt.outcome === 'unavailable' && name.startsWith('tensorflow') ? { ...attempt, detail: say('doctorTensorflowNone') } : attempt, chosen)}`);
  }
  if (options.json) terminal.print(JSON.stringify({ ...facts, backends: attempts, tensorflow }, null, 2));
  else {
    terminal.print(['', say('doctorTensorflow'), ...candidateLines(terminal, tensorflow)].join('\n'));
    if (!attempts.some(({ backend, outcome }) => backend.startsWith('tensorflow') && outcome === 'taken')) terminal.print(`  ${say('doctorTensorflowHint')}`);
  }
  return attempts.some(({ outcome }) => outcome === 'taken') ? EXIT.fine : EXIT.failed;
}

function outcomeText({ say }: Terminal, { outcome, detail }: BackendAttempt, chosen: boolean): string {
  switch (outcome) {
    case 'taken': return `${detail} · ${say(chosen ? 'doctorChosen' : 'doctorTaken')}`;
    case 'wrong': return say('doctorWrong', detail);
    case 'unavailable': case 'not-tried': return say('doctorUnavailable', detail);
  }
}

async function deviceHolder(): Promise<{ readonly about: string | null; readonly pid: number } | null> {
  const holder = await readLock(deviceLockFile('cpu'));
  return holder === null || (await isAlive(holder)) === 'dead' ? null : { about: holder.about, pid: holder.pid };
}
