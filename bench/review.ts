/**
 * `npm run bench -- review [--json] [--rows 1000000]`: a file of so many rows (a kilobyte each) as the Review Data page opens
 * it: how long the index takes and what it holds, a view with facets, a sort, a search over the whole file, the rows of a
 * screen anywhere in the file, a decision on all rows with its side file, the report.
 */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { FILE_ORDER, NO_FILTER } from '../src/shared/dataPanel.ts';
import { buildIndex } from '../src/engine/data/review/dataIndex.ts';
import { Decisions } from '../src/engine/data/review/decisions.ts';
import { makeReport } from '../src/engine/data/review/report.ts';
import { writeReviewBytes } from '../src/engine/data/review/reviewFile.ts';
import { RowReader } from '../src/engine/data/review/rows.ts';
import { searchRows } from '../src/engine/data/review/search.ts';
import { lengthsOf, makeView } from '../src/engine/data/review/view.ts';
import { writeDataRows } from '../test/harness/dataRows.ts';

/** Screens that are read, each at another place. */
const SCREENS = 200;
const ROWS_A_SCREEN = 20;

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false }, rows: { type: 'string', default: '1000000' } } });
const ROWS = Number(options.rows);
const figures: Record<string, number> = {};
const seconds = (begin: number): number => (performance.now() - begin) / 1000;

async function timed<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const begin = performance.now();
  const result = await work();
  figures[name] = seconds(begin);
  if (!options.json) process.stdout.write(`${name}: ${seconds(begin).toFixed(3)} s\n`);
  return result;
}

const folder = await mkdtemp(path.join(os.tmpdir(), 'dw-bench-review-'));
try {
  const file = path.join(folder, 'rows.jsonl');
  await writeDataRows(file, ROWS, { thinkBytes: 300 });
  figures['megabytes'] = (await stat(file)).size / 1e6;
  const quiet = { signal: new AbortController().signal, breathe: async (): Promise<void> => undefined };
  const index = await timed('index', () => buildIndex(file, quiet));
  figures['index bytes a row'] = index.memory / index.length;
  const decisions = new Decisions(index);
  const about = { lengths: lengthsOf(index, false), decisions: decisions.codes, found: null };
  const all = await timed('view of all rows with facets', () => makeView(index, { filter: NO_FILTER, sort: FILE_ORDER, ...about }));
  await timed('view of wrong rows', () => makeView(index, { filter: { ...NO_FILTER, facets: { verdict: ['wrong'] } }, sort: FILE_ORDER, ...about }));
  await timed('view sorted by length', () => makeView(index, { filter: NO_FILTER, sort: { by: 'length', descending: true }, ...about }));
  const found = await timed('search over the file', () => searchRows(index, `question ${String(ROWS - 1)}:`, async () => undefined));
  if (found.reduce((sum, each) => sum + each, 0) !== 1) throw new Error('the search found other rows');
  const reader = new RowReader(index);
  const times: number[] = [];
  for (let screen = 0; screen < SCREENS; screen++) {
    const from = (screen * 7919 * 131) % (ROWS - ROWS_A_SCREEN);
    const begin = performance.now();
    const rows = await reader.readMany([...all.order.subarray(from, from + ROWS_A_SCREEN)]);
    times.push(performance.now() - begin);
    if (rows.some((row) => row === null)) throw new Error('a row was not where the index says');
  }
  times.sort((a, b) => a - b);
  figures['screen, median ms'] = times[SCREENS / 2] ?? 0;
  figures['screen, 99 % ms'] = times[Math.floor(SCREENS * 0.99)] ?? 0;
  await timed('decide on all rows', () => decisions.decide(all.order, 'reject'));
  await timed('write their side file', () => writeReviewBytes(file, decisions.content()));
  await timed('undo', () => decisions.undo());
  await timed('report', () => makeReport(index, decisions, reader, { counter: null, limit: null, all: false, ...quiet }));
  await reader.close();
  figures['memory of the process, MB'] = process.memoryUsage().rss / 1e6;
  if (options.json) process.stdout.write(`${JSON.stringify({ rows: ROWS, node: process.version, cpu: os.cpus()[0]?.model, ...figures }, null, 2)}\n`);
  else for (const name of ['megabytes', 'index bytes a row', 'screen, median ms', 'screen, 99 % ms', 'memory of the process, MB']) process.stdout.write(`${name}: ${(figures[name] ?? 0).toFixed(2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
