/** One row: its texts, what is known of its life, its verdict, its duplicates; and the form to edit it. What a model wrote goes in as text. */
import type { Edited, RowDetail } from '../../src/shared/dataPanel.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import type { Language } from '../../src/shared/messages.ts';
import { fill } from '../../src/shared/metricsText.ts';
import type { ReviewDecision } from '../../src/shared/review.ts';
import { verdictSentence } from '../../src/shared/verdicts.ts';
import { element, icon } from '../shared/dom.ts';
import { formatCount } from '../shared/format.ts';
import { ICONS } from './icons.ts';
import { decisionMark, decisionName, verdictMark, verdictName } from './marks.ts';

/** A text longer than this is shown up to here until the person asks for the rest: laying out megabytes takes seconds. */
const SHOWN_CHARACTERS = 60_000;

export interface DetailEvents {
  decide(decision: ReviewDecision | '', edited?: Edited): void;
  go(row: number): void;
  openInFile(): void;
  /** The reasoning was folded or unfolded. */
  folded(closed: boolean): void;
}

export interface DetailOptions {
  readonly text: DataPageText;
  readonly language: Language;
  readonly limit: number | null;
  readonly unit: string;
  readonly position: string;
  readonly thinkClosed: boolean;
  readonly events: DetailEvents;
}

const PARTS = ['prompt', 'think', 'answer', 'gold'] as const;
type Part = (typeof PARTS)[number];
const EDITOR_ROWS: Readonly<Record<Part, number>> = { prompt: 3, think: 10, answer: 4, gold: 1 };

export function buildDetail(detail: RowDetail, options: DetailOptions): HTMLElement {
  const { text, events, position } = options;
  const { record, review, removed } = detail;
  const verdict = record.provenance.verdict?.verdict ?? '';
  return element('article', { class: 'detail-body', 'aria-label': fill(text.line, formatCount(detail.line)) },
    element('header', { class: 'detail-head' },
      element('div', { class: 'detail-title' },
        element('h1', {}, fill(text.line, formatCount(detail.line))),
        element('span', { class: 'quiet' }, position),
        element('button', { type: 'button', class: 'plain', title: text.showInFile, 'aria-label': text.showInFile, onClick: () => events.openInFile() }, icon(ICONS.goto) as unknown as HTMLElement),
        element('span', { class: 'spring' }),
        review === null ? null : element('span', { class: `badge decision ${review.decision}` }, decisionMark(review.decision), decisionName(review.decision, text)),
        element('span', { class: `badge verdict ${verdict === '' ? 'none' : verdict}` }, verdictMark(verdict), verdictName(verdict, text))),
      verdictReason(detail, options),
      removed === null ? actions(detail, options) : element('p', { class: 'notice' }, fill(text.removedBy, removed.rule), ' · ', element('code', {}, text.restoreHint))),
    ...PARTS.map((part) => section(part, detail, options)),
    life(detail, options));
}

function actions({ review }: RowDetail, { text, events }: DetailOptions): HTMLElement {
  const button = (decision: 'accept' | 'reject' | 'quarantine', key: string): HTMLElement => element('button', {
    type: 'button', class: `decide ${decision}`, 'aria-pressed': review?.decision === decision ? 'true' : 'false', 'aria-keyshortcuts': key,
    onClick: () => events.decide(review?.decision === decision ? '' : decision),
  }, icon(ICONS[decision]) as unknown as HTMLElement, text[decision], element('kbd', {}, key));
  return element('div', { class: 'decide-row', role: 'group', 'aria-label': text['facet.decision'] },
    button('accept', 'a'), button('reject', 'x'), button('quarantine', 'q'),
    element('button', { type: 'button', class: 'decide edit', id: 'edit', 'aria-keyshortcuts': 'e', 'aria-pressed': review?.decision === 'edit' ? 'true' : 'false' }, icon(ICONS.edit) as unknown as HTMLElement, text.edit, element('kbd', {}, 'e')),
    review === null ? null : element('button', { type: 'button', class: 'decide plain', onClick: () => events.decide('') }, text.undecide));
}

function verdictReason({ record }: RowDetail, { text, language }: DetailOptions): HTMLElement | null {
  const { verdict } = record.provenance;
  if (verdict === null) return null;
  const said = [
    verdictSentence(verdict.reason, language),
    ...(verdict.expected === null ? [] : [fill(text['life.expected'], verdict.expected)]), ...(verdict.found === null ? [] : [fill(text['life.found'], verdict.found)]),
  ].join(' · ');
  return element('div', { class: 'reason' }, element('p', {}, said),
    verdict.findings.length === 0 ? null : element('ul', { class: 'findings', 'aria-label': text['life.findings'] }, ...verdict.findings.map((code) => element('li', {}, `⚠ ${verdictSentence(code, language)}`))));
}

/** The text as it will be trained on: as the person edited it, else as it is. */
function textOf(part: Part, { record, review }: RowDetail): string | null {
  return review?.edited?.[part] === undefined ? record[part] : review.edited[part] ?? null;
}

function section(part: Part, detail: RowDetail, options: DetailOptions): HTMLElement {
  const { text, thinkClosed, events } = options;
  const words = textOf(part, detail);
  const nothing = part === 'gold' ? text.noGold : part === 'think' ? text.noThink : text.empty;
  const count = words === null || words === '' ? '' : fill(text.characters, formatCount(words.length));
  const heading = [element('h2', {}, text[part]), element('span', { class: 'quiet' }, count)];
  const body = words === null || words === '' ? element('p', { class: 'quiet' }, nothing) : longText(words, text);
  const before = detail.review?.edited?.[part] === undefined || detail.record[part] === words ? null
    : element('details', { class: 'original' }, element('summary', {}, text.original), longText(detail.record[part] ?? '', text));
  if (part !== 'think' && part !== 'answer') return element('section', { class: `part ${part}` }, element('div', { class: 'part-head' }, ...heading), body, before);
  const fold = element('details', { class: `part ${part}`, open: !(part === 'think' && thinkClosed) }, element('summary', { class: 'part-head' }, ...heading), body, before);
  if (part === 'think') fold.addEventListener('toggle', () => events.folded(!fold.open));
  return fold;
}

