/** Curves, markers and marks on a canvas. Lengths are CSS pixels times `ratio`. */
import { firstNotBelow } from '../../src/shared/series.ts';
import type { Curve } from './line.ts';
import type { LineStyle, Marker } from './lineStyle.ts';
import type { Range } from './scale.ts';

/** Where the plot lies on the canvas and what it shows, in canvas pixels. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly x: Range;
  readonly y: Range;
  readonly log: boolean;
  /** Canvas pixels per CSS pixel. */
  readonly ratio: number;
}

export function toX(plot: Plot, x: number): number {
  return plot.left + ((x - plot.x.min) / (plot.x.max - plot.x.min)) * plot.width;
}

export function toY(plot: Plot, y: number): number {
  const share = plot.log
    ? Math.log(y / plot.y.min) / Math.log(plot.y.max / plot.y.min)
    : (y - plot.y.min) / (plot.y.max - plot.y.min);
  return plot.top + (1 - share) * plot.height;
}

export interface Pen {
  readonly colour: string;
  readonly width: number;
  readonly alpha: number;
  readonly dash: readonly number[];
}

/** More points than this for each pixel of width, and only each pixel's first, lowest, highest and last are drawn. */
const DENSE = 3;

export function drawCurve(context: CanvasRenderingContext2D, plot: Plot, curve: Curve, pen: Pen): void {
  const from = Math.max(0, firstNotBelow(curve.x, plot.x.min) - 1);
  const to = Math.min(curve.x.length, firstNotBelow(curve.x, plot.x.max) + 2);
  if (to <= from) return;
  context.save();
  context.globalAlpha = pen.alpha;
  context.strokeStyle = pen.colour;
  context.lineWidth = pen.width * plot.ratio;
  context.lineJoin = 'round';
  context.setLineDash(pen.dash.map((length) => length * plot.ratio));
  context.beginPath();
  if (to - from > plot.width * DENSE) denseLine(context, plot, curve, from, to);
  else plainLine(context, plot, curve, from, to);
  context.stroke();
  context.restore();
}

function plainLine(context: CanvasRenderingContext2D, plot: Plot, { x, y }: Curve, from: number, to: number): void {
  let drawing = false;
  for (let i = from; i < to; i += 1) {
    const value = y[i] ?? Number.NaN;
    if (Number.isNaN(value) || (plot.log && value <= 0)) {
      drawing = false;
      continue;
    }
    const px = toX(plot, x[i] ?? 0);
    const py = toY(plot, value);
    if (drawing) context.lineTo(px, py);
    else context.moveTo(px, py);
    drawing = true;
  }
}

function denseLine(context: CanvasRenderingContext2D, plot: Plot, { x, y }: Curve, from: number, to: number): void {
  let column = Number.NaN;
  let low = 0;
  let high = 0;
  let last = 0;
  let drawing = false;
  const flush = (): void => {
    if (Number.isNaN(column)) return;
    context.lineTo(column, low);
    context.lineTo(column, high);
    context.lineTo(column, last);
  };
  for (let i = from; i < to; i += 1) {
    const value = y[i] ?? Number.NaN;
    if (Number.isNaN(value) || (plot.log && value <= 0)) {
      flush();
      column = Number.NaN;
      drawing = false;
      continue;
    }
    const px = Math.round(toX(plot, x[i] ?? 0));
    const py = toY(plot, value);
    if (px !== column) {
      flush();
      if (drawing) context.lineTo(px, py);
      else context.moveTo(px, py);
      column = px;
      low = py;
      high = py;
      drawing = true;
    }
    low = Math.min(low, py);
    high = Math.max(high, py);
    last = py;
  }
  flush();
}

/** CSS pixels between two markers of a curve; each curve begins at another place, so that they don't cover each other. */
const MARKER_DISTANCE = 90;

/** Draws markers on the curve at even distances, and one on its last point. */
export function drawMarkers(context: CanvasRenderingContext2D, plot: Plot, curve: Curve, style: LineStyle, pen: Pen, place: number): void {
  const { x, y } = curve;
  const distance = MARKER_DISTANCE * plot.ratio;
  let next = plot.left + ((place * 0.38) % 1) * distance;
  context.save();
  context.strokeStyle = pen.colour;
  context.fillStyle = pen.colour;
  context.globalAlpha = pen.alpha;
  context.lineWidth = 1.5 * plot.ratio;
  for (let i = firstNotBelow(x, plot.x.min); i < x.length && (x[i] ?? Infinity) <= plot.x.max; i += 1) {
    const value = y[i] ?? Number.NaN;
    if (Number.isNaN(value) || (plot.log && value <= 0)) continue;
    const px = toX(plot, x[i] ?? 0);
    if (px < next && i !== x.length - 1) continue;
    drawMarker(context, style.marker, px, toY(plot, value), 3.2 * plot.ratio);
    while (next <= px) next += distance;
  }
  context.restore();
}

