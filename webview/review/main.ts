/** The Review Data page: a list of any number of rows, the row that is read, decisions by key; and the report. */
import './review.css';
import { FILE_ORDER, NO_FILTER, type DataFromPage, type DataPlace, type DataToPage, type DecisionState, type Edited, type FileSummary, type RowDetail } from '../../src/shared/dataPanel.ts';
import type { DataReport, LengthPart } from '../../src/shared/dataReport.ts';
import type { DataPageText } from '../../src/shared/dataPageText.ts';
import type { Language } from '../../src/shared/messages.ts';
import { fill } from '../../src/shared/metricsText.ts';
import type { ReviewDecision } from '../../src/shared/review.ts';
import { element, icon, setText } from '../shared/dom.ts';
import { formatCount } from '../shared/format.ts';
import { bodyData, connect } from '../shared/host.ts';
import { buildDetail, buildEditor } from './detail.ts';
import { FilterBar, restoredFilter, restoredSort } from './filters.ts';
import { ICONS } from './icons.ts';
import { RowList } from './list.ts';
import { decisionMark, decisionName } from './marks.ts';
import { buildReport } from './reportPage.ts';

/** The row that is read follows the selection, but not every row that a held key passes over. */
const READ_AFTER_MS = 60;

const { text, language } = bodyData<DataPageText>();
const host = connect<DataFromPage, DataToPage, DataPlace>();

let place: DataPlace | null = restored(host.restore());
let summary: FileSummary | null = null;
let view = { number: -1, total: 0 };
let detail: RowDetail | null = null;
let report: DataReport | null = null;
let reportPart: LengthPart['part'] = 'row';
let editing = false;
let thinkClosed = false;
let reading = 0;
/** A row that was asked for by itself: the selection follows it. Any other answer is for the row that is selected. */
let following: number | null = null;

const status = element('p', { class: 'visually-hidden', role: 'status' });
const notice = element('p', { class: 'notice', role: 'alert', hidden: true });
const progress = element('div', { class: 'progress', hidden: true });
const progressWords = element('span', {});
const progressBar = element('progress', { max: 1 });
progress.append(progressBar, progressWords, element('button', { type: 'button', class: 'link', onClick: () => host.post({ kind: 'cancel' }) }, text.cancel));

const fileName = element('span', { class: 'file-name' });
const fileFacts = element('span', { class: 'quiet' });
const counts = element('div', { class: 'counts', 'aria-label': text['facet.decision'] });
const savedMark = element('button', { type: 'button', class: 'link saved', title: text.openReview, onClick: () => host.post({ kind: 'open-review' }) });
const undoButton = tool(text.undo, ICONS.undo, 'u', () => host.post({ kind: 'undo' }));
const redoButton = tool(text.redo, ICONS.redo, 'Shift+U', () => host.post({ kind: 'redo' }));
const tabs = { rows: tab('rows', text.tabRows), report: tab('report', text.tabReport) };
const filters = new FilterBar(text, language as Language, { changed: (filter, sort) => askView(filter, sort) });
const list = new RowList(text, {
  ask: (number, from, to) => host.post({ kind: 'rows', view: number, from, to }),
  moved: () => readSelected(),
});
const shownCount = element('span', { class: 'shown-count', role: 'status' });
const bulk = element('details', { class: 'facet bulk' },
  element('summary', { title: text.forAllHint }, element('span', {}), icon(ICONS.down) as unknown as HTMLElement),
  element('div', { class: 'menu', role: 'group', 'aria-label': text.forAllHint }));
const listFoot = element('div', { class: 'list-foot' }, shownCount, element('span', { class: 'spring' }), bulk);
const detailPane = element('section', { class: 'detail', tabindex: -1 });
const noRows = element('p', { class: 'empty-list', hidden: true });
const rowsPage = element('div', { class: 'rows-page', role: 'tabpanel', id: 'panel-rows', 'aria-labelledby': 'tab-rows' }, filters.node,
  element('div', { class: 'split' }, element('div', { class: 'list-side' }, list.node, noRows, listFoot), detailPane),
  element('p', { class: 'keys quiet' }, text.keys));
