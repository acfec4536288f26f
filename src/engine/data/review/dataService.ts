/** What the thread does for the page: index, views, rows, decisions, report. One file at a time; messages in, messages out. */
import { setImmediate } from 'node:timers/promises';
import type { DataFilter, DataFromWorker, DataSort, DataToWorker, DataWorkerStart, DecisionState, FileSummary, RowDetail, RowPreview } from '../../../shared/dataPanel.ts';
import { DistillError } from '../../../shared/messages.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { removedFileOf } from '../clean/removed.ts';
import { buildIndex, fileState, growIndex, type DataIndex, type FileState } from './dataIndex.ts';
import { refuseOtherFormats } from './formatOf.ts';
import { openRowCounter, type RowCounter } from './lengths.ts';
import { makeReport } from './report.ts';
import { ReviewStore, troubleOf, type ReviewTrouble } from './reviewStore.ts';
import { RowReader } from './rows.ts';
import { searchRows } from './search.ts';
import { lengthsOf, makeView, type Lengths, type View } from './view.ts';

/** How often the files are looked at for changes by others. */
const LOOK_EVERY_MS = 500;
const PROGRESS_EVERY_MS = 100;
/** Characters of a prompt and an answer in the list. */
const PREVIEW = 160;
/** Most rows of one answer to `rows`. */
const MOST_ROWS = 500;

export class DataService {
  readonly #start: DataWorkerStart;
  readonly #post: (message: DataFromWorker) => void;
  #index: DataIndex | null = null;
  #reader: RowReader | null = null;
  #review: ReviewStore | null = null;
  #counter: RowCounter | null = null;
  #counted = false;
  #view: { readonly number: number; readonly view: View } | null = null;
  #views = 0;
  /** What `view` asked for last: a search that is no longer wanted ends. */
  #asked = 0;
  #found: { readonly text: string; readonly index: DataIndex; readonly rows: number; readonly found: Uint8Array } | null = null;
  #work = new AbortController();
  #report: AbortController | null = null;
  #looking: NodeJS.Timeout | null = null;
  #lastProgress = 0;
  #opening: Promise<void> | null = null;
  /** Changes of the data file are read. */
  #following = true;

  constructor(start: DataWorkerStart, post: (message: DataFromWorker) => void) {
    this.#start = start;
    this.#post = post;
  }

  async receive(message: DataToWorker): Promise<void> {
    try {
      await this.#receive(message);
    } catch (error) {
      if (isAbort(error)) return;
      this.#post({ kind: 'trouble', about: message.kind === 'report' ? 'report' : message.kind === 'row' || message.kind === 'rows' ? 'row' : 'file', ...troubleOf(error) });
    }
  }

  async #receive(message: DataToWorker): Promise<void> {
    switch (message.kind) {
      case 'hello': return this.#hello();
      case 'hidden': return this.#hide();
      case 'again': return this.#open('replaced');
      case 'cancel': return this.#cancel();
      case 'view': return this.#makeView(message.filter, message.sort, message.selected);
      case 'rows': return this.#rows(message.view, message.from, message.to);
      case 'row': return this.#row(message.view, message.row);
      case 'decide': return this.#decide([message.row], message.decision, message.edited);
      case 'decide-all': {
        if (this.#view?.number === message.view) this.#decide(this.#view.view.order, message.decision);
        return;
      }
      case 'undo': return this.#back('undo');
      case 'redo': return this.#back('redo');
      case 'report': return this.#makeReport();
      case 'close': {
        this.#work.abort();
        this.#hide();
        await this.#review?.save();
        await this.#reader?.close();
        this.#post({ kind: 'saved' });
      }
    }
  }

  async #hello(): Promise<void> {
    this.#following = true;
    this.#looking ??= setInterval(() => void this.#look(), LOOK_EVERY_MS);
    if (this.#index !== null) this.#tellIndexed('first');
    else this.#opening ??= this.#open('first').finally(() => { this.#opening = null; });
    await this.#opening;
  }

  #hide(): void {
    if (this.#looking !== null) clearInterval(this.#looking);
    this.#looking = null;
    void this.#review?.save();
  }

