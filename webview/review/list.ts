/** The virtual list: only the rows in sight are in the document, taken again for others when the list is scrolled. */
import { fill } from '../../src/shared/metricsText.ts';
import type { RowPreview } from '../../src/shared/dataPanel.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import { element } from '../shared/dom.ts';
import { formatCount } from '../shared/format.ts';
import { decisionMark, decisionName, verdictMark, verdictName } from './marks.ts';
import { RowCache } from './rowCache.ts';
import { VirtualScroll } from './virtual.ts';

const ROW_HEIGHT = 46;

export interface ListEvents {
  ask(view: number, from: number, to: number): void;
  /** The person moved to a row, which may not be here yet. */
  moved(position: number, row: RowPreview | undefined): void;
}

export class RowList {
  readonly node: HTMLElement;
  readonly #scroll = new VirtualScroll(ROW_HEIGHT);
  readonly #cache: RowCache;
  readonly #layer = element('div', { class: 'layer', role: 'presentation' });
  readonly #space = element('div', { class: 'space', role: 'presentation' });
  readonly #drawn = new Map<number, { readonly node: HTMLElement; readonly row: RowPreview | undefined; readonly selected: boolean }>();
  readonly #text: DataPageText;
  readonly #events: ListEvents;
  #selected: number | null = null;
  #limit: number | null = null;
  #frame = 0;

  constructor(text: DataPageText, events: ListEvents) {
    this.#text = text;
    this.#events = events;
    this.#cache = new RowCache((view, from, to) => events.ask(view, from, to));
    this.node = element('div', { class: 'list', role: 'listbox', tabindex: 0, 'aria-label': text.list }, this.#layer, this.#space);
    this.node.addEventListener('scroll', () => {
      this.#scroll.takeScrollTop(this.node.scrollTop);
      this.#draw();
    }, { passive: true });
    this.node.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
    this.node.addEventListener('click', (event) => {
      const option = (event.target as Element).closest<HTMLElement>('.row');
      if (option !== null) this.select(Number(option.dataset['position']));
    });
    new ResizeObserver(() => this.#resized()).observe(this.node);
  }

  get selected(): number | null {
    return this.#selected;
  }

  get total(): number {
    return this.#scroll.rows;
  }

  /** Rows in sight are asked for; `selected` is brought into sight where it is not. */
  show(view: number, total: number, selected: number | null, limit: number | null): void {
    this.#limit = limit;
    this.#cache.begin(view);
    for (const { node } of this.#drawn.values()) node.remove();
    this.#drawn.clear();
    this.#selected = selected;
    this.#scroll.resize(total, this.node.clientHeight);
    if (selected === null) this.#scroll.scrollTo(0);
    else if (selected < this.#scroll.span.first || selected >= this.#scroll.span.end - 1) this.#scroll.center(selected);
    this.#place();
  }

  put(view: number, from: number, rows: readonly RowPreview[]): void {
    if (this.#cache.put(view, from, rows)) this.#drawSoon();
  }

  at(position: number): RowPreview | undefined {
    return this.#cache.at(position);
  }

  /** What the rows say has changed. */
  refresh(): void {
    const { first, end } = this.#scroll.span;
    this.#cache.refresh(first, end);
  }

  select(position: number): void {
    if (this.#scroll.rows === 0) return;
    const next = Math.min(this.#scroll.rows - 1, Math.max(0, position));
    this.#selected = next;
    this.#scroll.reveal(next);
    this.#place();
    this.#events.moved(next, this.#cache.at(next));
  }

  /** Answers whether the key was the list's. */
  key(key: string): boolean {
    const at = this.#selected;
    switch (key) {
      case 'j': case 'ArrowDown': this.select(at === null ? 0 : at + 1); return true;
      case 'k': case 'ArrowUp': this.select(at === null ? 0 : at - 1); return true;
      case 'PageDown': this.select((at ?? 0) + this.#scroll.page); return true;
      case 'PageUp': this.select((at ?? 0) - this.#scroll.page); return true;
      case 'Home': this.select(0); return true;
      case 'End': this.select(this.#scroll.rows - 1); return true;
      default: return false;
    }
  }

  /** In a list that is longer than an element can be, a notch of the wheel would pass over rows: it moves the list itself. */
  #wheel(event: WheelEvent): void {
    if (!this.#scroll.scaled || event.ctrlKey) return;
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? ROW_HEIGHT : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? this.node.clientHeight : 1;
    this.#scroll.scrollBy(event.deltaY * unit);
    this.#place();
  }

  #resized(): void {
    this.#scroll.resize(this.#scroll.rows, this.node.clientHeight);
    this.#place();
  }

  /** Puts the scroll bar where the list stands. */
  #place(): void {
    this.#space.style.height = `${this.#scroll.height}px`;
    this.node.scrollTop = this.#scroll.scrollTop;
    this.#draw();
  }

  #drawSoon(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    const { first, end } = this.#scroll.span;
    this.#cache.want(first, end);
    for (const [position, { node }] of this.#drawn) {
      if (position >= first && position < end) continue;
      node.remove();
      this.#drawn.delete(position);
    }
    for (let position = first; position < end; position++) {
      const row = this.#cache.at(position);
      const selected = position === this.#selected;
      const before = this.#drawn.get(position);
      let node = before?.node;
      if (before === undefined || before.row !== row || before.selected !== selected) {
        const fresh = this.#option(position, row, selected);
        if (node === undefined) this.#layer.append(fresh);
        else node.replaceWith(fresh);
        node = fresh;
        this.#drawn.set(position, { node, row, selected });
      }
      if (node !== undefined) node.style.transform = `translateY(${this.#scroll.offsetOf(position)}px)`;
    }
    if (this.#selected !== null && this.#drawn.has(this.#selected)) this.node.setAttribute('aria-activedescendant', `row-${this.#selected}`);
    else this.node.removeAttribute('aria-activedescendant');
  }

  #option(position: number, row: RowPreview | undefined, selected: boolean): HTMLElement {
    const text = this.#text;
    const attributes = {
      id: `row-${position}`, class: `row${selected ? ' selected' : ''}${row === undefined ? ' waiting' : ''}${row?.decision === 'reject' || row?.removed === true ? ' away' : ''}`, role: 'option', 'data-position': position,
      'aria-selected': selected ? 'true' : 'false', 'aria-setsize': this.#scroll.rows, 'aria-posinset': position + 1,
    };
    if (row === undefined) return element('div', { ...attributes, 'aria-busy': 'true' }, element('span', { class: 'line' }, formatCount(position + 1)));
    const words = [verdictName(row.verdict, text), ...(row.decision === '' ? [] : [decisionName(row.decision, text)]), row.prompt];
    return element('div', { ...attributes, 'aria-label': fill(text.rowLabel, row.line, words.join('. ')) },
      element('span', { class: 'line' }, formatCount(row.line)),
      verdictMark(row.verdict),
      element('span', { class: 'prompt' }, row.prompt),
      element('span', { class: 'answer' }, row.answer === '' ? '–' : row.answer),
      element('span', { class: 'about' },
        row.rule === '' ? null : element('span', { class: 'tag' }, row.rule),
        row.task === '' ? null : element('span', { class: 'tag' }, row.task),
        row.length === null ? null : element('span', { class: row.cut ? 'length cut' : 'length', title: row.cut && this.#limit !== null ? fill(text.cut, formatCount(this.#limit)) : null }, formatCount(row.length))),
      row.decision === '' ? null : decisionMark(row.decision));
  }
}
