/** The page of *Check Project*: what was compared, in cards by teacher and topic, each finding with its way out. */
import './check.css';
import type { CheckFromPage, CheckPage, CheckToPage } from '../../src/shared/checkPanel.ts';
import type { CheckPageText } from '../../src/shared/checkPageText.ts';
import { fill } from '../../src/shared/metricsText.ts';
import { element, icon, setText } from '../shared/dom.ts';
import { bodyData, connect } from '../shared/host.ts';
import { cardOf } from './card.ts';
import { ICONS } from './icons.ts';

/** What VS Code keeps while the page is hidden and over a reload. */
interface State {
  readonly recipe: string;
}

const { text } = bodyData<CheckPageText>();
const host = connect<CheckFromPage, CheckToPage, State>();
const head = element('header', { class: 'head' });
const stale = element('p', { class: 'stale', role: 'status', hidden: true }, text.stale);
const progress = element('progress', { class: 'progress', 'aria-label': text.checking, hidden: true });
const status = element('p', { class: 'visually-hidden', role: 'status' });
const main = element('main', { class: 'cards' }, element('p', { class: 'empty' }, text.nothing));
document.body.append(element('div', { class: 'top' }, head, progress, stale), main, status);

let shown: CheckPage | null = null;
let checking = false;
/** Findings whose evidence or passed checks are unfolded stay so when the page is drawn again. */
const unfolded = new Set<string>();

function button(label: string, path: string, message: CheckFromPage, primary = false): HTMLElement {
  return element('button', { class: primary ? 'button primary' : 'button', type: 'button', onClick: () => host.post(message) }, icon(path), label);
}

function drawHead(): void {
  const { counts, name, recipe, services } = shown ?? { counts: { pass: 0, warning: 0, refusal: 0 }, name: '', recipe: '', services: false };
  const verdict = counts.refusal > 0 ? text.refused : counts.warning > 0 ? text.readyWarned : text.ready;
  const level = counts.refusal > 0 ? 'refusal' : counts.warning > 0 ? 'warning' : 'pass';
  const count = (of: 'refusal' | 'warning' | 'pass', label: string): HTMLElement | null => (counts[of] === 0 ? null : element('li', { class: of }, icon(ICONS[of]), fill(label, counts[of])));
  const buttons = checking
    ? [button(text.cancel, ICONS.cancel, { kind: 'cancel' })]
    : [
      button(text.again, ICONS.again, { kind: 'again', online: false }, counts.refusal > 0 || shown === null || shown.stale),
      ...(services ? [button(text.online, ICONS.online, { kind: 'again', online: true })] : []),
      ...(shown === null ? [] : [button(text.copy, ICONS.copy, { kind: 'copy' })]),
      ...(shown !== null && counts.refusal === 0 ? [button(text.run, ICONS.run, { kind: 'run' }, !shown.stale)] : []),
    ];
  head.replaceChildren(
    element('div', { class: 'verdict' },
      shown === null ? null : element('h1', { class: level }, icon(ICONS[level], 'icon large'), verdict),
      shown === null ? null : element('p', { class: 'about', title: recipe }, name === '' ? recipe : `${name} — ${recipe}`)),
    element('ul', { class: 'counts' }, count('refusal', text.refusals), count('warning', text.warnings), count('pass', text.passes)),
    element('div', { class: 'tools', role: 'toolbar', 'aria-label': text.title }, ...buttons),
  );
}

function draw(): void {
  drawHead();
  stale.hidden = shown?.stale !== true || checking;
  document.body.classList.toggle('is-checking', checking);
  main.setAttribute('aria-busy', String(checking));
  if (shown === null) return;
  const focused = (document.activeElement as HTMLElement | null)?.dataset['focus'];
  main.replaceChildren(...shown.groups.map((group) => cardOf(group, text, unfolded, (message) => host.post(message))));
  if (focused === undefined) return;
  // The button that was pressed is a new one now, or gone with what it mended: the keyboard, and the eye, go on from there.
  const next = main.querySelector<HTMLElement>(`[data-focus="${focused}"]`) ?? main.querySelector<HTMLElement>(`[data-focus="${focused.replace(/^\w+/, 'finding')}"]`);
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
}

function showProgress(what: string, done: number, total: number): void {
  progress.hidden = !checking;
  progress.max = Math.max(1, total);
  progress.value = done;
  progress.title = what;
  setText(status, what);
}

/** j and k go from finding to finding, as on the other pages. */
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || (event.key !== 'j' && event.key !== 'k')) return;
  const findings = [...main.querySelectorAll<HTMLElement>('.finding[tabindex]')].filter((each) => each.offsetParent !== null);
  const at = findings.findIndex((each) => each.contains(document.activeElement));
  const next = findings[event.key === 'j' ? at + 1 : (at < 0 ? findings.length : at) - 1];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
  event.preventDefault();
});

host.listen((message) => {
  switch (message.kind) {
    case 'report': {
      const fresh = checking;
      shown = message.page;
      checking = false;
      host.keep({ recipe: message.page.recipe });
      draw();
      showProgress('', 0, 1);
      const { counts } = message.page;
      if (fresh) setText(status, [counts.refusal > 0 ? text.refused : text.readyWarned, fill(text.refusals, counts.refusal), fill(text.warnings, counts.warning), fill(text.passes, counts.pass)].join(' '));
      break;
    }
    case 'checking': {
      const begins = !checking;
      checking = true;
      if (begins) draw();
      showProgress(message.what === '' ? text.checking : fill(text.checkingWhat, message.what), message.done, message.total);
      break;
    }
    case 'failed':
      checking = false;
      draw();
      showProgress('', 0, 1);
      if (shown === null) main.replaceChildren(element('p', { class: 'empty', role: 'alert' }, message.text));
      else main.prepend(element('p', { class: 'failed', role: 'alert' }, message.text));
      break;
  }
});

drawHead();
host.post({ kind: 'ready' });
