/**
 * How many requests are open at once: as many as the service takes, found while asking.
 *
 * It starts as TCP does, doubling each round while nothing is refused. Then there are two signs of "too many":
 * - A refusal with Retry-After says that this many is too many and when to come back: everybody waits, the limit falls to
 *   what was accepted, and is tried again only after a while that doubles each time it was still too many.
 * - Refusals without it are taken by their share, as DCTCP (Alizadeh et al. 2010, section 3.3) takes its marks: a round with
 *   few of them leaves the limit alone, one with many lowers it by half their share. So a service that fails one request in
 *   fifty by chance is not mistaken for a full one.
 */
export interface Waits {
  /** Pause after a whole round was refused without saying for how long; doubles with each such round. */
  readonly firstMs: number;
  readonly mostMs: number;
  /** Until a limit that was too many is tried again; doubles. */
  readonly probeMs: number;
  readonly probeMostMs: number;
}

export const WAITS: Waits = { firstMs: 500, mostMs: 30_000, probeMs: 4_000, probeMostMs: 120_000 };

/** Requests at once before anything is known. */
const START = 16;
/** A round with a smaller share of refusals than this leaves the limit as it is: mishaps, not a limit. */
const TOLERATED_SHARE = 0.05;
/** Fewest outcomes that a share is taken of. */
const SMALLEST_ROUND = 10;
/** Above what was once refused by this factor, the old limit is forgotten. */
const FORGET_ABOVE = 1.25;
/** Growth of a round after the first refusal, as a share: one alone would take an hour where an answer takes a minute. */
const GROWTH = 0.1;

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
    let left = false;
    return {
      leave: (outcome) => {
        if (left) return;
        left = true;
        const full = this.#inFlight >= this.limit;
        this.#inFlight -= 1;
        if (outcome.type === 'answered') this.#answered(full);
        else if (outcome.type === 'refused') this.#refused(era, outcome.retryAfterMs);
        this.#pump();
      },
    };
  }

  /** Wakes nobody any more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  #free(): boolean {
    return this.#inFlight < this.limit && Date.now() >= this.#pausedUntil;
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

  #answered(full: boolean): void {
    this.#barren = { rounds: 0, refusals: 0 };
    this.#round.answered += 1;
    // A limit that wasn't reached was not tried.
    if (full) this.#grow();
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
    this.#round.refused += 1;
    this.#slowStart = false;
    if (retryAfterMs !== null) {
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + retryAfterMs);
      this.#fallTo(era);
    }
    this.#barren.refusals += 1;
    if (this.#barren.refusals > this.limit) {
      this.#barren = { rounds: this.#barren.rounds + 1, refusals: 0 };
      const pause = Math.random() * Math.min(this.waits.mostMs, this.waits.firstMs * 2 ** this.#barren.rounds);
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + pause);
    }
    this.#closeRound();
  }

  /** What was accepted is what is still open; each further refusal of the same burst was counted among it. */
  #fallTo(era: number): void {
    if (era < this.#era) {
      this.#limit = Math.max(1, this.#limit - 1);
      if (this.#ceiling !== null) this.#ceiling = Math.min(this.#ceiling, this.limit);
      return;
    }
    // Refused although it is no more than what was accepted before: a rate or a mishap, which the share of the round tells.
    if (this.#ceiling !== null && this.#limit <= this.#ceiling) return;
    this.#era += 1;
    this.#limit = Math.max(1, Math.min(this.#limit, this.#inFlight));
    this.#ceiling = this.limit;
    this.#heldUntil = Date.now() + this.#probeMs;
    this.#probeMs = Math.min(this.waits.probeMostMs, this.#probeMs * 2);
  }

  #closeRound(): void {
    const { answered, refused } = this.#round;
    if (answered + refused < Math.max(SMALLEST_ROUND, this.limit)) return;
    this.#round = { answered: 0, refused: 0 };
    const share = refused / (answered + refused);
    if (share > TOLERATED_SHARE) this.#limit = Math.max(1, this.#limit * (1 - share / 2));
  }
}
