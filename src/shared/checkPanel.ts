/** Extension ↔ the page of *Check Project*: findings as they are shown, grouped by what they are about. */
import type { CheckLevel, CheckName, Finding, FindingCode, PreflightReport } from './preflight.ts';
import { checkTitle, evidenceLabel, findingText, fixText, levelText, wordText } from './preflightText.ts';
import { checkPageText } from './checkPageText.ts';
import type { Language } from './messages.ts';

export interface FindingView {
  /** Place in the report: what the page names a finding by. */
  readonly index: number;
  readonly level: CheckLevel;
  readonly levelText: string;
  readonly title: string;
  readonly text: string;
  readonly evidence: { readonly columns: readonly string[]; readonly rows: readonly (readonly string[])[] } | null;
  /** What the button says; null where nothing here mends it. */
  readonly fix: string | null;
  /** What the button says that asks for the teacher's key; null where none is wanted. */
  readonly setKey: string | null;
  /** The recipe has the fix already, since it was checked. */
  readonly fixed: boolean;
  /** It has a place in the recipe. */
  readonly placed: boolean;
}

export interface GroupView {
  readonly title: string;
  readonly findings: readonly FindingView[];
}

export interface CheckPage {
  readonly name: string;
  readonly recipe: string;
  readonly counts: Readonly<Record<CheckLevel, number>>;
  readonly groups: readonly GroupView[];
  /** The recipe was changed after this check. */
  readonly stale: boolean;
  /** API teachers can be asked for their models. */
  readonly services: boolean;
}

export type CheckToPage =
  | { readonly kind: 'report'; readonly page: CheckPage }
  | { readonly kind: 'checking'; readonly what: string; readonly done: number; readonly total: number }
  | { readonly kind: 'failed'; readonly text: string };

export type CheckFromPage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'again'; readonly online: boolean }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'fix'; readonly index: number }
  | { readonly kind: 'reveal'; readonly index: number }
  | { readonly kind: 'setKey' }
  | { readonly kind: 'copy' }
  | { readonly kind: 'run' };

/** Checks that have no teacher are about one of these. */
const TOPICS: Readonly<Record<'studentTopic' | 'dataTopic' | 'runTopic', readonly CheckName[]>> = {
  studentTopic: ['recipe', 'models', 'student', 'vocabulary', 'tokens', 'special', 'template', 'think', 'end'],
  dataTopic: ['data', 'held-out', 'length', 'positions', 'collect'],
  runTopic: ['training', 'memory', 'disk', 'backend', 'api'],
};

/** Findings that a key mends, which is no change of the recipe. */
const WANT_KEY: ReadonlySet<FindingCode> = new Set<FindingCode>(['api-no-key', 'api-key-refused']);

const SERIOUSNESS: Readonly<Record<CheckLevel, number>> = { refusal: 0, warning: 1, pass: 2 };

/** `fixed`: whether the recipe, as it stands now, has a finding's fix. */
export function checkPageOf(report: PreflightReport, state: { readonly stale: boolean; readonly fixed: (finding: Finding) => boolean }, language: Language): CheckPage {
  const text = checkPageText(language);
  const views = report.findings.map((finding, index) => ({ finding, view: viewOf(finding, index, state.fixed(finding), language) }));
  const teachers = [...new Set(report.findings.flatMap(({ subject }) => subject ?? []))];
  const groups = [
    ...teachers.map((name) => ({ title: text.teacherTopic.replace('{0}', name), of: views.filter(({ finding }) => finding.subject === name) })),
    ...(Object.keys(TOPICS) as (keyof typeof TOPICS)[]).map((topic) => ({ title: text[topic], of: views.filter(({ finding }) => finding.subject === null && TOPICS[topic].includes(finding.check)) })),
  ].filter(({ of }) => of.length > 0);
  const worst = (of: typeof views): number => Math.min(...of.map(({ view }) => SERIOUSNESS[view.level]));
  const count = (level: CheckLevel): number => report.findings.filter((each) => each.level === level).length;
  return {
    name: report.name, recipe: report.recipe, stale: state.stale, services: report.findings.some(({ check }) => check === 'api'),
    counts: { pass: count('pass'), warning: count('warning'), refusal: count('refusal') },
    groups: groups.sort((a, b) => worst(a.of) - worst(b.of)).map(({ title, of }) => ({ title, findings: of.map(({ view }) => view).sort((a, b) => SERIOUSNESS[a.level] - SERIOUSNESS[b.level]) })),
  };
}

function viewOf(finding: Finding, index: number, fixed: boolean, language: Language): FindingView {
  const { level, check, evidence, fix, path } = finding;
  return {
    index, level, levelText: levelText(level, language), title: checkTitle(check, language), text: findingText(finding, language),
    evidence: evidence === null ? null : {
      columns: evidence.columns.map((label) => evidenceLabel(label, language)),
      rows: evidence.rows.map((cells) => cells.map((cell) => wordText(cell, {}, language))),
    },
    fix: fix === null ? null : fixText(fix, language), setKey: WANT_KEY.has(finding.code) ? checkPageText(language).setKey : null, fixed, placed: path !== null,
  };
}