const reportPage = element('div', { class: 'report-page', role: 'tabpanel', id: 'panel-report', 'aria-labelledby': 'tab-report', hidden: true });
const blank = element('div', { class: 'blank', hidden: true });
const top = element('header', { class: 'top' },
  element('div', { class: 'tools' }, fileName, fileFacts, progress, element('span', { class: 'spring' }), counts, savedMark, undoButton, redoButton,
    element('div', { class: 'tabs', role: 'tablist', 'aria-label': text.tabs }, tabs.rows, tabs.report)),
  notice);
document.body.append(top, rowsPage, reportPage, blank, status);

function tool(words: string, path: string, key: string, click: () => void): HTMLButtonElement {
  return element('button', { type: 'button', class: 'tool', title: `${words} (${key})`, 'aria-label': words, 'aria-keyshortcuts': key, disabled: true, onClick: click }, icon(path) as unknown as HTMLElement);
}

function tab(name: DataPlace['tab'], words: string): HTMLButtonElement {
  const node = element('button', { type: 'button', class: 'tab', role: 'tab', id: `tab-${name}`, 'aria-controls': `panel-${name}`, onClick: () => chooseTab(name) }, words);
  node.addEventListener('keydown', (event) => {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    const other = name === 'rows' ? 'report' : 'rows';
    chooseTab(other);
    tabs[other].focus();
    event.preventDefault();
  });
  return node;
}

function restored(value: unknown): DataPlace | null {
  const kept = value as Partial<DataPlace> | undefined;
  if (typeof kept?.file !== 'string') return null;
  return { file: kept.file, filter: restoredFilter(kept.filter), sort: restoredSort(kept.sort), selected: typeof kept.selected === 'string' ? kept.selected : null, tab: kept.tab === 'report' ? 'report' : 'rows' };
}

function keep(change: Partial<DataPlace>): void {
  if (place === null) return;
  place = { ...place, ...change };
  host.keep(place);
}

// ---- what the page shows ----

function chooseTab(name: DataPlace['tab']): void {
  keep({ tab: name });
  showTab();
  if (name === 'rows') list.node.focus();
}

function showTab(): void {
  const name = place?.tab ?? 'rows';
  const there = summary !== null;
  rowsPage.hidden = !there || name !== 'rows';
  reportPage.hidden = !there || name !== 'report';
  for (const each of ['rows', 'report'] as const) {
    tabs[each].setAttribute('aria-selected', each === name ? 'true' : 'false');
    tabs[each].tabIndex = each === name ? 0 : -1;
  }
  if (there && name === 'report' && report === null) askReport();
}

function askReport(): void {
  reportPage.replaceChildren(element('p', { class: 'waiting-report' }, text['report.make']));
  host.post({ kind: 'report' });
}

function showReport(): void {
  if (report === null || summary === null) return;
  reportPage.replaceChildren(buildReport(report, {
    text, part: reportPart, sameUnit: summary.lengths === report.lengths.unit,
    events: {
      only: (facet, value) => { filters.only(facet, value); chooseTab('rows'); },
      onlyLength: (range) => { filters.onlyLength(range); chooseTab('rows'); },
      valueName: (facet, value) => filters.valueName(facet, value),
      renew: askReport, export: () => host.post({ kind: 'export-report' }),
      part: (part) => { reportPart = part; showReport(); },
    },
  }));
}

function showFile(firstBroken: string): void {
  if (summary === null) return;
  const { file, rows, removed, broken } = summary;
  setText(fileName, file.split(/[\\/]/).at(-1) ?? file);
  fileName.title = file;
  setText(fileFacts, [fill(text.rows, formatCount(rows)), ...(removed > 0 ? [fill(text.removedRows, formatCount(removed))] : [])].join(' · '));
  filters.about(summary);
  const words = [
    ...(broken > 0 ? [fill(text.broken, formatCount(broken), firstBroken)] : []),
    ...(summary.orphans > 0 ? [fill(text.orphans, formatCount(summary.orphans))] : []),
  ];
  if (words.length > 0) showNotice(words.join(' '), false);
}

