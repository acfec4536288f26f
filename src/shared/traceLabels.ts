/** What the diff of two traces says of a step, in both languages: the native diff, the page and the terminal say the same. */
import type { Verdict } from './events.ts';
import type { Language } from './messages.ts';
import type { AlignedRow, Alignment, Relation } from './align.ts';
import type { ComparedSection } from './traceComparison.ts';
import type { Slip, Step, StepKind } from './steps.ts';
import type { Trace } from './trace.ts';

export interface TraceLabels {
  readonly question: string;
  readonly gold: string;
  readonly noGold: string;
  readonly teacher: string;
  readonly student: string;
  readonly noTrace: string;
  readonly verdict: Readonly<Record<Verdict, string>>;
  readonly finish: Readonly<Record<Trace['finish'], string>>;
  readonly section: Readonly<Record<ComparedSection['name'], string>>;
  readonly relation: Readonly<Record<Relation, string>>;
  readonly kind: Readonly<Record<StepKind, string>>;
  readonly tokens: (count: number) => string;
  /** Steps of both, and how much of the teacher's the student took. */
  readonly shared: (teacher: number, student: number, share: string) => string;
  readonly step: (first: number, last: number) => string;
  readonly elsewhereTeacher: (step: number) => string;
  readonly elsewhereStudent: (step: number) => string;
  readonly contradiction: (left: string, teacher: string, student: string) => string;
  readonly slip: (who: string, left: string, claimed: string, expected: string) => string;
  readonly loop: (rounds: number, steps: number) => string;
  readonly firstDivergence: string;
  readonly firstWrong: Readonly<Record<'slip' | 'contradiction', string>>;
  readonly similarity: (percent: string) => string;
}

export const TRACE_LABELS: Readonly<Record<Language, TraceLabels>> = {
  en: {
    question: 'Question', gold: 'Gold answer', noGold: 'none in the data', teacher: 'Teacher', student: 'Student', noTrace: 'no trace of this example',
    verdict: { right: '✓ right', wrong: '✗ wrong', unknown: '? unknown' },
    finish: { end: 'ended by itself', length: 'cut by the token limit' },
    section: { think: 'Reasoning', answer: 'Answer' },
    relation: { matched: 'both', contradicting: 'contradicts', skipped: 'teacher only', extra: 'student only' },
    kind: { calculation: 'calculation', statement: 'statement', check: 'check', conclusion: 'conclusion' },
    tokens: (count) => `${count.toLocaleString('en')} ${count === 1 ? 'token' : 'tokens'}`,
    shared: (teacher, student, share) => `teacher ${teacher} ${teacher === 1 ? 'step' : 'steps'}, student ${student}, ${share} of the teacher's shared`,
    step: (first, last) => (first === last ? `Step ${first}` : `Steps ${first}–${last}`),
    elsewhereTeacher: (step) => `the teacher says it in its step ${step}`,
    elsewhereStudent: (step) => `the student says it in its step ${step}`,
    contradiction: (left, teacher, student) => `${left}: teacher ${teacher}, student ${student}`,
    slip: (who, left, claimed, expected) => `${who}: ${left} is ${expected}, not ${claimed}`,
    loop: (rounds, steps) => `loop: the steps before, ${rounds} more times (${steps} steps)`,
    firstDivergence: 'the paths part here',
    firstWrong: { slip: 'first wrong step of the student: arithmetic', contradiction: 'first wrong step of the student: against the teacher' },
    similarity: (percent) => `${percent} alike`,
  },
  'zh-cn': {
    question: '题目', gold: '标准答案', noGold: '数据中没有', teacher: '教师', student: '学生', noTrace: '没有这道题的轨迹',
    verdict: { right: '✓ 正确', wrong: '✗ 错误', unknown: '? 未知' },
    finish: { end: '自行结束', length: '被长度上限截断' },
    section: { think: '推理过程', answer: '回答' },
    relation: { matched: '两者都有', contradicting: '相互矛盾', skipped: '仅教师有', extra: '仅学生有' },
    kind: { calculation: '计算', statement: '陈述', check: '检查', conclusion: '结论' },
    tokens: (count) => `${count.toLocaleString('zh-CN')} 个词元`,
    shared: (teacher, student, share) => `教师 ${teacher} 步，学生 ${student} 步，学生覆盖教师步骤的 ${share}`,
    step: (first, last) => (first === last ? `第 ${first} 步` : `第 ${first}–${last} 步`),
    elsewhereTeacher: (step) => `教师在其第 ${step} 步说过`,
    elsewhereStudent: (step) => `学生在其第 ${step} 步说过`,
    contradiction: (left, teacher, student) => `${left}：教师 ${teacher}，学生 ${student}`,
    slip: (who, left, claimed, expected) => `${who}：${left} 应为 ${expected}，不是 ${claimed}`,
    loop: (rounds, steps) => `循环：前面的步骤又重复了 ${rounds} 遍（共 ${steps} 步）`,
    firstDivergence: '两条思路从这里分开',
    firstWrong: { slip: '学生的第一处错误：计算错误', contradiction: '学生的第一处错误：与教师矛盾' },
    similarity: (percent) => `相似度 ${percent}`,
  },
};

