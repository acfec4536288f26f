/** The live lines on top: one for each run, with its status, progress and what can be done. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';
import type { RunAction, RunHead } from '../../src/shared/panel.ts';
import { element, icon, setText } from '../shared/dom.ts';
import { formatCount, formatDuration } from '../shared/format.ts';
import { ACTION_ICONS, STATUS_ICONS } from './icons.ts';
import { swatch } from './legend.ts';
import type { LineStyle } from './lineStyle.ts';

export class RunList {
  readonly node = element('div', { class: 'runs', role: 'list' });
  readonly #text: MetricsText;
  readonly #act: (action: RunAction, run: string) => void;
  readonly #lines = new Map<string, RunLine>();

  constructor(text: MetricsText, act: (action: RunAction, run: string) => void) {
    this.#text = text;
    this.#act = act;
  }

  update(runs: readonly { readonly head: RunHead; readonly style: LineStyle | null }[]): void {
    for (const [run, line] of this.#lines) {
      if (runs.some(({ head }) => head.run === run)) continue;
      line.node.remove();
      this.#lines.delete(run);
    }
    runs.forEach(({ head, style }, index) => {
      const line = this.#lines.get(head.run) ?? new RunLine(this.#text, this.#act);
      this.#lines.set(head.run, line);
      line.update(head, style);
      if (this.node.children[index] !== line.node) this.node.insertBefore(line.node, this.node.children[index] ?? null);
    });
  }
}

class RunLine {
  readonly node: HTMLElement;
  readonly #text: MetricsText;
  readonly #act: (action: RunAction, run: string) => void;
  readonly #swatch = element('span', { class: 'run-swatch' });
  readonly #title = element('span', { class: 'run-title' });
  readonly #status = element('span', { class: 'status' });
  readonly #statusText = element('span', {});
  readonly #step = element('span', { class: 'fact step' });
  readonly #time = element('span', { class: 'fact' });
  readonly #engine = element('span', { class: 'fact engine' });
  readonly #bar = element('div', { class: 'bar' });
  readonly #filled = element('div', { class: 'filled' });
  readonly #actions = element('span', { class: 'actions' });
  readonly #failure = element('p', { class: 'failure', role: 'alert' });
  #signature = '';

  constructor(text: MetricsText, act: (action: RunAction, run: string) => void) {
    this.#text = text;
    this.#act = act;
    this.#bar.append(this.#filled);
    this.node = element('div', { class: 'run', role: 'listitem' },
      element('div', { class: 'run-line' },
        this.#swatch, this.#title, this.#status,
        element('span', { class: 'facts' }, this.#step, this.#time, this.#engine), this.#actions),
      this.#bar, this.#failure);
  }

  update(head: RunHead, style: LineStyle | null): void {
    const signature = JSON.stringify([head.status, head.actions, style]);
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#build(head, style);
    }
    setText(this.#title, head.title);
    this.#title.title = head.run;
    setText(this.#statusText, this.#text[`status.${head.status}`]);
    setText(this.#step, stepText(head, this.#text));
    setText(this.#time, timeText(head, this.#text));
    setText(this.#engine, [head.backend, head.device].filter((part) => part !== null && part !== '').join(' · '));
    setText(this.#failure, head.failure ?? '');
    this.#failure.hidden = head.failure === null;
    const share = head.totalSteps === null || head.totalSteps === 0 ? null : Math.min(1, head.step / head.totalSteps);
    const live = isLive(head);
    this.#bar.hidden = !live;
    this.#bar.classList.toggle('unknown', share === null);
    if (live) {
      this.#bar.setAttribute('role', 'progressbar');
      this.#bar.setAttribute('aria-label', head.title);
      if (share !== null) this.#bar.setAttribute('aria-valuenow', String(Math.round(share * 100)));
    }
    this.#filled.style.width = share === null ? '' : `${share * 100}%`;
  }

  #build(head: RunHead, style: LineStyle | null): void {
    this.#swatch.replaceChildren(...(style === null ? [] : [swatch({ ...style, dash: [] })]));
    this.#status.className = `status ${head.status}`;
    this.#status.replaceChildren(icon(STATUS_ICONS[head.status]), this.#statusText);
    this.#actions.replaceChildren(...head.actions.map((action) => {
      const label = this.#text[`action.${action}`];
      return element('vscode-button', {
        appearance: 'icon', 'aria-label': label, title: label, onClick: () => this.#act(action, head.run),
      }, icon(ACTION_ICONS[action]));
    }));
  }
}

export function isLive({ status }: RunHead): boolean {
  return status === 'queued' || status === 'starting' || status === 'running' || status === 'stopping';
}

function stepText(head: RunHead, text: MetricsText): string {
  // Nothing is trained here, or not yet known how long.
  if (head.step === 0 && (head.totalSteps ?? 0) === 0) return head.stage ?? '';
  const step = head.totalSteps === null ? fill(text.stepOnly, formatCount(head.step)) : fill(text.stepOf, formatCount(head.step), formatCount(head.totalSteps));
  return head.stage === null || !isLive(head) ? step : `${head.stage} · ${step}`;
}

function timeText(head: RunHead, text: MetricsText): string {
  return isLive(head) && head.secondsLeft !== null ? fill(text.timeLeft, formatDuration(head.secondsLeft, text)) : '';
}
