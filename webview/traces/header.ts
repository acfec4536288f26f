/** What stands above the columns: which example this is, both models' verdicts, and how far the student went along. */
import type { Relation } from '../../src/shared/align.ts';
import type { TraceRole } from '../../src/shared/events.ts';
import { fill } from '../../src/shared/metricsText.ts';
import type { ModelView, SectionView, TracePage, TracePosition, TracesFromPage } from '../../src/shared/tracePanel.ts';
import type { TracePageText } from '../../src/shared/tracePageText.ts';
import { element, icon } from '../shared/dom.ts';
import { ICONS } from './icons.ts';

export const RELATIONS: readonly Relation[] = ['matched', 'contradicting', 'skipped', 'extra'];

export interface HeaderEvents {
  post(message: TracesFromPage): void;
  /** Go to a row of the page. */
  go(section: SectionView, row: number): void;
  toggle(relation: Relation): void;
}

export function buildHeader(page: TracePage, position: TracePosition, hidden: ReadonlySet<Relation>, text: TracePageText, events: HeaderEvents): HTMLElement {
  const button = (label: string, path: string, message: TracesFromPage): HTMLElement => element('button', { class: 'tool', type: 'button', title: label, 'aria-label': label, onClick: () => events.post(message) }, icon(path));
  const tools = element('div', { class: 'tools', role: 'toolbar', 'aria-label': text.title },
    button(text.previous, ICONS.previous, { kind: 'move', by: -1 }),
    element('button', { class: 'position', type: 'button', title: text.choose, onClick: () => events.post({ kind: 'pick' }) }, position.index > 0 ? fill(text.position, position.index, position.total) : `– / ${position.total}`),
    button(text.next, ICONS.next, { kind: 'move', by: 1 }),
    element('button', { class: 'filter', type: 'button', onClick: () => events.post({ kind: 'filter' }) }, icon(ICONS.filter), fill(text.filter, position.filter)),
    element('span', { class: 'spring' }),
    element('span', { class: 'run' }, page.runTitle),
    button(text.editor, ICONS.diff, { kind: 'editor' }));
  const prompt = page.prompt === '' ? null : element('section', { class: 'question', 'aria-label': text.question }, element('p', {}, page.prompt));
  const gold = element('p', { class: 'gold' }, element('span', { class: 'label' }, text.gold), element('span', { class: page.gold === null ? 'value none' : 'value' }, page.gold ?? text.noGold));
  const chips = element('div', { class: 'chips', role: 'group', 'aria-label': text.only }, ...RELATIONS.map((relation) => chip(page, relation, hidden, text, events)));
  return element('header', { class: 'top' }, tools, element('div', { class: 'asked' }, prompt, gold), element('div', { class: 'sums' }, ...page.sections.map((section) => summary(section, text, events)), chips), models(page, text));
}

function chip(page: TracePage, relation: Relation, hidden: ReadonlySet<Relation>, text: TracePageText, events: HeaderEvents): HTMLElement {
  const count = page.sections.reduce((sum, section) => sum + section.counts[relation], 0);
  return element('button', { class: `chip ${relation}`, type: 'button', 'aria-pressed': String(!hidden.has(relation)), disabled: count === 0, onClick: () => events.toggle(relation) },
    element('span', { class: 'sign', 'aria-hidden': 'true' }, SIGNS[relation]), text[relation], element('span', { class: 'count' }, String(count)));
}

const SIGNS: Readonly<Record<Relation, string>> = { matched: '=', contradicting: '≠', skipped: '−', extra: '+' };

function summary(section: SectionView, text: TracePageText, events: HeaderEvents): HTMLElement {
  const share = Math.round(section.matchedShare * 100);
  // A side without a step has nothing to share.
  const comparable = section.teacherSteps > 0 && section.studentSteps > 0;
  const facts = [
    fill(text.stepsOf, section.teacherSteps, section.studentSteps),
    section.slips > 0 ? `⚠ ${section.slips} ${text.slips}` : null,
    section.looped > 0 ? `↻ ${section.looped} ${text.looped}` : null,
  ].filter((fact) => fact !== null);
  const jump = (label: string, sign: string, row: number | null, kind: string): HTMLElement | null => (row === null ? null
    : element('button', { class: `jump ${kind}`, type: 'button', title: label, onClick: () => events.go(section, row) }, `${sign} ${label}`));
  return element('section', { class: 'sum', 'aria-label': fill(text.section, section.title, `${share}%`, section.teacherSteps) },
    element('div', { class: 'share' }, element('strong', {}, comparable ? `${share}%` : '–'), element('span', {}, fill(text.shared, section.title))),
    element('progress', { max: 100, value: comparable ? share : 0, 'aria-hidden': 'true' }),
    element('div', { class: 'facts' }, ...facts.map((fact) => element('span', {}, fact)),
      jump(text.wrongHere, '⚑', section.firstWrong, 'wrong'), section.firstDivergence === section.firstWrong ? null : jump(text.partsHere, '↗', section.firstDivergence, 'parting')));
}

function models(page: TracePage, text: TracePageText): HTMLElement {
  return element('div', { class: 'models' }, ...(['teacher', 'student'] as const).map((role) => modelHead(role, page.models[role], text)));
}

function modelHead(role: TraceRole, model: ModelView | null, text: TracePageText): HTMLElement {
  return element('div', { class: `model ${role}` },
    element('h1', {}, text[role]),
    model === null ? element('span', { class: 'facts' }, text.noTrace) : element('span', { class: `verdict ${model.verdict}` }, model.verdictText),
    ...(model === null ? [] : [element('span', { class: 'facts' }, model.facts.join(' · '))]));
}
