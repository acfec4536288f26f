/** distill list, show, log: readers of run folders. */
import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { RunStore } from '../../runs/store.ts';
import { projectOf } from '../../runs/folder.ts';
import { gateText, type RunView, type StageView } from '../../runs/view.ts';
import { settingText } from '../../shared/sweepText.ts';
import { sentence, type Language } from '../../shared/messages.ts';
import { metricsText } from '../../shared/metricsText.ts';
import { shortNumber } from '../../shared/numbers.ts';
import type { RunStatus } from '../../shared/panel.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { systemCode } from '../../system/fileErrors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { evaluationText, progressText } from '../follow.ts';
import { findRun, projectsAround, runTitle } from '../project.ts';
import { Refusal } from '../refusal.ts';
import { table, type Style, type Terminal } from '../terminal.ts';

const COLOURS: Readonly<Record<RunStatus, Style>> = {
  queued: 'yellow', starting: 'cyan', running: 'cyan', stopping: 'yellow', done: 'green', stopped: 'dim', failed: 'red', lost: 'red',
};

export async function list(terminal: Terminal, where: string, options: { readonly json: boolean }): Promise<ExitCode> {
  if (!existsSync(where)) throw new Refusal(terminal.say('noFolder', where));
  const runs = await views(await projectsAround(path.resolve(where)));
  if (options.json) {
    terminal.print(JSON.stringify(runs.map(summary), null, 2));
    return EXIT.fine;
  }
  if (runs.length === 0) {
    terminal.note(terminal.say('listNone', where));
    return EXIT.fine;
  }
  const { say, language } = terminal;
  const head = ['columnRun', 'columnStatus', 'columnStage', 'columnStep', 'columnValue', 'columnBegan'] as const;
  const rows = runs.map((run) => [
    `${run.label.starred ? '★ ' : ''}${run.title}${run.run?.sweep === undefined ? '' : ` (${settingText(run.run.sweep.values)})`}`, statusText(run.status, language), stageText(run), stepsText(run),
    lastValue(run), run.createdAt === null ? '–' : when(run.createdAt),
  ]);
  const [header, ...lines] = table([head.map((key) => say(key)), ...rows]).split('\n');
  terminal.print(terminal.paint('bold', header ?? ''));
  lines.forEach((line, index) => {
    const status = runs[index]?.status ?? 'done';
    terminal.print(line.replace(statusText(status, language), (word) => terminal.paint(COLOURS[status], word)));
  });
  return EXIT.fine;
}

/** The stage at work or the last that was, with what came of the last demand of a stage. */
function stageText({ stages }: RunView): string {
  const stage = stages.findLast(({ state }) => state === 'running' || state === 'done');
  const judged = stages.flatMap(({ gates }) => gates.flatMap((gate) => (gate.judged === null ? [] : [gate.judged]))).at(-1);
  return `${stage?.name ?? '–'}${judged === undefined ? '' : judged.passed ? ' ✓' : ' ✗'}`;
}

/** `distil 200/200 (steps) · ✗ validation/ce 0.61 ≤ 0.5, went back to step-000150 · from step-000100`. */
function stageLine({ say }: Pick<Terminal, 'say'>, stage: StageView): string {
  const gates = stage.gates.map((gate) => {
    const mark = gate.judged === null ? '·' : gate.judged.passed ? '✓' : '✗';
    return `${mark} ${gateText(gate)}${gate.judged?.action === 'best' ? `, ${say('stageWentBack', gate.judged.checkpoint ?? '–')}` : ''}`;
  });
  const progress = `${stage.name} ${stage.total === null ? stage.state : `${String(stage.done)}/${String(stage.total)}`}${stage.reason === null ? '' : ` (${stage.reason})`}`;
  return [progress, ...gates, ...(stage.parent === null ? [] : [say('stageFrom', stage.parent)])].join(' · ');
}

/** Steps of training; where nothing is trained, the rows that were collected. */
function stepsText({ facts, totalSteps }: RunView): string {
  const { collect } = facts;
  if (collect !== null && facts.step === 0 && (totalSteps ?? 0) === 0) return collect.event.total === null ? String(collect.event.done) : `${String(collect.event.done)}/${String(collect.event.total)}`;
  return totalSteps === null ? String(facts.step) : `${String(facts.step)}/${String(totalSteps)}`;
}

