/** distill data estimate: what asking will cost, and what that is based on; with --sample by asking a few rows for real. */
import { Option } from 'commander';
import type { EstimateOptions as EstimateTools, OpenQuestion } from '../../../engine/collect/estimate.ts';
import { takeKeys, type KeyRing } from '../../../engine/teacher/keys.ts';
import type { CollectEstimate } from '../../../shared/collectEstimate.ts';
import { DistillError, sentence } from '../../../shared/messages.ts';
import { amountText, moneyText, tokensText } from '../../../shared/money.ts';
import { duration } from '../../../shared/numbers.ts';
import type { CollectStage } from '../../../shared/recipeCollect.ts';
import { spendText } from '../../collectText.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { loadRecipe, type FoundRecipe } from '../../project.ts';
import { table, type Terminal } from '../../terminal.ts';
import { collectStages } from './collect.ts';

export interface EstimateOptions {
  readonly stage?: string;
  readonly sample?: number;
  readonly json?: true;
}

/** One stage's estimate, or why there is none yet: its rows come from a stage that has not run. */
export type StageEstimate = CollectEstimate | { readonly format: 1; readonly stage: string; readonly problem: string };

export function registerEstimate({ terminal, command, project, json, whole, done }: DataTools): void {
  const { say } = terminal;
  command('estimate', say('estimate')).addArgument(project()).option('--stage <name>', say('collectStage'))
    .addOption(new Option('--sample <rows>', say('estimateSample')).argParser(whole)).addOption(json())
    .action(async (where: string, options: EstimateOptions) => { done(await estimate(terminal, where, options)); });
}

async function estimate(terminal: Terminal, where: string, options: EstimateOptions): Promise<ExitCode> {
  const found = loadRecipe(terminal, where);
  const keys = takeKeys(process.env);
  const stop = stopOnInterrupt();
  try {
    const estimates: StageEstimate[] = [];
    let asks = false;
    for (const stage of collectStages(terminal, found.recipe, options.stage)) {
      if (stage.ask === undefined) continue;
      asks = true;
      estimates.push(await stageEstimate(terminal, found, stage, { keys, sample: options.sample ?? 0, signal: stop.signal }));
    }
    if (options.json === true) terminal.print(JSON.stringify(estimates, null, 2));
    else if (!asks) terminal.print(terminal.say('estimateNothing'));
    else for (const each of estimates) terminal.print('problem' in each ? `${each.stage}: ${each.problem}` : estimateText(terminal, each));
    return EXIT.fine;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.stopped;
    throw error;
  } finally {
    stop.dispose();
  }
}

interface Asking {
  readonly keys: KeyRing;
  readonly sample: number;
  readonly signal: AbortSignal;
}

async function stageEstimate(terminal: Terminal, { recipe, project: base }: FoundRecipe, stage: CollectStage, { keys, sample, signal }: Asking): Promise<StageEstimate> {
  const options = { recipe, base, keys, signal };
  // What computes and asks is loaded when it is needed: `distill --help` should not wait for it.
  const { estimateStage } = await import('../../../engine/collect/estimate.ts');
  try {
    const before = await estimateStage(stage, options, sample);
    if (before === null) throw new Error('a stage that asks nobody');
    if (before.open.length === 0 || stage.ask === undefined) return before.estimate;
    await askSample(terminal, before.open, stage.ask, before.estimate.teacher.name, options);
    return (await estimateStage(stage, options))?.estimate ?? before.estimate;
  } catch (error) {
    const made = recipe.stages.find((other) => other.type === 'collect' && stage.from.some(({ file }) => file === other.to));
    if (!(error instanceof DistillError) || error.code !== 'data-file-missing' || made === undefined) throw error;
    return { format: 1, stage: stage.name, problem: terminal.say('estimateLater', made.name) };
  }
}

