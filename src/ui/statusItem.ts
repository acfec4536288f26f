import * as vscode from 'vscode';
import { isActive } from '../runs/status.ts';
import type { RunStore } from '../runs/store.ts';
import type { RunView } from '../runs/view.ts';
import { COMMANDS } from './commands/table.ts';
import { lastMetric, progressText, shortTitle, statusText } from './runText.ts';
import { runTooltip } from './tree/tooltip.ts';

const REFRESH_EVERY_MS = 1000;

/** In the status bar while something runs, and only then: how far it is, its loss, its backend. */
export class StatusItem implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;
  readonly #listening: { dispose(): void };
  #timer: NodeJS.Timeout | undefined;
  #drawnAt = 0;

  constructor(private readonly store: RunStore) {
    this.#item = vscode.window.createStatusBarItem('distill.status', vscode.StatusBarAlignment.Left, 10);
    this.#item.name = 'Distill';
    this.#listening = store.onDidChange(() => {
      this.#timer ??= setTimeout(() => this.#draw(), Math.max(0, this.#drawnAt + REFRESH_EVERY_MS - Date.now()));
    });
  }

  #draw(): void {
    this.#timer = undefined;
    this.#drawnAt = Date.now();
    const live = this.store.runs().filter(({ status }) => isActive(status));
    const [only, ...others] = live;
    if (only === undefined) {
      this.#item.hide();
      return;
    }
    if (others.length === 0) {
      this.#item.text = oneText(only);
      this.#item.tooltip = runTooltip(only);
      this.#item.command = { command: COMMANDS.openMetrics.id, title: '', arguments: [vscode.Uri.file(only.folder)] };
    } else {
      this.#item.text = `$(loading~spin) ${vscode.l10n.t('Distill: {0} runs', live.length)}`;
      this.#item.tooltip = live.map(plainText).join('\n');
      this.#item.command = COMMANDS.openMetrics.id;
    }
    this.#item.accessibilityInformation = { label: live.map(plainText).join('; ') };
    this.#item.show();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listening.dispose();
    this.#item.dispose();
  }
}

function parts(run: RunView): readonly string[] {
  const state = run.status === 'running' ? null : statusText(run.status);
  return [state, progressText(run), lastMetric(run.facts), run.facts.started?.backend ?? null].flatMap((part) => part ?? []);
}

function oneText(run: RunView): string {
  return `$(${run.status === 'queued' ? 'clock' : 'loading~spin'}) ${[shortTitle(run), ...parts(run)].join(' · ')}`;
}

function plainText(run: RunView): string {
  return [shortTitle(run), ...parts(run)].join(' · ');
}
