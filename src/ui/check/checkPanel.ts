/** *Check Project*: one page for a window, which shows the pre-flight of a recipe and makes it again. */
import path from 'node:path';
import * as vscode from 'vscode';
import type { EngineProgram } from '../../runs/launcher.ts';
import { checkPageOf, type CheckFromPage, type CheckToPage } from '../../shared/checkPanel.ts';
import { checkPageText } from '../../shared/checkPageText.ts';
import type { Language } from '../../shared/messages.ts';
import { countOf, isOfSweep, placeInRecipe, type PreflightReport } from '../../shared/preflight.ts';
import { checkTitle, findingText, reportText } from '../../shared/preflightText.ts';
import { COMMANDS } from '../commands/table.ts';
import { errorSentence, showError } from '../errors.ts';
import { pageHtml, pageRoots } from '../pageHtml.ts';
import type { Programs } from '../programs.ts';
import { fixEdit, hasFix } from './applyFix.ts';
import type { TeacherKeys } from '../teacherKeys.ts';
import type { CheckProblems } from './checkProblems.ts';

const VIEW_TYPE = 'distill.check';

export interface CheckPanelOptions {
  readonly extension: vscode.Uri;
  readonly language: Language;
  readonly programs: Programs;
  readonly problems: CheckProblems;
  readonly keys: TeacherKeys;
  readonly log: vscode.LogOutputChannel;
}

interface Checked {
  readonly report: PreflightReport;
  /** The recipe's text that was checked. */
  readonly text: string;
}

export class CheckPanel implements vscode.Disposable {
  readonly #options: CheckPanelOptions;
  readonly #parts: readonly vscode.Disposable[];
  #panel: vscode.WebviewPanel | null = null;
  #recipe: vscode.Uri | null = null;
  #checked: Checked | null = null;
  #running: AbortController | null = null;

