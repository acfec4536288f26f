/** What changes all charts at once: x axis, smoothing, log scale, zoom; and the exports. */
import { type MetricsText } from '../../src/shared/metricsText.ts';
import type { XAxis } from '../../src/shared/panel.ts';
import { element, setText } from '../shared/dom.ts';
import type { ViewState } from './view.ts';

export interface ToolbarEvents {
  axis(axis: XAxis): void;
  smoothing(weight: number): void;
  log(on: boolean): void;
  reset(): void;
  choose(): void;
  export(format: 'png' | 'csv'): void;
}

const AXES: readonly XAxis[] = ['step', 'time', 'tokens'];

export class Toolbar {
  readonly node: HTMLElement;
  readonly #axes = new Map<XAxis, HTMLInputElement>();
  readonly #slider: HTMLInputElement;
  readonly #weight = element('output', { class: 'weight', for: 'smoothing' });
  readonly #log: HTMLElement & { checked: boolean };
  readonly #reset: HTMLElement;

  constructor(text: MetricsText, events: ToolbarEvents) {
    this.#slider = element('input', {
      type: 'range', id: 'smoothing', min: 0, max: 0.99, step: 0.01, title: text.smoothingHint,
      onInput: () => events.smoothing(Number(this.#slider.value)),
    });
    this.#log = element('vscode-checkbox', {
      id: 'log', onChange: () => events.log(this.#log.checked),
    }, text.log) as HTMLElement & { checked: boolean };
    this.#reset = this.#button(text.reset, () => events.reset(), 'reset');
    this.node = element('div', { class: 'toolbar', role: 'toolbar', 'aria-label': text.title },
      element('fieldset', { class: 'segments', 'aria-label': text['axis.label'] }, ...AXES.map((axis) => this.#segment(axis, text, events))),
      element('div', { class: 'smoothing' }, element('label', { for: 'smoothing' }, text.smoothing), this.#slider, this.#weight),
      this.#log, this.#reset,
      element('span', { class: 'spring' }),
      this.#button(text.choose, () => events.choose(), 'choose'),
      this.#button(text.png, () => events.export('png'), 'png'),
      this.#button(text.csv, () => events.export('csv'), 'csv'));
  }

  update(view: ViewState): void {
    for (const [axis, input] of this.#axes) input.checked = axis === view.axis;
    if (Number(this.#slider.value) !== view.smoothing) this.#slider.value = String(view.smoothing);
    setText(this.#weight, view.smoothing.toFixed(2));
    if (this.#log.checked !== view.log) this.#log.checked = view.log;
    this.#reset.hidden = view.zoom === null;
  }

  #segment(axis: XAxis, text: MetricsText, events: ToolbarEvents): HTMLElement {
    const input = element('input', { type: 'radio', name: 'axis', value: axis, onChange: () => events.axis(axis) });
    this.#axes.set(axis, input);
    return element('label', { title: text[`axis.${axis}Hint`] }, input, element('span', {}, text[`axis.${axis}`]));
  }

  #button(label: string, click: () => void, id: string): HTMLElement {
    return element('vscode-button', { appearance: 'secondary', id, onClick: click }, label);
  }
}