function showNotice(words: string, alarm: boolean): void {
  notice.hidden = words === '';
  notice.classList.toggle('alarm', alarm);
  setText(notice, words);
}

function showState(state: DecisionState): void {
  counts.replaceChildren(...(['accept', 'edit', 'reject', 'quarantine'] as const).flatMap((decision) => (state.counts[decision] === 0 ? [] : [
    element('span', { class: `count-of ${decision}`, title: decisionName(decision, text) }, decisionMark(decision), element('span', {}, formatCount(state.counts[decision]), element('span', { class: 'visually-hidden' }, ` ${decisionName(decision, text)}`))),
  ])));
  const decided = Object.values(state.counts).some((count) => count > 0);
  savedMark.hidden = !decided && !state.unsaved;
  setText(savedMark, state.unsaved ? text.saving : text.saved);
  undoButton.disabled = !state.canUndo;
  redoButton.disabled = !state.canRedo;
}

function showBlank(words: string, ...buttons: readonly HTMLElement[]): void {
  summary = null;
  blank.hidden = false;
  blank.replaceChildren(element('p', { role: 'alert' }, words), element('div', { class: 'blank-actions' }, ...buttons));
  progress.hidden = true;
  showTab();
}

function button(words: string, message: DataFromPage, className = 'secondary'): HTMLElement {
  return element('button', { type: 'button', class: className, onClick: () => host.post(message) }, words);
}

function say(words: string): void {
  status.textContent = words;
}

// ---- the view and the row that is read ----

/** Whether it is the row that is selected, or one that stands outside the view. */
function isRead({ row, position }: RowDetail): boolean {
  return position === null || list.selected === null || list.at(list.selected)?.row === row;
}

function askView(filter: DataPlace['filter'], sort: DataPlace['sort']): void {
  keep({ filter, sort });
  host.post({ kind: 'view', filter, sort, selected: place?.selected ?? null });
}

function readSelected(): void {
  clearTimeout(reading);
  reading = window.setTimeout(() => {
    const position = list.selected;
    const row = position === null ? undefined : list.at(position);
    // Not here yet: read when its chunk comes.
    if (row !== undefined && detail?.row !== row.row) host.post({ kind: 'row', view: view.number, row: row.row });
  }, READ_AFTER_MS);
}

function follow(row: number): void {
  following = row;
  host.post({ kind: 'row', view: view.number, row });
}

function showDetail(): void {
  if (detail === null || summary === null) {
    detailPane.replaceChildren(element('p', { class: 'quiet choose-row' }, view.total === 0 ? '' : text.select));
    return;
  }
  const shown = detail;
  if (editing) {
    detailPane.replaceChildren(buildEditor(shown, text, { save: (edited) => saveEdit(shown, edited), cancel: stopEditing }));
    detailPane.querySelector<HTMLElement>('#edit-answer')?.focus();
    return;
  }
  detailPane.replaceChildren(buildDetail(shown, {
    text, language: language as Language, limit: summary.limit, unit: text[`lengths.${summary.lengths}`], thinkClosed,
    position: shown.position === null ? '' : fill(text.position, formatCount(shown.position + 1), formatCount(view.total)),
    events: {
      decide: (decision, edited) => decide(decision, edited), go: follow,
      openInFile: () => host.post({ kind: 'open-data', line: shown.line, removed: shown.removed !== null }), folded: (closed) => { thinkClosed = closed; },
    },
  }));
  detailPane.querySelector('#edit')?.addEventListener('click', startEditing);
}

function startEditing(): void {
  if (detail === null || detail.removed !== null) return;
  editing = true;
  showDetail();
}

function stopEditing(): void {
  editing = false;
  showDetail();
  list.node.focus();
}

function saveEdit(shown: RowDetail, edited: Edited | null): void {
  editing = false;
  if (edited === null) {
    // Back to the row's own texts: an edit is taken back.
    if (shown.review?.edited !== undefined) host.post({ kind: 'decide', row: shown.row, decision: '' });
    else showDetail();
  } else {
    host.post({ kind: 'decide', row: shown.row, decision: 'edit', edited });
  }
  list.node.focus();
}

