/** The filter bar: search, a menu of each facet with its counts, ranges, order. */
import { ANY, FACETS, FILE_ORDER, NO_FILTER, SORTS, type DataFilter, type DataSort, type Facet, type FacetCount, type FileSummary, type Range } from '../../src/shared/dataPanel.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import type { Language } from '../../src/shared/messages.ts';
import { fill } from '../../src/shared/metricsText.ts';
import { verdictSentence } from '../../src/shared/verdicts.ts';
import { element, icon, setText } from '../shared/dom.ts';
import { formatCount } from '../shared/format.ts';
import { ICONS } from './icons.ts';

/** Keys are pressed faster than this; a search reads the whole file. */
const TYPING_MS = 250;
/** Values of a facet that a menu lists. */
const MOST_LISTED = 60;

export interface FilterEvents {
  changed(filter: DataFilter, sort: DataSort): void;
}

export class FilterBar {
  readonly node: HTMLElement;
  readonly search: HTMLInputElement;
  readonly #menus: Readonly<Record<Facet, HTMLDetailsElement>>;
  readonly #length: RangeFields;
  readonly #cost: RangeFields;
  readonly #sort: HTMLSelectElement;
  readonly #direction: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  readonly #text: DataPageText;
  readonly #language: Language;
  readonly #events: FilterEvents;
  #filter: DataFilter = NO_FILTER;
  #order: DataSort = FILE_ORDER;
  #typing = 0;

