/** The Metrics page: wires the host's messages, the person's wishes and one redraw a frame. */
import 'uplot/dist/uPlot.min.css';
import './metrics.css';
import type { MetricsText } from '../../src/shared/metricsText.ts';
import { fill } from '../../src/shared/metricsText.ts';
import type { MetricsFromPage, MetricsToPage } from '../../src/shared/panel.ts';
import { element } from '../shared/dom.ts';
import { bodyData, connect } from '../shared/host.ts';
import { applySeriesColours, readTheme, watchTheme } from '../shared/theme.ts';
import { registerComponents } from '../shared/toolkit.ts';
import { Card, type CardEvents } from './card.ts';
import { contents, finals, runStyle, type Contents } from './contents.ts';
import { emptyNode, emptyState, fillFacts } from './empty.ts';
import { FinalsTable } from './finals.ts';
import { MetricsModel } from './model.ts';
import { drawPicture } from './picture.ts';
import { RowsCard } from './rows.ts';
import { RunList } from './runList.ts';
import type { Range } from './scale.ts';
import { Toolbar } from './toolbar.ts';
import { restoreView, withVisible, type ViewState } from './view.ts';

/** A zoom that still moves asks for no detail yet. */
const REST_BEFORE_DETAIL_MS = 120;
/** The table is for reading: it changes twice a second, not with every point. */
const TABLE_EVERY_MS = 500;

const { text } = bodyData<MetricsText>();
const host = connect<MetricsFromPage, MetricsToPage, ViewState>();
const model = new MetricsModel();
let view = restoreView(host.restore());
let theme = readTheme();
applySeriesColours(theme);
let current: Contents | null = null;

registerComponents();

const cards = new Map<string, Card>();
const runList = new RunList(text, (action, run) => host.post({ kind: 'action', action, run }));
const toolbar = new Toolbar(text, {
  axis: (axis) => change({ axis, zoom: null }),
  smoothing: askForSmoothing,
  log: (log) => change({ log }),
  reset: () => zoom(null),
  choose: () => host.post({ kind: 'choose' }),
  export: (format) => (format === 'png' ? sendPicture() : host.post({ kind: 'export', format })),
});
const table = new FinalsTable(text);
const rowsCard = new RowsCard(text, {
  open: (run, place) => host.post({ kind: 'openRow', run, place }),
  step: askForRows,
  close: () => { asking = ''; },
});
/** The step whose rows are wanted: an answer for another one comes too late. */
let asking = '';
function askForRows(run: string, step: number): void {
  asking = `${step} ${run}`;
  host.post({ kind: 'rows', run, step });
}
// The last of them; it stands below the losses (metrics.css), where the click was.
const charts = element('div', { class: 'charts' }, rowsCard.node);
const stage = element('main', { class: 'stage' });
const top = element('div', { class: 'top' }, runList.node, toolbar.node);
document.body.append(top, stage);

const cardEvents: CardEvents = {
  choose: ({ run, metric }, x) => {
    const step = model.stepNear(run, metric, view.axis, x);
    if (step !== null) askForRows(run, step);
  },
  shown: () => current?.shown ?? { min: 0, max: 1 },
  whole: () => current?.whole ?? { min: 0, max: 1 },
  set: zoom,
  toggle: (key) => {
    const series = besides(key).find((other) => other.key === key);
    change(withVisible(view, [key], series?.visible === false));
  },
  toggleMetric: (key) => {
    const all = besides(key);
    const series = all.find((other) => other.key === key);
    const keys = all.filter(({ metric }) => metric === series?.metric).map((other) => other.key);
    change(withVisible(view, keys, series?.visible === false));
  },
  isolate: (key) => {
    const others = besides(key).filter((other) => other.key !== key);
    const alone = others.every(({ visible }) => !visible);
    view = { ...view, ...withVisible(view, others.map((other) => other.key), alone) };
    change(withVisible(view, [key], true));
  },
};

/** All curves of the chart that has this one. */
function besides(key: string): Card['series'] {
  return [...cards.values()].find((card) => card.series.some((series) => series.key === key))?.series ?? [];
}

function change(wish: Partial<ViewState>): void {
  view = { ...view, ...wish };
  host.keep(view);
  if (wish.zoom === null) model.dropDetail();
  redraw();
}

/** The host averages all points. While a slider moves, one question is on its way at most. */
let asked: number | null = null;
function askForSmoothing(weight: number): void {
  change({ smoothing: weight });
  if (asked !== null) return;
  asked = weight;
  host.post({ kind: 'smoothing', weight });
}

function smoothingAnswered(weight: number): void {
  if (asked === null || weight !== asked) return;
  asked = null;
  if (weight !== view.smoothing) askForSmoothing(view.smoothing);
}

