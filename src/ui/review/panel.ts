/** The Review Data page: one for a window, about one file; made again, at the same row, after a reload. Its thread does the work. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { trainingOf } from '../../runs/dataTraining.ts';
import { dataPageText } from '../../shared/dataPageText.ts';
import { FILE_ORDER, NO_FILTER, type DataFromPage, type DataFromWorker, type DataPlace, type DataToPage } from '../../shared/dataPanel.ts';
import type { DataReport } from '../../shared/dataReport.ts';
import { sentence, type Language } from '../../shared/messages.ts';
import { reviewFileOf } from '../../shared/review.ts';
import { errorSentence, Refusal, showError } from '../errors.ts';
import { pageHtml, pageRoots } from '../pageHtml.ts';
import type { Programs } from '../programs.ts';
import type { Projects } from '../project/projects.ts';
import { chooseDataFile } from './chooseDataFile.ts';
import { DataThread } from './dataThread.ts';

const VIEW_TYPE = 'distill.review';

export interface ReviewPanelOptions {
  readonly extension: vscode.Uri;
  readonly language: Language;
  readonly programs: Programs;
  readonly projects: Projects;
  readonly log: vscode.LogOutputChannel;
}

export class ReviewPanel implements vscode.Disposable {
  readonly #options: ReviewPanelOptions;
  readonly #serializer: vscode.Disposable;
  #panel: vscode.WebviewPanel | null = null;
  #place: DataPlace | null = null;
  #thread: { readonly file: string; readonly thread: DataThread } | null = null;
  /** Threads that are still saving. */
  readonly #closing = new Set<Promise<void>>();
  #report: DataReport | null = null;

  constructor(options: ReviewPanelOptions) {
    this.#options = options;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state) => {
        const kept = state as Partial<DataPlace> | undefined;
        // The page checks the rest of what was kept, and sends it.
        if (typeof kept?.file === 'string') this.#place = { file: kept.file, filter: NO_FILTER, sort: FILE_ORDER, selected: null, tab: 'rows' };
        this.#adopt(panel);
      },
    });
  }

  async show(file: string): Promise<void> {
    const another = this.#place?.file !== file;
    if (another) this.#place = { file, filter: NO_FILTER, sort: FILE_ORDER, selected: null, tab: 'rows' };
    if (this.#panel === null) {
      this.#adopt(vscode.window.createWebviewPanel(VIEW_TYPE, dataPageText(this.#options.language).title, vscode.ViewColumn.Active, {}));
      return;
    }
    this.#panel.reveal();
    if (another && this.#place !== null) await this.#open(this.#place);
  }

  /** Resolves when every decision is on the disk. */
  async close(): Promise<void> {
    this.#closeThread();
    await Promise.all(this.#closing);
  }

  dispose(): void {
    this.#serializer.dispose();
    this.#panel?.dispose();
    this.#closeThread();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extension, language, log } = this.#options;
    this.#panel?.dispose();
    this.#panel = panel;
    panel.iconPath = { light: vscode.Uri.joinPath(extension, 'media', 'review-light.svg'), dark: vscode.Uri.joinPath(extension, 'media', 'review-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extension)] };
    panel.webview.onDidReceiveMessage((message: DataFromPage) => {
      this.#receive(message).catch((error: unknown) => showError(error, log));
    });
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.#thread?.thread.post({ kind: 'hidden' });
    });
    panel.onDidDispose(() => {
      if (this.#panel !== panel) return;
      this.#panel = null;
      this.#place = null;
      this.#closeThread();
    });
    const text = dataPageText(language);
    panel.webview.html = pageHtml(panel.webview, extension, { page: 'review', title: text.title, text, language });
  }

  async #receive(message: DataFromPage): Promise<void> {
    switch (message.kind) {
      case 'ready': {
        const { place } = message;
        // A page that was hidden or reloaded comes back where it was; one that is shown another file begins anew.
        if (place !== null && (this.#place === null || place.file === this.#place.file)) this.#place = place;
        return this.#place === null ? this.#post({ kind: 'nothing' }) : this.#open(this.#place, place?.file === this.#place.file);
      }
      case 'decide-all': return this.#decideAll(message);
      case 'export-report': return this.#exportReport();
      case 'convert': return this.#convert();
      case 'choose': {
        const file = await chooseDataFile(undefined, this.#options.projects);
        return file === undefined ? undefined : this.show(file);
      }
      case 'again': return this.#place === null ? undefined : this.#again(this.#place);
      case 'open-data': return this.#openData(message.line, message.removed);
      case 'open-review': return this.#openReview();
      case 'view': case 'rows': case 'row': case 'decide': case 'undo': case 'redo': case 'report': case 'cancel': {
        this.#thread?.thread.post(message);
      }
    }
  }

  /** @param kept the page has the place already: it only asks for what it shows */
  async #open(place: DataPlace, kept = false): Promise<void> {
    if (this.#panel !== null) this.#panel.title = `${dataPageText(this.#options.language).title}: ${path.basename(place.file)}`;
    if (!kept) this.#post({ kind: 'file', place });
    if (this.#thread?.file !== place.file) {
      this.#closeThread();
      await Promise.all(this.#closing);
      const training = await trainingOf(place.file);
      // Another file was asked for meanwhile, or the page was closed.
      if (this.#place?.file !== place.file || this.#panel === null || this.#thread !== null) return;
      const thread = new DataThread(this.#options.programs.data, { file: place.file, training }, (message) => {
        if (this.#thread?.thread === thread) this.#take(message);
      }, (error) => {
        if (this.#thread?.thread === thread) this.#broke(error);
      });
      this.#thread = { file: place.file, thread };
    }
    this.#thread?.thread.post({ kind: 'hello' });
  }

  async #again(place: DataPlace): Promise<void> {
    this.#closeThread();
    await this.#open(place);
  }

  #take(message: DataFromWorker): void {
    if (message.kind === 'saved') return;
    if (message.kind === 'report') this.#report = message.report;
    if (message.kind === 'trouble') {
      this.#options.log.info(`review: ${message.code} ${JSON.stringify(message.data)}`);
      this.#post({ kind: 'trouble', about: message.about, text: sentence(message.code, message.data, this.#options.language), convert: message.code === 'review-convert-first' });
      return;
    }
    if (message.kind === 'indexed') {
      const { firstBroken } = message.summary;
      this.#post({ ...message, broken: firstBroken === null ? '' : sentence(firstBroken.code, firstBroken.data, this.#options.language) });
      return;
    }
    this.#post(message);
  }

  #broke(error: Error): void {
    this.#options.log.error(error);
    this.#thread = null;
    this.#post({ kind: 'trouble', about: 'file', text: errorSentence(error), convert: false });
  }

  #post(message: DataToPage): void {
    if (this.#panel?.visible === true) void this.#panel.webview.postMessage(message);
  }

  #closeThread(): void {
    const thread = this.#thread?.thread;
    this.#thread = null;
    this.#report = null;
    if (thread === undefined) return;
    const closing = thread.close().catch((error: unknown) => this.#options.log.error(error instanceof Error ? error : String(error))).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  /** Asked first where it touches more than one row; it can be undone like any other. */
  async #decideAll(message: Extract<DataFromPage, { kind: 'decide-all' }>): Promise<void> {
    const count = message.count.toLocaleString('en-US');
    const [question, button] = ((): readonly [string, string] => {
      switch (message.decision) {
        case 'accept': return [vscode.l10n.t('Accept all {0} rows that the filters let through?', count), vscode.l10n.t('Accept')];
        case 'reject': return [vscode.l10n.t('Reject all {0} rows that the filters let through?', count), vscode.l10n.t('Reject')];
        case 'quarantine': return [vscode.l10n.t('Quarantine all {0} rows that the filters let through?', count), vscode.l10n.t('Quarantine')];
        case 'edit': case '': return [vscode.l10n.t('Take back the decisions on all {0} rows that the filters let through?', count), vscode.l10n.t('Take Back')];
      }
    })();
    const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: vscode.l10n.t('This can be undone until the page is closed.') }, button);
    if (answer === button) this.#thread?.thread.post(message);
  }

  async #exportReport(): Promise<void> {
    const [report, file] = [this.#report, this.#place?.file];
    if (report === null || file === undefined) return;
    const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(`${file.replace(/\.\w+$/, '')}.report.json`), filters: { JSON: ['json'] } });
    if (target === undefined) return;
    await writeFile(target.fsPath, `${JSON.stringify(report, null, 2)}\n`);
    await vscode.window.showTextDocument(target);
  }

  async #convert(): Promise<void> {
    const file = this.#place?.file;
    if (file === undefined) return;
    const out = `${file.replace(/\.\w+$/, '')}.jsonl`;
    const there = await Promise.resolve(vscode.workspace.fs.stat(vscode.Uri.file(out))).then(() => true, () => false);
    if (there && path.resolve(out) !== path.resolve(file)) {
      const use = vscode.l10n.t('Open It');
      const answer = await vscode.window.showInformationMessage(vscode.l10n.t('{0} is there already.', path.basename(out)), { modal: true }, use);
      return answer === use ? this.show(out) : undefined;
    }
    const { code, stdout, stderr } = await vscode.window.withProgress(
      { location: vscode.ProgressLocation.Notification, title: vscode.l10n.t('Converting {0}…', path.basename(file)), cancellable: true },
      (_, token) => {
        const abort = new AbortController();
        token.onCancellationRequested(() => abort.abort());
        return this.#options.programs.distill(['data', 'convert', file, out], { signal: abort.signal });
      },
    );
    if (code !== 0) throw new Refusal(stderr.trim() || stdout.trim());
    await this.show(out);
  }

  async #openData(line: number, removed: boolean): Promise<void> {
    const file = this.#place?.file;
    if (file === undefined) return;
    const at = new vscode.Position(line - 1, 0);
    const target = removed ? `${file.replace(/\.jsonl$/, '')}.removed.jsonl` : file;
    await vscode.window.showTextDocument(vscode.Uri.file(target), { selection: new vscode.Range(at, at), viewColumn: vscode.ViewColumn.Beside });
  }

  async #openReview(): Promise<void> {
    const file = this.#place?.file;
    if (file !== undefined) await vscode.window.showTextDocument(vscode.Uri.file(reviewFileOf(file)), { viewColumn: vscode.ViewColumn.Beside });
  }
}