/** Asks for real, within the cap; the answers are kept like any others, so the run doesn't pay for them again. */
async function askSample(terminal: Terminal, open: readonly OpenQuestion[], ask: NonNullable<CollectStage['ask']>, name: string, { recipe, base, keys, signal }: EstimateTools): Promise<void> {
  const { Askers } = await import('../../../engine/collect/askers.ts');
  const askers = new Askers({
    recipe, base, keys, about: 'distill data estimate', backend: () => Promise.reject(new DistillError('estimate-local', { teacher: name })),
    onWarning: (code, data) => { terminal.note(sentence(code, data, terminal.language)); },
  });
  try {
    const asker = await askers.asker(name);
    let [done, failed] = [0, 0];
    await Promise.all(open.map(async ({ messages, sample }) => {
      try {
        await asker.ask(messages, ask.sampling, sample, { signal });
      } catch (error) {
        // One question that the service can't answer says nothing of the others; a budget or a key does.
        if (!(error instanceof DistillError) || error.code !== 'teacher-request-refused') throw error;
        failed += 1;
      }
      done += 1;
      terminal.live(terminal.say('collectDoneOf', terminal.say('partAsk'), done, open.length));
    }));
    const spend = asker.spend();
    terminal.note([terminal.say('estimateSampled', done - failed, open.length), ...(spend === null ? [] : [spendText(terminal.say, spend)])].join(' · '));
  } finally {
    await askers.close();
  }
}

/** The estimate as a small table, its basis last. */
export function estimateText({ say, paint }: Pick<Terminal, 'say' | 'paint'>, estimate: CollectEstimate): string {
  const { teacher, money, input, output, cap, spent } = estimate;
  const unknown = '?';
  const tokens = (value: number | null): string => value === null ? unknown : tokensText(value);
  const amount = (value: number | null): string => value === null ? unknown : amountText(value);
  const between = (low: string, high: string): string => low === unknown ? '' : `${low} – ${high}`;
  const rows = [
    ['', say('estimateExpected'), say('estimateInterval'), say('estimateWorst')],
    [say('estimateInput'), tokens(input.expected), '', tokens(input.worst)],
    [say('estimateOutput'), tokens(output.expected), between(tokens(output.low), tokens(output.high)), tokens(output.worst)],
    ...(money === null ? [] : [[say('estimateMoney', money.currency), amount(money.expected), between(amount(money.low), amount(money.high)), amount(money.worst)]]),
    [say('estimateTime'), ...timeCells(estimate.seconds), ''],
  ];
  const place = teacher.origin === null ? '' : say('estimateAt', teacher.origin);
  const key = teacher.needsKey && !teacher.hasKey ? paint('yellow', say('estimateNoKey', teacher.variable ?? 'keyVariable')) : null;
  const caps = [
    ...(cap.money === null || money === null ? [] : [say('estimateCap', moneyText(spent.money ?? 0, money.currency), moneyText(cap.money, money.currency))]),
    ...(cap.tokens === null ? [] : [say('estimateCap', tokensText(spent.tokens), say('spendTokens', tokensText(cap.tokens)))]),
  ];
  const basis = estimate.basis === 'answers' ? say('estimateByAnswers', estimate.sampled)
    : say('estimateByLimits', say(input.basis === 'tokenizer' ? 'estimateByTokenizer' : 'estimateByBytes'));
  return [
    paint('bold', `${estimate.stage}: ${teacher.name} (${teacher.model}${place})`),
    say('estimateRows', estimate.rows, estimate.requests, estimate.answered, estimate.remaining),
    table(rows),
    ...(caps.length === 0 ? [teacher.local ? say('estimateFree') : paint('yellow', say('estimateNoCap'))] : caps),
    ...(estimate.fits === 'no' ? [paint('yellow', say('estimateOver'))] : estimate.fits === 'expected' ? [say('estimateTight')] : []),
    ...(spent.lostRequests === 0 ? [] : [say('estimateLost', spent.lostRequests)]),
    ...(key === null ? [] : [key]),
    basis,
    ...(estimate.others.length === 0 ? [] : [say('estimateOthers', estimate.others.join(', '))]),
    ...(estimate.withoutModelRules ? [say('estimateWithoutModel')] : []),
  ].join('\n');
}

/** One number where both ends are told alike, else the range of them. */
function timeCells(seconds: CollectEstimate['seconds']): readonly [expected: string, interval: string] {
  if (seconds === null) return ['?', ''];
  const [best, pace] = [duration(seconds.best * 1000), duration(seconds.pace * 1000)];
  return best === pace ? [best, ''] : ['', `${best} – ${pace}`];
}

/** Ctrl-C closes every request; what was answered is kept. */
function stopOnInterrupt(): { readonly signal: AbortSignal; dispose(): void } {
  const stop = new AbortController();
  const interrupt = (): void => { stop.abort(new Error('interrupted')); };
  process.once('SIGINT', interrupt);
  return { signal: stop.signal, dispose: () => { process.removeListener('SIGINT', interrupt); } };
}
