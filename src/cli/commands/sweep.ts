/** distill sweep: makes the runs of a recipe's sweep one after another, goes on with one, or shows its table. */
import path from 'node:path';
import { parse } from 'jsonc-parser';
import type { RunView } from '../../runs/view.ts';
import { createSweepFolder, listSweeps } from '../../runs/sweepFolder.ts';
import { runSweep, stopSweep } from '../../runs/sweepRunner.ts';
import { readSweep } from '../../runs/sweepStatus.ts';
import { resultOf, rowStatus, type SweepView } from '../../runs/sweepView.ts';
import { followRun, readRun } from '../../runs/followRun.ts';
import { DistillError, sentence, type ErrorCode } from '../../shared/messages.ts';
import { duration, shortNumber } from '../../shared/numbers.ts';
import { problemLine } from '../../shared/recipeText.ts';
import { LEFT_OUT, planSweep, recipesOf } from '../../shared/sweepPlan.ts';
import { settingText } from '../../shared/sweepText.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { checkBeforeLaunch } from '../launchCheck.ts';
import { engineProgram, workbenchVersion } from '../programs.ts';
import { findRecipe, loadRecipe, projectsAround } from '../project.ts';
import { Refusal } from '../refusal.ts';
import { progressText, waitingText } from '../follow.ts';
import { rowStatusText, sweepTable } from '../sweepTable.ts';
import type { Terminal } from '../terminal.ts';

export interface SweepOptions {
  /** Places in the sweep, from 1; null: all. */
  readonly only: readonly number[] | null;
  readonly dryRun: boolean;
  /** The sweep to go on with; '' is the newest. Null: a new one. */
  readonly resume: string | null;
  readonly show: string | null;
  readonly stop: string | null;
  readonly check: boolean;
  readonly queue: boolean;
  readonly json: boolean;
}

export async function sweep(terminal: Terminal, where: string, options: SweepOptions): Promise<ExitCode> {
  const { say } = terminal;
  if (options.show !== null) return show(terminal, await findSweep(terminal, where, options.show), options.json);
  if (options.stop !== null) {
    const folder = await findSweep(terminal, where, options.stop);
    terminal.print(say((await stopSweep(folder)) ? 'sweepStopOrdered' : 'sweepNotRunning', path.basename(folder)));
    return EXIT.fine;
  }
  if (options.resume !== null) return drive(terminal, await findSweep(terminal, where, options.resume), options);
  const { file, project, recipe } = loadRecipe(terminal, where);
  if (recipe.sweep === undefined) throw new Refusal(say('sweepNone', path.relative(process.cwd(), file) || file));
  const written = parse(findRecipe(terminal, where).text) as Record<string, never>;
  const plan = planSweep(written, recipe.sweep, recipe.seed);
  const { wrong } = recipesOf(written, plan);
  for (const { values, problems } of wrong) {
    terminal.note(`${terminal.paint('red', '✗')} ${settingText(values)}`);
    for (const problem of problems) terminal.note(`    ${problemLine(problem, path.basename(file), terminal.language).replace(/^[^:]*:\d+:\d+: /, '')}`);
  }
  if (wrong.length > 0) throw new Refusal(say(wrong.length === 1 ? 'sweepWrongOne' : 'sweepWrong', wrong.length), EXIT.usage);
  const leftOut = recipe.stages.filter(({ type }) => LEFT_OUT.has(type)).map(({ name }) => name);
  if (leftOut.length > 0) terminal.note(say('sweepLeavesOut', leftOut.join(', ')));
  if (options.dryRun) {
    if (options.json) terminal.print(JSON.stringify(plan.runs, null, 2));
    else for (const run of plan.runs) terminal.print(`#${String(run.index + 1)}  ${settingText(run.values)}${recipe.sweep.seeds > 1 ? `  ${say('sweepSeed')} ${String(run.seed)}` : ''}`);
    terminal.note(say('sweepCount', plan.runs.length));
    return EXIT.fine;
  }
  checkOnly(terminal, options.only, plan.runs.length);
  if (options.check) await checkBeforeLaunch(terminal, where, { set: [], sweep: true });
  const folder = await createSweepFolder(project, {
    createdAt: Date.now(), recipePath: path.resolve(file), base: path.dirname(path.resolve(file)), recipe: written, sweep: recipe.sweep, seed: recipe.seed, queue: options.queue, versions: { workbench: workbenchVersion() },
  });
  return drive(terminal, folder, options);
}