/** A marker about a centre; `size` is half its height in canvas pixels. */
export function drawMarker(context: CanvasRenderingContext2D, marker: Marker, x: number, y: number, size: number): void {
  context.beginPath();
  switch (marker) {
    case 'circle':
      context.arc(x, y, size * 0.95, 0, Math.PI * 2);
      return context.fill();
    case 'square':
      context.rect(x - size * 0.85, y - size * 0.85, size * 1.7, size * 1.7);
      return context.fill();
    case 'triangle':
      context.moveTo(x, y - size * 1.1);
      context.lineTo(x + size, y + size * 0.8);
      context.lineTo(x - size, y + size * 0.8);
      return context.fill();
    case 'diamond':
      context.moveTo(x, y - size * 1.2);
      context.lineTo(x + size, y);
      context.lineTo(x, y + size * 1.2);
      context.lineTo(x - size, y);
      return context.fill();
    case 'cross':
      context.moveTo(x - size, y - size);
      context.lineTo(x + size, y + size);
      context.moveTo(x + size, y - size);
      context.lineTo(x - size, y + size);
      return context.stroke();
    case 'plus':
      context.moveTo(x - size * 1.15, y);
      context.lineTo(x + size * 1.15, y);
      context.moveTo(x, y - size * 1.15);
      context.lineTo(x, y + size * 1.15);
      return context.stroke();
  }
}

export interface GateLine {
  readonly from: number;
  readonly to: number | null;
  /** The bound, and on which side of it the metric has to be. */
  readonly y: number;
  readonly side: 'above' | 'below';
  readonly passed: boolean | null;
  /** As the tooltip says it, and as it stands at the line. */
  readonly label: string;
  readonly short: string;
}

export interface Marks {
  /** In order; `to` is where one ended, null while it goes on. */
  readonly stages: readonly { readonly x: number; readonly to: number | null; readonly label: string }[];
  /** Bounds that a stage sets to a metric of this chart. */
  readonly gates: readonly GateLine[];
  readonly best: readonly { readonly x: number; readonly label: string; readonly colour: string }[];
  readonly incidents: readonly { readonly x: number; readonly kind: 'warning' | 'resumed'; readonly label: string }[];
}

export interface MarkInk {
  readonly line: string;
  readonly text: string;
  readonly background: string;
  readonly warning: string;
  /** Behind every other stage, hardly seen. */
  readonly band: string;
  readonly good: string;
  readonly bad: string;
  readonly font: string;
}

/** A veil behind every second stage, where there are several: which curve belongs to which is seen without reading. */
export function drawStageBands(context: CanvasRenderingContext2D, plot: Plot, stages: Marks['stages'], ink: MarkInk): void {
  if (stages.length < 2) return;
  context.save();
  context.fillStyle = ink.band;
  stages.forEach(({ x, to }, index) => {
    if (index % 2 === 0) return;
    const [from, end] = bandOf(plot, x, to ?? stages[index + 1]?.x ?? null);
    if (end > from) context.fillRect(from, plot.top, end - from, plot.height);
  });
  context.restore();
}

function bandOf(plot: Plot, from: number, to: number | null): readonly [number, number] {
  const right = plot.left + plot.width;
  return [Math.max(plot.left, toX(plot, from)), to === null ? right : Math.min(right, toX(plot, to))];
}

