/** One card: what is wrong first, then, folded, what is fine. */
import type { CheckFromPage, FindingView, GroupView } from '../../src/shared/checkPanel.ts';
import type { CheckPageText } from '../../src/shared/checkPageText.ts';
import { fill } from '../../src/shared/metricsText.ts';
import { element, icon } from '../shared/dom.ts';
import { ICONS } from './icons.ts';

/** `unfolded`: keys of what the person has opened. */
export function cardOf(group: GroupView, text: CheckPageText, unfolded: Set<string>, post: (message: CheckFromPage) => void): HTMLElement {
  const serious = group.findings.filter(({ level }) => level !== 'pass');
  const passed = group.findings.filter(({ level }) => level === 'pass');
  const worst = serious[0]?.level ?? 'pass';
  const list = (findings: readonly FindingView[]): HTMLElement => element('ul', { class: 'findings' }, ...findings.map((finding) => item(finding, text, unfolded, post)));
  const count = passed.length === 1 ? text.passOf : fill(text.passesOf, passed.length);
  return element('section', { class: `card ${worst}`, 'aria-label': group.title },
    element('h2', {}, icon(ICONS[worst]), group.title),
    serious.length > 0 && list(serious),
    passed.length > 0 && fold(`passed ${group.title}`, element('summary', { class: 'passed' }, icon(ICONS.fold, 'icon fold'), count), list(passed), unfolded));
}

function item(finding: FindingView, text: CheckPageText, unfolded: Set<string>, post: (message: CheckFromPage) => void): HTMLElement {
  const { index, level, evidence, fix, setKey, fixed, placed } = finding;
  return element('li', { class: `finding ${level}${fixed ? ' fixed' : ''}`, tabindex: level === 'pass' ? null : '-1', 'data-focus': `finding-${String(index)}` },
    element('span', { class: 'level' }, icon(ICONS[level]), element('span', { class: 'visually-hidden' }, `${finding.levelText}: `)),
    element('div', { class: 'said' },
      element('h3', {}, finding.title), element('p', {}, finding.text),
      evidence !== null && fold(`evidence ${String(index)}`, element('summary', {}, icon(ICONS.fold, 'icon fold'), text.evidence), table(evidence), unfolded),
      (fix !== null || setKey !== null || (placed && level !== 'pass')) && element('div', { class: 'ways' },
        fixed ? element('span', { class: 'done', role: 'status' }, icon(ICONS.pass), text.fixed)
          : fix !== null && element('button', { class: level === 'refusal' ? 'button primary' : 'button', type: 'button', 'data-focus': `fix-${String(index)}`, onClick: () => post({ kind: 'fix', index }) }, icon(ICONS.fix), fix),
        setKey !== null && element('button', { class: 'button primary', type: 'button', 'data-focus': `key-${String(index)}`, onClick: () => post({ kind: 'setKey' }) }, setKey),
        placed && element('button', { class: 'button link', type: 'button', 'data-focus': `reveal-${String(index)}`, onClick: () => post({ kind: 'reveal', index }) }, text.reveal))));
}

function fold(key: string, summary: HTMLElement, content: HTMLElement, unfolded: Set<string>): HTMLElement {
  const node = element('details', { open: unfolded.has(key) }, summary, content);
  node.addEventListener('toggle', () => {
    if (node.open) unfolded.add(key);
    else unfolded.delete(key);
  });
  return node;
}

function table({ columns, rows }: NonNullable<FindingView['evidence']>): HTMLElement {
  return element('div', { class: 'evidence', tabindex: '0' }, element('table', {},
    element('thead', {}, element('tr', {}, ...columns.map((label) => element('th', { scope: 'col' }, label)))),
    element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells.map((cell) => element('td', {}, cell)))))));
}