  #cancel(): void {
    this.#work.abort();
    this.#report?.abort();
    this.#asked += 1;
    // A change that the person did not want to wait for is not read again by the next look.
    this.#following = false;
    if (this.#index !== null) this.#tellIndexed('cancelled');
    else this.#post({ kind: 'trouble', about: 'file', code: 'review-cancelled', data: { file: this.#start.file } });
  }

  async #open(change: 'first' | 'replaced'): Promise<void> {
    this.#work.abort();
    const { signal } = this.#work = new AbortController();
    const { file } = this.#start;
    await refuseOtherFormats(file);
    // What was decided on the rows of before is on the disk, where the new index finds it.
    await this.#review?.save();
    const index = await buildIndex(file, { signal, breathe: (done, total, rows) => this.#breathe('index', done, total, rows) });
    const review = await ReviewStore.open(index, {
      takenUp: (rows, conflicts) => this.#post({ kind: 'decided', by: 'file', rows, row: null, decision: null, state: this.#state(), conflicts }),
      saved: () => this.#post({ kind: 'state', state: this.#state() }),
      trouble: (trouble) => this.#tellReviewTrouble(index, trouble),
    });
    signal.throwIfAborted();
    await this.#reader?.close();
    [this.#index, this.#review, this.#reader, this.#counted, this.#view, this.#found] = [index, review, new RowReader(index), false, null, null];
    this.#tellIndexed(change);
    void this.#countTokens(signal);
  }

  /** Looks at the files once: the data may have grown or been replaced, the side file may have been written. */
  async #look(): Promise<void> {
    const [index, review] = [this.#index, this.#review];
    if (index === null || review === null || this.#opening !== null) return;
    try {
      const [now, removed] = [await fileState(index.file), await fileState(removedFileOf(index.file))];
      if (this.#following && now !== null && (changed(now, index.state) || changed(removed, index.removedState))) {
        this.#opening = this.#changed(index, review).finally(() => { this.#opening = null; });
        await this.#opening;
      } else {
        await review.look();
      }
    } catch (error) {
      if (!isAbort(error)) this.#post({ kind: 'trouble', about: 'file', ...troubleOf(error) });
    }
  }

  async #changed(index: DataIndex, review: ReviewStore): Promise<void> {
    const { signal } = this.#work = this.#stopWork();
    const grew = await growIndex(index, { signal, breathe: (done, total, count) => this.#breathe('index', done, total, count) });
    if (!grew) return this.#open('replaced');
    review.decisions.grown();
    [this.#counted, this.#view, this.#found] = [false, null, null];
    await this.#reader?.close();
    this.#tellIndexed('grown');
    void this.#countTokens(signal);
  }

  #stopWork(): AbortController {
    this.#work.abort();
    return new AbortController();
  }

  #tellIndexed(change: 'first' | 'grown' | 'replaced' | 'lengths' | 'cancelled'): void {
    this.#post({ kind: 'indexed', summary: this.#summary(), change, state: this.#state() });
    const { trouble } = this.#ready().review;
    if (trouble !== null) this.#post({ kind: 'trouble', about: 'review', ...trouble });
  }

  /** What was wrong before the index was told is told with it. */
  #tellReviewTrouble(index: DataIndex, trouble: ReviewTrouble | null): void {
    if (this.#index !== index) return;
    if (trouble !== null) this.#post({ kind: 'trouble', about: 'review', ...trouble });
    else this.#post({ kind: 'decided', by: 'file', rows: 0, row: null, decision: null, state: this.#state(), conflicts: 0 });
  }

  #summary(): FileSummary {
    const { index, review } = this.#ready();
    return {
      file: index.file, rows: index.rows, removed: index.removed, bytes: index.state?.bytes ?? 0, broken: index.broken, firstBroken: index.firstBroken,
      lengths: this.#lengths().unit, limit: this.#start.training?.limit ?? null, currency: index.currencies.values[1] ?? null,
      orphans: review.decisions.orphans,
    };
  }

  #state(): DecisionState {
    const { decisions } = this.#ready().review;
    return { counts: decisions.counts(), canUndo: decisions.canUndo, canRedo: decisions.canRedo, unsaved: decisions.unsaved };
  }

  #lengths(): Lengths {
    return lengthsOf(this.#ready().index, this.#counted);
  }

  async #makeView(filter: DataFilter, sort: DataSort, selected: string | null): Promise<void> {
    const asked = this.#asked += 1;
    const { index, review } = this.#ready();
    const found = filter.text === '' ? null : await this.#search(index, filter.text, asked);
    if (asked !== this.#asked || index !== this.#index) return;
    const view = makeView(index, { filter, sort, lengths: this.#lengths(), decisions: review.decisions.codes, found });
    this.#views += 1;
    this.#view = { number: this.#views, view };
    this.#post({ kind: 'view', summary: { view: this.#views, total: view.order.length, facets: view.facets, selected: this.#placeOf(selected) } });
  }

  async #search(index: DataIndex, text: string, asked: number): Promise<Uint8Array> {
    const kept = this.#found;
    if (kept?.text === text && kept.index === index && kept.rows === index.length) return kept.found;
    const found = await searchRows(index, text, async (done) => {
      await this.#breathe('search', done, index.length, done);
      if (asked !== this.#asked) throw new DOMException('another view is wanted', 'AbortError');
    });
    this.#found = { text, index, rows: index.length, found };
    return found;
  }

  #placeOf(id: string | null): { readonly position: number; readonly row: number } | null {
    const { index } = this.#ready();
    for (const row of id === null ? [] : index.ids.rows(id)) {
      const position = this.#view?.view.order.indexOf(row) ?? -1;
      if (position >= 0) return { position, row };
    }
    return null;
  }

  async #rows(view: number, from: number, to: number): Promise<void> {
    const current = this.#view;
    if (current?.number !== view) return;
    const { index, review, reader } = this.#ready();
    const rows = [...current.view.order.subarray(from, Math.min(to, from + MOST_ROWS))];
    const records = await reader.readMany(rows);
    if (this.#view !== current) return;
    const lengths = this.#lengths();
    this.#post({ kind: 'rows', view, from, rows: rows.map((row, at) => this.#preview(index, review, lengths, row, records[at] ?? null)) });
  }

  #preview(index: DataIndex, { decisions }: ReviewStore, lengths: Lengths, row: number, record: DataRecord | null): RowPreview {
    const edited = decisions.of(row) === 'edit' ? decisions.extra(row)?.edited : undefined;
    const short = (text: string): string => text.slice(0, PREVIEW * 2).replaceAll(/\s+/g, ' ').trim().slice(0, PREVIEW);
    return {
      row, line: index.lines.at(row) + 1, removed: index.isRemoved(row), prompt: short(edited?.prompt ?? record?.prompt ?? ''), answer: short(edited?.answer ?? record?.answer ?? ''),
      verdict: index.verdict.at(row), decision: index.isRemoved(row) ? '' : decisions.of(row), length: lengths.of(row), cut: this.#isCut(lengths, row),
      task: index.task.at(row), rule: index.rule.at(row),
    };
  }

  #isCut(lengths: Lengths, row: number): boolean {
    const limit = this.#start.training?.limit ?? null;
    return limit !== null && lengths.unit === 'tokens' && (lengths.of(row) ?? 0) > limit;
  }