/** Decides on the row that is read; a key goes on to the next one. */
function decide(decision: ReviewDecision | '', edited?: Edited, andOn = false): void {
  if (detail === null || detail.removed !== null) return;
  host.post({ kind: 'decide', row: detail.row, decision, ...(edited === undefined ? {} : { edited }) });
  if (!andOn || list.selected === null) return;
  // What is read next must be the row that is selected, not the one just decided on.
  if (list.selected < list.total - 1) list.select(list.selected + 1);
}

function fillBulk(): void {
  setText(bulk.querySelector('summary span') as HTMLElement, fill(text.forAll, formatCount(view.total)));
  bulk.hidden = view.total === 0;
  const row = (decision: ReviewDecision | '', words: string): HTMLElement => element('button', {
    type: 'button', class: 'choice', onClick: () => {
      bulk.open = false;
      host.post({ kind: 'decide-all', view: view.number, decision, count: view.total });
    },
  }, decision === '' ? null : decisionMark(decision), fill(words, formatCount(view.total)));
  bulk.lastElementChild?.replaceChildren(row('accept', text.acceptAll), row('reject', text.rejectAll), row('quarantine', text.quarantineAll), row('', text.undecideAll));
}
document.addEventListener('click', (event) => { if (!bulk.contains(event.target as Node)) bulk.open = false; });

// ---- keys ----

document.addEventListener('keydown', (event) => {
  const inField = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' && event.target.type !== 'radio' || event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLSelectElement;
  if (inField) {
    if (event.key === 'Escape' && event.target === filters.search) list.node.focus();
    else if (event.target === filters.search && (event.key === 'ArrowDown' || event.key === 'Enter')) list.node.focus();
    return;
  }
  if (place?.tab !== 'rows' || summary === null || editing) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && (event.key.toLowerCase() === 'z' || event.key.toLowerCase() === 'y')) {
    host.post({ kind: event.shiftKey || event.key.toLowerCase() === 'y' ? 'redo' : 'undo' });
    event.preventDefault();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const keys: Readonly<Record<string, () => void>> = {
    a: () => decide('accept', undefined, true), x: () => decide('reject', undefined, true), q: () => decide('quarantine', undefined, true), e: startEditing,
    u: () => host.post({ kind: 'undo' }), U: () => host.post({ kind: 'redo' }), '/': () => filters.search.focus(),
    t: () => { const think = detailPane.querySelector<HTMLDetailsElement>('details.think'); if (think !== null) think.open = !think.open; },
  };
  const inMenu = (event.target as Element).closest('.menu, summary, [role=tablist]') !== null;
  const inDetail = detailPane.contains(event.target as Node);
  const own = keys[event.key];
  if (own !== undefined && !inMenu) own();
  // The keys that scroll a text stay with the text that has the focus.
  else if (inMenu || (inDetail && event.key !== 'j' && event.key !== 'k') || !list.key(event.key)) return;
  event.preventDefault();
});

// ---- messages ----

function restart(next: DataPlace): void {
  place = next;
  host.keep(next);
  [summary, detail, report, editing] = [null, null, null, false];
  view = { number: -1, total: 0 };
  filters.set(next.filter, next.sort);
  showNotice('', false);
  blank.hidden = true;
  setText(fileName, next.file.split(/[\\/]/).at(-1) ?? next.file);
  setText(fileFacts, '');
  showTab();
}

function indexed({ summary: next, change, state, broken }: Extract<DataToPage, { kind: 'indexed' }>): void {
  summary = next;
  if (change === 'grown' || change === 'replaced') report = null;
  blank.hidden = true;
  progress.hidden = true;
  showNotice('', false);
  showFile(broken);
  showState(state);
  if (change === 'grown') say(fill(text.changeGrown, formatCount(next.rows)));
  if (change === 'replaced') {
    say(fill(text.changeReplaced, formatCount(next.rows)));
    showNotice(fill(text.changeReplaced, formatCount(next.rows)), false);
  }
  showTab();
  if (change !== 'cancelled' || view.number < 0) askView(filters.filter, filters.sort);
}

