/**
 * Two traces as two text documents of the same number of lines, for VS Code's own diff editor: headings are the same on
 * both sides, so that they hold the diff together, and the shorter side of a row is filled with blank lines, so that
 * steps that answer each other stand beside each other.
 */
import { groupRows, type ComparedSection, type TraceComparison } from './traceComparison.ts';
import { RELATION_SIGNS, rowNotes, TRACE_LABELS, writtenShare, type TraceLabels } from './traceLabels.ts';
import type { TraceRole } from './events.ts';
import type { Language } from './messages.ts';
import type { Trace } from './trace.ts';

/** What stands on a line of the reasoning or the answer. */
export interface DocumentLine {
  readonly section: ComparedSection['name'];
  readonly row: number;
  readonly heading: boolean;
  /** The step of each side that the line shows; null where that side is blank here. */
  readonly teacher: number | null;
  readonly student: number | null;
}

export interface TraceDocuments {
  readonly teacher: string;
  readonly student: string;
  /** One entry a line, the same for both; null in the head and on blank lines between. */
  readonly lines: readonly (DocumentLine | null)[];
}

class Pages {
  readonly teacher: string[] = [];
  readonly student: string[] = [];
  readonly lines: (DocumentLine | null)[] = [];

  both(text: string, line: DocumentLine | null = null): void {
    this.each(text, text, line);
  }

  each(teacher: string, student: string, line: DocumentLine | null = null): void {
    this.teacher.push(teacher);
    this.student.push(student);
    this.lines.push(line);
  }
}

/** The repeated rounds of a loop are told, not shown: this many of its steps stand for them. */
const LOOP_STEPS_SHOWN = 3;

export function renderDocuments(comparison: TraceComparison, language: Language): TraceDocuments {
  const labels = TRACE_LABELS[language];
  const pages = new Pages();
  pages.both(`# ${labels.question}`);
  for (const line of linesOf(comparison.prompt)) pages.both(line);
  pages.both('');
  pages.both(`${labels.gold}: ${comparison.gold ?? labels.noGold}`);
  pages.each(summaryLine(labels.teacher, comparison.teacher, labels), summaryLine(labels.student, comparison.student, labels));
  for (const section of comparison.sections) sectionPages(pages, section, labels, language);
  return { teacher: `${pages.teacher.join('\n')}\n`, student: `${pages.student.join('\n')}\n`, lines: pages.lines };
}

function summaryLine(who: string, trace: Trace | null, labels: TraceLabels): string {
  if (trace === null) return `${who}: ${labels.noTrace}`;
  const facts = [labels.verdict[trace.verdict], ...(trace.tokens > 0 ? [labels.tokens(trace.tokens)] : []), labels.finish[trace.finish], trace.model];
  return `${who}: ${facts.join(' · ')}`;
}

function sectionPages(pages: Pages, section: ComparedSection, labels: TraceLabels, language: Language): void {
  const { alignment, name } = section;
  const { rows, summary } = alignment;
  pages.both('');
  pages.both(`## ${labels.section[name]}: ${labels.shared(summary.teacherSteps, summary.studentSteps, writtenShare(summary.matchedShare))}`);
  for (const group of groupRows(rows)) {
    const first = rows[group.from];
    if (first === undefined) continue;
    const notes = rows.slice(group.from, group.to + 1).flatMap((row, i) => (group.from === group.to ? rowNotes(row, group.from + i, section, language) : rowNotes(row, group.from + i, section, language).filter(({ kind }) => kind !== 'elsewhere')));
    const span = group.from === group.to ? `${group.from + 1}` : `${group.from + 1}–${group.to + 1}`;
    const head = [`### ${span} ${RELATION_SIGNS[first.relation]} ${labels.relation[first.relation]}`, ...notes.map(({ text }) => text)].join(' · ');
    pages.both('');
    pages.both(head, { section: name, row: group.from, heading: true, teacher: null, student: null });
    for (let row = group.from; row <= group.to; row++) rowPages(pages, section, row);
  }
}

function rowPages(pages: Pages, section: ComparedSection, index: number): void {
  const row = section.alignment.rows[index];
  if (row === undefined) return;
  const side = (role: TraceRole): { readonly text: string; readonly step: number }[] => {
    const shown = row.rounds > 0 ? row[role].slice(0, LOOP_STEPS_SHOWN) : row[role];
    const lines = shown.flatMap((step) => linesOf(section[role][step]?.text ?? '').map((text) => ({ text, step })));
    if (shown.length < row[role].length) lines.push({ text: '…', step: row[role][shown.length] ?? 0 });
    return lines;
  };
  const teacher = side('teacher');
  const student = side('student');
  for (let i = 0; i < Math.max(teacher.length, student.length); i++) {
    const [ours, theirs] = [teacher[i], student[i]];
    pages.each(ours?.text ?? '', theirs?.text ?? '', { section: section.name, row: index, heading: false, teacher: ours?.step ?? null, student: theirs?.step ?? null });
  }
}

/** Lines of a text, without the characters that an editor would take for line ends of their own. */
function linesOf(text: string): string[] {
  return text.split(/\r\n?|[\n\u2028\u2029\u0085]/).map((line) => line.trimEnd());
}
