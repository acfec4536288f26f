/** One uPlot chart: axes, cursor and selection are uPlot's; curves with their own x each are drawn by drawing.ts. */
import uPlot from 'uplot';
import type { XAxis } from '../../src/shared/panel.ts';
import { formatClock, formatTick } from '../shared/format.ts';
import type { Theme } from '../shared/theme.ts';
import type { Curve } from './line.ts';
import { drawCurve, drawGates, drawMarkers, drawMarks, drawStageBands, drawStageNames, type MarkInk, type Marks, type Plot } from './drawing.ts';
import type { LineStyle } from './lineStyle.ts';
import { clockTicks, rangeY, ticks, type Range, type YRules } from './scale.ts';

export interface ChartSeries {
  readonly key: string;
  /** As the tooltip says it. */
  readonly label: string;
  /** The run's title where several metrics of several runs share this chart. */
  readonly line: string | null;
  /** As the legend says it, on its line. */
  readonly short: string;
  readonly metric: string;
  readonly run: string;
  readonly style: LineStyle;
  readonly visible: boolean;
  readonly raw: Curve;
  /** The running average, or null when smoothing is off. */
  readonly smoothed: Curve | null;
}

export interface ChartContent {
  readonly series: readonly ChartSeries[];
  readonly marks: Marks;
  readonly rules: YRules;
  readonly axis: XAxis;
  readonly shown: Range;
}

export interface ChartEvents {
  /** The person chose a narrower x range. */
  zoom(range: Range): void;
  /** The cursor (of this chart or of one it is tied to) stands at x, or nowhere. */
  hover(x: number | null): void;
  /** The last step that the picture now shows. */
  drawn(): void;
}

/** Empty: uPlot ranges, labels and selects; the curves are ours. */
const NO_DATA: uPlot.AlignedData = [[0, 1], [null, null]];
const RAW_BEHIND = 0.28;

export class Chart {
  readonly #mount: HTMLElement;
  readonly #events: ChartEvents;
  #theme: Theme;
  #content: ChartContent;
  #plot: uPlot | null = null;
  #size = { width: 0, height: 0 };
  #log = false;

  constructor(mount: HTMLElement, content: ChartContent, theme: Theme, events: ChartEvents) {
    this.#mount = mount;
    this.#content = content;
    this.#theme = theme;
    this.#events = events;
  }