function viewed({ summary: next }: Extract<DataToPage, { kind: 'view' }>): void {
  view = { number: next.view, total: next.total };
  progress.hidden = true;
  filters.counts(next.facets);
  const rows = (summary?.rows ?? 0) + (summary?.removed ?? 0);
  setText(shownCount, next.total === rows ? fill(text.rows, formatCount(next.total)) : fill(text.rowsOf, formatCount(next.total), formatCount(rows)));
  noRows.hidden = next.total > 0;
  setText(noRows, rows === 0 ? text.noRowsAtAll : text.noRows);
  fillBulk();
  const selected = next.selected?.position ?? (next.total > 0 ? 0 : null);
  list.show(next.view, next.total, selected, summary?.limit ?? null);
  if (editing) return;
  if (selected === null) {
    detail = null;
    showDetail();
  } else if (next.selected !== null) {
    follow(next.selected.row);
  } else {
    detail = null;
    readSelected();
  }
}

function decided({ by, rows, row, decision, state, conflicts }: Extract<DataToPage, { kind: 'decided' }>): void {
  showState(state);
  list.refresh();
  const line = row === detail?.row ? detail?.line : undefined;
  const words = by === 'file' ? [fill(text.saidFile, formatCount(rows)), ...(conflicts > 0 ? [fill(text.saidConflicts, formatCount(conflicts))] : [])]
    : by === 'undo' ? [fill(text.saidUndo, formatCount(rows))] : by === 'redo' ? [fill(text.saidRedo, formatCount(rows))]
      : line !== undefined && decision !== null ? [decision === '' ? fill(text.saidUndecided, formatCount(line)) : fill(text.saidDecided, formatCount(line), decisionName(decision, text))]
        : [fill(text.saidMany, formatCount(rows))];
  say(words.join(' '));
  if (by === 'file') showNotice(rows === 0 && conflicts === 0 ? '' : words.join(' '), conflicts > 0);
  if (editing) return;
  // What was undone is shown; otherwise the row that is read is read again if it was among them.
  if ((by === 'undo' || by === 'redo') && row !== null) follow(row);
  else if (detail !== null && (row === null || row === detail.row) && isRead(detail)) follow(detail.row);
}

host.listen((message) => {
  switch (message.kind) {
    case 'file': return restart(message.place);
    case 'nothing': return showBlank(text.nothing, button(text.choose, { kind: 'choose' }, 'primary'));
    case 'progress': {
      const share = message.total === 0 ? 1 : message.done / message.total;
      progress.hidden = share >= 1;
      progressBar.value = share;
      const percent = String(Math.floor(100 * share));
      setText(progressWords, message.what === 'index' ? fill(text['progress.index'], fileName.textContent ?? '', formatCount(message.rows)) : fill(text[`progress.${message.what}`], percent));
      return;
    }
    case 'indexed': return indexed(message);
    case 'view': return viewed(message);
    case 'rows': {
      list.put(message.view, message.from, message.rows);
      if (message.view === view.number && !editing && following === null && (detail === null || !isRead(detail))) readSelected();
      return;
    }
    case 'row': {
      if (message.view !== view.number || editing) return;
      const followed = following === message.detail.row;
      if (!followed && !isRead(message.detail)) return;
      detail = message.detail;
      keep({ selected: detail.record.id });
      if (followed && detail.position !== null && detail.position !== list.selected) list.select(detail.position);
      following = null;
      const scroll = detailPane.dataset['row'] === String(detail.row) ? detailPane.scrollTop : 0;
      detailPane.dataset['row'] = String(detail.row);
      showDetail();
      detailPane.scrollTop = scroll;
      return;
    }
    case 'decided': return decided(message);
    case 'state': return showState(message.state);
    case 'report': {
      report = message.report;
      progress.hidden = true;
      showReport();
      return;
    }
    case 'trouble': {
      if (message.about === 'file') showBlank(message.text, ...(message.convert ? [button(text.convert, { kind: 'convert' }, 'primary')] : []), button(text.again, { kind: 'again' }), button(text.choose, { kind: 'choose' }));
      else showNotice(message.text, true);
      return;
    }
  }
});

filters.set(place?.filter ?? NO_FILTER, place?.sort ?? FILE_ORDER);
showTab();
host.post({ kind: 'ready', place });