  async #row(view: number, row: number): Promise<void> {
    const { index, review, reader } = this.#ready();
    if (row < 0 || row >= index.length) return;
    const record = await reader.read(row);
    const removal = await reader.removal(row);
    if (index !== this.#index) return;
    const lengths = this.#lengths();
    const { decisions } = review;
    const decision = index.isRemoved(row) ? '' : decisions.of(row);
    const position = this.#view?.view.order.indexOf(row) ?? -1;
    const detail: RowDetail = {
      row, position: position < 0 ? null : position, line: index.lines.at(row) + 1, record,
      removed: removal === null ? null : { rule: removal.rule, detail: removal.detail },
      review: decision === '' ? null : { decision, ...decisions.extra(row) },
      length: lengths.of(row), cut: this.#isCut(lengths, row), same: this.#same(index, row), partner: removal === null ? null : this.#partner(index, removal.partner),
    };
    this.#post({ kind: 'row', view, detail });
  }

  #same(index: DataIndex, row: number): RowDetail['same'] {
    const [content, same] = [index.content.at(row), [] as number[]];
    for (let other = index.content.values.indexOf(content); other >= 0 && other < index.length && same.length < MOST_SAME; other = index.content.values.indexOf(content, other + 1)) {
      if (other !== row) same.push(other);
    }
    return same.map((other) => ({ row: other, line: index.lines.at(other) + 1, removed: index.isRemoved(other) }));
  }

  #partner(index: DataIndex, id: string | null): RowDetail['partner'] {
    const [row] = id === null ? [] : index.ids.rows(id);
    return row === undefined ? null : { row, line: index.lines.at(row) + 1 };
  }

  #decide(rows: Iterable<number>, ...[decision, edited]: [Parameters<ReviewStore['decisions']['decide']>[1], Parameters<ReviewStore['decisions']['decide']>[2]?]): void {
    const { review } = this.#ready();
    if (review.trouble !== null && review.trouble.code.startsWith('review-')) {
      this.#post({ kind: 'trouble', about: 'review', ...review.trouble });
      return;
    }
    const list = [...rows];
    const changedRows = review.decisions.decide(list, decision, edited);
    if (changedRows > 0) review.changed();
    this.#post({ kind: 'decided', by: 'person', rows: changedRows, row: list.length === 1 ? list[0] ?? null : null, decision, state: this.#state(), conflicts: 0 });
  }

  #back(by: 'undo' | 'redo'): void {
    const { review } = this.#ready();
    const rows = review.decisions[by]();
    if (rows.length > 0) review.changed();
    this.#post({ kind: 'decided', by, rows: rows.length, row: rows.length === 1 ? rows[0] ?? null : null, decision: rows.length === 1 ? review.decisions.of(rows[0] ?? 0) : null, state: this.#state(), conflicts: 0 });
  }

  /** In the background, so that lengths are in tokens and the rows that training would cut are known. */
  async #countTokens(signal: AbortSignal): Promise<void> {
    const { index, reader } = this.#ready();
    const { training } = this.#start;
    if (training === null) return;
    try {
      this.#counter ??= await openRowCounter(training.tokenizer, training.template);
      let done = 0;
      for await (const group of reader.groups(Uint32Array.from({ length: index.length }, (_, row) => row), signal)) {
        for (const { row, record } of group) {
          const { prompt, think, answer } = this.#counter(record);
          index.tokens.set(row, prompt + think + answer);
          done += 1;
          if (done % ROWS_A_BREATH === 0) {
            await this.#breathe('tokens', done, index.length, done);
            signal.throwIfAborted();
          }
        }
      }
      this.#counted = true;
      this.#tellIndexed('lengths');
    } catch (error) {
      // Without a tokenizer that works lengths stay characters: the report says so as well.
      if (!isAbort(error)) this.#post({ kind: 'trouble', about: 'report', ...troubleOf(error) });
    }
  }

  async #makeReport(): Promise<void> {
    const { index, review, reader } = this.#ready();
    this.#report?.abort();
    const { signal } = this.#report = new AbortController();
    const { training } = this.#start;
    if (training !== null) this.#counter ??= await openRowCounter(training.tokenizer, training.template).catch(() => null);
    const report = await makeReport(index, review.decisions, reader, {
      counter: this.#counter, limit: training?.limit ?? null, all: false, signal, breathe: (done, total) => this.#breathe('report', done, total, done),
    });
    if (!signal.aborted && index === this.#index) this.#post({ kind: 'report', report });
  }

  #ready(): { readonly index: DataIndex; readonly review: ReviewStore; readonly reader: RowReader } {
    const [index, review, reader] = [this.#index, this.#review, this.#reader];
    // A page that asks before the index is told: it asks again once it is.
    if (index === null || review === null || reader === null) throw new DOMException('no index yet', 'AbortError');
    return { index, review, reader };
  }

  async #breathe(what: 'index' | 'search' | 'tokens' | 'report', done: number, total: number, rows: number): Promise<void> {
    const now = performance.now();
    if (now - this.#lastProgress >= PROGRESS_EVERY_MS) {
      this.#lastProgress = now;
      this.#post({ kind: 'progress', what, done, total, rows });
    }
    await setImmediate();
  }
}

/** Rows with the same texts that are named. */
const MOST_SAME = 20;
const ROWS_A_BREATH = 64;

function changed(now: FileState | null, before: FileState | null): boolean {
  return now?.bytes !== before?.bytes || now?.modified !== before?.modified || now?.inode !== before?.inode;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError' && !(error instanceof DistillError);
}