/** One sign for each relation, so that it is never told by colour alone. */
export const RELATION_SIGNS: Readonly<Record<Relation, string>> = { matched: '=', contradicting: '≠', skipped: '−', extra: '+' };

/** A number as people write it: thousands grouped, at most six significant decimals. */
export function writtenNumber(value: number, language: Language): string {
  if (Math.abs(value) >= 1e15) return value.toExponential(3);
  return value.toLocaleString(language === 'en' ? 'en' : 'zh-CN', { maximumSignificantDigits: Number.isInteger(value) ? 15 : 6 });
}

/** `(12*7)` as it is shown: `12 × 7`. */
export function writtenLeft(left: string, language: Language): string {
  const bare = left.startsWith('(') && left.endsWith(')') && balanced(left.slice(1, -1)) ? left.slice(1, -1) : left;
  return bare.replaceAll(/\d+(?:\.\d+)?/g, (digits) => writtenNumber(Number(digits), language)).replaceAll('*', ' × ').replaceAll(/(?<=[\d)])\/(?=[\d(])/g, ' ÷ ').replaceAll(/(?<=[\d)])([+-])(?=[\d(])/g, ' $1 ').replaceAll(/!\(([\d.,]+)\)/g, '$1!');
}

function balanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(') depth += 1;
    if (char === ')' && --depth < 0) return false;
  }
  return depth === 0;
}

export interface RowNote {
  readonly kind: 'contradiction' | 'slip' | 'elsewhere' | 'loop' | 'divergence' | 'wrong';
  readonly text: string;
}

/** Everything that is to be said of a row, most important first. Step numbers are told from 1. */
export function rowNotes(row: AlignedRow, index: number, section: ComparedSection, language: Language): RowNote[] {
  const labels = TRACE_LABELS[language];
  const { alignment }: { alignment: Alignment } = section;
  const notes: RowNote[] = [];
  if (alignment.firstWrong?.row === index) notes.push({ kind: 'wrong', text: labels.firstWrong[alignment.firstWrong.reason] });
  if (alignment.firstDivergence === index) notes.push({ kind: 'divergence', text: labels.firstDivergence });
  for (const { left, teacher, student } of row.contradictions) {
    notes.push({ kind: 'contradiction', text: labels.contradiction(left === 'answer' ? labels.section.answer : writtenLeft(left, language), writtenNumber(teacher, language), writtenNumber(student, language)) });
  }
  if (row.rounds > 0) notes.push({ kind: 'loop', text: labels.loop(row.rounds, Math.max(row.teacher.length, row.student.length)) });
  else {
    const slipped = (who: string, steps: readonly Step[], own: readonly number[]): void => {
      for (const { slip, text } of own.flatMap((k) => slipsOf(steps[k]))) {
        notes.push({ kind: 'slip', text: labels.slip(who, text.slice(slip.start, slip.start + slip.written.length).trim(), writtenNumber(slip.claimed, language), writtenNumber(slip.expected, language)) });
      }
    };
    slipped(labels.teacher, section.teacher, row.teacher);
    slipped(labels.student, section.student, row.student);
  }
  if (row.elsewhere !== null) notes.push({ kind: 'elsewhere', text: (row.relation === 'skipped' ? labels.elsewhereStudent : labels.elsewhereTeacher)(row.elsewhere + 1) });
  return notes;
}

/** The slips of a step with its text, which tells the left side in the model's own signs. */
function slipsOf(step: Step | undefined): { readonly slip: Slip; readonly text: string }[] {
  return step === undefined ? [] : step.slips.map((slip) => ({ slip, text: step.text }));
}

/** `62%` of a share of 0 … 1. */
export function writtenShare(share: number): string {
  return `${Math.round(share * 100)}%`;
}
