/** The thread behind the Review Data page: the index, views, search, decisions, what happens when files change under it. */
import { openSync, readSync, closeSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { FILE_ORDER, NO_FILTER, type DataFilter, type DataFromWorker, type DataSort, type DataToWorker } from '../../../src/shared/dataPanel.ts';
import { buildIndex, type DataIndex } from '../../../src/engine/data/review/dataIndex.ts';
import { DataService } from '../../../src/engine/data/review/dataService.ts';
import { lengthsOf, makeView } from '../../../src/engine/data/review/view.ts';
import { dataRow, writeDataRows } from '../../harness/dataRows.ts';

let folder: string;
beforeAll(async () => { folder = await mkdtemp(path.join(os.tmpdir(), 'dw-review-')); });
afterAll(() => rm(folder, { recursive: true, force: true }));

const quiet = { signal: new AbortController().signal, breathe: async (): Promise<void> => undefined };

describe('a file of 200,000 rows', () => {
  const ROWS = 200_000;
  let file: string;
  let index: DataIndex;

  beforeAll(async () => {
    file = path.join(folder, 'large.jsonl');
    await writeDataRows(file, ROWS);
    index = await buildIndex(file, quiet);
  }, 120_000);
  afterAll(() => rm(file));

  const view = (filter: Partial<DataFilter>, sort: DataSort = FILE_ORDER): ReturnType<typeof makeView> =>
    makeView(index, { filter: { ...NO_FILTER, ...filter }, sort, lengths: lengthsOf(index, false), decisions: new Uint8Array(index.length), found: null });

  test('has every row where the index says it is', () => {
    expect([index.rows, index.broken]).toEqual([ROWS, 0]);
    const handle = openSync(file, 'r');
    let next = 0;
    const misplaced: number[] = [];
    for (let row = 0; row < ROWS; row++) {
      // One row ends where the next begins: with the first and the sampled ones read, all places are right.
      if (index.offsets.at(row) !== next || index.lines.at(row) !== row) misplaced.push(row);
      next = index.offsets.at(row) + index.bytes.at(row) + 1;
      if (row % 997 !== 0 && row !== ROWS - 1) continue;
      const bytes = Buffer.alloc(index.bytes.at(row));
      readSync(handle, bytes, 0, bytes.length, index.offsets.at(row));
      expect(JSON.parse(bytes.toString('utf8'))).toEqual(dataRow(row));
      expect(index.ids.at(row)).toBe(dataRow(row).id);
      expect(index.ids.rows(dataRow(row).id)).toEqual([row]);
    }
    closeSync(handle);
    expect(misplaced).toEqual([]);
  });

  test('takes little more than two hundred bytes of memory a row', () => {
    expect(index.memory / ROWS).toBeLessThan(220);
  });

  test('is filtered and counted right', () => {
    const numbers = Array.from({ length: ROWS }, (_, n) => n);
    const wrongLogic = numbers.filter((n) => n % 5 === 0 && n % 3 === 0);
    const found = view({ facets: { verdict: ['wrong'], task: ['logic'] } });
    expect([...found.order]).toEqual(wrongLogic);
    const count = (facet: keyof typeof found.facets, value: string): number | undefined => found.facets[facet].find((each) => each.value === value)?.count;
    // A facet's own choice does not count against its values: choosing "right" instead would give these.
    expect(count('verdict', 'right')).toBe(numbers.filter((n) => n % 5 !== 0 && n % 3 === 0).length);
    expect(count('task', 'maths')).toBe(numbers.filter((n) => n % 5 === 0 && n % 3 !== 0).length);
    expect(count('finding', 'truncated')).toBe(wrongLogic.filter((n) => n % 50 === 0).length);
    expect(view({ facets: { finding: ['repetition'], language: ['zh'] } }).order.length).toBe(numbers.filter((n) => (n % 20 === 0 || n % 50 === 0) && n % 7 === 3).length);
    expect(view({ length: { min: 1050, max: null } }).order.length).toBe(numbers.filter((n) => 100 + n % 1000 >= 1050).length);
    expect(view({ cost: { min: 0.004, max: 0.004 } }).order.length).toBe(numbers.filter((n) => n % 4 === 3).length);
  });

  test('is sorted stably, both ways', () => {
    const longest = view({}, { by: 'length', descending: true }).order;
    expect([...longest.subarray(0, 3)]).toEqual([999, 1999, 2999]);
    const cheapest = view({}, { by: 'cost', descending: false }).order;
    expect([...cheapest.subarray(0, 3)]).toEqual([0, 4, 8]);
    expect([...view({}, { by: 'row', descending: true }).order.subarray(0, 2)]).toEqual([ROWS - 1, ROWS - 2]);
    expect(new Set(longest).size).toBe(ROWS);
  });
});

/** The service with its messages; `until` waits for the next one of a kind. */
class Talk {
  readonly said: DataFromWorker[] = [];
  readonly service: DataService;
  #woken: (() => void)[] = [];
  #read = 0;

  constructor(readonly file: string) {
    this.service = new DataService({ file, training: null }, (message) => {
      this.said.push(message);
      for (const wake of this.#woken.splice(0)) wake();
    });
  }

  async until<K extends DataFromWorker['kind']>(kind: K, fits: (message: Extract<DataFromWorker, { kind: K }>) => boolean = () => true): Promise<Extract<DataFromWorker, { kind: K }>> {
    for (;;) {
      for (; this.#read < this.said.length; this.#read++) {
        const message = this.said[this.#read] as DataFromWorker;
        if (message.kind === 'trouble' && kind !== 'trouble') throw new Error(`${message.code} ${JSON.stringify(message.data)}`);
        if (message.kind !== kind || !fits(message as Extract<DataFromWorker, { kind: K }>)) continue;
        this.#read += 1;
        return message as Extract<DataFromWorker, { kind: K }>;
      }
      await new Promise<void>((resolve) => this.#woken.push(resolve));
    }
  }

  send(message: DataToWorker): Promise<void> {
    return this.service.receive(message);
  }

  async view(filter: Partial<DataFilter> = {}): Promise<Extract<DataFromWorker, { kind: 'view' }>['summary']> {
    void this.send({ kind: 'view', filter: { ...NO_FILTER, ...filter }, sort: FILE_ORDER, selected: null });
    return (await this.until('view')).summary;
  }
}

describe('the page’s thread', () => {
  let talk: Talk;
  let file: string;
  const side = (): string => path.join(path.dirname(file), 'rows.review.jsonl');
  const begin = async (rows = 30): Promise<void> => {
    file = path.join(await mkdtemp(path.join(folder, 'case-')), 'rows.jsonl');
    await writeDataRows(file, rows);
    await open();
  };
  const open = async (): Promise<void> => {
    talk = new Talk(file);
    void talk.send({ kind: 'hello' });
  };
  afterEach(() => talk.send({ kind: 'close' }));
  const lines = async (): Promise<readonly string[]> => (await readFile(side(), 'utf8')).trimEnd().split('\n').map((line) => { const { id, decision } = JSON.parse(line) as { id: string; decision: string }; return `${Number.parseInt(id, 16)} ${decision}`; });

  test('gives previews, one whole row, and finds texts however JSON writes them', async () => {
    await begin();
    await talk.until('indexed');
    const { view, total } = await talk.view();
    expect(total).toBe(30);
    void talk.send({ kind: 'rows', view, from: 10, to: 12 });
    expect((await talk.until('rows')).rows).toMatchObject([{ row: 10, line: 11, answer: '21', verdict: 'wrong', decision: '', task: 'maths' }, { row: 11, line: 12, verdict: 'right' }]);
    void talk.send({ kind: 'row', view, row: 3 });
    expect((await talk.until('row')).detail).toMatchObject({ row: 3, position: 3, line: 4, record: dataRow(3), review: null });
    // As Python writes it by default: every Chinese character escaped.
    await writeFile(file, JSON.stringify(dataRow(3)).replaceAll(/[\u0080-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`) + `\n${JSON.stringify({ ...dataRow(1), answer: 'a "quote"\nÉtude' })}\n`);
    await talk.until('indexed', ({ change }) => change === 'replaced');
    expect((await talk.view({ text: '小明有' })).total).toBe(1);
    expect((await talk.view({ text: '"quote"\nétude' })).total).toBe(1);
    expect((await talk.view({ text: 'ann HAS' })).total).toBe(1);
    expect((await talk.view({ text: 'provenance' })).total).toBe(0);
  });

  test('writes decisions in the order of the rows, takes them back, and does it again', async () => {
    await begin();
    await talk.until('indexed');
    await talk.view();
    for (const [row, decision] of [[20, 'reject'], [3, 'accept'], [7, 'quarantine']] as const) void talk.send({ kind: 'decide', row, decision });
    void talk.send({ kind: 'decide', row: 5, decision: 'edit', edited: { answer: 'ten' } });
    await talk.until('state', ({ state }) => !state.unsaved && state.counts.edit === 1);
    expect(await lines()).toEqual(['3 accept', '5 edit', '7 quarantine', '20 reject']);
    void talk.send({ kind: 'undo' });
    void talk.send({ kind: 'undo' });
    await talk.until('state', ({ state }) => !state.unsaved && state.counts.edit === 0);
    expect(await lines()).toEqual(['3 accept', '20 reject']);
    void talk.send({ kind: 'redo' });
    await talk.until('state', ({ state }) => !state.unsaved && state.counts.quarantine === 1);
    expect(await lines()).toEqual(['3 accept', '7 quarantine', '20 reject']);
  });

  test('an edited row that is rejected keeps its new texts, and accepted again is the edited one', async () => {
    await begin();
    await talk.until('indexed');
    await talk.view();
    void talk.send({ kind: 'decide', row: 5, decision: 'edit', edited: { answer: 'ten' } });
    void talk.send({ kind: 'decide', row: 5, decision: 'reject' });
    await talk.until('state', ({ state }) => !state.unsaved && state.counts.reject === 1);
    expect(await readFile(side(), 'utf8')).toContain('"decision":"reject","edited":{"answer":"ten"}');
    void talk.send({ kind: 'decide', row: 5, decision: 'accept' });
    await talk.until('state', ({ state }) => !state.unsaved && state.counts.edit === 1);
    expect(await readFile(side(), 'utf8')).toContain('"decision":"edit","edited":{"answer":"ten"}');
  });

  test('decides on all rows of a view at once, undone as one; nothing is lost on close', async () => {
    await begin();
    await talk.until('indexed');
    const { view, total } = await talk.view({ facets: { verdict: ['wrong'] } });
    void talk.send({ kind: 'decide-all', view, decision: 'reject', count: total });
    expect((await talk.until('decided')).rows).toBe(total);
    await talk.send({ kind: 'close' });
    expect(await lines()).toEqual([0, 5, 10, 15, 20, 25].map((n) => `${n} reject`));
    await open();
    expect((await talk.until('indexed')).state.counts.reject).toBe(6);
    const all = await talk.view();
    void talk.send({ kind: 'decide-all', view: all.view, decision: 'accept', count: all.total });
    expect((await talk.until('decided')).state.counts).toMatchObject({ accept: 30, reject: 0 });
    void talk.send({ kind: 'undo' });
    expect(await talk.until('decided')).toMatchObject({ by: 'undo', rows: 30, state: { counts: { accept: 0, reject: 6 } } });
  });

  test('takes up what someone else wrote into the side file; its own unsaved decision stays, and the conflict is told', async () => {
    await begin();
    await writeFile(side(), '{"format":1,"id":"0000000000000001","decision":"accept"}\n');
    await talk.until('indexed');
    await talk.view();
    void talk.send({ kind: 'decide', row: 1, decision: 'reject' });
    await writeFile(side(), '{"format":1,"id":"0000000000000001","decision":"quarantine"}\n{"format":1,"id":"0000000000000002","decision":"accept"}\n{"format":1,"id":"gone","decision":"accept"}\n');
    expect(await talk.until('decided', ({ by }) => by === 'file')).toMatchObject({ conflicts: 1, state: { counts: { accept: 1, reject: 1 } } });
    await talk.until('state', ({ state }) => !state.unsaved);
    // The decision on a row that is not here is another version's: it stays.
    expect(await readFile(side(), 'utf8')).toBe('{"format":1,"id":"0000000000000001","decision":"reject"}\n{"format":1,"id":"0000000000000002","decision":"accept"}\n{"format":1,"id":"gone","decision":"accept"}\n');
  });

  test('a side file with a merge in it is told, and is not written over', async () => {
    await begin();
    const merge = '<<<<<<< HEAD\n{"format":1,"id":"0000000000000001","decision":"accept"}\n=======\n>>>>>>> other\n';
    await writeFile(side(), merge);
    await talk.send({ kind: 'close' });
    await open();
    expect(await talk.until('trouble')).toMatchObject({ about: 'review', code: 'review-merge', data: { line: 1 } });
    await talk.view();
    void talk.send({ kind: 'decide', row: 2, decision: 'reject' });
    expect(await talk.until('trouble')).toMatchObject({ about: 'review', code: 'review-merge' });
    expect(await readFile(side(), 'utf8')).toBe(merge);
    // Solved: read again, and decided on as before.
    await writeFile(side(), '{"format":1,"id":"0000000000000001","decision":"accept"}\n');
    expect((await talk.until('decided', ({ by, rows }) => by === 'file' && rows > 0)).state.counts.accept).toBe(1);
  });

  test('follows a file that grows, one that is cut, and one that is edited in its middle', async () => {
    await begin(5);
    expect((await talk.until('indexed')).summary.rows).toBe(5);
    await talk.view();
    void talk.send({ kind: 'decide', row: 1, decision: 'reject' });
    // A line that is still being written is no row, and no mistake.
    await appendFile(file, `${JSON.stringify(dataRow(5))}\n${JSON.stringify(dataRow(6)).slice(0, 40)}`);
    expect(await talk.until('indexed', ({ change }) => change === 'grown')).toMatchObject({ summary: { rows: 6, broken: 0 }, state: { counts: { reject: 1 }, canUndo: true } });
    await appendFile(file, `${JSON.stringify(dataRow(6)).slice(40)}\n`);
    expect((await talk.until('indexed', ({ change }) => change === 'grown')).summary.rows).toBe(7);
    await writeFile(file, (await readFile(file, 'utf8')).replace('Question 2:', 'Question two, which is longer now:'));
    expect(await talk.until('indexed', ({ change }) => change === 'replaced')).toMatchObject({ summary: { rows: 7, broken: 0 }, state: { counts: { reject: 1 } } });
    await truncate(file, 200);
    expect(await talk.until('indexed', ({ change }) => change === 'replaced')).toMatchObject({ summary: { rows: 0, orphans: 1 } });
  });

  test('reading that is cancelled is told, and begins again when asked', async () => {
    file = path.join(await mkdtemp(path.join(folder, 'case-')), 'rows.jsonl');
    await writeDataRows(file, 30);
    talk = new Talk(file);
    void talk.send({ kind: 'hello' });
    void talk.send({ kind: 'cancel' });
    expect(await talk.until('trouble')).toMatchObject({ about: 'file', code: 'review-cancelled' });
    void talk.send({ kind: 'again' });
    expect((await talk.until('indexed')).summary.rows).toBe(30);
  });

  test('counts lines that are no rows and names the first; rows of other formats are read', async () => {
    file = path.join(await mkdtemp(path.join(folder, 'case-')), 'rows.jsonl');
    await writeFile(file, '{"question":"1+1?","answer":"It is 2.\\n#### 2"}\n{"a":\n\n{"messages":[{"role":"user","content":"2+2?"},{"role":"assistant","content":"<think>two twos</think>4"}]}\n[1]\n');
    await open();
    expect((await talk.until('indexed')).summary).toMatchObject({ rows: 2, broken: 2, firstBroken: { line: 2, code: 'data-row-not-json' } });
    const { view } = await talk.view();
    void talk.send({ kind: 'row', view, row: 1 });
    expect((await talk.until('row')).detail).toMatchObject({ line: 4, record: { prompt: '2+2?', think: 'two twos', answer: '4' } });
  });

  test('shows what cleaning took away with its rule and the row that stayed', async () => {
    file = path.join(await mkdtemp(path.join(folder, 'case-')), 'rows.jsonl');
    await writeDataRows(file, 3);
    await writeFile(path.join(path.dirname(file), 'rows.removed.jsonl'), `${JSON.stringify({ format: 1, kind: 'changed', rules: ['unicode'], row: 1, kept: 1, id: 'x', original: {} })}\n`
      + `${JSON.stringify({ format: 1, kind: 'removed', rule: 'near-duplicates', detail: { of: dataRow(2).id, similarity: 0.93 }, row: 3, keptBefore: 3, record: { ...dataRow(9), id: 'nine' } })}\n`);
    await open();
    expect((await talk.until('indexed')).summary).toMatchObject({ rows: 3, removed: 1 });
    expect((await talk.view()).total).toBe(3);
    const { view, total } = await talk.view({ facets: { rule: ['near-duplicates'] }, text: 'Question 9' });
    expect(total).toBe(1);
    void talk.send({ kind: 'row', view, row: 3 });
    expect((await talk.until('row')).detail).toMatchObject({ removed: { rule: 'near-duplicates', detail: { similarity: 0.93 } }, partner: { row: 2, line: 3 }, record: { id: 'nine' } });
  });

  test.each([['rows.csv', 'a,b\n1,2\n', 'CSV'], ['rows.json', '[{"a":1}]', 'JSON'], ['rows.parquet', 'PAR1....', 'Parquet'], ['rows.jsonl', Buffer.from('\ufeff{"prompt":"题"}\n', 'utf16le'), 'UTF-16'], ['latin.jsonl', Buffer.from('{"prompt":"caf\xe9"}\n', 'latin1'), 'GB18030']])('says that %s is to be converted first', async (name, content, format) => {
    file = path.join(await mkdtemp(path.join(folder, 'case-')), name);
    await writeFile(file, content);
    await open();
    expect(await talk.until('trouble')).toMatchObject({ about: 'file', code: 'review-convert-first', data: { format } });
  });
});
