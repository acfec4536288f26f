/** Starts teacherServer.ts in a process of its own, so that it outlives a killed client and takes no time of the measured one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import type { Counts, TeacherServerOptions } from './teacherServer.ts';

export interface TeacherProcess {
  readonly url: string;
  readonly pid: number;
  counts(): Promise<Counts>;
  /** How many answers it has written to their end: counts() without the list. */
  answered(): Promise<number>;
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** `folder` takes the bundled program; `root` is the repository's. */
export async function startTeacherProcess(options: TeacherServerOptions, folder: string, root: string): Promise<TeacherProcess> {
  const program = path.join(folder, 'teacherServer.mjs');
  await build({ entryPoints: [path.join(root, 'test/harness/teacherServerMain.ts')], outfile: program, bundle: true, platform: 'node', target: 'node20', format: 'esm', logLevel: 'error' });
  const child = spawn(process.execPath, [program, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface(child.stdout), 'line') as [string];
  const { port } = JSON.parse(line) as { readonly port: number };
  const control = `http://127.0.0.1:${String(port)}/control`;
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    pid: child.pid ?? 0,
    counts: async () => await (await fetch(`${control}/counts`)).json() as Counts,
    answered: async () => (await (await fetch(`${control}/answered`)).json() as { readonly answered: number }).answered,
    reset: async () => { await fetch(`${control}/reset`, { method: 'POST' }); },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
