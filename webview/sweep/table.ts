/** The comparison table: the plot's numbers as text, sorted by any column, each row a way into its run. */
import { fill } from '../../src/shared/metricsText.ts';
import { duration, percent, shortNumber } from '../../src/shared/numbers.ts';
import type { SweepPage, SweepRow } from '../../src/shared/sweepPanel.ts';
import type { SweepPageText } from '../../src/shared/sweepPageText.ts';
import { sweptText } from '../../src/shared/sweepText.ts';
import { element, icon } from '../shared/dom.ts';
import { ICONS } from './icons.ts';
import { sorted, type Sort, type SortKey } from './scales.ts';

export interface TableEvents {
  sort(sort: Sort): void;
  open(row: SweepRow): void;
  use(row: SweepRow): void;
  hover(row: SweepRow | null): void;
}

interface Column {
  readonly key: SortKey;
  readonly label: string;
  readonly title: string;
  readonly number: boolean;
  readonly text: (row: SweepRow) => string;
}

export class Table {
  readonly node = element('section', { class: 'runs' });
  readonly #body = element('tbody', {});
  readonly #head = element('thead', {});

  constructor(private readonly text: SweepPageText, private readonly events: TableEvents) {
    this.node.append(element('h2', {}, text.table), element('div', { class: 'frame' }, element('table', {}, this.#head, this.#body)));
  }

  /** `rows`: those that are chosen. */
  update(page: SweepPage, rows: readonly SweepRow[], sort: Sort): void {
    const columns = this.#columns(page);
    const focus = (document.activeElement as HTMLElement | null)?.dataset['focus'];
    this.#head.replaceChildren(element('tr', {}, ...columns.map((column) => this.#headCell(column, sort)), element('th', { class: 'doing' }, element('span', { class: 'visually-hidden' }, this.text.useRow))));
    const shown = sorted(rows, sort).map((row) => this.#row(row, columns));
    this.#body.replaceChildren(...(shown.length > 0 ? shown : [element('tr', {}, element('td', { class: 'nothing', colspan: columns.length + 1 }, this.text['empty.chosen']))]));
    if (focus !== undefined) this.node.querySelector<HTMLElement>(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  mark(row: SweepRow | null): void {
    for (const line of this.#body.children) line.classList.toggle('marked', line.getAttribute('data-index') === String(row?.index ?? ''));
  }

  #columns(page: SweepPage): readonly Column[] {
    const { text } = this;
    const several = page.seeds > 1;
    const column = (key: SortKey, label: string, of: (row: SweepRow) => string, number = true, title = label): Column => ({ key, label, title, number, text: of });
    return [
      column('index', '#', (row) => String(row.index + 1)),
      ...page.axes.map(({ name, label }) => column(`axis:${name}`, label, (row) => sweptText(row.values[name]), page.rows.every((row) => typeof row.values[name] === 'number'), name)),
      ...(several ? [column('seed', text.seed, (row) => String(row.seed))] : []),
      column('value', page.metric, ({ value }) => (value === null ? '–' : shortNumber(value))),
      ...(several ? [column('mean', text.mean, ({ mean }) => (mean === null ? '–' : shortNumber(mean)))] : []),
      ...(page.metric !== 'evaluation/accuracy' && page.rows.some(({ accuracy }) => accuracy !== null) ? [column('accuracy', text.accuracy, ({ accuracy }) => (accuracy === null ? '–' : percent(accuracy)))] : []),
      column('seconds', text.time, ({ seconds }) => (seconds === null ? '–' : duration(seconds * 1000))),
      column('status', text.outcome, (row) => this.#status(row), false),
    ];
  }

  #status(row: SweepRow): string {
    const word = this.text[`row.${row.status}` as keyof SweepPageText] ?? this.text[`status.${row.status}` as keyof SweepPageText];
    return row.status === 'running' && row.totalSteps !== null ? `${word} · ${fill(this.text.steps, row.step, row.totalSteps)}` : word;
  }

  #headCell({ key, label, title, number }: Column, sort: Sort): HTMLElement {
    const now = sort.key === key ? (sort.descending ? 'descending' : 'ascending') : 'none';
    return element('th', { scope: 'col', ...(number ? { class: 'number' } : {}), 'aria-sort': now },
      element('button', { type: 'button', title: fill(this.text.sortBy, title), 'data-focus': `sort:${key}`, onClick: () => this.events.sort({ key, descending: sort.key === key && !sort.descending }) },
        label, element('span', { class: 'arrow', 'aria-hidden': 'true' }, now === 'none' ? '' : now === 'ascending' ? '↑' : '↓')));
  }

  #row(row: SweepRow, columns: readonly Column[]): HTMLElement {
    const { run } = row;
    const cells = columns.map(({ key, text, number }) => {
      const shown = text(row);
      const link = key === 'index' && run !== null ? element('button', { type: 'button', class: 'link', 'data-focus': `open:${String(row.index)}`, 'aria-label': fill(this.text.openRun, shown), onClick: () => this.events.open(row) }, shown) : shown;
      const star = key === 'value' && row.best ? element('span', { class: 'star', role: 'img', 'aria-label': this.text.best, title: this.text.best }, '★ ') : null;
      const tag: string = key === 'index' ? 'th' : 'td';
      return element(tag, { ...(number ? { class: 'number' } : {}), scope: key === 'index' ? 'row' : null }, star, link);
    });
    const use = element('td', { class: 'doing' }, element('button', { type: 'button', class: 'use', title: this.text.useRow, 'aria-label': this.text.useRow, 'data-focus': `use:${String(row.index)}`, onClick: () => this.events.use(row) }, icon(ICONS.use)));
    const line = element('tr', { class: row.best ? 'best' : row.status, 'data-index': row.index, onPointerenter: () => this.events.hover(row), onPointerleave: () => this.events.hover(null), onFocusin: () => this.events.hover(row) }, ...cells, use);
    if (run !== null) {
      line.classList.add('opens');
      line.addEventListener('click', (event) => { if ((event.target as Element).closest('button') === null) this.events.open(row); });
    }
    return line;
  }
}
