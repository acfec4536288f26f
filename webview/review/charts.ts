/** Charts that are tables: a screen reader reads the numbers, the eye sees the bars. Colours come from the theme through classes. */
import { element } from '../shared/dom.ts';

export interface BarPart {
  readonly kind: string;
  readonly count: number;
  /** What the part means, for the pointer and for the table. */
  readonly words: string;
}

export interface Bar {
  readonly name: string;
  readonly parts: readonly BarPart[];
  /** What stands at the end of the bar. */
  readonly value: string;
  /** Said of the bar's button; null where a click does nothing. */
  readonly hint: string | null;
  readonly click: (() => void) | null;
}

/** Horizontal bars, one a row of the table; all as long as their sum, or (`whole`) each as long as the others, to compare shares. */
export function barTable(caption: string, bars: readonly Bar[], { whole = null }: { readonly whole?: number | null } = {}): HTMLElement {
  const total = (bar: Bar): number => bar.parts.reduce((sum, { count }) => sum + count, 0);
  const most = whole ?? Math.max(1, ...bars.map(total));
  return element('table', { class: 'bars' }, element('caption', { class: 'visually-hidden' }, caption),
    element('tbody', {}, ...bars.map((bar) => {
      const track = element('div', { class: 'track', 'aria-hidden': 'true' }, ...bar.parts.filter(({ count }) => count > 0).map((part) => {
        const piece = element('span', { class: `piece ${part.kind}`, title: part.words });
        piece.style.width = `${(100 * part.count) / most}%`;
        return piece;
      }));
      const label = bar.click === null || bar.hint === null ? element('span', {}, bar.name)
        : element('button', { type: 'button', class: 'bar-name', title: bar.hint, onClick: bar.click }, bar.name);
      const row = element('tr', { class: bar.click === null ? '' : 'clickable' }, element('th', { scope: 'row' }, label), element('td', { class: 'bar-cell' }, track),
        element('td', { class: 'number' }, bar.value, element('span', { class: 'visually-hidden' }, ` ${bar.parts.map(({ words }) => words).join(', ')}`)));
      if (bar.click !== null) row.addEventListener('click', (event) => { if (!(event.target instanceof HTMLButtonElement)) bar.click?.(); });
      return row;
    })));
}

export interface Column {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** For the pointer and the table: "200 to 300: 1,234 rows". */
  readonly words: string;
}

export interface HistogramOptions {
  readonly caption: string;
  readonly columns: readonly Column[];
  /** A mark across the x axis, in its unit. */
  readonly mark: { readonly at: number; readonly words: string } | null;
  readonly tick: (value: number) => string;
  readonly click: (column: Column) => void;
}

/** Ticks that a scale has room for. */
const MOST_TICKS = 8;

/** Upright bars over a scale; the last one holds everything above the 99th percentile. Each is a button of its own. */
export function histogram({ caption, columns, mark, tick, click }: HistogramOptions): HTMLElement {
  const most = Math.max(1, ...columns.map(({ count }) => count));
  const every = Math.max(1, Math.ceil(columns.length / MOST_TICKS));
  const bars = columns.map((column, at) => {
    const bar = element('span', { class: 'bar' });
    bar.style.height = column.count === 0 ? '0' : `max(2px, ${(100 * column.count) / most}%)`;
    const over = mark !== null && column.from >= mark.at;
    return element('button', { type: 'button', class: `column${over ? ' over' : ''}`, title: column.words, 'aria-label': column.words, disabled: column.count === 0, onClick: () => click(column) },
      element('span', { class: 'plot' }, bar), element('span', { class: 'tick', 'aria-hidden': 'true' }, at % every === 0 ? tick(column.from) : ''));
  });
  const place = mark === null ? null : placeOf(mark.at, columns);
  const line = mark === null || place === null ? null : element('span', { class: `mark${place > 0.8 ? ' at-end' : ''}` }, element('span', { class: 'mark-words' }, mark.words));
  if (line !== null && place !== null) line.style.left = `${100 * place}%`;
  return element('div', { class: 'histogram', role: 'group', 'aria-label': caption }, ...bars, line);
}

/** Share of the way from the first column to the end of the last; null outside. */
function placeOf(value: number, columns: readonly Column[]): number | null {
  const at = columns.findIndex(({ from, to }) => value >= from && value < to);
  const column = columns[at];
  return column === undefined ? null : (at + (value - column.from) / (column.to - column.from)) / columns.length;
}
