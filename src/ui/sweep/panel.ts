/** The page of a sweep: one for a window; a reloaded window brings it back with its sweep. */
import * as vscode from 'vscode';
import type { SweepStore } from '../../runs/sweepStore.ts';
import { fill } from '../../shared/metricsText.ts';
import type { SweepFromPage, SweepToPage } from '../../shared/sweepPanel.ts';
import { sweepPageText } from '../../shared/sweepPageText.ts';
import { COMMANDS } from '../commands/table.ts';
import { showError } from '../errors.ts';
import { displayLanguage } from '../language.ts';
import { pageHtml, pageRoots } from '../pageHtml.ts';
import type { RunNode, SweepNode } from '../tree/nodes.ts';
import { sweepPageOf } from './page.ts';
import { useValues } from './useValues.ts';

const VIEW_TYPE = 'distill.sweep';
/** A table is read, not watched. */
const POST_EVERY_MS = 500;

export interface SweepPanelOptions {
  readonly extension: vscode.Uri;
  readonly sweeps: SweepStore;
  /** Draws the curves of these runs. */
  readonly compare: (runs: readonly string[]) => void;
  readonly log: vscode.LogOutputChannel;
}

export class SweepPanel implements vscode.Disposable {
  readonly #options: SweepPanelOptions;
  readonly #text = sweepPageText(displayLanguage());
  readonly #subscriptions: vscode.Disposable[];
  #panel: vscode.WebviewPanel | null = null;
  #folder: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #posted = '';

  constructor(options: SweepPanelOptions) {
    this.#options = options;
    const changes = options.sweeps.onDidChange((folder) => {
      if (folder !== this.#folder || this.#panel === null) return;
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#post();
      }, POST_EVERY_MS);
    });
    this.#subscriptions = [changes as vscode.Disposable, vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state) => {
        this.#panel?.dispose();
        const kept = (state as { folder?: unknown } | undefined)?.folder;
        this.#folder ??= typeof kept === 'string' ? kept : null;
        this.#adopt(panel);
      },
    })];
  }

  show(folder: string): void {
    this.#folder = folder;
    this.#posted = '';
    if (this.#panel === null) {
      const column = vscode.window.activeTextEditor === undefined ? vscode.ViewColumn.Active : vscode.ViewColumn.Beside;
      this.#adopt(vscode.window.createWebviewPanel(VIEW_TYPE, this.#text.title, column, { enableFindWidget: true }));
    } else {
      this.#panel.reveal();
      this.#post();
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#panel?.dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extension, log } = this.#options;
    this.#panel = panel;
    panel.iconPath = { light: vscode.Uri.joinPath(extension, 'media', 'metrics-light.svg'), dark: vscode.Uri.joinPath(extension, 'media', 'metrics-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extension)] };
    panel.webview.onDidReceiveMessage((message: SweepFromPage) => {
      this.#receive(message).catch((error: unknown) => showError(error, log));
    });
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = null;
    });
    panel.webview.html = pageHtml(panel.webview, extension, { page: 'sweep', title: this.#text.title, text: this.#text, language: displayLanguage() });
    this.#retitle();
  }

  #post(): void {
    const view = this.#folder === null ? undefined : this.#options.sweeps.get(this.#folder);
    if (this.#panel === null || this.#folder === null) return;
    this.#retitle();
    const message: SweepToPage = view === undefined
      ? { kind: 'gone', text: vscode.l10n.t('The sweep {0} is gone.', this.#folder) }
      : { kind: 'sweep', page: sweepPageOf(view, displayLanguage()) };
    const posted = JSON.stringify(message);
    if (posted === this.#posted) return;
    this.#posted = posted;
    void this.#panel.webview.postMessage(message);
  }

  async #receive(message: SweepFromPage): Promise<void> {
    const folder = this.#folder;
    const sweep = folder === null ? null : { kind: 'sweep', sweep: folder } satisfies SweepNode;
    switch (message.kind) {
      case 'ready':
        // A reloaded window has not looked yet.
        await this.#options.sweeps.look();
        this.#posted = '';
        return this.#post();
      case 'open':
        return vscode.commands.executeCommand(COMMANDS.openMetrics.id, { kind: 'run', run: message.run } satisfies RunNode);
      case 'compare':
        return this.#options.compare(message.runs);
      case 'stop':
        return vscode.commands.executeCommand(COMMANDS.stopSweep.id, sweep);
      case 'resume':
        return vscode.commands.executeCommand(COMMANDS.resumeSweep.id, sweep);
      case 'use': {
        const view = folder === null ? undefined : this.#options.sweeps.get(folder);
        const row = view?.rows[message.index];
        if (view !== undefined && row !== undefined) await useValues(view, row.values);
      }
    }
  }

  #retitle(): void {
    if (this.#panel === null || this.#folder === null) return;
    const view = this.#options.sweeps.get(this.#folder);
    this.#panel.title = view === undefined ? this.#text.title : fill(this.#text.titleOf, view.title);
  }
}
