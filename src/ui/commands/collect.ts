/** Before money is spent: what a recipe's collect stages will ask, what that may cost, and the person's consent. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { CollectEstimate } from '../../shared/collectEstimate.ts';
import { amountText, moneyText, tokensText } from '../../shared/money.ts';
import { duration } from '../../shared/numbers.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { Refusal } from '../errors.ts';
import type { Workbench } from '../workbench.ts';
import { askForKey, teachersOf } from './teacherKey.ts';

/** Rows that a sample asks for: enough for an interval, cheap enough to say yes to. */
const SAMPLE = 10;

type StageEstimate = CollectEstimate | { readonly stage: string; readonly problem: string };

/** Whether the recipe asks a service of somebody else's. */
export function asksServices({ stages, teachers }: Recipe): boolean {
  return stages.some((stage) => stage.type === 'collect') && Object.values(teachers).some(({ type }) => type === 'api');
}

/** By which the engine knows that a person allows code to run (engine/verify/sandbox.ts). */
const CODE_CONSENT = { DISTILL_ALLOW_CODE: '1' } as const;

/** The environment that allows the code of answers to run, or one that doesn't; undefined when the person wants no run at all. */
export async function consentsToCode({ stages }: Recipe): Promise<Readonly<Record<string, string>> | undefined> {
  if (!stages.some((stage) => stage.type === 'collect' && stage.verify?.code === 'sandbox')) return {};
  const [allow, without] = [vscode.l10n.t('Allow'), vscode.l10n.t('Go on Without')];
  const detail = vscode.l10n.t('The recipe checks answers by running their code, in a sandbox without network and without your files. Without it such rows have no verdict.');
  const answer = await vscode.window.showWarningMessage(vscode.l10n.t('Run code that a teacher has written?'), { modal: true, detail }, allow, without);
  return answer === undefined ? undefined : answer === allow ? CODE_CONSENT : {};
}

/** True when the person wants it, with every key that it needs in place. `recipe` is the file as it stands. */
export async function consentsToCollect(workbench: Workbench, recipe: vscode.Uri): Promise<boolean> {
  let estimates = await estimate(workbench, recipe, 0);
  if (estimates.length === 0) return true;
  if (!await haveKeys(workbench, recipe, estimates)) return false;
  const [collect, sample] = [vscode.l10n.t('Collect'), vscode.l10n.t('Ask {0} Rows First', SAMPLE)];
  for (;;) {
    const open = estimates.some((each) => 'remaining' in each && each.remaining > 0 && !each.teacher.local);
    // All of it is answered already, or nothing is paid for it.
    if (!open && estimates.every((each) => !('problem' in each))) return true;
    const unsampled = estimates.some((each) => 'basis' in each && each.basis === 'limits' && each.remaining > SAMPLE);
    const answer = await vscode.window.showInformationMessage(vscode.l10n.t('Collect data?'), { modal: true, detail: estimates.map(estimateText).join('\n\n') }, collect, ...(unsampled ? [sample] : []));
    if (answer === collect) return true;
    if (answer !== sample) return false;
    estimates = await estimate(workbench, recipe, SAMPLE);
  }
}

async function estimate({ programs, keys }: Workbench, recipe: vscode.Uri, sample: number): Promise<readonly StageEstimate[]> {
  const title = sample === 0 ? vscode.l10n.t('Estimating what collecting costs…') : vscode.l10n.t('Asking {0} rows…', sample);
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
    const cancel = new AbortController();
    token.onCancellationRequested(() => { cancel.abort(); });
    const args = ['data', 'estimate', recipe.fsPath, '--json', ...(sample === 0 ? [] : ['--sample', String(sample)])];
    const { stdout, stderr, code } = await programs.distill(args, { cwd: path.dirname(recipe.fsPath), environment: await keys.environment(), signal: cancel.signal }).catch((error: unknown) => {
      if (cancel.signal.aborted) throw new vscode.CancellationError();
      throw error;
    });
    if (code !== 0) throw new Refusal(stderr.trim());
    return JSON.parse(stdout) as readonly StageEstimate[];
  });
}

/** Asks for what is missing; false when the person gives none. */
async function haveKeys(workbench: Workbench, recipe: vscode.Uri, estimates: readonly StageEstimate[]): Promise<boolean> {
  const named = new Set(estimates.flatMap((each) => ('problem' in each ? [] : [each.teacher.name, ...each.others])));
  const missing = (await teachersOf(workbench, recipe)).filter(({ teacher, needsKey, hasKey }) => needsKey && !hasKey && named.has(teacher));
  for (const origin of new Set(missing.map((row) => row.origin))) if (!await askForKey(workbench, origin)) return false;
  return true;
}

/** A stage in a few lines for a dialog, which shows plain text. */
export function estimateText(estimate: StageEstimate): string {
  if ('problem' in estimate) return `${estimate.stage}: ${estimate.problem}`;
  const { teacher, money, output, cap, spent } = estimate;
  const place = teacher.origin === null ? '' : ` · ${teacher.origin}`;
  const lines = [
    `${estimate.stage}: ${teacher.name} (${teacher.model}${place})`,
    vscode.l10n.t('{0} requests, of which {1} are answered already', tokensText(estimate.requests), tokensText(estimate.answered)),
  ];
  if (money === null) lines.push(vscode.l10n.t('{0} output tokens at worst; the recipe gives no prices', tokensText(output.worst)));
  else {
    const worst = moneyText(money.worst, money.currency);
    lines.push(money.expected === null ? vscode.l10n.t('{0} at worst', worst)
      : money.low === null || money.high === null ? vscode.l10n.t('about {0}, {1} at worst', amountText(money.expected), worst)
        : vscode.l10n.t('about {0} ({1} to {2}), {3} at worst', amountText(money.expected), amountText(money.low), amountText(money.high), worst));
  }
  if (estimate.seconds !== null) {
    const [best, pace] = [duration(estimate.seconds.best * 1000), duration(estimate.seconds.pace * 1000)];
    lines.push(best === pace ? vscode.l10n.t('about {0}', best) : vscode.l10n.t('{0} at best, {1} at the pace of the answers so far', best, pace));
  }
  if (cap.money !== null && money !== null) lines.push(vscode.l10n.t('Cap: {0}, of which {1} is spent. It is never passed.', moneyText(cap.money, money.currency), amountText(spent.money ?? 0)));
  else if (cap.tokens !== null) lines.push(vscode.l10n.t('Cap: {0} tokens, of which {1} are spent. It is never passed.', tokensText(cap.tokens), tokensText(spent.tokens)));
  else if (!teacher.local) lines.push(vscode.l10n.t('There is no cap: teachers.{0}.budget sets one.', teacher.name));
  if (estimate.fits === 'no') lines.push(vscode.l10n.t('More is expected than the cap leaves: it stops there and goes on once the cap is raised.'));
  lines.push(estimate.basis === 'answers' ? vscode.l10n.t('Based on {0} answers of this stage.', estimate.sampled) : vscode.l10n.t('Based on the recipe’s limits alone.'));
  if (estimate.others.length > 0) lines.push(vscode.l10n.t('Not counted: {0}, whose questions depend on the answers.', estimate.others.join(', ')));
  return lines.join('\n');
}
