import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { collectedFile } from '../runs/collected.ts';
import { isActive } from '../runs/status.ts';
import type { RunChanged, RunStore } from '../runs/store.ts';
import type { RunView } from '../runs/view.ts';
import type { ErrorCode } from '../shared/messages.ts';
import { COMMANDS, type CommandName } from './commands/table.ts';
import { tokensText } from '../shared/money.ts';
import { percent } from '../shared/numbers.ts';
import { spendText } from './collectText.ts';
import { failureText, lastMetric, shortTitle } from './runText.ts';
import { setting } from './settings.ts';

/** A window that neither started the run nor has the focus lets the others go first. */
const OTHERS_FIRST_MS = 1500;
/** After this long nobody tells of the same end again. */
const CLAIM_DAYS = 7;
const OFFERED_KEY = 'distill.offeredLostRuns';

/**
 * One notification when a run ends, in one window, with what comes next. And when the window opens: runs that were cut off
 * while nobody looked are offered to be resumed, once.
 */
export class EndOfRuns implements vscode.Disposable {
  readonly #live = new Set<string>();
  readonly #mine = new Set<string>();
  readonly #listening: { dispose(): void };
  readonly #claims: string;

  constructor(private readonly store: RunStore, private readonly memory: vscode.Memento, storage: vscode.Uri, private readonly log: vscode.LogOutputChannel) {
    this.#claims = path.join(storage.fsPath, 'ended');
    this.#listening = store.onDidChange((change) => this.#changed(change));
  }

  /** This window started the run: it is the first to tell of its end. */
  mine(folder: string): void {
    this.#mine.add(folder);
  }

  /** Offers to resume what was cut off before this window was opened; each run once. */
  async offerLost(): Promise<void> {
    await this.store.ready;
    const offered = new Set(this.memory.get<readonly string[]>(OFFERED_KEY, []));
    const lost = this.store.runs().filter((run) => run.status === 'lost' && run.resumable && !offered.has(endOf(run)));
    const [first, ...others] = lost;
    if (first === undefined || !vscode.workspace.isTrusted) return;
    await this.memory.update(OFFERED_KEY, [...offered, ...lost.map(endOf)]);
    const text = others.length === 0
      ? vscode.l10n.t('{0} was cut off at step {1}. It can go on from its last checkpoint.', shortTitle(first), first.facts.step)
      : vscode.l10n.t('{0} runs were cut off. They can go on from their last checkpoints.', lost.length);
    await offer('info', text, [['resume', vscode.l10n.t('Resume')], ['openMetrics', vscode.l10n.t('Metrics')]], others.length === 0 ? first : undefined);
  }