function longText(words: string, text: DataPageText): HTMLElement {
  const node = element('div', { class: 'words' }, words.slice(0, SHOWN_CHARACTERS));
  if (words.length <= SHOWN_CHARACTERS) return node;
  const more = element('button', { type: 'button', class: 'link', onClick: () => node.replaceChildren(words) }, fill(text.showAll, formatCount(words.length)));
  node.append(element('br', {}), more);
  return node;
}

function life(detail: RowDetail, { text, unit, limit, events }: DetailOptions): HTMLElement {
  const { record, removed, same, partner } = detail;
  const { source, teacher, sampling, tokens, cost, finish, promptHash, transformations } = record.provenance;
  const link = (row: number, line: number): HTMLElement => element('button', { type: 'button', class: 'link', onClick: () => events.go(row) }, fill(text.line, formatCount(line)));
  const facts: (readonly [string, ...(string | HTMLElement)[]])[] = [];
  const fact = (name: string, ...values: (string | HTMLElement)[]): void => { facts.push([name, ...values]); };
  if (removed !== null) fact(text['facet.rule'], removed.rule, ...(Object.keys(removed.detail).length === 0 ? [] : [` (${detailWords(removed.detail)})`]));
  if (partner !== null) fact(text.partner, link(partner.row, partner.line));
  if (same.length > 0) fact(text.same, ...same.flatMap(({ row, line }, at) => [at === 0 ? '' : ', ', link(row, line)]));
  if (detail.length !== null) fact(text.length, `${formatCount(detail.length)} ${unit}`, ...(detail.cut && limit !== null ? [' · ', element('span', { class: 'warn' }, fill(text.cut, formatCount(limit)))] : []));
  if (source !== null) fact(text['life.source'], fill(text['life.sourceRow'], source.file, formatCount(source.row), source.format));
  if (teacher !== null) fact(text['life.teacher'], [teacher.name, teacher.model, teacher.service].filter((words) => words !== '').join(' · '));
  if (sampling !== null) fact(text['life.sampling'], fill(text['life.samplingIs'], sampling.temperature, sampling.topP, formatCount(sampling.maxTokens), sampling.sample + 1));
  if (tokens !== null) fact(text['life.tokens'], fill(text['life.tokensIs'], formatCount(tokens.input), formatCount(tokens.cachedInput), formatCount(tokens.output), formatCount(tokens.reasoning)));
  if (cost !== null) fact(text['life.cost'], `${money(cost.amount)} ${cost.currency}`);
  if (finish !== null) fact(text['life.finish'], text[`life.finish.${finish}`]);
  if (transformations.length > 0) fact(text['life.changes'], element('ol', { class: 'changes' }, ...transformations.map(({ name, detail: more }) => element('li', {}, name, more === undefined ? null : element('span', { class: 'quiet' }, ` ${detailWords(more)}`)))));
  if (promptHash !== null) fact(text['life.hash'], element('code', {}, promptHash.slice(0, 16)));
  fact(text['life.id'], element('code', {}, record.id));
  return element('section', { class: 'part life' }, element('div', { class: 'part-head' }, element('h2', {}, text.life)),
    element('dl', {}, ...facts.flatMap(([name, ...values]) => [element('dt', {}, name), element('dd', {}, ...values)])));
}

function detailWords(detail: Readonly<Record<string, string | number>>): string {
  return Object.entries(detail).map(([key, value]) => `${key}: ${value}`).join(', ');
}

/** Prices of single rows are small: as many digits as they have, up to a millionth. */
export function money(amount: number): string {
  return String(Number(amount.toPrecision(amount >= 100 ? 6 : 4)));
}

/** The form with the row's texts. `save` gets only what was changed; nothing where nothing was. */
export function buildEditor(detail: RowDetail, text: DataPageText, events: { save(edited: Edited | null): void; cancel(): void }): HTMLElement {
  const fields = new Map(PARTS.map((part) => {
    const area = element('textarea', { id: `edit-${part}`, rows: EDITOR_ROWS[part], spellcheck: 'false' });
    area.value = textOf(part, detail) ?? '';
    return [part, area] as const;
  }));
  const save = (): void => {
    const edited: { prompt?: string; think?: string; answer?: string; gold?: string | null } = {};
    for (const [part, area] of fields) {
      const value = area.value;
      if (value === (detail.record[part] ?? '')) continue;
      if (part === 'gold') edited.gold = value === '' ? null : value;
      else edited[part] = value;
    }
    events.save(Object.keys(edited).length === 0 ? null : edited);
  };
  const form = element('form', { class: 'editor', 'aria-label': fill(text.editing, formatCount(detail.line)) },
    element('header', { class: 'detail-head' }, element('div', { class: 'detail-title' }, element('h1', {}, fill(text.editing, formatCount(detail.line))), element('span', { class: 'spring' }),
      element('span', { class: 'quiet' }, text.saveHint),
      element('button', { type: 'submit', class: 'primary' }, text.save), element('button', { type: 'button', class: 'decide plain', onClick: () => events.cancel() }, text.cancel))),
    ...PARTS.map((part) => element('div', { class: `field ${part}` }, element('label', { for: `edit-${part}` }, text[part]), fields.get(part))));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') events.cancel();
    else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) save();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return form;
}