  constructor(options: CheckPanelOptions) {
    this.#options = options;
    this.#parts = [
      vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
        deserializeWebviewPanel: async (panel, state) => {
          const kept = (state as { recipe?: unknown } | undefined)?.recipe;
          this.#adopt(panel);
          if (typeof kept === 'string') this.#recipe = vscode.Uri.file(kept);
        },
      }),
      vscode.workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0 && document.uri.toString() === this.#recipe?.toString()) this.#sendReport();
      }),
    ];
  }

  /** Opens the page, and makes the check. */
  async check(recipe: vscode.Uri): Promise<void> {
    if (this.#recipe?.toString() !== recipe.toString()) this.#checked = null;
    this.#recipe = recipe;
    if (this.#panel === null) this.#adopt(vscode.window.createWebviewPanel(VIEW_TYPE, checkPageText(this.#options.language).title, vscode.ViewColumn.Active, { enableFindWidget: true }));
    else this.#panel.reveal();
    await this.#make(false);
  }

  /**
   * Before a run: true when nothing refuses it, or the person runs it all the same (which only estimates leave open: what
   * can't work would end the engine with the same sentence). `sweep`: its settings as well. A check that fails by itself stands in nobody's way.
   */
  async allowsRun(recipe: vscode.Uri, text: string, name: string, sweep = false): Promise<boolean> {
    const { problems, language, log } = this.#options;
    const title = vscode.l10n.t('Checking {0}…', name);
    let report: PreflightReport;
    try {
      report = await vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title, cancellable: true }, async (_, token) => {
        const cancel = new AbortController();
        token.onCancellationRequested(() => { cancel.abort(new vscode.CancellationError()); });
        const { runPreflight } = await import('../../runs/preflight.ts');
        return runPreflight({ recipe: recipe.fsPath, text, quick: true, signal: cancel.signal }, await this.#engine(recipe, text));
      });
    } catch (error) {
      if (error instanceof vscode.CancellationError) throw error;
      log.warn(errorSentence(error));
      return true;
    }
    const refusals = report.findings.filter((each) => each.level === 'refusal' && (sweep || !isOfSweep(each)));
    const [first] = refusals;
    if (first === undefined) return true;
    const document = await vscode.workspace.openTextDocument(recipe);
    // A run with changes has another text than the file: its findings have no lines there.
    if (document.getText() === text) problems.show(document, report);
    const about = isOfSweep(first) && first.subject !== null ? ` (${first.subject})` : '';
    const says = `${checkTitle(first.check, language)}${about}: ${findingText(first, language)}`;
    const sentence = refusals.length === 1 ? vscode.l10n.t('{0} can’t work and was not started. {1}', name, says) : vscode.l10n.t('{0} can’t work and was not started, for {1} reasons. {2}', name, refusals.length, says);
    const check = vscode.l10n.t('Check Project');
    const anyway = vscode.l10n.t('Run Anyway');
    const answer = await vscode.window.showErrorMessage(sentence, check, ...(refusals.every(({ estimated }) => estimated) ? [anyway] : []));
    if (answer === check) await this.check(recipe);
    return answer === anyway;
  }

  dispose(): void {
    this.#running?.abort();
    this.#panel?.dispose();
    vscode.Disposable.from(...this.#parts).dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extension, language, log } = this.#options;
    this.#panel?.dispose();
    this.#panel = panel;
    panel.iconPath = { light: vscode.Uri.joinPath(extension, 'media', 'check-light.svg'), dark: vscode.Uri.joinPath(extension, 'media', 'check-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extension)] };
    panel.webview.onDidReceiveMessage((message: CheckFromPage) => {
      this.#receive(message).catch((error: unknown) => showError(error, log));
    });
    panel.onDidDispose(() => {
      if (this.#panel !== panel) return;
      this.#panel = null;
      // Nobody is left to read what it finds.
      this.#running?.abort();
    });
    const text = checkPageText(language);
    panel.webview.html = pageHtml(panel.webview, extension, { page: 'check', title: text.title, text, language });
  }

  async #receive(message: CheckFromPage): Promise<void> {
    const { language } = this.#options;
    const [recipe, checked] = [this.#recipe, this.#checked];
    switch (message.kind) {
      case 'ready':
        if (checked !== null) this.#sendReport();
        // A page that came back with its window: what it showed is not kept, and is soon found again.
        else if (recipe !== null && this.#running === null) await this.#make(false);
        else if (this.#running !== null) this.#post({ kind: 'checking', what: '', done: 0, total: 1 });
        return;
      case 'again': return this.#make(message.online);
      case 'cancel': return this.#running?.abort();
      case 'copy':
        if (checked === null) return;
        await vscode.env.clipboard.writeText(reportText(checked.report, language));
        return void vscode.window.setStatusBarMessage(vscode.l10n.t('Copied.'), 3000);
      case 'run':
        if (recipe !== null) await vscode.commands.executeCommand(COMMANDS.run.id, recipe);
        return;
      case 'setKey':
        if (recipe === null) return;
        await vscode.commands.executeCommand(COMMANDS.setTeacherKey.id, recipe);
        return this.#make(false);
      case 'reveal': case 'fix': {
        const finding = checked?.report.findings[message.index];
        if (recipe === null || finding === undefined) return;
        const document = await vscode.workspace.openTextDocument(recipe);
        const edit = message.kind === 'fix' && finding.fix !== null ? fixEdit(document, finding.fix) : null;
        if (edit !== null) await vscode.workspace.applyEdit(edit);
        // The change is seen where it was made; the page keeps the keyboard while fixes are made.
        const { offset, length } = placeInRecipe(document.getText(), finding.fix?.edits[0]?.path ?? finding.path ?? []);
        const selection = new vscode.Range(document.positionAt(offset), document.positionAt(offset + length));
        await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: message.kind === 'fix', selection });
      }
    }
  }

  /** Makes the check of the recipe as it stands in its editor; a newer one takes the place of one that is on its way. */
  async #make(online: boolean): Promise<void> {
    const { problems } = this.#options;
    const recipe = this.#recipe;
    if (recipe === null) return;
    if (!vscode.workspace.isTrusted) return this.#post({ kind: 'failed', text: vscode.l10n.t('This folder is not trusted, so that Distill launches nothing in it. Trust the folder to run, resume or check.') });
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    this.#retitle();
    this.#post({ kind: 'checking', what: '', done: 0, total: 1 });
    try {
      const document = await vscode.workspace.openTextDocument(recipe);
      const text = document.getText();
      const { runPreflight } = await import('../../runs/preflight.ts');
      const report = await runPreflight({
        recipe: recipe.fsPath, text, online, signal: running.signal,
        onProgress: (check, done, total) => { this.#post({ kind: 'checking', what: checkTitle(check, this.#options.language), done, total }); },
      }, await this.#engine(recipe, text));
      this.#checked = { report, text };
      problems.show(document, report);
      this.#retitle();
    } catch (error) {
      if (!running.signal.aborted) {
        this.#post({ kind: 'failed', text: errorSentence(error) });
        return;
      }
    } finally {
      if (this.#running === running) this.#running = null;
    }
    if (this.#running !== null) return;
    if (this.#checked === null) this.#post({ kind: 'failed', text: checkPageText(this.#options.language).nothing });
    else this.#sendReport();
  }

  /** Whether a key is there is only asked of a recipe that has a service; no other check gets to see one. */
  async #engine(recipe: vscode.Uri, text: string): Promise<EngineProgram> {
    const engine = this.#options.programs.engine(recipe);
    return /"type"\s*:\s*"api"/.test(text) ? { ...engine, environment: { ...engine.environment, ...await this.#options.keys.environment() } } : engine;
  }

  #sendReport(): void {
    const [checked, recipe] = [this.#checked, this.#recipe];
    if (checked === null || recipe === null || this.#running !== null) return;
    const now = vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === recipe.toString())?.getText() ?? checked.text;
    const state = { stale: now !== checked.text, fixed: ({ level, fix }: PreflightReport['findings'][number]) => level !== 'pass' && fix !== null && hasFix(now, fix) };
    this.#post({ kind: 'report', page: checkPageOf(checked.report, state, this.#options.language) });
  }

  #retitle(): void {
    if (this.#panel === null || this.#recipe === null) return;
    const { report } = this.#checked ?? { report: null };
    const name = report === null || report.name === '' ? path.basename(this.#recipe.fsPath) : report.name;
    const mark = report === null ? '' : countOf(report, 'refusal') > 0 ? '✗ ' : countOf(report, 'warning') > 0 ? '! ' : '✓ ';
    this.#panel.title = mark + checkPageText(this.#options.language).titleOf.replace('{0}', name);
  }

  #post(message: CheckToPage): void {
    void this.#panel?.webview.postMessage(message);
  }
}
