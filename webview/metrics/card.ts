/** A chart with its title, legend and tooltip. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';
import { firstNotBelow } from '../../src/shared/series.ts';
import { element } from '../shared/dom.ts';
import { formatClock, formatCount, formatValue } from '../shared/format.ts';
import type { Theme } from '../shared/theme.ts';
import { Chart, type ChartContent, type ChartSeries } from './chart.ts';
import { type Curve } from './line.ts';
import { addGestures, type GestureView } from './gestures.ts';
import type { MetricGroup } from './groups.ts';
import { Legend, type LegendEvents } from './legend.ts';
import { summarise } from './summary.ts';
import { Tooltip, type TooltipRow } from './tooltip.ts';

export interface CardEvents extends LegendEvents, GestureView {
  /** A point of a curve was chosen: by a click, or by Enter where the cursor is, else at the end. */
  choose(series: ChartSeries, x: number): void;
}

/** Charts whose points are made by the rows of a step. */
const OF_ROWS = ['loss', 'regions', 'gradient'];
/** A press that moves further is a drag. */
const STILL = 4;

/** The cursor is near a mark when it is this many CSS pixels from it, and near a curve's end likewise. */
const NEAR = 6;

export class Card {
  readonly node: HTMLElement;
  /** Set by the page: only charts that can be seen are drawn. */
  seen = false;
  readonly #group: MetricGroup;
  readonly #text: MetricsText;
  readonly #plot: HTMLElement;
  readonly #chart: Chart;
  readonly #legend: Legend;
  readonly #tooltip = new Tooltip();
  readonly #dots = element('div', { class: 'dots', 'aria-hidden': 'true' });
  #content: ChartContent;
  #hover: number | null = null;
  #hovered = false;

