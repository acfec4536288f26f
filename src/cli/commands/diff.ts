/** distill diff: teacher's and student's reasoning side by side in a terminal, aligned by what their steps say. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { RunFold } from '../../runs/fold.ts';
import { Tail } from '../../runs/tail.ts';
import { readTrace } from '../../runs/traces.ts';
import type { TraceEvent } from '../../shared/events.ts';
import type { Relation } from '../../shared/align.ts';
import { compareTraces, type TraceComparison } from '../../shared/traceComparison.ts';
import { RELATION_SIGNS, rowNotes, TRACE_LABELS, writtenShare } from '../../shared/traceLabels.ts';
import { pairRecordings, parseTraceRows } from '../../shared/traceImport.ts';
import type { Trace } from '../../shared/trace.ts';
import { RUN_FILES } from '../../shared/run.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { findRun, runTitle } from '../project.ts';
import { Refusal } from '../refusal.ts';
import { displayWidth, padded, table, type Style, type Terminal } from '../terminal.ts';

export const DIFF_FILTERS = ['both-right', 'student-wrong', 'teacher-wrong', 'differ'] as const;
export type DiffFilter = (typeof DIFF_FILTERS)[number];

export interface DiffOptions {
  readonly filter: DiffFilter | null;
  readonly teacher: string | null;
  readonly student: string | null;
  readonly width: number | null;
  readonly json: boolean;
}

interface Pair {
  readonly example: string;
  readonly teacher: () => Promise<Trace | null>;
  readonly student: () => Promise<Trace | null>;
  readonly verdicts: { readonly teacher: Trace['verdict'] | null; readonly student: Trace['verdict'] | null };
}

const COLOURS: Readonly<Record<Relation, Style>> = { matched: 'dim', contradicting: 'red', skipped: 'yellow', extra: 'cyan' };

export async function diff(terminal: Terminal, words: readonly string[], options: DiffOptions): Promise<ExitCode> {
  if ((options.teacher === null) !== (options.student === null)) throw new Refusal(terminal.say('diffBothFiles'));
  const recorded = options.teacher !== null && options.student !== null;
  // With recordings the only word is the example; with a run it is the second.
  const [name, example] = recorded ? [undefined, words[0]] : words.length === 1 && /^\d+$/.test(words[0] ?? '') ? [undefined, words[0]] : words;
  const pairs = recorded ? await recordedPairs(terminal, options.teacher ?? '', options.student ?? '') : await runPairs(terminal, name);
  if (example === undefined) {
    listPairs(terminal, pairs.filter((pair) => passes(pair, options.filter)), options.json);
    return EXIT.fine;
  }
  const pair = pairs.find((each) => each.example === example);
  if (pair === undefined) throw new Refusal(terminal.say('diffUnknown', example, known(pairs)));
  const comparison = compareTraces(await pair.teacher(), await pair.student());
  terminal.print(options.json ? JSON.stringify(comparison, null, 2) : comparisonText(terminal, comparison, options.width ?? terminal.columns));
  return EXIT.fine;
}

function known(pairs: readonly Pair[]): string {
  const SHOWN = 12;
  return pairs.slice(0, SHOWN).map((pair) => pair.example).join(', ') + (pairs.length > SHOWN ? ', …' : '');
}

async function recordedPairs(terminal: Terminal, teacher: string, student: string): Promise<readonly Pair[]> {
  const rows = async (file: string): Promise<ReturnType<typeof parseTraceRows>> => parseTraceRows(await recording(terminal, file), path.basename(file));
  const pairs = pairRecordings(await rows(teacher), await rows(student), { teacher: path.basename(teacher), student: path.basename(student) });
  return pairs.map((pair) => ({
    example: pair.teacher.example, teacher: () => Promise.resolve(pair.teacher), student: () => Promise.resolve(pair.student),
    verdicts: { teacher: pair.teacher.verdict, student: pair.student.verdict },
  }));
}

async function recording(terminal: Terminal, file: string): Promise<string> {
  try {
    return await withFileErrors(file, () => readFile(file, 'utf8'));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new Refusal(terminal.say('noFile', file));
    if (systemCode(error) === 'EISDIR') throw new Refusal(terminal.say('isFolder', file));
    throw error;
  }
}

/** The newest traces of every example of a run. */
async function runPairs(terminal: Terminal, name: string | undefined): Promise<readonly Pair[]> {
  const folder = await findRun(terminal, name);
  const fold = new RunFold();
  await new Tail(path.join(folder, RUN_FILES.events)).read((block) => void fold.block(block));
  const { traces } = fold.current;
  if (traces.length === 0) throw new Refusal(terminal.say('diffNone', runTitle(folder)));
  const byExample = new Map<string, { teacher?: TraceEvent; student?: TraceEvent }>();
  for (const trace of traces) byExample.set(trace.example, { ...byExample.get(trace.example), [trace.role]: trace });
  const read = (event: TraceEvent | undefined) => async (): Promise<Trace | null> => event === undefined ? null : readTrace(folder, event);
  return [...byExample].map(([example, { teacher, student }]) => ({
    example, teacher: read(teacher), student: read(student), verdicts: { teacher: teacher?.verdict ?? null, student: student?.verdict ?? null },
  }));
}

