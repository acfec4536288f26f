/** The two columns of steps. A card is a step; a row is what the alignment put together, and its cards know each other. */
import type { TraceRole } from '../../src/shared/events.ts';
import type { RowView, SectionView, StepView, TracePage } from '../../src/shared/tracePanel.ts';
import type { TracePageText } from '../../src/shared/tracePageText.ts';
import { element } from '../shared/dom.ts';
import { fill } from '../../src/shared/metricsText.ts';

/** A row of the alignment on the page. */
export interface Row {
  readonly view: RowView;
  readonly section: SectionView;
  /** Its cards; empty on a side that has none. */
  readonly teacher: readonly HTMLElement[];
  readonly student: readonly HTMLElement[];
}

export interface Columns {
  readonly rows: readonly Row[];
  readonly teacher: HTMLElement;
  readonly student: HTMLElement;
  /** The headings of a section on both sides, which stand level too. */
  readonly headings: readonly { readonly teacher: HTMLElement; readonly student: HTMLElement; readonly before: number }[];
}

export function buildColumns(page: TracePage, text: TracePageText): Columns {
  const teacher = element('ol', { class: 'steps', 'aria-label': text.teacher });
  const student = element('ol', { class: 'steps', 'aria-label': text.student });
  const rows: Row[] = [];
  const headings: Columns['headings'][number][] = [];
  for (const section of page.sections) {
    const heading = (role: TraceRole): HTMLElement => {
      const node = element('li', { class: 'section-heading', role: 'presentation' }, element('h2', {}, section.title));
      (role === 'teacher' ? teacher : student).append(node);
      return node;
    };
    headings.push({ teacher: heading('teacher'), student: heading('student'), before: rows.length });
    for (const view of section.rows) {
      const index = rows.length;
      const cards = (role: TraceRole): HTMLElement[] => view[role].map((step, i) => {
        const card = stepCard(step, view, index, i === view[role].length - 1 && (role === 'student' || view.student.length === 0), text);
        (role === 'teacher' ? teacher : student).append(card);
        return card;
      });
      rows.push({ view, section, teacher: cards('teacher'), student: cards('student') });
    }
  }
  return { rows, teacher, student, headings };
}

/** `last`: the notes of the row stand under this card. */
function stepCard(step: StepView, row: RowView, index: number, last: boolean, text: TracePageText): HTMLElement {
  const badges = [
    row.relation === 'matched' ? null : badge(`relation ${row.relation}`, `${row.sign} ${text[row.relation]}`),
    row.loop ? badge('loop', `↻ ${text.loop}`) : null,
    step.slips.length > 0 ? badge('slip', `⚠ ${text.slip}`) : null,
    row.wrong && last ? badge('wrong', `⚑ ${text.wrongHere}`) : null,
    row.divergence && last ? badge('parting', `↗ ${text.partsHere}`) : null,
  ];
  const kind = step.kind === 'statement' ? null : element('span', { class: 'kind' }, text[step.kind]);
  return element('li', { class: `step ${row.relation}${row.loop ? ' looped' : ''}`, 'data-row': index, tabindex: -1 },
    element('span', { class: 'number', 'aria-label': fill(text.step, step.number) }, String(step.number)),
    stepText(step),
    element('span', { class: 'meta' }, kind, ...badges),
    last && row.notes.length > 0 ? element('ul', { class: 'notes' }, ...row.notes.map((note) => element('li', { class: note.kind }, note.text))) : null,
  );
}

function badge(kind: string, words: string): HTMLElement {
  return element('span', { class: `badge ${kind}` }, words);
}

/** What a model wrote goes in as text, never as markup. */
function stepText({ text, slips }: StepView): HTMLElement {
  const node = element('p', { class: 'text' });
  let at = 0;
  for (const { start, end } of slips) {
    node.append(text.slice(at, start), element('mark', { class: 'slip' }, text.slice(start, end)));
    at = end;
  }
  node.append(text.slice(at));
  return node;
}
