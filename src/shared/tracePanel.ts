/** Extension ↔ the reasoning page. The page is shown one example at a time and asks for another; it holds nothing that is not shown. */
import type { Relation } from './align.ts';
import type { TraceRole, Verdict } from './events.ts';
import type { StepKind } from './steps.ts';
import type { ComparedSection, TraceComparison } from './traceComparison.ts';
import { RELATION_SIGNS, rowNotes, TRACE_LABELS, type RowNote } from './traceLabels.ts';
import type { Language } from './messages.ts';

export interface StepView {
  /** From 1. */
  readonly number: number;
  readonly text: string;
  readonly kind: StepKind;
  /** Ranges of the text that are wrong arithmetic. */
  readonly slips: readonly { readonly start: number; readonly end: number }[];
}

export interface RowView {
  readonly relation: Relation;
  readonly sign: string;
  readonly teacher: readonly StepView[];
  readonly student: readonly StepView[];
  readonly similarity: number;
  readonly notes: readonly RowNote[];
  readonly loop: boolean;
  readonly divergence: boolean;
  readonly wrong: boolean;
}

export interface SectionView {
  readonly name: ComparedSection['name'];
  readonly title: string;
  readonly rows: readonly RowView[];
  readonly matchedShare: number;
  readonly teacherSteps: number;
  readonly studentSteps: number;
  readonly counts: Readonly<Record<Relation, number>>;
  readonly slips: number;
  readonly looped: number;
  /** Indices of rows; null where there is none. */
  readonly firstDivergence: number | null;
  readonly firstWrong: number | null;
}

export interface ModelView {
  readonly verdict: Verdict;
  /** Verdict, tokens, finish and model, as they are shown. */
  readonly verdictText: string;
  readonly facts: readonly string[];
}

export interface TracePage {
  readonly run: string;
  readonly runTitle: string;
  readonly example: string;
  readonly prompt: string;
  readonly gold: string | null;
  readonly models: Readonly<Record<TraceRole, ModelView | null>>;
  readonly sections: readonly SectionView[];
}

/** Where the example stands among those that the filter lets through; 0 when it isn't one of them. */
export interface TracePosition {
  readonly index: number;
  readonly total: number;
  readonly filter: string;
}

export type TracesToPage =
  | { readonly kind: 'show'; readonly page: TracePage; readonly position: TracePosition }
  | { readonly kind: 'empty'; readonly text: string };

export type TracesFromPage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'move'; readonly by: 1 | -1 }
  | { readonly kind: 'pick' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'editor' };

/** How many steps of the repetitions of a loop are shown. */
const LOOP_STEPS_SHOWN = 3;

export function pageOf(comparison: TraceComparison, run: { readonly folder: string; readonly title: string }, language: Language): TracePage {
  const model = (role: TraceRole): ModelView | null => {
    const trace = comparison[role];
    if (trace === null) return null;
    const labels = TRACE_LABELS[language];
    return {
      verdict: trace.verdict, verdictText: labels.verdict[trace.verdict],
      facts: [...(trace.tokens > 0 ? [labels.tokens(trace.tokens)] : []), labels.finish[trace.finish], trace.model],
    };
  };
  return {
    run: run.folder, runTitle: run.title, example: comparison.example, prompt: comparison.prompt, gold: comparison.gold,
    models: { teacher: model('teacher'), student: model('student') }, sections: comparison.sections.map((section) => sectionView(section, language)),
  };
}

function sectionView(section: ComparedSection, language: Language): SectionView {
  const { rows, summary, firstDivergence, firstWrong } = section.alignment;
  const steps = (role: TraceRole, own: readonly number[], loop: boolean): StepView[] => (loop ? own.slice(0, LOOP_STEPS_SHOWN) : own).flatMap((index): StepView[] => {
    const step = section[role][index];
    return step ? [{ number: index + 1, text: step.text, kind: step.kind, slips: step.slips.map(({ start, end }) => ({ start, end })) }] : [];
  });
  return {
    name: section.name, title: TRACE_LABELS[language].section[section.name],
    rows: rows.map((row, index): RowView => ({
      relation: row.relation, sign: RELATION_SIGNS[row.relation], teacher: steps('teacher', row.teacher, row.rounds > 0), student: steps('student', row.student, row.rounds > 0),
      similarity: row.similarity, notes: rowNotes(row, index, section, language).filter(({ kind }) => kind !== 'wrong' && kind !== 'divergence'),
      loop: row.rounds > 0, divergence: firstDivergence === index, wrong: firstWrong?.row === index,
    })),
    matchedShare: summary.matchedShare, teacherSteps: summary.teacherSteps, studentSteps: summary.studentSteps,
    counts: { matched: summary.matched, contradicting: summary.contradicting, skipped: summary.skipped, extra: summary.extra },
    slips: summary.slips.teacher + summary.slips.student, looped: summary.looped.teacher + summary.looped.student,
    firstDivergence, firstWrong: firstWrong?.row ?? null,
  };
}