  constructor(text: DataPageText, language: Language, events: FilterEvents) {
    this.#text = text;
    this.#language = language;
    this.#events = events;
    this.search = element('input', { type: 'search', class: 'search-input', placeholder: text.search, 'aria-label': text.search, 'aria-keyshortcuts': '/' });
    this.search.addEventListener('input', () => {
      clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => this.#change({ text: this.search.value }), TYPING_MS);
    });
    this.#menus = Object.fromEntries(FACETS.map((facet) => [facet, this.#menu(facet)])) as unknown as Record<Facet, HTMLDetailsElement>;
    this.#length = new RangeFields(text.length, text, (length) => this.#change({ length }));
    this.#cost = new RangeFields(text.cost, text, (cost) => this.#change({ cost }));
    this.#sort = element('select', { 'aria-label': text.sort }, ...SORTS.map((by) => element('option', { value: by }, text[`sort.${by}`])));
    this.#sort.addEventListener('change', () => this.#reorder({ by: SORTS.find((by) => by === this.#sort.value) ?? 'row' }));
    this.#direction = element('button', { type: 'button', class: 'plain', onClick: () => this.#reorder({ descending: !this.#order.descending }) });
    this.#clear = element('button', { type: 'button', class: 'link clear', onClick: () => this.#change(NO_FILTER) }, text.clear);
    this.node = element('div', { class: 'filters', role: 'search', 'aria-label': text.filters },
      element('div', { class: 'filter-line' }, ...FACETS.map((facet) => this.#menus[facet]), element('span', { class: 'spring' }), this.#clear),
      element('div', { class: 'filter-line' }, element('div', { class: 'search' }, icon(ICONS.search) as unknown as HTMLElement, this.search), this.#length.node, this.#cost.node, element('span', { class: 'spring' }),
        element('label', { class: 'sort' }, element('span', { class: 'quiet' }, text.sort), this.#sort), this.#direction));
    document.addEventListener('click', (event) => this.#closeMenus(event.target as Node));
    this.node.addEventListener('keydown', (event) => {
      const open = this.node.querySelector<HTMLDetailsElement>('details[open]');
      if (event.key !== 'Escape' || open === null) return;
      open.open = false;
      open.querySelector('summary')?.focus();
      event.stopPropagation();
    });
  }

  get filter(): DataFilter {
    return this.#filter;
  }

  get sort(): DataSort {
    return this.#order;
  }

  set(filter: DataFilter, sort: DataSort): void {
    this.#filter = filter;
    this.#order = sort;
    if (document.activeElement !== this.search) this.search.value = filter.text;
    this.#length.set(filter.length);
    this.#cost.set(filter.cost);
    this.#sort.value = sort.by;
    const words = sort.descending ? this.#text.descending : this.#text.ascending;
    this.#direction.replaceChildren(icon(sort.descending ? ICONS.descending : ICONS.ascending));
    this.#direction.title = words;
    this.#direction.setAttribute('aria-label', words);
    this.#clear.hidden = isSame(filter, NO_FILTER);
  }

  about({ lengths, currency, removed }: FileSummary): void {
    this.#length.unit(fill(this.#text.lengthUnit, this.#text[`lengths.${lengths}`]));
    this.#cost.unit(currency === null ? this.#text.cost : fill(this.#text.costUnit, currency));
    this.#cost.node.hidden = currency === null;
    this.#menus.rule.hidden = removed === 0;
  }

  counts(facets: Readonly<Record<Facet, readonly FacetCount[]>>): void {
    for (const facet of FACETS) {
      const counts = facets[facet];
      const chosen = this.#filter.facets[facet];
      const told = counts.some(({ value, count }) => value !== '' && count > 0) || (chosen !== undefined && !(facet === 'rule' && chosen.length === 1 && chosen[0] === ''));
      if (facet !== 'rule') this.#menus[facet].hidden = !told && facet !== 'decision';
      this.#fillMenu(facet, counts);
    }
  }

  /** Chooses one value of a facet and nothing else: what a bar of the report is about. */
  only(facet: Facet, value: string): void {
    this.#change({ ...NO_FILTER, facets: { ...NO_FILTER.facets, [facet]: [value] } });
  }

  onlyLength(length: Range): void {
    this.#change({ ...NO_FILTER, length });
  }

  valueName(facet: Facet, value: string): string {
    const text = this.#text;
    if (value === '') return text[`none.${facet}`];
    if (facet === 'verdict' && (value === 'right' || value === 'wrong' || value === 'unknown')) return text[`verdict.${value}`];
    if (facet === 'decision' && (value === 'accept' || value === 'reject' || value === 'quarantine' || value === 'edit')) return text[`decision.${value}`];
    return facet === 'finding' ? verdictSentence(value, this.#language) : value;
  }

  #menu(facet: Facet): HTMLDetailsElement {
    const menu = element('details', { class: 'facet', hidden: true }, element('summary', {}, element('span', {}, this.#text[`facet.${facet}`]), icon(ICONS.down) as unknown as HTMLElement),
      element('div', { class: 'menu', role: 'group', 'aria-label': this.#text[`facet.${facet}`] }));
    menu.addEventListener('toggle', () => {
      if (menu.open) for (const other of Object.values(this.#menus)) if (other !== menu) other.open = false;
    });
    menu.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) menu.open = false;
    });
    return menu;
  }

  #fillMenu(facet: Facet, counts: readonly FacetCount[]): void {
    const menu = this.#menus[facet];
    const chosen = this.#filter.facets[facet];
    const focused = (document.activeElement as HTMLInputElement | null)?.closest('.menu') === menu.lastElementChild ? (document.activeElement as HTMLInputElement).value : null;
    const listed = counts.filter(({ value, count }) => count > 0 || chosen?.includes(value) === true).slice(0, MOST_LISTED);
    menu.lastElementChild?.replaceChildren(...listed.map(({ value, count }) => {
      const box = element('input', { type: 'checkbox', value });
      box.checked = chosen?.includes(value) === true;
      box.addEventListener('change', () => this.#toggle(facet, value, box.checked));
      return element('label', { class: 'choice' }, box, element('span', { class: 'choice-name' }, this.valueName(facet, value)), element('span', { class: 'count' }, formatCount(count)));
    }));
    if (focused !== null) [...menu.querySelectorAll('input')].find(({ value }) => value === focused)?.focus();
    const names = chosen?.map((value) => this.valueName(facet, value)) ?? [];
    const words = names.length === 0 ? this.#text[`facet.${facet}`] : `${this.#text[`facet.${facet}`]}: ${names.length > 2 ? formatCount(names.length) : names.join(', ')}`;
    const label = menu.querySelector('summary span');
    if (label !== null) setText(label, words);
    menu.classList.toggle('chosen', chosen !== undefined && !(facet === 'rule' && names.length === 1 && chosen[0] === ''));
  }

  #toggle(facet: Facet, value: string, on: boolean): void {
    const before = this.#filter.facets[facet] ?? [];
    const values = on ? [...before, value] : before.filter((each) => each !== value);
    const others = Object.fromEntries(Object.entries(this.#filter.facets).filter(([name]) => name !== facet));
    this.#change({ facets: values.length === 0 ? others : { ...others, [facet]: values } });
  }

  #closeMenus(target: Node): void {
    for (const menu of Object.values(this.#menus)) if (menu.open && !menu.contains(target)) menu.open = false;
  }

  #change(change: Partial<DataFilter>): void {
    clearTimeout(this.#typing);
    this.set({ ...this.#filter, ...change }, this.#order);
    if (change.text !== undefined) this.search.value = change.text;
    this.#events.changed(this.#filter, this.#order);
  }

  #reorder(change: Partial<DataSort>): void {
    this.set(this.#filter, { ...this.#order, ...change });
    this.#events.changed(this.#filter, this.#order);
  }
}

/** Two number fields. */
class RangeFields {
  readonly node: HTMLElement;
  readonly #min: HTMLInputElement;
  readonly #max: HTMLInputElement;
  readonly #label: HTMLElement;

  constructor(name: string, text: DataPageText, changed: (range: Range) => void) {
    const field = (words: string): HTMLInputElement => element('input', { type: 'number', min: 0, step: 'any', placeholder: words, 'aria-label': `${name} ${words}` });
    this.#min = field(text.from);
    this.#max = field(text.to);
    this.#label = element('span', { class: 'quiet' }, name);
    this.node = element('fieldset', { class: 'range', 'aria-label': name }, this.#label, this.#min, element('span', { 'aria-hidden': 'true' }, '–'), this.#max);
    const value = (input: HTMLInputElement): number | null => (input.value.trim() === '' || !Number.isFinite(Number(input.value)) ? null : Number(input.value));
    for (const input of [this.#min, this.#max]) input.addEventListener('change', () => changed({ min: value(this.#min), max: value(this.#max) }));
  }

  set({ min, max }: Range): void {
    const words = (value: number | null): string => (value === null ? '' : String(value));
    if (this.#min.value !== words(min)) this.#min.value = words(min);
    if (this.#max.value !== words(max)) this.#max.value = words(max);
  }

  unit(words: string): void {
    this.#label.title = words;
    this.node.setAttribute('aria-label', words);
  }
}

function isSame(one: DataFilter, other: DataFilter): boolean {
  return JSON.stringify([one.text, one.facets, one.length, one.cost]) === JSON.stringify([other.text, other.facets, other.length, other.cost]);
}

/** A filter as VS Code kept it, which may be of an older version. */
export function restoredFilter(value: unknown): DataFilter {
  if (typeof value !== 'object' || value === null) return NO_FILTER;
  const { text, facets, length, cost } = value as Readonly<Record<string, unknown>>;
  const range = (kept: unknown): Range => {
    const { min, max } = (kept ?? {}) as Readonly<Record<string, unknown>>;
    return { min: typeof min === 'number' ? min : ANY.min, max: typeof max === 'number' ? max : ANY.max };
  };
  const known: Partial<Record<Facet, readonly string[]>> = {};
  for (const facet of FACETS) {
    const values = (facets as Readonly<Record<string, unknown>> | undefined)?.[facet];
    if (Array.isArray(values) && values.every((each) => typeof each === 'string')) known[facet] = values;
  }
  return { text: typeof text === 'string' ? text : '', facets: known, length: range(length), cost: range(cost) };
}

export function restoredSort(value: unknown): DataSort {
  const { by, descending } = (value ?? {}) as Readonly<Record<string, unknown>>;
  return { by: SORTS.find((each) => each === by) ?? 'row', descending: descending === true };
}
