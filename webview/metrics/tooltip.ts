/** All values at the cursor, beside it. Only for the eye: the table below says the same to a screen reader. */
import { element } from '../shared/dom.ts';
import { swatch } from './legend.ts';
import type { LineStyle } from './lineStyle.ts';

export interface TooltipRow {
  readonly label: string;
  readonly value: string;
  /** The exact value, when `value` is smoothed. */
  readonly raw: string | null;
  readonly style: LineStyle;
}

export interface TooltipContent {
  readonly head: string;
  readonly rows: readonly TooltipRow[];
  /** Sentences of what happened here: a warning, a resume, the best checkpoint. */
  readonly notes: readonly string[];
}

/** More rows than this don't fit beside a cursor; the table holds them all. */
const MOST_ROWS = 16;
const DISTANCE = 14;

export class Tooltip {
  readonly node = element('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });

  /** `left`, `top`: the cursor within `bounds`, in CSS pixels. */
  show(content: TooltipContent, left: number, top: number, bounds: { readonly width: number; readonly height: number }): void {
    this.node.replaceChildren(
      element('div', { class: 'tooltip-head' }, content.head),
      ...content.rows.slice(0, MOST_ROWS).map((row) => element('div', { class: 'tooltip-row' },
        swatch(row.style), element('span', { class: 'name' }, row.label),
        row.raw !== null && element('span', { class: 'raw' }, row.raw), element('span', { class: 'value' }, row.value))),
      content.rows.length > MOST_ROWS && element('div', { class: 'tooltip-more' }, `+${content.rows.length - MOST_ROWS}`) || '',
      ...content.notes.map((note) => element('div', { class: 'tooltip-note' }, note)),
    );
    this.node.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const right = left + DISTANCE + width <= bounds.width;
    const x = right ? left + DISTANCE : Math.max(0, left - DISTANCE - width);
    const y = Math.max(0, Math.min(top - height / 2, bounds.height - height));
    this.node.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }

  hide(): void {
    this.node.hidden = true;
  }
}
