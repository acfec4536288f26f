/** Run Sweep, Open Sweep, Stop Sweep, Resume Sweep. */
import path from 'node:path';
import { parse } from 'jsonc-parser';
import * as vscode from 'vscode';
import type { SweepView } from '../../runs/sweepView.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { LEFT_OUT } from '../../shared/sweepPlan.ts';
import { settingText } from '../../shared/sweepText.ts';
import { sentence } from '../../shared/messages.ts';
import { check } from '../commands/launch.ts';
import { Refusal } from '../errors.ts';
import { displayLanguage } from '../language.ts';
import { chooseRecipe, recipeText } from '../recipe/chooseRecipe.ts';
import { setting } from '../settings.ts';
import { shortTime } from '../runName.ts';
import { isTreeNode } from '../tree/nodes.ts';
import type { Workbench } from '../workbench.ts';
import { standingText } from './text.ts';

export async function runSweep(workbench: Workbench, target: unknown): Promise<void> {
  const { projects, programs, sweeps, sweepPanel, version, log } = workbench;
  const recipe = await chooseRecipe(target, projects);
  if (recipe === undefined) return;
  const text = await recipeText(recipe);
  const checked = await check({ text, recipe, parent: null });
  if (checked === undefined) return;
  if (checked.sweep === undefined) {
    const open = vscode.l10n.t('Open Recipe');
    const answer = await vscode.window.showInformationMessage(vscode.l10n.t('{0} has no "sweep": a list or a range for values that are to be tried.', path.basename(recipe.fsPath)), open);
    if (answer === open) await vscode.window.showTextDocument(recipe);
    return;
  }
  const written = parse(text) as Record<string, never>;
  const { planSweep, recipesOf } = await import('../../shared/sweepPlan.ts');
  const plan = planSweep(written, checked.sweep, checked.seed);
  const [wrong, ...others] = recipesOf(written, plan).wrong;
  if (wrong !== undefined) {
    const [problem] = wrong.problems;
    const why = problem === undefined ? '' : sentence(problem.code, problem.data, displayLanguage());
    throw new Refusal(vscode.l10n.t('{0} settings of the sweep make recipes that are not right; nothing was started. {1}: {2}', others.length + 1, settingText(wrong.values), why));
  }
  if (!await consents(checked, plan.runs.length)) return;
  if (!await workbench.check.allowsRun(recipe, text, checked.name, true)) return;
  const { createSweepFolder } = await import('../../runs/sweepFolder.ts');
  const { startSweeper } = await import('../../runs/sweepLauncher.ts');
  const folder = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Starting the sweep of {0}…', checked.name) }, async () => {
    const made = await createSweepFolder(path.dirname(recipe.fsPath), {
      createdAt: Date.now(), recipePath: recipe.fsPath, base: path.dirname(recipe.fsPath), recipe: written, sweep: checked.sweep as NonNullable<Recipe['sweep']>, seed: checked.seed,
      queue: setting('waitForDevice', recipe), versions: { workbench: version },
    });
    await startSweeper(made, programs.sweeper, programs.engine(recipe));
    log.info(`started the sweep ${made}`);
    await sweeps.look();
    return made;
  });
  sweepPanel.show(folder);
}

/** Says how many runs it will be, and what they leave out. */
async function consents({ name, stages }: Recipe, runs: number): Promise<boolean> {
  const leftOut = stages.filter(({ type }) => LEFT_OUT.has(type)).map((stage) => stage.name);
  const start = vscode.l10n.t('Start');
  const detail = [
    vscode.l10n.t('The runs are made one after another on this device. The sweep goes on when the window is closed; it can be stopped and resumed.'),
    ...(leftOut.length === 0 ? [] : [vscode.l10n.t('Its runs leave out the stages {0}: data is collected before a sweep, and the best run is exported after it.', leftOut.join(', '))]),
  ].join('\n\n');
  return await vscode.window.showInformationMessage(vscode.l10n.t('{0}: the sweep makes {1} runs.', name, runs), { modal: true, detail }, start) === start;
}

export async function openSweep(workbench: Workbench, target: unknown): Promise<void> {
  const sweep = await chooseSweep(workbench, target, vscode.l10n.t('Open Sweep'), () => true);
  if (sweep !== undefined) workbench.sweepPanel.show(sweep.folder);
}

export async function stopSweep(workbench: Workbench, target: unknown): Promise<void> {
  const sweep = await chooseSweep(workbench, target, vscode.l10n.t('Stop Sweep'), ({ status }) => status === 'running');
  if (sweep === undefined) return;
  const { stopSweep: order } = await import('../../runs/sweepRunner.ts');
  await order(sweep.folder);
  await workbench.sweeps.look();
}

export async function resumeSweep(workbench: Workbench, target: unknown): Promise<void> {
  const { programs, sweeps, sweepPanel, log } = workbench;
  const sweep = await chooseSweep(workbench, target, vscode.l10n.t('Resume Sweep'), ({ status }) => status === 'stopped' || status === 'lost' || status === 'failed');
  if (sweep === undefined) return;
  const { startSweeper } = await import('../../runs/sweepLauncher.ts');
  await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Resuming the sweep of {0}…', sweep.title) }, async () => {
    await startSweeper(sweep.folder, programs.sweeper, programs.engine(vscode.Uri.file(sweep.file.recipePath)));
    log.info(`resumed the sweep ${sweep.folder}`);
    await sweeps.look();
  });
  sweepPanel.show(sweep.folder);
}

async function chooseSweep({ sweeps, store }: Workbench, target: unknown, title: string, fits: (sweep: SweepView) => boolean): Promise<SweepView | undefined> {
  const given = isTreeNode(target) && target.kind === 'sweep' ? sweeps.get(target.sweep) : undefined;
  if (given !== undefined) {
    if (!fits(given)) throw new Refusal(vscode.l10n.t('The sweep of {0} is {1}.', given.title, standingText(given.status)));
    return given;
  }
  await store.ready;
  await sweeps.look();
  const fitting = sweeps.folders().flatMap((folder) => sweeps.get(folder) ?? []).filter(fits);
  if (fitting.length === 0) throw new Refusal(vscode.l10n.t('There is no sweep for that here.'));
  if (fitting.length === 1) return fitting[0];
  const rows = fitting.map((sweep) => ({ label: sweep.title, description: [shortTime(sweep.file.createdAt), standingText(sweep.status), `${String(sweep.finished)}/${String(sweep.rows.length)}`].join(' · '), sweep }));
  return (await vscode.window.showQuickPick(rows, { title, matchOnDescription: true }))?.sweep;
}