let resting: ReturnType<typeof setTimeout> | undefined;
function zoom(range: Range | null): void {
  clearTimeout(resting);
  change({ zoom: range });
  if (range !== null) resting = setTimeout(askForDetail, REST_BEFORE_DETAIL_MS);
}

function askForDetail(): void {
  if (view.zoom !== null) host.post({ kind: 'range', request: model.nextRequest(), ...view.zoom, axis: view.axis });
}

let frame = 0;
function redraw(): void {
  if (frame === 0) frame = requestAnimationFrame(draw);
}

function draw(): void {
  frame = 0;
  if (!model.hydrated && model.runs.length === 0) return;
  const { runs } = model;
  const heads = runs.map(({ head }) => head);
  runList.update(runs.map(({ head }, index) => ({ head, style: runStyle(index, runs.length) })));
  toolbar.update(view);
  current = contents(model, view, theme.series, text);
  const empty = emptyState(heads, current.points, text);
  document.body.classList.toggle('is-empty', empty !== null);
  if (empty !== null) return showEmpty(empty);
  drawCharts(current);
}

let shownEmpty = '';
// Within a status that is read aloud when it changes; numbers that change all the time are not.
const emptyFacts = element('dl', { class: 'empty-facts', 'aria-live': 'off' });
function showEmpty(state: NonNullable<ReturnType<typeof emptyState>>): void {
  fillFacts(emptyFacts, model.runs[0]?.head.collected ?? []);
  const signature = JSON.stringify(state);
  if (signature === shownEmpty) return;
  shownEmpty = signature;
  const run = model.runs[0]?.head.run ?? '';
  stage.replaceChildren(emptyNode(state, text, emptyFacts, (action) => host.post(action === 'choose' ? { kind: 'choose' } : { kind: 'action', action, run })));
}

const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) for (const card of cards.values()) if (card.node === entry.target) card.seen = entry.isIntersecting;
  redraw();
}, { rootMargin: '400px' });
const resized = new ResizeObserver(redraw);
resized.observe(charts);

function drawCharts(now: Contents): void {
  if (charts.parentNode === null) {
    shownEmpty = '';
    stage.replaceChildren(charts, table.node);
  }
  for (const [id, card] of cards) {
    if (now.charts.some(({ group }) => group.id === id)) continue;
    sight.unobserve(card.node);
    card.destroy();
    cards.delete(id);
  }
  now.charts.forEach(({ group, content }, index) => {
    let card = cards.get(group.id);
    if (card === undefined) {
      card = new Card(group, content, theme, text, cardEvents);
      cards.set(group.id, card);
      charts.insertBefore(card.node, charts.children[index] ?? null);
      sight.observe(card.node);
    }
    card.draw(content);
  });
  drawTable();
}

let tableTimer: ReturnType<typeof setTimeout> | undefined;
let tableDrawnAt = -Infinity;
function drawTable(): void {
  const wait = tableDrawnAt + TABLE_EVERY_MS - performance.now();
  if (wait > 0) {
    tableTimer ??= setTimeout(drawTable, wait);
    return;
  }
  clearTimeout(tableTimer);
  tableTimer = undefined;
  tableDrawnAt = performance.now();
  table.update(finals(model), model.runs.length > 1);
}

function sendPicture(): void {
  const shown = [...charts.children].flatMap((node) => [...cards.values()].filter((card) => card.node === node));
  const title = model.runs.length === 1 ? model.runs[0]?.head.title ?? text.title : fill(text.titleMany, model.runs.length);
  host.post({ kind: 'export', format: 'png', data: drawPicture(title, shown, theme) });
}

watchTheme((changed) => {
  theme = changed;
  applySeriesColours(theme);
  for (const card of cards.values()) card.retheme(theme);
  redraw();
});

host.listen((message) => {
  if (message.kind === 'picture') return sendPicture();
  if (message.kind === 'rows') {
    if (asking !== `${message.step} ${message.run}`) return;
    return rowsCard.show(message, model.runs.length > 1 ? model.runs.find(({ head }) => head.run === message.run)?.head.title ?? null : null);
  }
  switch (model.take(message)) {
    case 'hydrated':
      if (message.kind === 'hydrate') smoothingAnswered(message.smoothing);
      // A reloaded window hydrates before it has found its runs: what was drawn is not forgotten for that.
      if (model.runs.length > 0) change({ runs: model.runs.map(({ head }) => head.run) });
      askForDetail();
      break;
    case 'out-of-step':
      host.post({ kind: 'hydrate' });
      break;
    case 'ignored':
      return;
    case 'appended': case 'head': case 'refined':
      break;
  }
  redraw();
});

host.post({ kind: 'ready', smoothing: view.smoothing });