  constructor(group: MetricGroup, content: ChartContent, theme: Theme, text: MetricsText, events: CardEvents) {
    this.#group = group;
    this.#text = text;
    this.#content = content;
    this.#plot = element('div', { class: 'plot', tabindex: 0, role: 'img', title: '' });
    this.#legend = new Legend(text, events);
    this.#chart = new Chart(this.#plot, content, theme, {
      zoom: (range) => events.set(range),
      hover: (x) => {
        this.#hover = x;
        this.#showValues();
      },
      drawn: () => {
        this.#plot.dataset['drawnStep'] = String(lastX(this.#content));
      },
    });
    this.node = element('section', { class: `card ${group.id === 'loss' ? 'wide' : ''}`, 'data-group': group.id },
      element('header', {}, element('h2', {}, this.title), this.unit !== '' && element('span', { class: 'unit' }, this.unit)),
      element('div', { class: 'plot-frame' }, this.#plot, this.#dots, this.#tooltip.node),
      this.#legend.node);
    addGestures(this.#plot, () => this.#chart, events);
    if (OF_ROWS.includes(group.id)) this.#addChoice(events);
    this.#plot.addEventListener('mouseenter', () => {
      this.#hovered = true;
    });
    this.#plot.addEventListener('mouseleave', () => {
      this.#hovered = false;
      this.#showValues();
    });
  }

  get title(): string {
    return this.#group.title === null ? this.#group.id.replace('other:', '') : this.#text[this.#group.title];
  }

  get unit(): string {
    return this.#group.unit === null ? '' : this.#text[this.#group.unit];
  }

  get series(): readonly ChartSeries[] {
    return this.#content.series;
  }

  draw(content: ChartContent): void {
    this.#content = content;
    this.#legend.update(content.series);
    this.#plot.setAttribute('aria-label', this.#summary());
    if (this.seen) this.#chart.draw(content, { width: this.#plot.clientWidth, height: this.#plot.clientHeight });
    this.#showValues();
  }

  retheme(theme: Theme): void {
    this.#chart.retheme(theme);
  }

  picture(width: number, height: number, ratio: number, theme: Theme): HTMLCanvasElement {
    return this.#chart.picture(width, height, ratio, theme);
  }

  destroy(): void {
    this.#chart.destroy();
    this.node.remove();
  }

  #addChoice(events: CardEvents): void {
    let pressed = { x: NaN, y: NaN };
    const choose = (x: number, y: number | null): void => {
      const near = this.#nearest(x, y);
      if (near !== null) events.choose(near.series, near.x);
    };
    this.#plot.addEventListener('mousedown', ({ clientX, clientY, button, shiftKey }) => { pressed = button === 0 && !shiftKey ? { x: clientX, y: clientY } : { x: NaN, y: NaN }; }, { capture: true });
    this.#plot.addEventListener('click', ({ clientX, clientY, detail }) => {
      const box = this.#chart.over?.getBoundingClientRect();
      // The second click of two resets the zoom.
      if (box === undefined || detail > 1 || !(Math.hypot(clientX - pressed.x, clientY - pressed.y) <= STILL)) return;
      choose(this.#chart.xAt(clientX - box.left), clientY - box.top);
    });
    this.#plot.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') choose(this.#hover ?? lastX(this.#content), null);
    });
  }

  /** The curve of a training metric whose point at x is nearest to `top` (CSS pixels), and that point's x. */
  #nearest(x: number, top: number | null): { readonly series: ChartSeries; readonly x: number } | null {
    const found = this.#content.series.flatMap((series) => {
      if (!series.visible || series.metric.includes('/')) return [];
      const index = this.#indexAt(series.raw, x);
      if (index === null) return [];
      const at = series.raw.x[index] ?? x;
      const place = this.#chart.place(at, series.raw.y[index] ?? 0);
      return [{ series, x: at, distance: top === null || place === null || Number.isNaN(place.top) ? 0 : Math.abs(place.top - top) }];
    });
    return found.reduce<(typeof found)[number] | null>((best, each) => (best === null || each.distance < best.distance ? each : best), null);
  }

  /** The legend shows the value at the cursor, or the last one; the hovered chart shows a tooltip besides. */
  #showValues(): void {
    const at = this.#hover;
    const rows: TooltipRow[] = [];
    const dots: HTMLElement[] = [];
    for (const series of this.#content.series) {
      const curve = series.smoothed ?? series.raw;
      const index = at === null ? lastFinite(curve) : this.#indexAt(curve, at);
      const value = index === null ? null : curve.y[index];
      this.#legend.setValue(series.key, formatValue(value));
      if (at === null || index === null || !series.visible || value === undefined) continue;
      rows.push({ label: series.label, value: formatValue(value), raw: series.smoothed === null ? null : formatValue(series.raw.y[index]), style: series.style });
      const place = Number.isNaN(value) ? null : this.#chart.place(curve.x[index] ?? 0, value ?? 0);
      const over = this.#chart.over;
      if (place === null || over === null) continue;
      const dot = element('div', { class: `dot series-${series.style.colour}` });
      dot.style.transform = `translate(${over.offsetLeft + place.left}px, ${over.offsetTop + place.top}px)`;
      dots.push(dot);
    }
    this.#dots.replaceChildren(...dots);
    this.#placeTooltip(at, rows);
  }

  #placeTooltip(at: number | null, rows: readonly TooltipRow[]): void {
    const over = this.#chart.over;
    if (at === null || !this.#hovered || over === null) return this.#tooltip.hide();
    const place = this.#chart.place(at, 0);
    const { marks } = this.#content;
    const near = (x: number): boolean => Math.abs((this.#chart.place(x, 0)?.left ?? Infinity) - (place?.left ?? 0)) <= NEAR;
    const within = ({ from, to }: { readonly from: number; readonly to: number | null }): boolean => at >= from && (to === null || at <= to);
    const stage = marks.stages.length < 2 ? undefined : marks.stages.findLast(({ x, to }) => within({ from: x, to }));
    const notes = [
      ...(stage === undefined ? [] : [fill(this.#text.stageMark, stage.label)]), ...new Set(marks.gates.filter(within).map(({ label }) => label)),
      ...[...marks.incidents, ...marks.best].filter(({ x }) => near(x)).map(({ label }) => label),
      ...(OF_ROWS.includes(this.#group.id) ? [this.#text['rows.hint']] : []),
    ];
    this.#tooltip.show(
      { head: this.#head(at), rows, notes },
      over.offsetLeft + (place?.left ?? 0), over.offsetTop + over.clientHeight / 2,
      { width: this.#plot.clientWidth, height: this.#plot.clientHeight },
    );
  }

  #head(at: number): string {
    const { axis } = this.#content;
    // The place of the nearest point, not of the mouse: a step is whole.
    const nearest = this.#content.series.flatMap(({ visible, raw }) => {
      const index = visible ? this.#indexAt(raw, at) : null;
      return index === null ? [] : [raw.x[index] ?? at];
    }).reduce((best, x) => (Math.abs(x - at) < Math.abs(best - at) ? x : best), Infinity);
    const x = Number.isFinite(nearest) ? nearest : at;
    if (axis === 'time') return `${this.#text['axis.time']} ${formatClock(x)}`;
    return `${axis === 'step' ? this.#text['axis.step'] : this.#text['axis.tokens']} ${formatCount(x)}`;
  }

  /** The point nearest to x, or null where the curve has none: before its start or after its end. */
  #indexAt({ x }: Curve, at: number): number | null {
    if (x.length === 0) return null;
    const { shown } = this.#content;
    const slack = ((shown.max - shown.min) / Math.max(1, this.#plot.clientWidth)) * NEAR;
    if (at < (x[0] ?? 0) - slack || at > (x[x.length - 1] ?? 0) + slack) return null;
    const after = Math.min(firstNotBelow(x, at), x.length - 1);
    const before = Math.max(0, after - 1);
    return at - (x[before] ?? 0) <= (x[after] ?? 0) - at ? before : after;
  }

  #summary(): string {
    const sentences = this.#content.series.filter(({ visible }) => visible).map(({ label, metric, raw }) => {
      const { last, best, bestX } = summarise(raw, metric);
      return fill(this.#text.chartValue, label, formatValue(last), formatValue(best), bestX === null ? '–' : formatCount(bestX));
    });
    return fill(this.#text.chartSummary, this.title, sentences.length, sentences.join(' '));
  }
}

function lastFinite({ y }: Curve): number | null {
  for (let i = y.length - 1; i >= 0; i -= 1) if (!Number.isNaN(y[i])) return i;
  return null;
}

function lastX({ series }: ChartContent): number {
  return series.reduce((last, { raw }) => Math.max(last, raw.x[raw.x.length - 1] ?? 0), 0);
}
