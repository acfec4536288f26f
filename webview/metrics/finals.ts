/** The table of values: last and best of every metric of every run. Also what a screen reader reads of the charts. */
import type { MetricsText } from '../../src/shared/metricsText.ts';
import { element } from '../shared/dom.ts';
import { formatCount, formatValue } from '../shared/format.ts';
import { swatch } from './legend.ts';
import type { FinalsRow } from './summary.ts';

export class FinalsTable {
  readonly node: HTMLElement;
  readonly #text: MetricsText;
  readonly #body = element('tbody', {});

  constructor(text: MetricsText) {
    this.#text = text;
    const head = (label: string, className = 'number'): HTMLElement => element('th', { scope: 'col', class: className }, label);
    this.node = element('section', { class: 'card wide finals' },
      element('header', {}, element('h2', { id: 'finals-title' }, text.finals)),
      element('div', { class: 'table-frame' }, element('table', { 'aria-labelledby': 'finals-title' },
        element('thead', {}, element('tr', {},
          head(text['finals.metric'], ''), head(text['finals.run'], 'of-many'), head(text['finals.last']), head(text['finals.best']),
          head(text['finals.bestAt']), head(text['finals.points']))),
        this.#body)));
  }

  update(rows: readonly FinalsRow[], several: boolean): void {
    this.node.classList.toggle('several', several);
    const runsOf = (metric: string): number => rows.filter((row) => row.metric === metric).length;
    this.#body.replaceChildren(...rows.map(({ metric, run, style, summary, points }, index) => element('tr', { class: rows[index - 1]?.metric === metric ? 'same' : '' },
      rows[index - 1]?.metric !== metric && element('th', { scope: 'rowgroup', rowspan: runsOf(metric) }, !several && swatch(style), metric),
      element('td', { class: 'of-many' }, several && swatch(style), run),
      element('td', { class: 'number strong' }, formatValue(summary.last)),
      element('td', { class: 'number' }, formatValue(summary.best)),
      element('td', { class: 'number muted' }, summary.bestX === null ? '–' : formatCount(summary.bestX)),
      element('td', { class: 'number muted' }, formatCount(points)))));
    this.node.setAttribute('aria-label', this.#text.finals);
  }
}
