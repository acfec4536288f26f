/** Charts that are tables: a screen reader reads the numbers, the eye sees the bars. Colours come from the theme through classes. */
import { element } from '../shared/dom.ts';

const SVG = 'http://www.w3.org/2000/svg';

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly Node[]): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

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

const [WIDTH, HEIGHT, FLOOR, TOP] = [640, 200, 24, 16];
const GAP = 2;

/** Upright bars over a scale; the last one holds everything above the 99th percentile. Each is a button of its own. */
export function histogram({ caption, columns, mark, tick, click }: HistogramOptions): HTMLElement {
  const most = Math.max(1, ...columns.map(({ count }) => count));
  const width = WIDTH / Math.max(1, columns.length);
  const drawing = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'histogram', role: 'group', 'aria-label': caption });
  drawing.append(svg('line', { x1: 0, x2: WIDTH, y1: HEIGHT - FLOOR + 0.5, y2: HEIGHT - FLOOR + 0.5, class: 'axis' }));
  columns.forEach((column, at) => {
    const height = column.count === 0 ? 0 : Math.max(1.5, ((HEIGHT - FLOOR - TOP) * column.count) / most);
    const title = svg('title', {});
    title.textContent = column.words;
    const over = mark !== null && column.from >= mark.at;
    const bar = svg('g', { class: `column${over ? ' over' : ''}`, tabindex: column.count === 0 ? -1 : 0, role: 'button', 'aria-label': column.words },
      title, svg('rect', { x: at * width, y: 0, width, height: HEIGHT - FLOOR, class: 'hit' }),
      svg('rect', { x: at * width + GAP / 2, y: HEIGHT - FLOOR - height, width: Math.max(1, width - GAP), height, rx: 1.5, class: 'bar' }));
    bar.addEventListener('click', () => click(column));
    bar.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent && (event.key === 'Enter' || event.key === ' ')) {
        event.preventDefault();
        click(column);
      }
    });
    drawing.append(bar);
  });
  const every = Math.max(1, Math.ceil(columns.length / 8));
  columns.forEach((column, at) => {
    if (at % every !== 0) return;
    const words = svg('text', { x: at * width, y: HEIGHT - 7, class: 'tick' });
    words.textContent = tick(column.from);
    drawing.append(words);
  });
  const place = mark === null ? null : placeOf(mark.at, columns, width);
  if (mark !== null && place !== null) {
    const words = svg('text', { x: place > WIDTH * 0.8 ? place - 4 : place + 4, y: 11, class: 'mark-words', 'text-anchor': place > WIDTH * 0.8 ? 'end' : 'start' });
    words.textContent = mark.words;
    drawing.append(svg('line', { x1: place, x2: place, y1: 0, y2: HEIGHT - FLOOR, class: 'mark' }), words);
  }
  return element('div', { class: 'histogram-frame' }, drawing as unknown as HTMLElement);
}

function placeOf(value: number, columns: readonly Column[], width: number): number | null {
  const at = columns.findIndex(({ from, to }) => value >= from && value < to);
  const column = columns[at];
  return column === undefined ? null : (at + (value - column.from) / (column.to - column.from)) * width;
}
