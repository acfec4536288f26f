/**
 * A person's decisions in memory: a byte a row, the texts of edited rows, what undo takes back, and what the side file said
 * last, so that its change by someone else (a checkout, a second window) is taken up and not written over.
 */
import { DistillError } from '../../../shared/messages.ts';
import type { Edited } from '../../../shared/dataPanel.ts';
import type { ReviewDecision, ReviewLine } from '../../../shared/review.ts';
import type { DataIndex } from './dataIndex.ts';
import { reviewLine } from './reviewFile.ts';
import { DECISION_NAMES } from './view.ts';

/** What is kept of a row's line beside its decision. */
type Extra = Pick<ReviewLine, 'edited' | 'note'>;

/** What a line says, to be compared: its code alone, or the whole line where it has texts. */
type Sign = number | string;

type LinesById = ReadonlyMap<string, ReviewLine>;

/** A change that undo takes back as one: rows, their codes before, and what else their lines said before. */
interface Change {
  readonly rows: Uint32Array;
  readonly codes: Uint8Array;
  readonly extras: ReadonlyMap<number, Extra>;
}

/** Steps that can be taken back, and rows of all of them together (5 bytes each): bulk decisions on millions of rows. */
const MOST_STEPS = 1000;
const MOST_ROWS_OF_STEPS = 20_000_000;

export class Decisions {
  /** Code of DECISION_NAMES of each row. Rows of one id always have the same. */
  codes: Uint8Array;
  readonly #extras = new Map<number, Extra>();
  /** Lines of the side file whose row is not in the data file: kept, behind the others. */
  #orphans: readonly ReviewLine[] = [];
  #undo: Change[] = [];
  #redo: Change[] = [];
  /** First rows of the ids that were decided on since the side file was last read or written, with what it says of them. */
  readonly #unsaved = new Map<number, Sign>();

  constructor(readonly index: DataIndex) {
    this.codes = new Uint8Array(index.length);
  }

  get orphans(): number {
    return this.#orphans.length;
  }

  get unsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  get canUndo(): boolean {
    return this.#undo.length > 0;
  }

  get canRedo(): boolean {
    return this.#redo.length > 0;
  }

  /** Rows of the data file by their decision. */
  counts(): Record<ReviewDecision, number> {
    const sums = new Uint32Array(DECISION_NAMES.length);
    for (let row = 0; row < this.index.rows; row++) sums[this.codes[row] ?? 0] = (sums[this.codes[row] ?? 0] ?? 0) + 1;
    return { accept: sums[1] ?? 0, reject: sums[2] ?? 0, quarantine: sums[3] ?? 0, edit: sums[4] ?? 0 };
  }

  of(row: number): ReviewDecision | '' {
    return DECISION_NAMES[this.codes[row] ?? 0] ?? '';
  }

  extra(row: number): Extra | undefined {
    return this.#extras.get(this.index.ids.first(row));
  }

  /** After the index has grown: the new rows are not decided on, unless an orphan's row has come. */
  grown(): void {
    const codes = new Uint8Array(this.index.length);
    codes.set(this.codes);
    this.codes = codes;
    const orphans = this.#orphans;
    this.#orphans = orphans.filter((line) => !this.#put(line));
  }

  /** The side file's lines replace everything; nothing of before can be taken back. */
  load(lines: LinesById): void {
    this.codes.fill(0);
    this.#extras.clear();
    this.#unsaved.clear();
    this.#undo = [];
    this.#redo = [];
    this.#orphans = [...lines.values()].filter((line) => !this.#put(line));
  }