function passes({ verdicts: { teacher, student } }: Pair, filter: DiffFilter | null): boolean {
  switch (filter) {
    case null: return true;
    case 'both-right': return teacher === 'right' && student === 'right';
    case 'student-wrong': return student === 'wrong' && teacher !== 'wrong';
    case 'teacher-wrong': return teacher === 'wrong';
    case 'differ': return teacher !== student;
  }
}

function listPairs(terminal: Terminal, pairs: readonly Pair[], json: boolean): void {
  const labels = TRACE_LABELS[terminal.language];
  const verdict = (value: Trace['verdict'] | null): string => value === null ? '–' : labels.verdict[value];
  if (json) terminal.print(JSON.stringify(pairs.map(({ example, verdicts }) => ({ example, ...verdicts })), null, 2));
  else terminal.print(table([['#', labels.teacher, labels.student], ...pairs.map((pair) => [pair.example, verdict(pair.verdicts.teacher), verdict(pair.verdicts.student)])]));
}

/** Two columns, the sign of each row between them; what is to be said of a row stands below it. */
export function comparisonText(terminal: Pick<Terminal, 'language' | 'paint'>, comparison: TraceComparison, width: number): string {
  const labels = TRACE_LABELS[terminal.language];
  const column = Math.max(20, Math.floor((width - 5) / 2));
  const lines: string[] = [terminal.paint('bold', labels.question), ...wrapped(comparison.prompt, width), '', `${labels.gold}: ${inert(comparison.gold ?? labels.noGold)}`];
  const summary = (who: string, trace: Trace | null): string => trace === null ? `${who}: ${labels.noTrace}`
    : `${who}: ${[labels.verdict[trace.verdict], ...(trace.tokens > 0 ? [labels.tokens(trace.tokens)] : []), labels.finish[trace.finish], inert(trace.model)].join(' · ')}`;
  lines.push(summary(labels.teacher, comparison.teacher), summary(labels.student, comparison.student));
  for (const section of comparison.sections) {
    const { rows, summary: { teacherSteps, studentSteps, matchedShare } } = section.alignment;
    lines.push('', terminal.paint('bold', `${labels.section[section.name]}: ${labels.shared(teacherSteps, studentSteps, writtenShare(matchedShare))}`));
    for (const [index, row] of rows.entries()) {
      const side = (role: 'teacher' | 'student'): readonly string[] => row[role].flatMap((step) => wrapped(section[role][step]?.text ?? '', column));
      const [left, right] = [side('teacher'), side('student')];
      for (let line = 0; line < Math.max(left.length, right.length); line++) {
        const sign = line === 0 ? RELATION_SIGNS[row.relation] : ' ';
        lines.push(terminal.paint(COLOURS[row.relation], `${padded(left[line] ?? '', column)}  ${sign}  ${right[line] ?? ''}`.trimEnd()));
      }
      for (const { kind, text } of rowNotes(row, index, section, terminal.language)) lines.push(terminal.paint(kind === 'wrong' || kind === 'contradiction' || kind === 'slip' ? 'red' : 'dim', `    ${inert(text)}`));
    }
  }
  return lines.join('\n');
}

/** What a model wrote may hold terminal commands: they are shown, not obeyed. Tabs take one column, or the columns don't stand. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f]/g;

function inert(text: string): string {
  return text.replaceAll('\t', ' ').replaceAll(CONTROL, '\ufffd');
}

/** Lines no wider than `columns`, broken between words, or between characters where there is no space (Chinese). */
export function wrapped(text: string, columns: number): string[] {
  return inert(text).split(/\r\n?|[\n\u2028\u2029\u0085]/).flatMap((paragraph) => {
    const lines: string[] = [];
    let [line, width] = ['', 0];
    for (const piece of paragraph.match(/\s+|[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+/gu) ?? []) {
      for (const part of displayWidth(piece) > columns ? [...piece] : [piece]) {
        if (width + displayWidth(part) > columns && line !== '') {
          lines.push(line.trimEnd());
          [line, width] = ['', 0];
          if (part.trim() === '') continue;
        }
        line += part;
        width += displayWidth(part);
      }
    }
    return [...lines, line.trimEnd()];
  });
}
