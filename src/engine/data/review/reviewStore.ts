/** Decisions and their side file: saved a moment after the last change, taken up when someone else writes it. */
import { DistillError } from '../../../shared/messages.ts';
import type { ErrorCode } from '../../../shared/messages.ts';
import type { MessageData } from '../../../shared/events.ts';
import { reviewFileOf, type ReviewLine } from '../../../shared/review.ts';

import { fileState, type DataIndex, type FileState } from './dataIndex.ts';
import { Decisions } from './decisions.ts';
import { readReview, writeReviewBytes } from './reviewFile.ts';

/** Keys are pressed faster than this; a crash loses no more than it. */
const SAVE_AFTER_MS = 300;
/** Writing takes at most this share of the time, however many lines there are. */
const SAVE_SHARE = 0.2;

interface ReviewStoreEvents {
  /** Someone else wrote the side file. */
  takenUp(changed: number, conflicts: number): void;
  saved(): void;
  /** The side file can't be read or written; null: it can again. */
  trouble(trouble: ReviewTrouble | null): void;
}

export interface ReviewTrouble {
  readonly code: ErrorCode;
  readonly data: MessageData;
}

export class ReviewStore {
  readonly decisions: Decisions;
  trouble: ReviewTrouble | null = null;
  readonly #events: ReviewStoreEvents;
  /** What the side file was when it was last read or written here. */
  #state: FileState | null = null;
  #timer: NodeJS.Timeout | null = null;
  #saveTookMs = 0;
  /** Reads and writes of the side file, one after the other. */
  #queue: Promise<void> = Promise.resolve();

  private constructor(readonly index: DataIndex, events: ReviewStoreEvents) {
    this.decisions = new Decisions(index);
    this.#events = events;
  }

  static async open(index: DataIndex, events: ReviewStoreEvents): Promise<ReviewStore> {
    const store = new ReviewStore(index, events);
    const lines = await store.#read();
    if (lines !== null) store.decisions.load(lines);
    return store;
  }

  /** After a change by the person. */
  changed(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), Math.max(SAVE_AFTER_MS, this.#saveTookMs / SAVE_SHARE));
  }

  /** Writes what is unsaved now. Never throws: trouble is told. */
  save(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return this.#next(async () => {
      if (!this.decisions.unsaved) return;
      await this.#takeUp();
      if (this.trouble !== null && this.trouble.code.startsWith('review-')) return;
      const begin = performance.now();
      const saving = this.decisions.beginSave();
      try {
        await writeReviewBytes(this.index.file, this.decisions.content());
        this.#state = await fileState(reviewFileOf(this.index.file));
        this.#tell(null);
        this.#events.saved();
      } catch (error) {
        this.decisions.saveFailed(saving);
        this.#tell(troubleOf(error));
      }
      this.#saveTookMs = performance.now() - begin;
    });
  }

  /** Reads the side file where someone else wrote it. */
  look(): Promise<void> {
    return this.#next(() => this.#takeUp());
  }

  async #takeUp(): Promise<void> {
    const state = await fileState(reviewFileOf(this.index.file)).catch(() => this.#state);
    if (same(state, this.#state)) return;
    const lines = await this.#read();
    if (lines === null) return;
    const { changed, conflicts } = this.decisions.takeUp(lines);
    if (changed > 0 || conflicts > 0) this.#events.takenUp(changed, conflicts);
  }

  /** Null where it can't be read. */
  async #read(): Promise<ReadonlyMap<string, ReviewLine> | null> {
    try {
      this.#state = await fileState(reviewFileOf(this.index.file));
      const lines = await readReview(this.index.file);
      this.#tell(null);
      return lines;
    } catch (error) {
      this.#tell(troubleOf(error));
      return null;
    }
  }

  #next(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work);
    return this.#queue;
  }

  #tell(trouble: ReviewTrouble | null): void {
    const before = this.trouble;
    this.trouble = trouble;
    if (before?.code !== trouble?.code || before?.data['line'] !== trouble?.data['line']) this.#events.trouble(trouble);
  }
}

export function troubleOf(error: unknown): ReviewTrouble {
  if (error instanceof DistillError) return { code: error.code, data: error.data };
  return { code: 'unexpected', data: { detail: error instanceof Error ? error.message : String(error) } };
}

function same(one: FileState | null, other: FileState | null): boolean {
  return one?.bytes === other?.bytes && one?.modified === other?.modified && one?.inode === other?.inode;
}
