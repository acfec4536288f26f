/** The page of a sweep: parallel coordinates and the comparison table, live while it runs. */
import './sweep.css';
import { fill } from '../../src/shared/metricsText.ts';
import { duration } from '../../src/shared/numbers.ts';
import type { SweepFromPage, SweepPage, SweepToPage } from '../../src/shared/sweepPanel.ts';
import type { SweepPageText } from '../../src/shared/sweepPageText.ts';
import { element, icon, setText } from '../shared/dom.ts';
import { bodyData, connect } from '../shared/host.ts';
import { applySeriesColours, readTheme, watchTheme } from '../shared/theme.ts';
import { ICONS } from './icons.ts';
import { Plot } from './plot.ts';
import { axesOf, isChosen, type Choice, type Sort } from './scales.ts';
import { Table } from './table.ts';

interface State {
  readonly folder: string;
  readonly sort: Sort | null;
  readonly choice: Choice;
}

const { text } = bodyData<SweepPageText>();
const host = connect<SweepFromPage, SweepToPage, State>();
let page: SweepPage | null = null;
let { sort, choice } = restored();

const head = element('header', { class: 'head' });
const chosen = element('p', { class: 'chosen', role: 'status' });
const legend = element('div', { class: 'legend', 'aria-hidden': 'true' }, element('span', {}, text.legendWorst), element('span', { class: 'ramp' }), element('span', {}, text.legendBest));
const empty = element('div', { class: 'empty', role: 'status', hidden: true });
const plot = new Plot(text, { choose: (next) => change({ choice: next }), open, hover: (row) => table.mark(row) });
const table = new Table(text, {
  sort: (next) => change({ sort: next }), open, hover: (row) => plot.mark(row, false),
  use: (row) => host.post({ kind: 'use', index: row.index }),
});
const card = element('section', { class: 'card' },
  element('div', { class: 'card-head' }, element('h2', {}, text.plot), chosen, legend), plot.node, empty, element('p', { class: 'hint' }, text.plotHint));
document.body.append(head, element('main', {}, card, table.node));
applySeriesColours(readTheme());
watchTheme((theme) => applySeriesColours(theme));

function restored(): Pick<State, 'sort' | 'choice'> {
  const state = host.restore() as Partial<State> | undefined;
  return { sort: state?.sort ?? null, choice: state?.choice ?? {} };
}

function open(row: SweepPage['rows'][number]): void {
  if (row.run !== null) host.post({ kind: 'open', run: row.run });
}

function change(wish: Partial<Pick<State, 'sort' | 'choice'>>): void {
  if (wish.sort !== undefined) sort = wish.sort;
  if (wish.choice !== undefined) choice = wish.choice;
  draw();
}

function draw(): void {
  if (page === null) return;
  host.keep({ folder: page.folder, sort, choice });
  drawHead(page);
  const axes = axesOf(page);
  const rows = page.rows.filter((row) => isChosen(row, axes, choice));
  const measured = page.rows.some(({ value }) => value !== null);
  plot.node.hidden = !measured;
  legend.hidden = !measured;
  empty.hidden = measured;
  if (!measured) empty.replaceChildren(element('h3', {}, text['empty.waiting']), element('p', {}, fill(text['empty.waitingHint'], page.metric)));
  const some = Object.keys(choice).length > 0;
  if (some) chosen.replaceChildren(`${fill(text.shown, rows.length, page.rows.length)} `, element('button', { type: 'button', class: 'link', onClick: () => change({ choice: {} }) }, text.letGo));
  else setText(chosen, '');
  plot.update(page, choice);
  table.update(page, rows, sort ?? { key: page.seeds > 1 ? 'mean' : 'value', descending: page.goal === 'max' });
}

let drawnHead = '';
/** Only when it says something else: who stands on a button with the keyboard stays there. */
function drawHead(now: SweepPage): void {
  const { status, rows, finished, secondsLeft, failure, rule } = now;
  const facts = [
    fill(text.finished, finished, rows.length),
    status === 'running' && secondsLeft !== null && secondsLeft > 0 ? fill(text.left, duration(secondsLeft * 1000)) : null,
    fill(now.goal === 'min' ? text.less : text.more, now.metric),
  ];
  const signature = JSON.stringify([status, facts, failure, now.title, rows.some(({ best }) => best), Object.keys(choice).length]);
  if (signature === drawnHead) return;
  drawnHead = signature;
  const best = rows.find((row) => row.best);
  const button = (label: string, path: string, message: () => SweepFromPage, primary = false, title = label): HTMLElement =>
    element('button', { type: 'button', class: primary ? 'button primary' : 'button', title, onClick: () => host.post(message()) }, icon(path), label);
  head.replaceChildren(
    element('div', { class: 'top-line' },
      element('h1', {}, now.title), element('span', { class: `status ${status}` }, text[`status.${status}`]),
      element('span', { class: 'facts' }, facts.filter((fact) => fact !== null).join(' · ')),
      element('span', { class: 'tools', role: 'toolbar', 'aria-label': text.title },
        best === undefined ? null : button(text.use, ICONS.use, () => ({ kind: 'use', index: best.index }), true),
        rows.some(({ run }) => run !== null) ? button(text.compare, ICONS.compare, () => ({ kind: 'compare', runs: chosenRuns() }), false, text.compareHint) : null,
        status === 'running' ? button(text.stop, ICONS.stop, () => ({ kind: 'stop' })) : null,
        status === 'stopped' || status === 'lost' || status === 'failed' ? button(text.resume, ICONS.resume, () => ({ kind: 'resume' }), best === undefined) : null)),
    element('div', { class: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': rows.length, 'aria-valuenow': finished, 'aria-label': facts[0] ?? '' }, fillBar(finished / Math.max(1, rows.length))),
    ...(failure === null ? [] : [element('p', { class: 'failure' }, failure)]),
    ...(rule === null ? [] : [element('p', { class: 'rule-text' }, rule)]),
  );
}

function fillBar(share: number): HTMLElement {
  const filled = element('div', { class: 'filled' });
  filled.style.width = `${(share * 100).toFixed(1)}%`;
  return filled;
}

function chosenRuns(): readonly string[] {
  if (page === null) return [];
  const axes = axesOf(page);
  return page.rows.filter((row) => isChosen(row, axes, choice)).flatMap(({ run }) => run ?? []);
}

host.listen((message) => {
  if (message.kind === 'gone') {
    head.replaceChildren(element('p', { class: 'failure' }, message.text));
    return;
  }
  page = message.page;
  draw();
});
host.post({ kind: 'ready' });
