/** The reasoning page: teacher and student side by side, their steps joined; one example at a time. */
import './traces.css';
import type { Relation } from '../../src/shared/align.ts';
import { fill } from '../../src/shared/metricsText.ts';
import type { SectionView, TracePage, TracePosition, TracesFromPage, TracesToPage } from '../../src/shared/tracePanel.ts';
import type { TracePageText } from '../../src/shared/tracePageText.ts';
import { element } from '../shared/dom.ts';
import { bodyData, connect } from '../shared/host.ts';
import { buildColumns, type Columns } from './columns.ts';
import { Connectors } from './connectors.ts';
import { buildHeader, RELATIONS } from './header.ts';
import { Overview } from './overview.ts';
import { LinkedScroll } from './scroll.ts';

/** What VS Code keeps while the page is hidden and over a reload. */
interface State {
  readonly folder: string;
  readonly example: string;
  readonly hidden: readonly Relation[];
}

const { text } = bodyData<TracePageText>();
const host = connect<TracesFromPage, TracesToPage, State>();

const scrollers = { teacher: element('div', { class: 'column teacher' }), student: element('div', { class: 'column student' }) };
const connectors = new Connectors(scrollers.teacher, scrollers.student);
const overview = new Overview(text.overview, scrollers.teacher, scrollers.student, (side, share) => linked.reveal(side, share * scrollers[side].scrollHeight));
const linked = new LinkedScroll(scrollers.teacher, scrollers.student, () => redraw());
const stage = element('main', { class: 'stage' }, scrollers.teacher, connectors.node as unknown as HTMLElement, scrollers.student, overview.node as unknown as HTMLElement);
const status = element('p', { class: 'visually-hidden', role: 'status' });
let top: HTMLElement = element('header', { class: 'top' });
document.body.append(top, stage, status);

let shown: { readonly page: TracePage; readonly position: TracePosition } | null = null;
let columns: Columns = { rows: [], teacher: element('ol', {}), student: element('ol', {}), headings: [] };
let selected: number | null = null;
let hidden: ReadonlySet<Relation> = restoredFilter(host.restore());

function restoredFilter(state: unknown): ReadonlySet<Relation> {
  const kept = (state as { hidden?: unknown } | undefined)?.hidden;
  return new Set(Array.isArray(kept) ? RELATIONS.filter((relation) => kept.includes(relation)) : []);
}

let frame = 0;
function redraw(): void {
  if (frame === 0) frame = requestAnimationFrame(() => {
    frame = 0;
    connectors.draw(columns, selected);
    overview.scrolled();
  });
}

function measure(): void {
  linked.measure(columns);
  overview.measure(columns);
  redraw();
}

function drawHeader(): void {
  if (shown === null) return;
  const next = buildHeader(shown.page, shown.position, hidden, text, {
    post: (message) => host.post(message),
    go: (section, row) => select(rowIndex(section, row), true),
    toggle,
  });
  top.replaceWith(next);
  top = next;
}

function rowIndex(section: SectionView, row: number): number {
  return columns.rows.findIndex((each) => each.section === section) + row;
}

function show(page: TracePage, position: TracePosition): void {
  const another = shown?.page.example !== page.example || shown.page.run !== page.run;
  shown = { page, position };
  document.body.classList.remove('is-empty');
  columns = buildColumns(page, text);
  scrollers.teacher.replaceChildren(columns.teacher);
  scrollers.student.replaceChildren(columns.student);
  selected = null;
  drawHeader();
  applyFilter();
  if (another) scrollers.teacher.scrollTop = scrollers.student.scrollTop = 0;
  host.keep({ folder: page.run, example: page.example, hidden: [...hidden] });
  columns.rows[0]?.teacher[0]?.setAttribute('tabindex', '0');
}

function toggle(relation: Relation): void {
  const next = new Set(hidden);
  if (!next.delete(relation)) next.add(relation);
  hidden = next;
  if (shown !== null) host.keep({ folder: shown.page.run, example: shown.page.example, hidden: [...hidden] });
  drawHeader();
  applyFilter();
}

