/**
 * How many requests are open at once: as many as the service takes, found while asking.
 *
 * It starts as TCP does, doubling each round while nothing is refused. Then there are two signs of "too many":
 * - A refusal with Retry-After says that this many is too many and when to come back: everybody waits, the limit falls to
 *   what was accepted, and is tried again only after a while that doubles each time it was still too many.
 * - Refusals without it are taken by their share, as DCTCP (Alizadeh et al. 2010, section 3.3) takes its marks: a round with
 *   few of them leaves the limit alone, one with many lowers it by half their share. So a service that fails one request in
 *   fifty by chance is not mistaken for a full one. A refused place stays shut for as long as an answer takes: else it would
 *   be refused again and again within a round, and all shares would look large.
 */
export interface Waits {
  /** Pause after a whole round was refused without saying for how long; doubles with each such round. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** Longest time that a refused place stays shut. */
  readonly coolMostMs: number;
  /** Until a limit that was too many is tried again; doubles. */
  readonly probeMs: number;
  readonly probeMostMs: number;
}

export const WAITS: Waits = { firstMs: 500, mostMs: 30_000, coolMostMs: 30_000, probeMs: 4_000, probeMostMs: 120_000 };

/** Requests at once before anything is known. */
const START = 32;
/** A round with a smaller share of refusals than this leaves the limit as it is: mishaps, not a limit. */
const TOLERATED_SHARE = 0.05;
/** Fewest outcomes that a share is taken of. */
const SMALLEST_ROUND = 10;
/** Above what was once refused by this factor, the old limit is forgotten. */
const FORGET_ABOVE = 1.25;
/** Growth of a round after the first refusal, as a share: one alone would take an hour where an answer takes a minute. */
const GROWTH = 0.1;
/** Weight of the newest answer in the mean time of an answer. */
const NEWEST = 0.1;

export interface Place {
  /** Gives the place back; once. */
  leave(outcome: { readonly type: 'answered' | 'other' } | { readonly type: 'refused'; readonly retryAfterMs: number | null }): void;
}

interface Waiter {
  readonly grant: () => void;
}

export class Concurrency {
  #limit: number;
  #inFlight = 0;
  /** Those that were refused before go first. */
  readonly #again = new Set<Waiter>();
  readonly #fresh = new Set<Waiter>();
  #pausedUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Grows with each fall of the limit: refusals of requests that were sent before it are the same news. */
  #era = 0;
  #ceiling: number | null = null;
  #heldUntil = 0;
  #probeMs: number;
  #round = { answered: 0, refused: 0 };
  #slowStart = true;
  /** The limit was reached since the round began: only then it was tried. */
  #reached = false;
  /** The last round had few refusals: only then it grows. */
  #calm = true;
  /** Timers of places that stay shut. */
  readonly #cooling = new Set<NodeJS.Timeout>();
  #answerMs: number | null = null;
  /** Whole rounds refused since the last answer, and refusals in the present one. */
  #barren = { rounds: 0, refusals: 0 };

  constructor(readonly most: number, readonly waits: Waits = WAITS) {
    this.#limit = Math.min(START, most);
    this.#probeMs = waits.probeMs;
  }

