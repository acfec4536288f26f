/** The Metrics panel: one for a window; hidden it costs nothing, and a reloaded window brings it back with its runs. */
import path from 'node:path';
import * as vscode from 'vscode';
import { isActive } from '../../runs/status.ts';
import type { RunStore } from '../../runs/store.ts';
import { fill, metricsText, type MetricsText } from '../../shared/metricsText.ts';
import type { MetricsFromPage, RunAction } from '../../shared/panel.ts';
import type { RowPlace } from '../../shared/rowLosses.ts';
import { COMMANDS, type CommandName } from '../commands/table.ts';
import { Refusal, showError } from '../errors.ts';
import { displayLanguage } from '../language.ts';
import { pageHtml, pageRoots } from '../pageHtml.ts';
import type { RunNode } from '../tree/nodes.ts';
import { MetricsFeed } from './feed.ts';
import { chartTitle } from './head.ts';
import { rowFile, stepRows } from './stepRows.ts';

const VIEW_TYPE = 'distill.metrics';

const ACTIONS: Readonly<Record<RunAction, CommandName>> = { stop: 'stop', resume: 'resume', review: 'reviewData', log: 'openLog', diff: 'diffTrace', reveal: 'reveal' };

export interface MetricsPanelOptions {
  readonly extension: vscode.Uri;
  readonly store: RunStore;
  readonly log: vscode.LogOutputChannel;
}

interface Open {
  readonly panel: vscode.WebviewPanel;
  readonly feed: MetricsFeed;
}

export class MetricsPanel implements vscode.Disposable {
  readonly #options: MetricsPanelOptions;
  readonly #text: MetricsText = metricsText(displayLanguage());
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #restored = new vscode.EventEmitter<readonly string[]>();
  #runs: readonly string[] = [];
  #open: Open | null = null;
  /** The window was reloaded before VS Code had stored which runs were drawn. */
  #restoredEmpty = false;

  /** A reloaded window brought the panel back with these runs (folders). */
  readonly onDidRestore = this.#restored.event;

