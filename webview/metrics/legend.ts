/** Switches of the curves: always visible, worked by mouse and keyboard, told by dash and marker as well as colour. */
import { fill, type MetricsText } from '../../src/shared/metricsText.ts';
import { element, setText } from '../shared/dom.ts';
import type { LineStyle, Marker } from './lineStyle.ts';

const SVG = 'http://www.w3.org/2000/svg';
const MARKER_PATHS: Readonly<Record<Marker, string>> = {
  circle: 'M14 2a3 3 0 1 1 0 6a3 3 0 1 1 0-6',
  square: 'M11.3 2.3h5.4v5.4h-5.4z',
  triangle: 'M14 1.4l3.4 6h-6.8z',
  diamond: 'M14 1l3.4 4l-3.4 4l-3.4-4z',
  cross: 'M11 2l6 6m0-6l-6 6',
  plus: 'M10.6 5h6.8m-3.4-3.4v6.8',
};

/** A sample of a curve: line, dash and marker in its colour. `series-N` classes carry the theme's colours. */
export function swatch(style: LineStyle): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `swatch series-${style.colour}`);
  svg.setAttribute('viewBox', '0 0 28 10');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', 'M0 5h28');
  line.setAttribute('class', 'line');
  if (style.dash.length > 0) line.setAttribute('stroke-dasharray', style.dash.join(' '));
  const marker = document.createElementNS(SVG, 'path');
  marker.setAttribute('d', MARKER_PATHS[style.marker]);
  marker.setAttribute('class', style.marker === 'cross' || style.marker === 'plus' ? 'marker open' : 'marker');
  svg.append(line, marker);
  return svg;
}

export interface LegendEntry {
  readonly key: string;
  /** What a screen reader says and, without `line`, what is shown. */
  readonly label: string;
  /** Where several metrics of several runs share a chart: the run, whose metrics stand on a line of their own. */
  readonly line: string | null;
  readonly short: string;
  readonly style: LineStyle;
  readonly visible: boolean;
}

export interface LegendEvents {
  toggle(key: string): void;
  /** Show or hide this metric in all runs. */
  toggleMetric(key: string): void;
  /** Show this one alone, or all again. */
  isolate(key: string): void;
}

export class Legend {
  readonly node: HTMLElement;
  readonly #text: MetricsText;
  readonly #events: LegendEvents;
  readonly #entries = new Map<string, { readonly button: HTMLElement; readonly value: HTMLElement }>();
  #signature = '';

  constructor(text: MetricsText, events: LegendEvents) {
    this.#text = text;
    this.#events = events;
    this.node = element('div', { class: 'legend', role: 'group', title: text.legendHint });
  }

  update(entries: readonly LegendEntry[]): void {
    const signature = JSON.stringify(entries.map(({ key, label, line, style }) => [key, label, line, style]));
    if (signature !== this.#signature) {
      this.#signature = signature;
      this.#build(entries);
    }
    for (const { key, label, visible } of entries) {
      const button = this.#entries.get(key)?.button;
      button?.setAttribute('aria-pressed', String(visible));
      button?.setAttribute('aria-label', fill(visible ? this.#text.hide : this.#text.show, label));
    }
  }

  setValue(key: string, value: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) setText(entry.value, value);
  }

  #build(entries: readonly LegendEntry[]): void {
    this.#entries.clear();
    const lines = [...new Set(entries.map(({ line }) => line))];
    this.node.classList.toggle('lines', lines.length > 1);
    this.node.replaceChildren(...lines.map((line) => element('div', { class: 'legend-line' },
      line !== null && element('span', { class: 'legend-run', title: line }, line),
      ...this.#chips(entries.filter((entry) => entry.line === line)))));
  }

  #chips(entries: readonly LegendEntry[]): readonly HTMLElement[] {
    return entries.map(({ key, short, style }) => {
      const value = element('span', { class: 'value' });
      const button = element('button', {
        class: 'chip', type: 'button',
        onClick: (event: MouseEvent) => {
          if (event.altKey) this.#events.isolate(key);
          else if (event.shiftKey) this.#events.toggleMetric(key);
          else this.#events.toggle(key);
        },
      }, swatch(style), element('span', { class: 'name' }, short), value);
      this.#entries.set(key, { button, value });
      return button;
    });
  }
}
