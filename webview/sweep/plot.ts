/** Parallel coordinates: an axis for each swept value and one for the metric, a line for each run. SVG, so that it takes the theme's colours. */
import { fill } from '../../src/shared/metricsText.ts';
import type { SweepPage, SweepRow } from '../../src/shared/sweepPanel.ts';
import type { SweepPageText } from '../../src/shared/sweepPageText.ts';
import { element, setText } from '../shared/dom.ts';
import { axesOf, goodness, isChosen, type Axis, type Choice } from './scales.ts';

const SVG = 'http://www.w3.org/2000/svg';
const [HEIGHT, TOP, BOTTOM, SIDE] = [320, 44, 18, 64] as const;
/** A letter's width, near enough to cut a label before it runs into the next axis. */
const LETTER = 7;
/** Nearer than this to the pointer a line is meant. */
const NEAR = 9;
/** A pointer that moved less than this has clicked. */
const CLICK = 4;
/** Of an axis: what the first arrow key chooses, and how far each further one moves it. */
const [KEY_PART, KEY_STEP] = [0.25, 0.05] as const;

export interface PlotEvents {
  choose(choice: Choice): void;
  open(row: SweepRow): void;
  hover(row: SweepRow | null): void;
}

function svg(tag: string, attributes: Readonly<Record<string, string | number>>, ...children: readonly (Node | string)[]): SVGElement {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

export class Plot {
  readonly node = element('div', { class: 'plot' });
  readonly #lines = svg('g', { class: 'lines', 'aria-hidden': 'true' });
  readonly #axes = svg('g', { class: 'axes' });
  readonly #svg = svg('svg', { height: HEIGHT, width: '100%', role: 'group' });
  readonly #tip = element('div', { class: 'tip', role: 'status', hidden: true });
  #page: SweepPage | null = null;
  #drawn: readonly Axis[] = [];
  #choice: Choice = {};
  #marked: number | null = null;
  #width = 0;
  #drag: { readonly axis: Axis; readonly from: number; readonly y: number } | null = null;
  /** The axis that has the keyboard keeps it when the axes are drawn anew. */
  #focused: string | null = null;

  constructor(private readonly text: SweepPageText, private readonly events: PlotEvents) {
    this.#svg.append(this.#lines, this.#axes);
    this.node.append(this.#svg, this.#tip);
    this.#svg.addEventListener('pointermove', (event) => this.#move(event as PointerEvent));
    this.#svg.addEventListener('pointerdown', (event) => this.#down(event as PointerEvent));
    this.#svg.addEventListener('pointerup', (event) => this.#up(event as PointerEvent));
    this.#svg.addEventListener('pointerleave', () => { if (this.#drag === null) this.mark(null, true); });
    new ResizeObserver(([entry]) => {
      const width = Math.round(entry?.contentRect.width ?? 0);
      if (width === this.#width) return;
      this.#width = width;
      this.#draw();
    }).observe(this.node);
  }

  update(page: SweepPage, choice: Choice): void {
    this.#page = page;
    this.#choice = choice;
    this.#drawn = axesOf(page);
    this.#draw();
  }

  /** Shows which run is meant, here and in the table. */
  mark(row: SweepRow | null, tell: boolean): void {
    this.#marked = row?.index ?? null;
    for (const line of this.#lines.children) line.classList.toggle('marked', line.getAttribute('data-index') === String(this.#marked));
    const marked = this.#lines.querySelector('.marked');
    if (marked !== null) this.#lines.append(marked);
    if (row === null) this.#tip.hidden = true;
    if (tell) this.events.hover(row);
  }

  #x(index: number): number {
    const span = Math.max(1, this.#width - 2 * SIDE);
    return this.#drawn.length < 2 ? this.#width / 2 : SIDE + (index * span) / (this.#drawn.length - 1);
  }

  #y(at: number): number {
    return TOP + (1 - at) * (HEIGHT - TOP - BOTTOM);
  }

  #draw(): void {
    const page = this.#page;
    if (page === null || this.#width === 0) return;
    this.#svg.setAttribute('viewBox', `0 0 ${String(this.#width)} ${String(HEIGHT)}`);
    this.#svg.setAttribute('aria-label', fill(this.text.plotSummary, page.rows.length, page.axes.map(({ label }) => label).join(', '), page.metric));
    this.#lines.replaceChildren(...this.#byWeight(page).map((row) => this.#line(page, row)));
    const gap = this.#drawn.length < 2 ? this.#width : this.#x(1) - this.#x(0);
    this.#axes.replaceChildren(...this.#drawn.map((axis, index) => this.#axis(axis, index, gap)));
    if (this.#focused !== null) [...this.#axes.children].find((node) => node.getAttribute('data-name') === this.#focused)?.querySelector<SVGElement>('.grip')?.focus();
  }

  /** What lies on top is drawn last: chosen before others, the best over all. */
  #byWeight(page: SweepPage): readonly SweepRow[] {
    const weight = (row: SweepRow): number => (row.best ? 4 : isChosen(row, this.#drawn, this.#choice) ? 2 : 0) + (goodness(row, page) ?? 0);
    return [...page.rows].sort((a, b) => weight(a) - weight(b));
  }

  #points(row: SweepRow): readonly (readonly [number, number])[] {
    return this.#drawn.flatMap((axis, index) => {
      const at = axis.at(row);
      return at === null ? [] : [[this.#x(index), this.#y(at)] as const];
    });
  }

  #line(page: SweepPage, row: SweepRow): SVGElement {
    const good = goodness(row, page);
    const chosen = isChosen(row, this.#drawn, this.#choice);
    const kinds = ['line', row.best ? 'best' : '', good === null ? 'unmeasured' : '', row.status === 'stopped-behind' ? 'behind' : '', chosen ? '' : 'left-out', chosen && row.index === this.#marked ? 'marked' : ''];
    const line = svg('polyline', { class: kinds.filter((kind) => kind !== '').join(' '), points: this.#points(row).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '), 'data-index': row.index });
    if (good !== null) line.style.stroke = `color-mix(in oklab, var(--best) ${(good * 100).toFixed(1)}%, var(--worst))`;
    return line;
  }

  #axis(axis: Axis, index: number, gap: number): SVGElement {
    const x = this.#x(index);
    const most = Math.max(4, Math.floor((index === 0 || index === this.#drawn.length - 1 ? Math.min(gap, 2 * SIDE) : gap) / LETTER) - 1);
    const label = axis.label.length > most ? `…${axis.label.slice(-most + 1)}` : axis.label;
    const part = this.#choice[axis.name];
    const last = index === this.#drawn.length - 1;
    const described = part === undefined ? fill(this.text.axisWhole, axis.name) : fill(this.text.axisLabel, axis.name, this.#valueAt(axis, part[0]), this.#valueAt(axis, part[1]));
    const grip = svg('rect', { class: 'grip', x: x - 12, y: TOP - 6, width: 24, height: HEIGHT - TOP - BOTTOM + 12, tabindex: 0, role: 'button', 'aria-label': described });
    grip.addEventListener('keydown', (event) => this.#key(axis, event as KeyboardEvent));
    grip.addEventListener('focus', () => { this.#focused = axis.name; });
    grip.addEventListener('blur', () => { if (document.hasFocus()) this.#focused = null; });
    const ticks = axis.ticks.map(({ at, text }) => svg('text', { class: 'tick', x: last ? x + 10 : x - 10, y: this.#y(at) + 4, 'text-anchor': last ? 'start' : 'end' }, text.length > 9 ? `${text.slice(0, 8)}…` : text));
    return svg('g', { class: last ? 'axis metric' : 'axis', 'data-name': axis.name },
      svg('title', {}, axis.name),
      svg('text', { class: 'label', x, y: TOP - 22, 'text-anchor': 'middle' }, label),
      svg('line', { class: 'rule', x1: x, x2: x, y1: TOP, y2: HEIGHT - BOTTOM }),
      ...(part === undefined ? [] : [svg('rect', { class: 'part', x: x - 7, y: this.#y(part[1]), width: 14, height: Math.max(2, this.#y(part[0]) - this.#y(part[1])) })]),
      ...ticks, grip);
  }

  /** The written value nearest to a place on an axis. */
  #valueAt(axis: Axis, at: number): string {
    return axis.ticks.reduce((best, tick) => (Math.abs(tick.at - at) < Math.abs(best.at - at) ? tick : best), axis.ticks[0] ?? { at: 0, text: '–' }).text;
  }

  #place(event: PointerEvent): { readonly x: number; readonly y: number } {
    const box = this.#svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #shareAt(y: number): number {
    return Math.min(1, Math.max(0, 1 - (y - TOP) / (HEIGHT - TOP - BOTTOM)));
  }

  #down(event: PointerEvent): void {
    const name = (event.target as Element).closest('.axis')?.getAttribute('data-name');
    const axis = this.#drawn.find((each) => each.name === name);
    if (axis === undefined) return;
    const { y } = this.#place(event);
    this.#drag = { axis, from: this.#shareAt(y), y };
    this.#svg.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const { x, y } = this.#place(event);
    if (this.#drag !== null) {
      if (Math.abs(y - this.#drag.y) < CLICK) return;
      const [one, other] = [this.#drag.from, this.#shareAt(y)];
      return this.#choose(this.#drag.axis, [Math.min(one, other), Math.max(one, other)]);
    }
    const row = this.#near(x, y);
    this.mark(row, true);
    if (row !== null) this.#showTip(row, x, y);
  }

  #up(event: PointerEvent): void {
    const { x, y } = this.#place(event);
    const drag = this.#drag;
    this.#drag = null;
    if (drag !== null) {
      if (Math.abs(y - drag.y) < CLICK) this.#choose(drag.axis, null);
      return;
    }
    const row = this.#near(x, y);
    if (row !== null && row.run !== null) this.events.open(row);
  }

  #choose(axis: Axis, part: readonly [number, number] | null): void {
    const others = Object.fromEntries(Object.entries(this.#choice).filter(([name]) => name !== axis.name));
    this.events.choose(part === null ? others : { ...others, [axis.name]: part });
  }

  #key(axis: Axis, event: KeyboardEvent): void {
    const part = this.#choice[axis.name];
    if (event.key === 'Escape') this.#choose(axis, null);
    else if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    else {
      const up = event.key === 'ArrowUp';
      if (part === undefined) this.#choose(axis, up ? [1 - KEY_PART, 1] : [0, KEY_PART]);
      else {
        const step = up ? KEY_STEP : -KEY_STEP;
        // With Shift the upper end moves alone: the choice grows and shrinks.
        const high = Math.min(1, Math.max(part[0] + KEY_STEP, part[1] + step));
        const moved = Math.min(1 - part[1], Math.max(-part[0], step));
        this.#choose(axis, event.shiftKey ? [part[0], high] : [part[0] + moved, part[1] + moved]);
      }
    }
    event.preventDefault();
  }

  /** The chosen run whose line passes nearest. */
  #near(x: number, y: number): SweepRow | null {
    let [found, nearest]: [SweepRow | null, number] = [null, NEAR];
    for (const row of this.#page?.rows ?? []) {
      if (!isChosen(row, this.#drawn, this.#choice)) continue;
      const points = this.#points(row);
      points.forEach((to, index) => {
        const from = points[index - 1];
        if (from === undefined) return;
        const distance = distanceTo(x, y, from, to);
        if (distance < nearest) [found, nearest] = [row, distance];
      });
    }
    return found;
  }

  #showTip(row: SweepRow, x: number, y: number): void {
    setText(this.#tip, '');
    this.#tip.replaceChildren(
      element('p', { class: 'tip-head' }, `#${String(row.index + 1)} · ${this.text[`row.${row.status}` as keyof SweepPageText] ?? this.text[`status.${row.status}` as keyof SweepPageText]}`),
      element('dl', {}, ...this.#drawn.flatMap((axis) => [element('dt', {}, axis.label), element('dd', {}, axis.at(row) === null ? this.text.noValue : axis.text(row))])),
    );
    this.#tip.hidden = false;
    const [width, height] = [this.#tip.offsetWidth, this.#tip.offsetHeight];
    const left = x + 14 + width > this.#width ? x - 14 - width : x + 14;
    this.#tip.style.transform = `translate(${String(Math.max(0, Math.round(left)))}px, ${String(Math.round(Math.max(0, Math.min(HEIGHT - height, y - height / 2))))}px)`;
  }
}

function distanceTo(x: number, y: number, [x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number]): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const share = Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy || 1)));
  return Math.hypot(x - x1 - share * dx, y - y1 - share * dy);
}