  #changed({ run, what }: RunChanged): void {
    if (what.has('removed')) {
      this.#live.delete(run.folder);
    } else if (isActive(run.status)) {
      this.#live.add(run.folder);
    } else if (this.#live.delete(run.folder)) {
      void this.#tell(run).catch((error: unknown) => this.log.error(error instanceof Error ? error : String(error)));
    }
  }

  async #tell(run: RunView): Promise<void> {
    const mine = this.#mine.delete(run.folder);
    // Of a sweep its end is told (endOfSweeps.ts), not that of each of its runs.
    if (run.run?.sweep !== undefined) return;
    // Whoever stopped it knows that it stopped; of one that stopped by itself nobody knows.
    const byItself = run.status === 'stopped' && run.facts.ended?.code !== undefined;
    if ((run.status === 'stopped' && !byItself) || !setting('notifyWhenRunEnds')) return;
    if (!mine && !vscode.window.state.focused) await new Promise((resolve) => { setTimeout(resolve, OTHERS_FIRST_MS); });
    if (!(await this.#claim(run))) return;
    const diff: Button = ['diffTrace', vscode.l10n.t('Diff')];
    const metrics: Button = ['openMetrics', vscode.l10n.t('Metrics')];
    const log: Button = ['openLog', vscode.l10n.t('Log')];
    const review: Button = ['reviewData', vscode.l10n.t('Review Data')];
    if (byItself) {
      await offer('info', vscode.l10n.t('{0} has stopped. {1}', shortTitle(run), failureText(run) ?? ''), [['openRecipe', vscode.l10n.t('Open Recipe')], metrics], run);
    } else if (run.status === 'done') {
      await offer('info', doneText(run), [...(run.facts.traces.length > 0 ? [diff] : []), ...(collectedFile(run) === null ? [] : [review]), metrics, log], run);
    } else {
      const text = vscode.l10n.t('{0} failed. {1}', shortTitle(run), failureText(run) ?? '');
      await offer('error', text, [...wayOut(run), metrics, log], run);
    }
  }

  /** The first window that makes the file tells; the file is the same for all windows of this machine. */
  async #claim(run: RunView): Promise<boolean> {
    await mkdir(this.#claims, { recursive: true });
    const name = createHash('sha256').update(endOf(run)).digest('hex').slice(0, 32);
    try {
      await writeFile(path.join(this.#claims, name), '', { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    await this.#forgetOld();
    return true;
  }

  async #forgetOld(): Promise<void> {
    for (const name of await readdir(this.#claims)) {
      const file = path.join(this.#claims, name);
      const age = Date.now() - (await stat(file).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > CLAIM_DAYS * 24 * 3_600_000) await rm(file, { force: true });
    }
  }

  dispose(): void {
    this.#listening.dispose();
  }
}

type Button = readonly [command: CommandName, title: string];

/** One end of a run: a resumed run ends again. */
function endOf(run: RunView): string {
  return `${run.folder}#${run.facts.seq}`;
}

function doneText(run: RunView): string {
  const evaluation = run.facts.evaluations.at(-1);
  const student = evaluation?.models.find(({ role }) => role === 'student');
  const kept = evaluation?.retention?.value;
  if (student !== undefined && kept !== undefined) return vscode.l10n.t('{0} is done: the student is right in {1} and kept {2} of the teacher’s accuracy.', shortTitle(run), percent(student.accuracy), percent(kept));
  const metric = lastMetric(run.facts);
  if (metric !== null) return vscode.l10n.t('{0} is done: {1}.', shortTitle(run), metric);
  const { collect } = run.facts;
  if (collect === null) return vscode.l10n.t('{0} is done.', shortTitle(run));
  const rows = tokensText(collect.event.kept);
  const { spend } = collect.event;
  return spend === null ? vscode.l10n.t('{0} is done: {1} rows collected.', shortTitle(run), rows)
    : vscode.l10n.t('{0} is done: {1} rows collected, {2} spent.', shortTitle(run), rows, spendText(spend));
}

/** What a person most likely does next, by why the run failed. */
function wayOut(run: RunView): readonly Button[] {
  const resume: Button = ['resume', vscode.l10n.t('Resume')];
  const change: Button = ['runWithChanges', vscode.l10n.t('Run with Changes…')];
  const recipe: Button = ['openRecipe', vscode.l10n.t('Open Recipe')];
  const check: Button = ['checkEnvironment', vscode.l10n.t('Check Environment')];
  if (run.status === 'lost') return [resume];
  const code: ErrorCode = run.facts.ended?.code ?? 'unexpected';
  switch (code) {
    case 'disk-full':
    case 'disk-full-file':
    case 'read-only':
    case 'no-permission':
    case 'too-many-files':
      return [resume];
    case 'out-of-memory':
    case 'loss-not-finite':
    case 'sequence-too-long':
      return [change];
    case 'backend-unavailable':
    case 'engine-incomplete':
    case 'node-not-found':
      return [check];
    case 'teacher-key-not-set':
    case 'teacher-key-missing':
    case 'teacher-key-refused':
    case 'teacher-key-malformed':
      return [['setTeacherKey', vscode.l10n.t('Set API Key')], recipe];
    default:
      return /^(recipe|data|budget|teacher|collect|model|config|tensor|tokenizer|layers|chat-template|metric|path)/.test(code) ? [recipe] : [];
  }
}

async function offer(kind: 'info' | 'error', text: string, buttons: readonly Button[], run: RunView | undefined): Promise<void> {
  const titles = buttons.map(([, title]) => title);
  const answer = kind === 'info' ? await vscode.window.showInformationMessage(text, ...titles) : await vscode.window.showErrorMessage(text, ...titles);
  const chosen = buttons.find(([, title]) => title === answer);
  if (chosen !== undefined) await vscode.commands.executeCommand(COMMANDS[chosen[0]].id, run === undefined ? undefined : vscode.Uri.file(run.folder));
}