async function drive(terminal: Terminal, folder: string, options: SweepOptions): Promise<ExitCode> {
  const { say, note, language } = terminal;
  const [stop, hurry] = [new AbortController(), new AbortController()];
  const onInterrupt = (): void => {
    note(say(stop.signal.aborted ? 'runKilling' : 'runStopping'));
    (stop.signal.aborted ? hurry : stop).abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  try {
    const view = await readSweep(folder);
    checkOnly(terminal, options.only, view.rows.length);
    note(say('sweepStarted', path.basename(folder), view.rows.length - view.finished));
    const outcome = await runSweep(folder, engineProgram(), {
      signal: stop.signal, hurry: hurry.signal, queue: options.queue, only: options.only === null ? null : new Set(options.only.map((place) => place - 1)),
      onRun: (index, run, ended) => { tellRun(terminal, view, index, run, ended); },
    });
    const after = await readSweep(folder);
    if (options.json) terminal.print(JSON.stringify(summary(after), null, 2));
    else terminal.print(sweepTable(terminal, after));
    if (after.end?.outcome === 'failed') note(terminal.paint('red', sentence((after.end.code ?? 'unexpected') as ErrorCode, after.end.data ?? { detail: '' }, language)));
    if (outcome === 'stopped') note(say('sweepStopped', path.basename(folder)));
    return { done: EXIT.fine, stopped: EXIT.stopped, failed: EXIT.failed }[outcome];
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

/** A line when a run begins and one when it ends; in between, on a terminal, one that lives. */
function tellRun(terminal: Terminal, { rows, file }: SweepView, index: number, run: string, ended: RunView | null): void {
  const { say, note } = terminal;
  const place = `${String(index + 1)}/${String(rows.length)}`;
  const name = settingText(rows[index]?.values ?? {});
  if (ended === null) {
    note(terminal.paint('bold', say('sweepRun', place, name, path.basename(run))));
    live(terminal, place, run);
    return;
  }
  const value = resultOf(ended.facts, file.sweep.metric);
  const took = ended.startedAt === null || ended.endedAt === null ? '' : duration(ended.endedAt - ended.startedAt);
  const { ended: end } = ended.facts;
  note(['  ', rowStatusText(terminal, rowStatus(ended)), value === null ? '' : `${file.sweep.metric} ${shortNumber(value)}`, took].filter((part) => part !== '').join(' · ').replace(' · ', ''));
  if (end?.code !== undefined) note(terminal.paint('yellow', `  ${sentence(end.code, end.data ?? {}, terminal.language)}`));
}

function live(terminal: Terminal, place: string, run: string): void {
  // It ends by itself with the run; what goes wrong here is told by the sweep.
  followRun(run, {
    onEvent: async (event) => {
      if (event.kind === 'metric' && terminal.interactive) terminal.live(`${place} ${progressText(terminal, await readRun(run))}`);
      // Of a run that is taken up again also an earlier wait is told, which is over.
      if (event.kind === 'queued' && (await readRun(run)).status === 'queued') terminal.note(`  ${await waitingText(terminal, event.holder)}`);
    },
  }).catch(() => undefined);
}

async function show(terminal: Terminal, folder: string, json: boolean): Promise<ExitCode> {
  const view = await readSweep(folder);
  if (json) {
    terminal.print(JSON.stringify(summary(view), null, 2));
    return EXIT.fine;
  }
  const { say } = terminal;
  terminal.print(terminal.paint('bold', `${view.id} · ${say(`sweepStatus.${view.status}`)} · ${String(view.finished)}/${String(view.rows.length)}`));
  terminal.print(sweepTable(terminal, view));
  if (view.secondsLeft !== null && view.secondsLeft > 0) terminal.note(say('progressLeft', duration(view.secondsLeft * 1000)));
  return EXIT.fine;
}

function summary({ id, folder, project, status, file, plan, rows, finished, secondsLeft }: SweepView): object {
  return { sweep: id, folder, project, status, metric: file.sweep.metric, axes: plan.axes.map(({ name }) => name), finished, secondsLeft, runs: rows };
}

function checkOnly(terminal: Terminal, only: readonly number[] | null, count: number): void {
  const beyond = only?.find((place) => place > count);
  if (beyond !== undefined) throw new Refusal(terminal.say('badChoice', String(beyond), `1 … ${String(count)}`));
}

/** The folder of a sweep: its path, its name, the end of its name; '' is the newest. Throws Refusal, DistillError. */
async function findSweep(terminal: Terminal, where: string, name: string): Promise<string> {
  const sweeps = (await Promise.all((await projectsAround(path.resolve(where))).map((project) => listSweeps(project)))).flat();
  const matches = name === '' ? sweeps.slice(-1) : sweeps.filter((each) => each === path.resolve(name) || path.basename(each) === name || path.basename(each).endsWith(name));
  const [only, other] = matches;
  if (only === undefined) throw name === '' ? new Refusal(terminal.say('sweepNoneYet', where)) : new DistillError('sweep-not-found', { path: name });
  if (other !== undefined) throw new Refusal(terminal.say('ambiguousRun', name, matches.map((each) => path.basename(each)).join(', ')));
  return only;
}