/** A line at each bound across its stage, with short strokes towards the side where the metric has to be. */
export function drawGates(context: CanvasRenderingContext2D, plot: Plot, gates: readonly GateLine[], ink: MarkInk): void {
  const { ratio } = plot;
  context.save();
  context.font = ink.font;
  context.textBaseline = 'middle';
  for (const { from, to, y, side, passed, short } of gates) {
    if (plot.log && y <= 0) continue;
    const [left, right] = bandOf(plot, from, to);
    const py = toY(plot, y);
    if (right - left < 2 || py < plot.top - 1 || py > plot.top + plot.height + 1) continue;
    const colour = passed === null ? ink.text : passed ? ink.good : ink.bad;
    const towards = (side === 'above' ? -4 : 4) * ratio;
    context.strokeStyle = colour;
    context.lineWidth = 1.25 * ratio;
    context.setLineDash([6 * ratio, 4 * ratio]);
    context.beginPath();
    context.moveTo(left, py);
    context.lineTo(right, py);
    context.stroke();
    context.setLineDash([]);
    context.lineWidth = ratio;
    context.beginPath();
    for (let px = left + 8 * ratio; px < right; px += 16 * ratio) {
      context.moveTo(px, py);
      context.lineTo(px + 3 * ratio, py + towards);
    }
    context.stroke();
    const width = context.measureText(short).width;
    if (width + 8 * ratio > right - left) continue;
    const ty = side === 'above' ? py + 9 * ratio : py - 9 * ratio;
    context.globalAlpha = 0.85;
    context.fillStyle = ink.background;
    context.fillRect(right - width - 6 * ratio, ty - 7 * ratio, width + 6 * ratio, 14 * ratio);
    context.globalAlpha = 1;
    context.fillStyle = colour;
    context.fillText(short, right - width - 3 * ratio, ty);
  }
  context.restore();
}

/** Stage boundaries as lines; best checkpoints and incidents as small signs on the x axis. */
export function drawMarks(context: CanvasRenderingContext2D, plot: Plot, marks: Marks, ink: MarkInk): void {
  const { ratio } = plot;
  const bottom = plot.top + plot.height;
  const inside = (px: number): boolean => px >= plot.left - 1 && px <= plot.left + plot.width + 1;
  context.save();
  context.strokeStyle = ink.line;
  context.lineWidth = ratio;
  context.setLineDash([3 * ratio, 3 * ratio]);
  for (const { x } of marks.stages) {
    const px = toX(plot, x);
    if (!inside(px) || px < plot.left + ratio) continue;
    context.beginPath();
    context.moveTo(Math.round(px) + 0.5, plot.top);
    context.lineTo(Math.round(px) + 0.5, bottom);
    context.stroke();
  }
  context.setLineDash([]);
  for (const best of marks.best) {
    const px = toX(plot, best.x);
    if (!inside(px)) continue;
    context.fillStyle = best.colour;
    star(context, px, bottom - 6 * ratio, 5 * ratio);
  }
  for (const incident of marks.incidents) {
    const px = toX(plot, incident.x);
    if (!inside(px)) continue;
    context.fillStyle = incident.kind === 'warning' ? ink.warning : ink.text;
    context.beginPath();
    context.moveTo(px, bottom - 7 * ratio);
    context.lineTo(px + 4 * ratio, bottom);
    context.lineTo(px - 4 * ratio, bottom);
    if (incident.kind === 'resumed') {
      context.rect(px - 0.5 * ratio, plot.top, ratio, plot.height);
      context.globalAlpha = 0.4;
    }
    context.fill();
    context.globalAlpha = 1;
  }
  context.restore();
}

/** Names of the stages at the top, over the curves; that of the stage in which the view begins stands at its left edge. */
export function drawStageNames(context: CanvasRenderingContext2D, plot: Plot, stages: Marks['stages'], ink: MarkInk): void {
  // One stage needs no name: the line of the run says it.
  if (stages.length < 2) return;
  const { ratio } = plot;
  context.save();
  context.font = ink.font;
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  const right = plot.left + plot.width;
  const first = stages.findLastIndex(({ x }) => toX(plot, x) <= plot.left + ratio);
  stages.forEach(({ x, label }, index) => {
    const next = stages[index + 1];
    const end = next === undefined ? right : Math.min(right, toX(plot, next.x));
    const begin = index === first ? plot.left : toX(plot, x);
    const width = context.measureText(label).width;
    if (index < first || begin > right || width + 12 * ratio > end - begin) return;
    context.globalAlpha = 0.8;
    context.fillStyle = ink.background;
    context.fillRect(begin + 2 * ratio, plot.top, width + 8 * ratio, 16 * ratio);
    context.globalAlpha = 1;
    context.fillStyle = ink.text;
    context.fillText(label, begin + 6 * ratio, plot.top + 8.5 * ratio);
  });
  context.restore();
}

function star(context: CanvasRenderingContext2D, x: number, y: number, size: number): void {
  context.beginPath();
  for (let point = 0; point < 10; point += 1) {
    const angle = -Math.PI / 2 + (point * Math.PI) / 5;
    const reach = point % 2 === 0 ? size : size * 0.45;
    context.lineTo(x + Math.cos(angle) * reach, y + Math.sin(angle) * reach);
  }
  context.fill();
}
