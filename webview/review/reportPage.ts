/** The Report tab: what the file is as a whole. A click on a bar shows its rows. */
import type { Facet, Range } from '../../src/shared/dataPanel.ts';
import type { Count, DataReport, LengthPart, VerdictCounts } from '../../src/shared/dataReport.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import { fill } from '../../src/shared/metricsText.ts';
import { element } from '../shared/dom.ts';
import { formatCount, formatTick } from '../shared/format.ts';
import { barTable, histogram, type Bar } from './charts.ts';
import { money } from './detail.ts';
import { decisionMark, decisionName } from './marks.ts';

export interface ReportEvents {
  only(facet: Facet, value: string): void;
  onlyLength(range: Range): void;
  valueName(facet: Facet, value: string): string;
  renew(): void;
  export(): void;
  /** Which part's histogram is shown. */
  part(part: LengthPart['part']): void;
}

export interface ReportOptions {
  readonly text: DataPageText;
  readonly part: LengthPart['part'];
  /** Whether lengths in the list are in the report's unit, so that a bar can set the filter. */
  readonly sameUnit: boolean;
  readonly events: ReportEvents;
}

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${(Math.round((1000 * part) / whole) / 10).toFixed(1)} %`);

export function buildReport(report: DataReport, options: ReportOptions): HTMLElement {
  const { text, events } = options;
  return element('div', { class: 'report' },
    element('div', { class: 'report-tools' },
      element('button', { type: 'button', class: 'secondary', onClick: () => events.renew() }, text['report.renew']),
      element('button', { type: 'button', class: 'secondary', onClick: () => events.export() }, text['report.export'])),
    overview(report, text),
    lengthCard(report, options),
    element('div', { class: 'cards' },
      verdictCard(text['report.verdictTask'], 'task', report.verdicts.byTask, options),
      verdictCard(text['report.verdictDifficulty'], 'difficulty', report.verdicts.byDifficulty, options),
      countCard(text['report.findings'], 'finding', report.findings, report.rows, 'wrong', options),
      countCard(text['report.rules'], 'rule', report.rules, Math.max(1, report.removed), 'plain', options),
      countCard(text['report.languages'], 'language', report.languages, report.rows, 'plain', options),
      countCard(text['report.answerLanguages'], 'answerLanguage', report.answerLanguages, report.rows, 'plain', options),
      provenanceCard(report, options)));
}

function overview(report: DataReport, text: DataPageText): HTMLElement {
  const { rows, removed, duplicates, costs, diversity, decisions, lengths } = report;
  const share = (value: number | null): string => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
  const decided = Object.values(decisions).reduce((sum, count) => sum + count, 0);
  const figure = (name: string, value: string, note: string | HTMLElement = ''): HTMLElement => element('div', { class: 'figure' }, element('dt', {}, name), element('dd', {}, element('strong', {}, value), note === '' ? null : element('span', { class: 'quiet' }, note)));
  return element('section', { class: 'card wide' }, element('h2', {}, text['report.overview']), element('dl', { class: 'figures' },
    figure(text['report.rows'], formatCount(rows), removed === 0 ? '' : fill(text.removedRows, formatCount(removed))),
    lengths.limit === null ? null : figure(`> data.maxLength ${formatCount(lengths.limit)}`, percent(lengths.cut, lengths.counted), fill(text.rowsOf, formatCount(lengths.cut), formatCount(lengths.counted))),
    figure(text['report.exact'], percent(duplicates.exact, rows), fill(text.rows, formatCount(duplicates.exact))),
    duplicates.near === null ? figure(text['report.near'], '–', text['report.nearNot'])
      : figure(text['report.near'], percent(duplicates.near.rows, duplicates.near.compared), fill(text.rows, formatCount(duplicates.near.rows))),
    ...costs.map(({ currency, amount, rows: paid, perKeptRow }) => figure(text['report.costPerKept'], perKeptRow === null ? '–' : `${money(perKeptRow)} ${currency}`, fill(text['report.costTotal'], `${money(amount)} ${currency}`, formatCount(paid)))),
    figure(text['report.distinct'], diversity.distinct.map((value) => (value === null ? '–' : value.toFixed(2))).join(' · '), fill(text['report.sample'], formatCount(diversity.sampled))),
    figure(text['report.similarity'], share(diversity.meanSimilarity), diversity.similarPairs === null ? '' : fill(text['report.similarityIs'], share(diversity.similarPairs))),
    figure(text['report.decided'], formatCount(decided), decided === 0 ? '' : element('span', { class: 'decided' }, ...(['accept', 'edit', 'reject', 'quarantine'] as const)
      .flatMap((decision) => [decisionMark(decision), element('span', { title: decisionName(decision, text) }, formatCount(decisions[decision]))])))));
}

function lengthCard({ lengths, rows }: DataReport, { text, part: chosen, sameUnit, events }: ReportOptions): HTMLElement {
  const part = lengths.parts.find((each) => each.part === chosen) ?? lengths.parts[0];
  const unit = text[`lengths.${lengths.unit}`];
  const { limit } = lengths;
  const name = (each: LengthPart['part']): string => text[`report.part.${each}`];
  const switches = element('fieldset', { class: 'segments', 'aria-label': text['report.part'] }, ...lengths.parts.map((each) => {
    const input = element('input', { type: 'radio', name: 'part', value: each.part, onChange: () => events.part(each.part) });
    input.checked = each === part;
    return element('label', {}, input, element('span', {}, name(each.part)));
  }));
  const table = element('table', { class: 'quantiles' },
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, text['report.part']), ...(['mean', 'median', 'p90', 'p99', 'max'] as const).map((key) => element('th', { scope: 'col', class: 'number' }, text[`report.${key}`])))),
    element('tbody', {}, ...lengths.parts.map((each) => element('tr', {}, element('th', { scope: 'row' }, name(each.part)), ...[each.mean, each.median, each.p90, each.p99, each.max].map((value) => element('td', { class: 'number' }, formatCount(value)))))));
  return element('section', { class: 'card wide' },
    element('div', { class: 'card-head' }, element('h2', {}, text['report.lengths']), element('span', { class: 'quiet' }, fill(text[lengths.counted < rows ? 'report.lengthsSample' : 'report.lengthsUnit'], unit, formatCount(lengths.counted))), element('span', { class: 'spring' }), switches),
    part === undefined || part.histogram.length === 0 ? element('p', { class: 'quiet' }, text['report.none']) : histogram({
      caption: `${text['report.lengths']}: ${name(part.part)}`,
      columns: part.histogram.map((bin) => ({ ...bin, words: `${fill(text['report.bin'], formatCount(bin.from), formatCount(bin.to - 1))} ${unit}: ${fill(text.rows, formatCount(bin.count))} (${percent(bin.count, lengths.counted)})` })),
      mark: part.part === 'row' && limit !== null ? { at: limit, words: fill(text['report.limitMark'], formatCount(limit)) } : null,
      tick: (value) => formatTick(value, 0),
      click: ({ from, to }) => { if (sameUnit && part.part === 'row') events.onlyLength({ min: from, max: to - 1 }); },
    }),
    limit === null ? null : element('p', { class: lengths.cut > 0 ? 'warn' : 'quiet' }, fill(text['report.limit'], formatCount(limit), formatCount(lengths.cut), percent(lengths.cut, lengths.counted))),
    table);
}

function verdictCard(title: string, facet: Facet, counts: readonly VerdictCounts[], { text, events }: ReportOptions): HTMLElement {
  const bars = counts.map((each): Bar => {
    const sum = each.right + each.wrong + each.unknown + each.none;
    const part = (kind: 'right' | 'wrong' | 'unknown' | 'none', words: string): Bar['parts'][number] => ({ kind, count: each[kind] / sum, words: `${words} ${formatCount(each[kind])}` });
    const name = events.valueName(facet, each.name);
    return {
      name, value: `${percent(each.right, sum)}`, hint: fill(text['report.toRows'], name, formatCount(sum)), click: () => events.only(facet, each.name),
      parts: [part('right', text['verdict.right']), part('wrong', text['verdict.wrong']), part('unknown', text['verdict.unknown']), part('none', text['none.verdict'])],
    };
  });
  const key = (['right', 'wrong', 'unknown'] as const).map((kind) => element('span', { class: 'key' }, element('span', { class: `piece ${kind}` }), text[`verdict.${kind}`]));
  return element('section', { class: 'card' }, element('div', { class: 'card-head' }, element('h2', {}, title), element('span', { class: 'spring' }), ...key), barTable(title, bars, { whole: 1 }));
}

function countCard(title: string, facet: Facet, counts: readonly Count[], whole: number, kind: string, { text, events }: ReportOptions): HTMLElement {
  const bars = counts.map(({ name, count }): Bar => {
    const words = events.valueName(facet, name);
    return {
      name: words, parts: [{ kind, count, words: fill(text.rows, formatCount(count)) }], value: `${formatCount(count)} · ${percent(count, whole)}`,
      hint: fill(text['report.toRows'], words, formatCount(count)), click: () => events.only(facet, name),
    };
  });
  return element('section', { class: 'card' }, element('div', { class: 'card-head' }, element('h2', {}, title)), bars.length === 0 ? element('p', { class: 'quiet' }, text['report.none']) : barTable(title, bars));
}

function provenanceCard({ provenance, rows }: DataReport, { text }: ReportOptions): HTMLElement {
  const names: Readonly<Record<string, string>> = {
    source: text['report.provenance.source'], teacher: text['report.provenance.teacher'], promptHash: text['report.provenance.promptHash'], sampling: text['report.provenance.sampling'],
    tokens: text['report.provenance.tokens'], cost: text['report.provenance.cost'], verdict: text['report.provenance.verdict'],
  };
  return element('section', { class: 'card' }, element('div', { class: 'card-head' }, element('h2', {}, text['report.provenance'])),
    barTable(text['report.provenance'], provenance.map(({ name, count }) => ({ name: names[name] ?? name, parts: [{ kind: 'plain', count, words: fill(text.rows, formatCount(count)) }], value: percent(count, rows), hint: null, click: null })), { whole: Math.max(1, rows) }));
}