export async function show(terminal: Terminal, name: string | undefined, options: { readonly json: boolean }): Promise<ExitCode> {
  const folder = await findRun(terminal, name);
  const run = (await views([projectOf(folder)])).find((each) => each.folder === folder);
  if (run === undefined) throw new Error(`the run ${folder} is gone`);
  if (options.json) {
    terminal.print(JSON.stringify({ ...summary(run), stages: run.stages, checkpoints: run.facts.checkpoints.map(({ event }) => event), evaluations: run.facts.evaluations, warnings: run.facts.warnings.map(({ event }) => event), latest: run.facts.latest }, null, 2));
    return EXIT.fine;
  }
  const { say, language, paint } = terminal;
  const { facts } = run;
  terminal.print(paint('bold', run.title));
  const rows: (readonly [string, string])[] = [
    [say('showFolder'), run.folder],
    [say('showStatus'), [paint(COLOURS[run.status], statusText(run.status, language)), progressText(terminal, run)].filter((part) => part !== '').join(' · ')],
    ...(facts.started === null || facts.started.backend === null ? [] : [[say('showBackend'), `${facts.started.backend}: ${facts.started.device}`] as const]),
    ...run.stages.map((stage, index) => [index === 0 ? say('showStages') : '', stageLine(terminal, stage)] as const),
    ...(facts.checkpoints.length === 0 ? [] : [[say('showCheckpoints'), facts.checkpoints.map(({ event }) => `${event.name}${event.best ? ` (${say('showBest')})` : ''}`).join(', ')] as const]),
  ];
  terminal.print(table(rows));
  const { ended } = facts;
  if (ended?.outcome === 'failed') terminal.print(paint('red', sentence(ended.code ?? 'unexpected', ended.data ?? { detail: '' }, language)));
  if (facts.warnings.length > 0) terminal.print([say('showWarnings'), ...facts.warnings.map(({ event }) => `  ${paint('yellow', sentence(event.code, event.data, language))}`)].join('\n'));
  const values = Object.entries(facts.latest).map(([metric, { value, step }]) => [`  ${metric}`, value === null ? '–' : shortNumber(value), `${say('columnStep')} ${String(step)}`]);
  if (values.length > 0) terminal.print(table(values));
  const evaluation = facts.evaluations.at(-1);
  if (evaluation !== undefined) terminal.print(evaluationText(terminal, evaluation));
  return EXIT.fine;
}

export async function log(terminal: Terminal, name: string | undefined, options: { readonly lines: number | null }): Promise<ExitCode> {
  const file = path.join(await findRun(terminal, name), RUN_FILES.log);
  try {
    if (options.lines === null) await pipeline(createReadStream(file), process.stdout, { end: false });
    else process.stdout.write(`${(await readFile(file, 'utf8')).trimEnd().split('\n').slice(-options.lines).join('\n')}\n`);
  } catch (error) {
    // A run whose engine had nothing to say has an empty log or none.
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  return EXIT.fine;
}

async function views(projects: readonly string[]): Promise<readonly RunView[]> {
  const trouble: unknown[] = [];
  const store = new RunStore({ projects, onTrouble: (error) => trouble.push(error) });
  try {
    await store.ready;
    if (trouble.length > 0) throw trouble[0];
    return store.runs();
  } finally {
    store.dispose();
  }
}

export function statusText(status: RunStatus, language: Language): string {
  return metricsText(language)[`status.${status}`];
}

function summary(run: RunView): object {
  return {
    run: runTitle(run.folder), title: run.title, folder: run.folder, project: run.project, status: run.status, createdAt: run.createdAt, startedAt: run.startedAt, endedAt: run.endedAt,
    step: run.facts.step, totalSteps: run.totalSteps, sweep: run.run?.sweep ?? null,
    gates: run.stages.flatMap(({ name, gates }) => gates.flatMap(({ judged }) => (judged === null ? [] : [{ stage: name, when: judged.when, metric: judged.metric, value: judged.value, passed: judged.passed, action: judged.action }]))),
    backend: run.facts.started?.backend ?? null, resumable: run.resumable, starred: run.label.starred,
  };
}

/** The number that says most: accuracy where it was evaluated, else a loss. */
function lastValue({ facts }: RunView): string {
  for (const name of ['evaluation/accuracy', 'validation/loss', 'loss']) {
    const value = facts.latest[name]?.value;
    if (value !== undefined && value !== null) return `${name} ${shortNumber(value)}`;
  }
  return '–';
}

function when(at: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = new Date(at);
  return `${String(date.getFullYear())}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