  /**
   * Takes up what someone else wrote into the side file: of rows that were decided on here since, this window's decision
   * stays. Answers how many of those say something else there, and how many rows changed.
   */
  takeUp(lines: LinesById): { readonly changed: number; readonly conflicts: number } {
    const mine = [...this.#unsaved].map(([row, base]) => ({ row, base, sign: this.#sign(row), code: this.codes[row] ?? 0, extra: this.#extras.get(row) ?? {} }));
    const before = this.codes.slice();
    const beforeExtras = new Map(this.#extras);
    const [undo, redo] = [this.#undo, this.#redo];
    this.load(lines);
    // What this person did can still be taken back, row by row, whatever the others did.
    [this.#undo, this.#redo] = [undo, redo];
    let conflicts = 0;
    for (const { row, base, sign, code, extra } of mine) {
      const theirs = this.#sign(row);
      if (theirs !== base && theirs !== sign) conflicts += 1;
      if (theirs !== sign) this.#set(row, code, extra);
    }
    let changed = 0;
    for (let row = 0; row < this.codes.length; row++) {
      if (this.codes[row] !== before[row] || (this.codes[row] === codeOf('edit') && JSON.stringify(this.#extras.get(row)) !== JSON.stringify(beforeExtras.get(row)))) changed += 1;
    }
    return { changed, conflicts };
  }

  /**
   * Decides on rows; an empty decision takes it back. Rows that a rule removed can't be decided on. An edited row that is
   * accepted stays edited, and one that is rejected keeps its new texts, so that nothing a person wrote is lost.
   * Answers how many rows changed.
   */
  decide(rows: Iterable<number>, decision: ReviewDecision | '', edited?: Edited): number {
    const { ids } = this.index;
    const seen = ids.unique ? null : new Set<number>();
    const changed: number[] = [];
    for (const each of rows) {
      if (this.index.isRemoved(each)) continue;
      const row = ids.first(each);
      if (seen?.has(row) === true) continue;
      seen?.add(row);
      const next = this.#next(row, decision, edited);
      if (next.code !== this.codes[row] || (next.extra !== this.#extras.get(row) && JSON.stringify(next.extra) !== JSON.stringify(this.#extras.get(row)))) changed.push(row);
    }
    if (changed.length === 0) return 0;
    this.#remember(this.#undo, Uint32Array.from(changed));
    this.#redo = [];
    for (const row of changed) {
      const { code, extra } = this.#next(row, decision, edited);
      this.#set(row, code, extra ?? {});
    }
    return changed.length;
  }

  /** What a decision makes of a row's line. */
  #next(row: number, decision: ReviewDecision | '', edited: Edited | undefined): { readonly code: number; readonly extra: Extra | undefined } {
    if (decision === '') return { code: 0, extra: undefined };
    const extra = this.#extras.get(row);
    const next = edited === undefined ? extra : { ...extra, edited };
    return { code: codeOf(decision === 'accept' && next?.edited !== undefined ? 'edit' : decision), extra: next };
  }

  /** Answers the rows that changed back; empty when there is nothing to undo. */
  undo(): Uint32Array {
    return this.#back(this.#undo, this.#redo);
  }

  redo(): Uint32Array {
    return this.#back(this.#redo, this.#undo);
  }

  /** The side file as it is to be: in the order of the rows, then what has no row any more. */
  content(): Buffer {
    const pieces: Buffer[] = [];
    let piece: string[] = [];
    const write = (line: string): void => {
      piece.push(line);
      if (piece.length === LINES_A_PIECE) {
        pieces.push(Buffer.from(piece.join('')));
        piece = [];
      }
    };
    for (let row = 0; row < this.index.rows; row++) {
      if (this.codes[row] === 0 || this.index.ids.first(row) !== row) continue;
      const line = this.#lineOf(row);
      if (line !== null) write(reviewLine(line));
    }
    for (const line of this.#orphans) write(reviewLine(line));
    pieces.push(Buffer.from(piece.join('')));
    return Buffer.concat(pieces);
  }

  /** The rows whose decisions are on their way to the disk; decided on while they are, they are unsaved again. */
  beginSave(): ReadonlyMap<number, Sign> {
    const saving = new Map(this.#unsaved);
    this.#unsaved.clear();
    return saving;
  }

  saveFailed(saving: ReadonlyMap<number, Sign>): void {
    for (const [row, base] of saving) this.#unsaved.set(row, base);
  }

  #back(from: Change[], to: Change[]): Uint32Array {
    const change = from.pop();
    if (change === undefined) return new Uint32Array();
    this.#remember(to, change.rows);
    change.rows.forEach((row, at) => this.#set(row, change.codes[at] ?? 0, change.extras.get(row) ?? {}));
    return change.rows;
  }

  #remember(steps: Change[], rows: Uint32Array): void {
    const extras = new Map<number, Extra>();
    for (const row of rows) {
      const extra = this.#extras.get(row);
      if (extra !== undefined) extras.set(row, extra);
    }
    steps.push({ rows, codes: Uint8Array.from(rows, (row) => this.codes[row] ?? 0), extras });
    while (steps.length > 1 && (steps.length > MOST_STEPS || steps.reduce((sum, step) => sum + step.rows.length, 0) > MOST_ROWS_OF_STEPS)) steps.shift();
  }

  /** `row` is the first of its id. */
  #set(row: number, code: number, { edited, note }: Extra): void {
    if (!this.#unsaved.has(row)) this.#unsaved.set(row, this.#sign(row));
    for (const same of this.#rowsOf(row)) this.codes[same] = code;
    const extra: Extra = { ...(edited === undefined ? {} : { edited }), ...(note === undefined ? {} : { note }) };
    if (code === 0 || Object.keys(extra).length === 0) this.#extras.delete(row);
    else this.#extras.set(row, extra);
  }

  /** False where no row of the data file has the line's id. */
  #put(line: ReviewLine): boolean {
    const rows = this.index.ids.rows(line.id).filter((row) => !this.index.isRemoved(row));
    const [first] = rows;
    if (first === undefined) return false;
    for (const row of rows) this.codes[row] = codeOf(line.decision);
    const { edited, note } = line;
    if (edited !== undefined || note !== undefined) this.#extras.set(this.index.ids.first(first), { ...(edited === undefined ? {} : { edited }), ...(note === undefined ? {} : { note }) });
    return true;
  }

  #rowsOf(row: number): readonly number[] {
    if (this.index.ids.unique) return [row];
    return this.index.ids.rows(this.index.ids.at(row)).filter((same) => !this.index.isRemoved(same));
  }

  #sign(row: number): Sign {
    const line = this.#extras.has(row) ? this.#lineOf(row) : null;
    return line === null ? this.codes[row] ?? 0 : reviewLine(line);
  }

  #lineOf(row: number): Omit<ReviewLine, 'format'> | null {
    const decision = this.of(row);
    return decision === '' ? null : { id: this.index.ids.at(row), decision, ...this.#extras.get(row) };
  }
}

const LINES_A_PIECE = 4096;

function codeOf(decision: ReviewDecision | ''): number {
  const code = DECISION_NAMES.indexOf(decision);
  if (code < 0) throw new DistillError('unexpected', { detail: `decision ${decision}` });
  return code;
}