  constructor(options: MetricsPanelOptions) {
    this.#options = options;
    const changes = options.store.onDidChange(({ run, what }) => {
      if (this.#restoredEmpty && what.has('added')) this.#chooseRuns();
      if (this.#runs.includes(run.folder) && (what.has('label') || what.has('added'))) this.#retitle();
    });
    this.#subscriptions.push(this.#restored, changes, vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state) => this.#restore(panel, state),
    }));
  }

  /** Folders of the runs that are drawn. */
  get runs(): readonly string[] {
    return this.#runs;
  }

  get isOpen(): boolean {
    return this.#open !== null;
  }

  /** Draws these runs (folders), in this order, if the panel is open; and from now on when it is opened. */
  setRuns(runs: readonly string[]): void {
    this.#restoredEmpty = false;
    this.#runs = [...new Set(runs)];
    this.#open?.feed.setRuns(this.#runs);
    this.#retitle();
  }

  /** Brings the panel to the front: where it is, else beside the text that is being edited. */
  show(runs: readonly string[] = this.#runs): void {
    if (this.#open === null) {
      const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
      const panel = vscode.window.createWebviewPanel(VIEW_TYPE, this.#text.title, column, { enableFindWidget: true });
      this.#adopt(panel);
    } else {
      this.#open.panel.reveal();
    }
    this.setRuns(runs);
  }

  dispose(): void {
    this.#open?.panel.dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #restore(panel: vscode.WebviewPanel, state: unknown): void {
    const kept = (state as { runs?: unknown } | undefined)?.runs;
    const runs = Array.isArray(kept) ? kept.filter((run): run is string => typeof run === 'string') : [];
    this.#open?.panel.dispose();
    this.#adopt(panel);
    this.setRuns(this.#runs.length > 0 ? this.#runs : runs);
    if (this.#runs.length === 0) this.#chooseRuns();
    this.#restored.fire(this.#runs);
  }

  /** The ticked runs, else the running or the newest one; none known yet: as soon as one is. */
  #chooseRuns(): void {
    const runs = this.#options.store.runs();
    const ticked = runs.filter(({ label }) => label.plotted === true);
    const one = runs.find(({ status }) => isActive(status)) ?? runs[0];
    if (one === undefined) this.#restoredEmpty = true;
    else this.setRuns((ticked.length > 0 ? ticked : [one]).map(({ folder }) => folder));
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extension, store, log } = this.#options;
    const feed = new MetricsFeed(store, displayLanguage(), (message) => void panel.webview.postMessage(message), (error) => log.error(error instanceof Error ? error : String(error)));
    this.#open = { panel, feed };
    panel.iconPath = { light: vscode.Uri.joinPath(extension, 'media', 'metrics-light.svg'), dark: vscode.Uri.joinPath(extension, 'media', 'metrics-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extension)] };
    panel.webview.onDidReceiveMessage((message: MetricsFromPage) => {
      this.#receive(panel, feed, message).catch((error: unknown) => showError(error, log));
    });
    panel.onDidChangeViewState(() => {
      if (!panel.visible) feed.pageGone();
    });
    panel.onDidDispose(() => {
      feed.dispose();
      if (this.#open?.panel === panel) this.#open = null;
    });
    panel.webview.html = pageHtml(panel.webview, extension, { page: 'metrics', title: this.#text.title, text: this.#text, language: displayLanguage() });
    this.#retitle();
  }

  async #receive(panel: vscode.WebviewPanel, feed: MetricsFeed, message: MetricsFromPage): Promise<void> {
    switch (message.kind) {
      case 'ready': case 'hydrate': case 'range': case 'smoothing':
        return feed.receive(message);
      case 'action':
        return vscode.commands.executeCommand(COMMANDS[ACTIONS[message.action]].id, { kind: 'run', run: message.run } satisfies RunNode);
      case 'rows':
        return void panel.webview.postMessage(await stepRows(message.run, message.step));
      case 'openRow':
        return this.#openRow(message.run, message.place);
      case 'choose':
        return vscode.commands.executeCommand(COMMANDS.compareRuns.id);
      case 'export':
        return message.format === 'png'
          ? this.#save('png', { PNG: ['png'] }, async () => Buffer.from(message.data, 'base64'))
          : this.#save('csv', { CSV: ['csv'] }, () => this.#options.store.reader.csv(this.#present()));
    }
  }

  /** At its line, where rows are lines; of other formats the file. */
  async #openRow(run: string, { file, row }: RowPlace): Promise<void> {
    const target = vscode.Uri.file(await rowFile(run, file));
    const there = await Promise.resolve(vscode.workspace.fs.stat(target)).then(() => true, () => false);
    if (!there) throw new Refusal(vscode.l10n.t('{0} is not there any more.', target.fsPath));
    if (/\.(jsonl|ndjson)$/i.test(file)) {
      const at = new vscode.Position(row - 1, 0);
      await vscode.window.showTextDocument(target, { selection: new vscode.Range(at, at), viewColumn: vscode.ViewColumn.Beside });
    } else {
      await vscode.commands.executeCommand('vscode.open', target, vscode.ViewColumn.Beside);
    }
  }

  /** Asks where to, then makes the file: a person who cancels has waited for nothing. */
  async #save(ending: string, filters: Record<string, string[]>, make: () => Promise<Uint8Array>): Promise<void> {
    const [first, ...others] = this.#present();
    if (first === undefined) {
      void vscode.window.showInformationMessage(this.#text.nothingToSave);
      return;
    }
    const run = this.#options.store.get(first);
    const name = others.length === 0 ? path.basename(first) : `${path.basename(first)}+${others.length}`;
    const target = await vscode.window.showSaveDialog({ defaultUri: vscode.Uri.file(path.join(run?.project ?? path.dirname(first), `${name}.${ending}`)), filters });
    if (target === undefined) return;
    const title = fill(this.#text.saving, path.basename(target.path));
    await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => vscode.workspace.fs.writeFile(target, await make()));
    void vscode.window.setStatusBarMessage(fill(this.#text.saved, path.basename(target.path)), 5000);
  }

  #present(): readonly string[] {
    return this.#runs.filter((folder) => this.#options.store.get(folder) !== undefined);
  }

  #retitle(): void {
    if (this.#open === null) return;
    const [first, ...others] = this.#runs;
    const run = first === undefined ? undefined : this.#options.store.get(first);
    this.#open.panel.title = first === undefined ? this.#text.title
      : others.length > 0 ? fill(this.#text.titleMany, this.#runs.length)
        : fill(this.#text.titleOne, run === undefined ? path.basename(first) : chartTitle(run));
  }
}
