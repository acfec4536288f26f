/** distill run, resume, stop. */
import path from 'node:path';
import { resumeRun, startRun, type LaunchedRun, type Starting } from '../../runs/launcher.ts';
import { engineOf, stopRun } from '../../runs/stop.ts';
import { isAlive } from '../../system/processIdentity.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { checkBeforeLaunch } from '../launchCheck.ts';
import { follow, noPast, readPast } from '../follow.ts';
import { Interrupt } from '../interrupt.ts';
import { engineProgram, workbenchVersion } from '../programs.ts';
import { findRun, loadRecipe, runTitle } from '../project.ts';
import type { Terminal } from '../terminal.ts';

export interface RunOptions {
  readonly set: readonly string[];
  readonly detach: boolean;
  readonly queue: boolean;
  /** Whether the quick pre-flight comes first. */
  readonly check: boolean;
  readonly json: boolean;
}

export async function run(terminal: Terminal, where: string, options: RunOptions): Promise<ExitCode> {
  const { file, project, recipe } = loadRecipe(terminal, where, options.set);
  if (recipe.sweep !== undefined) terminal.note(terminal.say('runHasSweep', where));
  if (options.check) await checkBeforeLaunch(terminal, where, { set: options.set });
  const made = { project, recipePath: file, recipe, queue: options.queue, versions: { workbench: workbenchVersion() } };
  return startAndFollow(terminal, (starting) => startRun(made, engineProgram(), starting), noPast, options);
}

export async function resume(terminal: Terminal, name: string | undefined, options: Pick<RunOptions, 'detach' | 'json' | 'queue'>): Promise<ExitCode> {
  const folder = await findRun(terminal, name);
  const past = await readPast(folder);
  return startAndFollow(terminal, (starting) => resumeRun(folder, engineProgram(), { ...starting, queue: options.queue }), () => past, options);
}

/** Starts a run, says so and follows it to its end, or leaves it alone. Ctrl-C stops it from the beginning on. */
export function startAndFollow(terminal: Terminal, start: (starting: Starting) => Promise<LaunchedRun>, pastOf: (folder: string) => ReturnType<typeof noPast>, options: Pick<RunOptions, 'detach' | 'json'>): Promise<ExitCode> {
  return Interrupt.during(terminal, async (interrupt) => {
    const started = await start({ signal: interrupt.signal, hurry: interrupt.hurry });
    return goOn(terminal, started, pastOf(started.folder), options, interrupt);
  });
}

async function goOn(terminal: Terminal, { folder, process: { pid } }: LaunchedRun, past: ReturnType<typeof noPast>, options: Pick<RunOptions, 'detach' | 'json'>, interrupt: Interrupt): Promise<ExitCode> {
  // What is to be stopped is not left alone before it has stopped.
  if (!options.detach || interrupt.asked) {
    terminal.note(terminal.say('runStarted', runTitle(folder), pid));
    return follow(terminal, folder, past, options.json, interrupt);
  }
  if (options.json) {
    terminal.print(JSON.stringify({ run: path.basename(folder), folder, pid }));
  } else {
    terminal.print(terminal.say('runStarted', runTitle(folder), pid));
    terminal.note(terminal.say('runDetached', runTitle(folder)));
  }
  return EXIT.fine;
}

/** Without a name: of the runs that go on, the newest. */
export async function stop(terminal: Terminal, name: string | undefined, options: { readonly now: boolean }): Promise<ExitCode> {
  const folder = await findRun(terminal, name, hasEngine);
  const outcome = await stopRun(folder, options.now ? { graceMs: 0 } : {});
  const key = { ordered: 'stopOrdered', terminated: 'stopTerminated', killed: 'stopKilled', 'not-running': 'stopNothing' } as const;
  terminal.print(terminal.say(key[outcome], runTitle(folder)));
  return EXIT.fine;
}

async function hasEngine(run: string): Promise<boolean> {
  const engine = await engineOf(run);
  return engine !== null && (await isAlive(engine)) !== 'dead';
}