  /** Draws new content; called at most once a frame. */
  draw(content: ChartContent, size: { readonly width: number; readonly height: number }): void {
    this.#content = content;
    if (size.width < 40 || size.height < 40) return;
    if (this.#plot !== null && this.#log !== content.rules.log) this.destroy();
    if (this.#plot === null) {
      this.#log = content.rules.log;
      this.#size = { ...size };
      this.#plot = new uPlot(chartOptions(() => this.#content, this.#theme, this.#size, 1, this.#events), NO_DATA, this.#mount);
    } else if (size.width !== this.#size.width || size.height !== this.#size.height) {
      this.#size = { ...size };
      this.#plot.setSize(this.#size);
    }
    this.#plot.setScale('x', { ...content.shown });
  }

  retheme(theme: Theme): void {
    this.#theme = theme;
    this.destroy();
  }

  /** The element that the mouse moves over, once there is a chart. */
  get over(): HTMLElement | null {
    return this.#plot?.over ?? null;
  }

  /** Where a point lies, in CSS pixels from the corner of the plot. */
  place(x: number, y: number): { readonly left: number; readonly top: number } | null {
    if (this.#plot === null) return null;
    return { left: this.#plot.valToPos(x, 'x'), top: this.#plot.valToPos(y, 'y') };
  }

  xAt(left: number): number {
    return this.#plot?.posToVal(left, 'x') ?? 0;
  }

  /** The chart as a canvas of its own, `ratio` times as sharp as CSS pixels. */
  picture(width: number, height: number, ratio: number, theme: Theme): HTMLCanvasElement {
    const mount = document.createElement('div');
    const size = { width: Math.round((width * ratio) / uPlot.pxRatio), height: Math.round((height * ratio) / uPlot.pxRatio) };
    const plot = new uPlot(chartOptions(() => this.#content, theme, size, ratio / uPlot.pxRatio, null), NO_DATA, mount);
    // uPlot draws in a microtask; a batch draws at once.
    plot.batch(() => plot.setScale('x', { ...this.#content.shown }));
    const canvas = plot.ctx.canvas;
    plot.destroy();
    return canvas;
  }

  destroy(): void {
    this.#plot?.destroy();
    this.#plot = null;
  }
}

function chartOptions(
  content: () => ChartContent, theme: Theme, size: { readonly width: number; readonly height: number }, factor: number, events: ChartEvents | null,
): uPlot.Options {
  const fontSize = Math.max(10, theme.fontSize - 2) * factor;
  const font = `${fontSize}px ${theme.font}`;
  const axis: uPlot.Axis = {
    font, stroke: theme.muted, gap: 6 * factor,
    grid: { stroke: theme.grid, width: factor, show: true },
    ticks: { show: false }, border: { show: false },
  };
  const most = (pixels: number, each: number): number => Math.max(2, Math.floor(pixels / (each * factor)));
  const xTicks = ({ min, max }: Range, width: number): ReturnType<typeof ticks> =>
    (content().axis === 'time' ? clockTicks : ticks)({ min, max }, most(width, 64), false);
  const yTicks = ({ min, max }: Range, height: number): ReturnType<typeof ticks> => ticks({ min, max }, most(height, 36), content().rules.log);
  return {
    ...size,
    padding: [8 * factor, 20 * factor, 0, 0],
    scales: {
      x: { time: false, range: (_, min, max) => [min, max] },
      y: {
        distr: content().rules.log ? 3 : 1,
        range: () => {
          const { series, shown, rules, marks } = content();
          // A bound that lies beyond the curves is part of the picture: how far they are from it is what one looks for.
          const bounds = marks.gates.map(({ from, to, y }): Curve => ({ x: Float64Array.of(from, to ?? shown.max), y: Float64Array.of(y, y) }));
          const { min, max } = rangeY([...series.filter(({ visible }) => visible).map(({ raw }) => raw), ...bounds], shown, rules);
          return [min, max];
        },
      },
    },
    axes: [
      {
        ...axis, size: fontSize + 14 * factor, grid: { ...axis.grid, show: false },
        splits: (plot, _, min, max) => [...xTicks({ min, max }, plot.bbox.width / uPlot.pxRatio || size.width).values],
        values: (plot, splits) => {
          const increment = (splits[1] ?? 0) - (splits[0] ?? 0);
          return splits.map((value) => (content().axis === 'time' && plot.scales['x'] !== undefined && increment >= 1 ? formatClock(value) : formatTick(value, increment)));
        },
      },
      {
        ...axis,
        size: (plot, values) => {
          if (values === null || values.length === 0) return 40 * factor;
          plot.ctx.save();
          plot.ctx.font = `${fontSize * uPlot.pxRatio}px ${theme.font}`;
          const widest = Math.max(...values.map((value) => plot.ctx.measureText(value).width)) / uPlot.pxRatio;
          plot.ctx.restore();
          return Math.ceil(widest) + 14 * factor;
        },
        splits: (plot, _, min, max) => [...yTicks({ min, max }, plot.bbox.height / uPlot.pxRatio || size.height).values],
        filter: (_, splits) => splits,
        values: (_, splits) => splits.map((value) => formatTick(value, content().rules.log ? 0 : (splits[1] ?? 0) - (splits[0] ?? 0))),
      },
    ],
    series: [{}, { show: true, scale: 'y', points: { show: false } }],
    legend: { show: false },
    cursor: events === null ? { show: false } : {
      y: false, points: { show: false },
      drag: { x: true, y: false, setScale: false },
      sync: { key: 'distill', setSeries: false, scales: ['x', null] },
      bind: { dblclick: () => null },
    },
    hooks: {
      draw: [(plot) => {
        drawContent(plot, content(), theme, factor);
        events?.drawn();
      }],
      ...(events === null ? {} : {
        setCursor: [(plot: uPlot) => {
          const left = plot.cursor.left ?? -1;
          events.hover(left >= 0 ? plot.posToVal(left, 'x') : null);
        }],
        setSelect: [(plot: uPlot) => {
          const { left, width } = plot.select;
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          if (width >= 4) events.zoom({ min: plot.posToVal(left, 'x'), max: plot.posToVal(left + width, 'x') });
        }],
      }),
    },
  };
}

function drawContent(chart: uPlot, content: ChartContent, theme: Theme, factor: number): void {
  const { left, top, width, height } = chart.bbox;
  const [x, y] = [chart.scales['x'], chart.scales['y']];
  if (x === undefined || y === undefined) return;
  const ratio = uPlot.pxRatio * factor;
  const plot: Plot = { left, top, width, height, ratio, log: content.rules.log, x: rangeOf(x), y: rangeOf(y) };
  const { ctx } = chart;
  const colour = (style: LineStyle): string => theme.series[style.colour] ?? theme.foreground;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top - 4 * ratio, width + 5 * ratio, height + 5 * ratio);
  ctx.clip();
  const fontSize = Math.max(10, theme.fontSize - 3) * ratio;
  const ink: MarkInk = { line: theme.muted, text: theme.muted, background: theme.background, warning: theme.warning, band: theme.band, good: theme.good, bad: theme.bad, font: `${fontSize}px ${theme.font}` };
  drawStageBands(ctx, plot, content.marks.stages, ink);
  drawMarks(ctx, plot, content.marks, ink);
  const visible = content.series.filter((series) => series.visible);
  for (const { raw, smoothed, style } of visible) {
    if (smoothed !== null) drawCurve(ctx, plot, raw, { colour: colour(style), width: 1, alpha: RAW_BEHIND, dash: [] });
  }
  visible.forEach(({ raw, smoothed, style }, place) => {
    const pen = { colour: colour(style), width: 1.75, alpha: 1, dash: style.dash };
    drawCurve(ctx, plot, smoothed ?? raw, pen);
    if (content.series.length > 1 || raw.x.length === 1) drawMarkers(ctx, plot, smoothed ?? raw, style, pen, place);
  });
  drawGates(ctx, plot, content.marks.gates, ink);
  drawStageNames(ctx, plot, content.marks.stages, ink);
  ctx.restore();
}

function rangeOf({ min, max }: uPlot.Scale): Range {
  return { min: min ?? 0, max: max ?? 1 };
}