  get inFlight(): number { return this.#inFlight; }
  get waiting(): number { return this.#again.size + this.#fresh.size; }
  get limit(): number { return Math.max(1, Math.floor(this.#limit)); }
  get pausedUntil(): number | null { return this.#pausedUntil > Date.now() ? this.#pausedUntil : null; }

  /** Waits for a place. Rejects with the signal's reason. */
  async enter(signal: AbortSignal | undefined, again: boolean): Promise<Place> {
    signal?.throwIfAborted();
    if (!this.#free() || this.waiting > 0) {
      await new Promise<void>((resolve, reject) => {
        const queue = again ? this.#again : this.#fresh;
        const waiter: Waiter = {
          grant: () => {
            signal?.removeEventListener('abort', abort);
            resolve();
          },
        };
        const abort = (): void => {
          queue.delete(waiter);
          reject(signal?.reason as Error);
        };
        signal?.addEventListener('abort', abort, { once: true });
        queue.add(waiter);
        this.#pump();
      });
    } else {
      this.#inFlight += 1;
    }
    const era = this.#era;
    const entered = Date.now();
    if (this.#inFlight >= this.limit) this.#reached = true;
    let left = false;
    return {
      leave: (outcome) => {
        if (left) return;
        left = true;
        this.#inFlight -= 1;
        if (outcome.type === 'answered') this.#answered(Date.now() - entered);
        else if (outcome.type === 'refused') this.#refused(era, outcome.retryAfterMs);
        this.#pump();
      },
    };
  }

  /** Wakes nobody any more. */
  close(): void {
    clearTimeout(this.#timer);
    for (const timer of this.#cooling) clearTimeout(timer);
  }

  #free(): boolean {
    return this.#inFlight + this.#cooling.size < this.limit && Date.now() >= this.#pausedUntil;
  }

  #pump(): void {
    while (this.waiting > 0 && this.#free()) {
      const queue = this.#again.size > 0 ? this.#again : this.#fresh;
      for (const waiter of queue) {
        queue.delete(waiter);
        this.#inFlight += 1;
        waiter.grant();
        break;
      }
    }
    clearTimeout(this.#timer);
    const wait = this.#pausedUntil - Date.now();
    if (this.waiting > 0 && wait > 0) this.#timer = setTimeout(() => { this.#pump(); }, wait);
  }

  #answered(milliseconds: number): void {
    this.#answerMs = this.#answerMs === null ? milliseconds : this.#answerMs + NEWEST * (milliseconds - this.#answerMs);
    this.#barren = { rounds: 0, refusals: 0 };
    this.#round.answered += 1;
    if (this.#reached && this.#calm) this.#grow();
    this.#closeRound();
  }

  #grow(): void {
    if (this.#ceiling === null) {
      this.#limit += this.#slowStart ? 1 : GROWTH + 1 / this.#limit;
    } else if (this.#limit < this.#ceiling) {
      this.#limit = Math.min(this.#ceiling, this.#limit + 1);
    } else if (Date.now() >= this.#heldUntil) {
      this.#limit += GROWTH + 1 / this.#limit;
      if (this.#limit > this.#ceiling * FORGET_ABOVE + 1) {
        this.#ceiling = null;
        this.#slowStart = true;
        this.#probeMs = this.waits.probeMs;
      }
    }
    this.#limit = Math.min(this.#limit, this.most);
  }

  #refused(era: number, retryAfterMs: number | null): void {
    this.#slowStart = false;
    if (retryAfterMs !== null) this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + retryAfterMs);
    if (retryAfterMs === null || !this.#fell(era)) this.#round.refused += 1;
    if (retryAfterMs === null) this.#cool();
    this.#barren.refusals += 1;
    if (this.#barren.refusals > this.limit) {
      this.#barren = { rounds: this.#barren.rounds + 1, refusals: 0 };
      const pause = Math.random() * Math.min(this.waits.mostMs, this.waits.firstMs * 2 ** this.#barren.rounds);
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + pause);
    }
    this.#closeRound();
  }

  /**
   * The limit falls to what was accepted: what is still open, less each further refusal of the same burst. False where it is
   * no more than what was accepted before: a limit per time or a mishap, of which the share of the round tells.
   */
  #fell(era: number): boolean {
    if (era < this.#era) {
      this.#limit = Math.max(1, this.#limit - 1);
      if (this.#ceiling !== null) this.#ceiling = Math.min(this.#ceiling, this.limit);
      return true;
    }
    if (this.#ceiling !== null && this.#limit <= this.#ceiling) return false;
    this.#era += 1;
    this.#limit = Math.max(1, Math.min(this.#limit, this.#inFlight));
    this.#ceiling = this.limit;
    this.#heldUntil = Date.now() + this.#probeMs;
    this.#probeMs = Math.min(this.waits.probeMostMs, this.#probeMs * 2);
    return true;
  }

  #cool(): void {
    const timer = setTimeout(() => {
      this.#cooling.delete(timer);
      this.#pump();
    }, Math.min(this.#answerMs ?? this.waits.firstMs, this.waits.coolMostMs));
    this.#cooling.add(timer);
  }

  #closeRound(): void {
    const { answered, refused } = this.#round;
    if (answered + refused < Math.max(SMALLEST_ROUND, this.limit)) return;
    this.#round = { answered: 0, refused: 0 };
    this.#reached = this.#inFlight >= this.limit || this.waiting > 0;
    const share = refused / (answered + refused);
    this.#calm = share <= TOLERATED_SHARE;
    if (!this.#calm) this.#limit = Math.max(1, this.#limit * (1 - share / 2));
  }
}
