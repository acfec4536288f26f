/** What stands where charts would, and why they don't. */
import type { MetricsText } from '../../src/shared/metricsText.ts';
import type { HeadFact, RunAction, RunHead } from '../../src/shared/panel.ts';
import { element } from '../shared/dom.ts';

export interface EmptyState {
  readonly title: string;
  readonly hint: string;
  readonly waiting: boolean;
  readonly actions: readonly (RunAction | 'choose')[];
}

/** Null when there is something to draw. */
export function emptyState(heads: readonly RunHead[], points: number, text: MetricsText): EmptyState | null {
  if (points > 0) return null;
  const [head] = heads;
  if (head === undefined) return { title: text['empty.none'], hint: text['empty.noneHint'], waiting: false, actions: ['choose'] };
  const ways = head.actions.filter((action) => action !== 'stop' && action !== 'diff');
  switch (head.status) {
    case 'queued':
      return { title: text['status.queued'], hint: text['empty.queuedHint'], waiting: true, actions: [] };
    case 'starting': case 'running': case 'stopping':
      if (head.collects) return { title: text['empty.collecting'], hint: text['empty.collectingHint'], waiting: true, actions: ['log'] };
      return { title: text['empty.waiting'], hint: text['empty.waitingHint'], waiting: true, actions: ['log'] };
    case 'failed': case 'lost':
      return { title: text['empty.failed'], hint: head.failure ?? text['empty.endedHint'], waiting: false, actions: ways };
    case 'done': case 'stopped':
      if (head.collects && head.status === 'done') return { title: text['empty.collected'], hint: text['empty.collectedHint'], waiting: false, actions: ways };
      if (head.collects) return { title: text['empty.collectingStopped'], hint: text['empty.collectingStoppedHint'], waiting: false, actions: ways };
      return { title: text['empty.ended'], hint: text['empty.endedHint'], waiting: false, actions: ways };
  }
}

export function emptyNode(state: EmptyState, text: MetricsText, facts: HTMLElement, act: (action: RunAction | 'choose') => void): HTMLElement {
  return element('div', { class: 'empty', role: 'status' },
    state.waiting && element('vscode-progress-ring', { 'aria-hidden': 'true' }),
    element('h2', {}, state.title), facts, element('p', {}, state.hint),
    state.actions.length > 0 && element('div', { class: 'empty-actions' }, ...state.actions.map((action, index) =>
      element('vscode-button', { appearance: index === 0 ? 'primary' : 'secondary', onClick: () => act(action) },
        action === 'choose' ? text.choose : text[`action.${action}`]))));
}

/** What is collected, as a list that is filled anew while everything around it stays, a focused button with it. */
export function fillFacts(node: HTMLElement, facts: readonly HeadFact[]): void {
  node.hidden = facts.length === 0;
  node.replaceChildren(...facts.flatMap(({ label, value }) => [element('dt', {}, label), element('dd', {}, value)]));
}
