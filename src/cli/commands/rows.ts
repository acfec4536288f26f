/** distill rows: which rows a step trained on and what each lost, or what a row lost at every step that it was in. */
import path from 'node:path';
import { readRun } from '../../runs/followRun.ts';
import { meanOf, RowLosses, type RowVisit } from '../../runs/rowLosses.ts';
import { takesSteps } from '../../shared/events.ts';
import { shortNumber } from '../../shared/numbers.ts';
import type { RowPlace } from '../../shared/rowLosses.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findRun, runTitle } from '../project.ts';
import { Refusal } from '../refusal.ts';
import { table, type Terminal } from '../terminal.ts';

export interface RowsOptions {
  /** Null: the last step. */
  readonly step: number | null;
  /** FILE:ROW; its history instead of a step. */
  readonly row: string | null;
  /** Rows shown at most. */
  readonly top: number | null;
  readonly json: boolean;
}

export async function rows(terminal: Terminal, name: string | undefined, { step, row, top, json }: RowsOptions): Promise<ExitCode> {
  const { say } = terminal;
  const folder = await findRun(terminal, name);
  const losses = await RowLosses.open(folder);
  const last = losses?.steps.at(-1)?.step;
  if (losses === null || last === undefined) {
    await losses?.close();
    throw new Refusal(say('rowsNone', runTitle(folder)));
  }
  try {
    const place = row === null ? null : placeOf(terminal, row);
    const visits = place === null ? await losses.ofStep(step ?? last) : await losses.ofRow(place);
    if (visits === null && step !== null && await isReinforced(folder, step)) throw new Refusal(say('rowsReinforced', step, runTitle(folder), losses.steps[0]?.step ?? 0, last));
    if (visits === null) throw new Refusal(say('rowsNoStep', step ?? last, runTitle(folder), losses.steps[0]?.step ?? 0, last));
    if (visits.length === 0) throw new Refusal(say('rowsNoRow', row ?? '', runTitle(folder)));
    const shown = top === null ? visits : place === null ? visits.slice(0, top) : visits.slice(-top);
    if (json) terminal.print(JSON.stringify(shown.map((visit) => ({ ...visit, mean: meanOf(visit) })), null, 2));
    else print(terminal, shown, visits, place === null ? say('rowsOfStep', step ?? last, runTitle(folder)) : say('rowsOfRow', row ?? '', runTitle(folder)), place === null);
    return EXIT.fine;
  } finally {
    await losses.close();
  }
}

/** Whether that step of the run was taken in a stage that learns from rewards, whose prompts have no losses by row. */
async function isReinforced(folder: string, step: number): Promise<boolean> {
  // Rows can be looked up without run.json and events; then nothing is known of the other steps.
  const facts = await readRun(folder).then((run) => run.facts, () => null);
  if (facts === null) return false;
  const stage = facts.stages.filter(({ type, fromStep }) => takesSteps(type) && fromStep < step).at(-1);
  return step <= facts.step && stage?.type === 'reinforce';
}

function print(terminal: Terminal, shown: readonly RowVisit[], all: readonly RowVisit[], title: string, ofStep: boolean): void {
  const { say } = terminal;
  const total = all.reduce((sum, { loss }) => sum + loss, 0);
  const teacher = all.some(({ kl }) => kl !== null);
  const per = (sum: number, positions: number): string => shortNumber(sum / Math.max(1, positions));
  const head = [ofStep ? say('columnRow') : say('columnStep'), say('columnLoss'), 'CE', ...(teacher ? ['KL'] : []), say('columnPositions'), ...(ofStep ? [say('columnShare')] : [])];
  const lines = shown.map((visit) => [
    ofStep ? placeText(visit.place, say('rowsUnknown')) : String(visit.step), shortNumber(meanOf(visit)), per(visit.ce, visit.positions), ...(teacher ? [visit.kl === null ? '–' : per(visit.kl, visit.positions)] : []),
    String(visit.positions), ...(ofStep ? [`${((100 * visit.loss) / total).toFixed(1)} %`] : []),
  ]);
  const [header = '', ...body] = table([head, ...lines]).split('\n');
  terminal.print([terminal.paint('bold', title), terminal.paint('dim', header), ...body].join('\n'));
  if (shown.length < all.length) terminal.note(say('rowsMore', all.length - shown.length));
}

function placeText(place: RowPlace | null, unknown: string): string {
  return place === null ? unknown : `${place.file}:${String(place.row)}`;
}

/** A file as the run names it, relative to the project, and the row's 1-based number. */
function placeOf(terminal: Terminal, written: string): RowPlace {
  const [, file, row] = /^(.+):([1-9]\d*)$/.exec(written) ?? [];
  if (file === undefined) throw new Refusal(terminal.say('rowsBadRow', written), EXIT.usage);
  return { file: file.split(path.sep).join('/'), row: Number(row) };
}
