/** The rows that a step trained on, with what each lost: opened by a click on a point of a chart. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';
import type { MetricsToPage, StepRow } from '../../src/shared/panel.ts';
import { element } from '../shared/dom.ts';
import { formatCount, formatValue } from '../shared/format.ts';

export type StepRows = Extract<MetricsToPage, { kind: 'rows' }>;

export interface RowsEvents {
  open(run: string, place: NonNullable<StepRow['place']>): void;
  /** Asks for the rows of a neighbouring step. */
  step(run: string, step: number): void;
  close(): void;
}

export class RowsCard {
  readonly node: HTMLElement;
  readonly #text: MetricsText;
  readonly #events: RowsEvents;
  readonly #title = element('h2', { id: 'rows-title', tabindex: -1 });
  readonly #run = element('span', { class: 'unit' });
  readonly #frame = element('div', { class: 'table-frame' });
  #shown: StepRows | null = null;

  constructor(text: MetricsText, events: RowsEvents) {
    this.#text = text;
    this.#events = events;
    const turn = (label: string, sign: string, by: number): HTMLElement => element('button', { type: 'button', class: 'chip', title: label, 'aria-label': label, onclick: () => {
      if (this.#shown !== null) events.step(this.#shown.run, this.#shown.step + by);
    } }, sign);
    this.node = element('section', { class: 'card wide rows', 'aria-labelledby': 'rows-title', hidden: true },
      element('header', {}, this.#title, this.#run, element('span', { class: 'spring' }),
        turn(text['rows.before'], '‹', -1), turn(text['rows.after'], '›', 1),
        element('button', { type: 'button', class: 'chip', title: text['rows.close'], 'aria-label': text['rows.close'], onclick: () => { this.hide(); } }, '×')),
      this.#frame);
    this.node.addEventListener('keydown', (event) => { if (event.key === 'Escape') this.hide(); });
  }

  /** `title` of the run where several are drawn. */
  show(answer: StepRows, title: string | null): void {
    this.#shown = answer;
    const { rows, step, run, all } = answer;
    this.#title.textContent = fill(this.#text['rows.title'], formatCount(step));
    this.#run.textContent = title ?? '';
    this.#frame.replaceChildren(
      rows === null ? element('p', { class: 'muted' }, this.#text['rows.none']) : this.#table(run, rows),
      rows !== null && rows.length < all && element('p', { class: 'muted' }, fill(this.#text['rows.more'], formatCount(rows.length), formatCount(all))) || '',
    );
    const first = this.node.hidden;
    this.node.hidden = false;
    if (!first) return;
    this.node.scrollIntoView({ block: 'nearest' });
    this.#title.focus({ preventScroll: true });
  }

  hide(): void {
    this.node.hidden = true;
    this.#shown = null;
    this.#events.close();
  }

  #table(run: string, rows: readonly StepRow[]): HTMLElement {
    const [text, events] = [this.#text, this.#events];
    const teacher = rows.some(({ kl }) => kl !== null);
    const head = (label: string, className = 'number'): HTMLElement => element('th', { scope: 'col', class: className }, label);
    return element('table', { 'aria-labelledby': 'rows-title' },
      element('thead', {}, element('tr', {}, head(text['rows.row'], ''), head(text['rows.loss']), head('CE'), teacher && head('KL'), head(text['rows.positions']), head(text['rows.share']))),
      element('tbody', {}, ...rows.map(({ place, loss, ce, kl, positions, share }) => element('tr', {},
        element('td', {}, place === null ? element('span', { class: 'muted' }, text['rows.written'])
          : element('button', { type: 'button', class: 'link', title: text['rows.open'], onclick: () => { events.open(run, place); } }, `${place.file}:${String(place.row)}`)),
        element('td', { class: 'number strong' }, formatValue(loss)), element('td', { class: 'number' }, formatValue(ce)),
        teacher && element('td', { class: 'number' }, formatValue(kl)), element('td', { class: 'number muted' }, formatCount(positions)),
        element('td', { class: 'number muted' }, `${(100 * share).toFixed(1)} %`)))));
  }
}