function applyFilter(): void {
  for (const relation of RELATIONS) stage.classList.toggle(`hide-${relation}`, hidden.has(relation));
  measure();
}

/** Marks a row on both sides, brings it to the reading line, and says what it is. */
function select(index: number, focus: boolean): void {
  const row = columns.rows[index];
  if (row === undefined) return;
  for (const card of document.querySelectorAll('.step.selected')) {
    card.classList.remove('selected');
    card.setAttribute('tabindex', '-1');
  }
  selected = index;
  for (const card of [...row.teacher, ...row.student]) card.classList.add('selected');
  const side = row.student.length > 0 ? 'student' : 'teacher';
  const card = row[side][0];
  if (card === undefined) return;
  card.setAttribute('tabindex', '0');
  linked.reveal(side, card.offsetTop);
  if (focus) card.focus({ preventScroll: true });
  status.textContent = [fill(text.rowLabel, index + 1, text[row.view.relation]), ...row.view.notes.map((note) => note.text)].join('. ');
  redraw();
}

/** The next row, from the selected one on, that differs and is shown. */
function nextDifference(by: 1 | -1): void {
  const { rows } = columns;
  for (let index = (selected ?? (by > 0 ? -1 : rows.length)) + by; index >= 0 && index < rows.length; index += by) {
    const { view } = rows[index] as Columns['rows'][number];
    const differs = view.relation !== 'matched' || view.notes.some(({ kind }) => kind === 'slip');
    if (differs && !hidden.has(view.relation)) return select(index, true);
  }
}

stage.addEventListener('click', (event) => {
  const card = (event.target as Element).closest<HTMLElement>('.step');
  // A person who marks text to copy it selects no row.
  if (card !== null && document.getSelection()?.isCollapsed !== false) selectCard(card);
});

function selectCard(card: HTMLElement): void {
  const index = Number(card.dataset['row']);
  const before = card.getBoundingClientRect().top;
  select(index, false);
  card.focus({ preventScroll: true });
  // What was clicked stays under the pointer; the other side comes to it.
  const column = card.closest<HTMLElement>('.column');
  if (column !== null) column.scrollTop += card.getBoundingClientRect().top - before;
}

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const steps: Readonly<Record<string, () => void>> = {
    j: () => nextDifference(1),
    k: () => nextDifference(-1),
    n: () => host.post({ kind: 'move', by: 1 }),
    p: () => host.post({ kind: 'move', by: -1 }),
    w: () => {
      const index = columns.rows.findIndex(({ view }) => view.wrong);
      if (index >= 0) select(index, true);
    },
    ArrowDown: () => moveFocus(1),
    ArrowUp: () => moveFocus(-1),
    ArrowRight: () => across('student'),
    ArrowLeft: () => across('teacher'),
  };
  const step = steps[event.key];
  if (step === undefined || event.target instanceof HTMLButtonElement && event.key.startsWith('Arrow')) return;
  step();
  event.preventDefault();
});

/** The step above or below on the same side. */
function moveFocus(by: 1 | -1): void {
  const focused = document.activeElement?.closest<HTMLElement>('.step') ?? null;
  const cards = [...(focused?.parentElement ?? columns.student).querySelectorAll<HTMLElement>('.step')].filter((card) => card.offsetParent !== null);
  const next = cards[focused === null ? 0 : cards.indexOf(focused) + by];
  if (next !== undefined) selectCard(next);
}

function across(side: 'teacher' | 'student'): void {
  const card = selected === null ? undefined : columns.rows[selected]?.[side][0];
  card?.focus({ preventScroll: true });
}

new ResizeObserver(measure).observe(stage);

host.listen((message) => {
  switch (message.kind) {
    case 'show':
      show(message.page, message.position);
      break;
    case 'empty':
      shown = null;
      document.body.classList.add('is-empty');
      top.replaceChildren(element('p', { class: 'empty', role: 'alert' }, message.text));
      break;
  }
});

host.post({ kind: 'ready' });
