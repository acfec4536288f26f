/** All charts as one sharp PNG with title and legend, in the theme of the moment. */
import type { Theme } from '../shared/theme.ts';
import type { Card } from './card.ts';
import { drawMarker } from './drawing.ts';

/** Sharp on paper and on the densest screens. */
const RATIO = 3;
const MARGIN = 24;
const GAP = 20;
const CHART = { width: 560, height: 240 };

/** Base64 of the PNG, without the prefix of a data URL. */
export function drawPicture(title: string, cards: readonly Card[], theme: Theme): string {
  const columns = cards.length > 1 ? 2 : 1;
  const blocks = cards.map((card) => ({ card, height: 28 + CHART.height + legendHeight(card, theme) }));
  const rows: (typeof blocks)[] = [];
  for (let i = 0; i < blocks.length; i += columns) rows.push(blocks.slice(i, i + columns));
  const rowHeight = (row: typeof blocks): number => Math.max(...row.map(({ height }) => height));
  const width = MARGIN * 2 + columns * CHART.width + (columns - 1) * GAP;
  const height = MARGIN * 2 + 36 + rows.reduce((sum, row) => sum + rowHeight(row) + GAP, 0);

  const canvas = document.createElement('canvas');
  canvas.width = width * RATIO;
  canvas.height = height * RATIO;
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no 2d canvas');
  context.scale(RATIO, RATIO);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, width, height);
  context.textBaseline = 'top';
  context.fillStyle = theme.foreground;
  context.font = `600 18px ${theme.font}`;
  context.fillText(title, MARGIN, MARGIN);

  let top = MARGIN + 36;
  for (const row of rows) {
    row.forEach(({ card }, column) => drawBlock(context, card, MARGIN + column * (CHART.width + GAP), top, theme));
    top += rowHeight(row) + GAP;
  }
  return canvas.toDataURL('image/png').replace(/^data:image\/png;base64,/, '');
}

function drawBlock(context: CanvasRenderingContext2D, card: Card, left: number, top: number, theme: Theme): void {
  context.fillStyle = theme.foreground;
  context.font = `600 13px ${theme.font}`;
  context.fillText(card.unit === '' ? card.title : `${card.title} (${card.unit})`, left, top);
  const chart = card.picture(CHART.width, CHART.height, RATIO, theme);
  context.drawImage(chart, left, top + 22, CHART.width, CHART.height);
  context.font = legendFont(theme);
  for (const { x, y, entry } of legendPlaces(context, card)) {
    const colour = theme.series[entry.style.colour] ?? theme.foreground;
    const [atX, atY] = [left + x, top + 28 + CHART.height + y];
    context.strokeStyle = colour;
    context.fillStyle = colour;
    context.lineWidth = 1.75;
    context.setLineDash([...entry.style.dash]);
    context.beginPath();
    context.moveTo(atX, atY + 6);
    context.lineTo(atX + 28, atY + 6);
    context.stroke();
    context.setLineDash([]);
    drawMarker(context, entry.style.marker, atX + 14, atY + 6, 3.2);
    context.fillStyle = theme.foreground;
    context.fillText(entry.label, atX + 34, atY);
  }
}

function legendFont(theme: Theme): string {
  return `12px ${theme.font}`;
}

const LEGEND_LINE = 20;

function legendPlaces(context: CanvasRenderingContext2D, card: Card): readonly { readonly x: number; readonly y: number; readonly entry: Card['series'][number] }[] {
  let x = 0;
  let y = 0;
  return card.series.filter(({ visible }) => visible).map((entry) => {
    const width = 34 + context.measureText(entry.label).width + 18;
    if (x > 0 && x + width > CHART.width) {
      x = 0;
      y += LEGEND_LINE;
    }
    const place = { x, y, entry };
    x += width;
    return place;
  });
}

function legendHeight(card: Card, theme: Theme): number {
  const context = document.createElement('canvas').getContext('2d');
  if (context === null) return LEGEND_LINE;
  context.font = legendFont(theme);
  return (legendPlaces(context, card).at(-1)?.y ?? 0) + LEGEND_LINE;
}
