/** The reasoning page: one for a window; it shows one example and is made again, on the same one, after a reload. */
import * as vscode from 'vscode';
import type { Language } from '../../shared/messages.ts';
import { pageOf, type TracesFromPage, type TracesToPage } from '../../shared/tracePanel.ts';
import { tracePageText } from '../../shared/tracePageText.ts';
import { errorSentence, showError } from '../errors.ts';
import { pageHtml, pageRoots } from '../pageHtml.ts';
import type { Example, ExampleFilter } from '../tree/examples.ts';
import { filterText } from '../tree/items.ts';
import type { Comparisons } from './comparisons.ts';
import type { TraceAddress } from './traceUri.ts';

const VIEW_TYPE = 'distill.traces';

export interface TracePanelOptions {
  readonly extension: vscode.Uri;
  readonly language: Language;
  readonly comparisons: Comparisons;
  readonly log: vscode.LogOutputChannel;
  readonly titleOf: (folder: string) => string;
  /** The examples that the filter lets through. */
  readonly visible: (folder: string) => Promise<readonly Example[]>;
  readonly filterOf: (folder: string) => ExampleFilter;
  readonly move: (address: TraceAddress, by: 1 | -1) => Promise<TraceAddress>;
  readonly pick: (folder: string) => Promise<TraceAddress | undefined>;
  readonly filter: (folder: string) => Promise<void>;
  readonly editor: (address: TraceAddress) => Promise<void>;
}

export class TracePanel implements vscode.Disposable {
  readonly #options: TracePanelOptions;
  readonly #serializer: vscode.Disposable;
  #panel: vscode.WebviewPanel | null = null;
  #address: TraceAddress | null = null;

  constructor(options: TracePanelOptions) {
    this.#options = options;
    this.#serializer = vscode.window.registerWebviewPanelSerializer(VIEW_TYPE, {
      deserializeWebviewPanel: async (panel, state) => {
        const kept = state as Partial<TraceAddress> | undefined;
        if (typeof kept?.folder === 'string' && typeof kept.example === 'string') this.#address = { folder: kept.folder, example: kept.example };
        this.#adopt(panel);
      },
    });
  }

  /** Whether the page is what the person looks at. */
  get active(): boolean {
    return this.#panel?.active === true;
  }

  get address(): TraceAddress | null {
    return this.#address;
  }

  async show(address: TraceAddress): Promise<void> {
    this.#address = address;
    if (this.#panel === null) this.#adopt(vscode.window.createWebviewPanel(VIEW_TYPE, tracePageText(this.#options.language).title, vscode.ViewColumn.Active, { enableFindWidget: true }));
    else {
      this.#panel.reveal();
      await this.#send();
    }
  }

  async move(by: 1 | -1): Promise<void> {
    if (this.#address !== null) await this.show(await this.#options.move(this.#address, by));
  }

  /** Shows the run's example again, after its traces or its filter changed. */
  async refresh(folder: string): Promise<void> {
    if (this.#address?.folder === folder) await this.#send();
  }

  dispose(): void {
    this.#serializer.dispose();
    this.#panel?.dispose();
  }

  #adopt(panel: vscode.WebviewPanel): void {
    const { extension, language, log } = this.#options;
    this.#panel?.dispose();
    this.#panel = panel;
    panel.iconPath = { light: vscode.Uri.joinPath(extension, 'media', 'traces-light.svg'), dark: vscode.Uri.joinPath(extension, 'media', 'traces-dark.svg') };
    panel.webview.options = { enableScripts: true, localResourceRoots: [...pageRoots(extension)] };
    panel.webview.onDidReceiveMessage((message: TracesFromPage) => {
      this.#receive(message).catch((error: unknown) => showError(error, log));
    });
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = null;
    });
    const text = tracePageText(language);
    panel.webview.html = pageHtml(panel.webview, extension, { page: 'traces', title: text.title, text, language });
  }

  async #receive(message: TracesFromPage): Promise<void> {
    const address = this.#address;
    if (message.kind === 'ready') return this.#send();
    if (address === null) return;
    const { pick, filter, editor } = this.#options;
    switch (message.kind) {
      case 'move': return this.move(message.by);
      case 'pick': {
        const picked = await pick(address.folder);
        return picked === undefined ? undefined : this.show(picked);
      }
      case 'filter': return filter(address.folder);
      case 'editor': return editor(address);
    }
  }

  async #send(): Promise<void> {
    const [panel, address] = [this.#panel, this.#address];
    if (panel === null) return;
    const message = await this.#message(address);
    // Another example was asked for meanwhile: its own answer follows.
    if (this.#panel !== panel || this.#address !== address) return;
    const { title } = tracePageText(this.#options.language);
    panel.title = message.kind === 'show' ? `${title}: ${message.page.runTitle}` : title;
    await panel.webview.postMessage(message);
  }

  async #message(address: TraceAddress | null): Promise<TracesToPage> {
    const { comparisons, language, titleOf, visible, filterOf } = this.#options;
    if (address === null) return { kind: 'empty', text: tracePageText(language).nothing };
    try {
      const { comparison } = await comparisons.open(address);
      const shown = await visible(address.folder);
      const index = shown.findIndex(({ example }) => example === address.example) + 1;
      return {
        kind: 'show', page: pageOf(comparison, { folder: address.folder, title: titleOf(address.folder) }, language),
        position: { index, total: shown.length, filter: filterText(filterOf(address.folder)) },
      };
    } catch (error) {
      return { kind: 'empty', text: errorSentence(error) };
    }
  }
}
