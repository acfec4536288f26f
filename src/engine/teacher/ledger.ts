/**
 * What a teacher has cost in a project, over all runs: `ledger.jsonl`, one line a fact, only ever appended to.
 *
 * A reservation is written before its request is sent and counts as spent, at its worst case, until a later line settles it.
 * So whatever moment a process dies at, the file never says less than was spent. Reservations that a dead process left open
 * are closed as `lost` by the next one: the service may have billed them, so they go on counting, until a person who has
 * looked at the bill forgives them.
 */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import type { TokenUse } from '../../shared/record.ts';
import type { Prices } from '../../shared/recipeTeacher.ts';
import { lockTeacher, TEACHER_FILES } from './folder.ts';
import { LineFile, readLines } from './lineFile.ts';
import { costNanos, fromNanos, toNanos, worstNanos } from './prices.ts';

/** Money in the currency's units; absent where the teacher had no prices then. */
interface Priced {
  readonly money?: number;
  readonly currency?: string;
}
/** Why a reservation counts on: its process died, or its request was sent and never came to an end. */
type LedgerLine =
  | { readonly type: 'reserve'; readonly id: number; readonly at: number; readonly input: number; readonly output: number } & Priced
  | { readonly type: 'settle'; readonly id: number; readonly at: number; readonly tokens: TokenUse; readonly basis: 'service' | 'estimated' } & Priced
  | { readonly type: 'free'; readonly id: number; readonly at: number; readonly code: string }
  | { readonly type: 'lost'; readonly id: number; readonly at: number; readonly code: string }
  | { readonly type: 'forgive'; readonly at: number; readonly requests: number };

export interface Reservation {
  readonly id: number;
  readonly tokens: number;
  readonly nanos: number;
}

export interface LedgerTotals {
  readonly requests: number;
  readonly spentTokens: number;
  readonly spentNanos: number;
  /** Of requests in flight. */
  readonly reservedTokens: number;
  readonly reservedNanos: number;
  /** Part of what is spent: requests that may or may not have been billed, at their worst case. */
  readonly lostRequests: number;
  readonly lostTokens: number;
  readonly lostNanos: number;
}

/** The sums over the lines of a ledger, and which reservations are open. */
class Sums {
  readonly open = new Map<number, Reservation>();
  next = 1;
  requests = 0;
  spentTokens = 0;
  spentNanos = 0;
  reservedTokens = 0;
  reservedNanos = 0;
  lostRequests = 0;
  lostTokens = 0;
  lostNanos = 0;
  /** The currency that some line counts in, and the prices of lines that were written without any. */
  currency: string | null = null;

  constructor(private readonly prices: Prices | null) {}

  take(line: LedgerLine): void {
    switch (line.type) {
      case 'reserve': {
        this.#note(line.currency);
        const tokens = line.input + line.output;
        const nanos = this.#nanos(line, () => worstNanos({ input: line.input, cachedInput: 0, output: line.output, reasoning: 0 }, this.prices!));
        this.open.set(line.id, { id: line.id, tokens, nanos });
        this.next = Math.max(this.next, line.id + 1);
        this.requests += 1;
        this.reservedTokens += tokens;
        this.reservedNanos += nanos;
        break;
      }
      case 'settle':
        this.#note(line.currency);
        if (this.#close(line.id) === undefined) break;
        this.spentTokens += line.tokens.input + line.tokens.output;
        this.spentNanos += this.#nanos(line, () => costNanos(line.tokens, this.prices!));
        break;
      case 'free':
        this.#close(line.id);
        break;
      case 'lost': {
        const reservation = this.#close(line.id);
        if (reservation === undefined) break;
        this.spentTokens += reservation.tokens;
        this.spentNanos += reservation.nanos;
        this.lostRequests += 1;
        this.lostTokens += reservation.tokens;
        this.lostNanos += reservation.nanos;
        break;
      }
      case 'forgive':
        this.spentTokens -= this.lostTokens;
        this.spentNanos -= this.lostNanos;
        [this.lostRequests, this.lostTokens, this.lostNanos] = [0, 0, 0];
        break;
    }
  }

  totals(): LedgerTotals {
    const { requests, spentTokens, spentNanos, reservedTokens, reservedNanos, lostRequests, lostTokens, lostNanos } = this;
    return { requests, spentTokens, spentNanos, reservedTokens, reservedNanos, lostRequests, lostTokens, lostNanos };
  }

  #close(id: number): Reservation | undefined {
    const reservation = this.open.get(id);
    if (reservation === undefined) return undefined;
    this.open.delete(id);
    this.reservedTokens -= reservation.tokens;
    this.reservedNanos -= reservation.nanos;
    return reservation;
  }

  /** A line of a time without prices counts at today's, so that a cap which comes later holds for all that was asked. */
  #nanos({ money }: Priced, today: () => number): number {
    if (money !== undefined) return toNanos(money);
    return this.prices === null ? 0 : today();
  }

  #note(currency: string | undefined): void {
    if (currency !== undefined) this.currency = currency;
  }
}

export interface LedgerOptions {
  /** Of the teacher, for messages. */
  readonly name: string;
  /** See teacherFolder. */
  readonly folder: string;
  readonly prices: Prices | null;
  /** Who opens it (a run's folder), for a second one that is refused. */
  readonly about: string;
}

export class Ledger {
  private constructor(private readonly options: LedgerOptions, private readonly release: () => Promise<void>, private readonly file: LineFile, private readonly sums: Sums) {}

  /**
   * Opens a teacher's ledger for this process alone. Throws DistillError `collect-busy` (another process has it),
   * `ledger-broken`, `ledger-currency`, or of the file system.
   */
  static async open(options: LedgerOptions): Promise<Ledger> {
    const release = await lockTeacher(options);
    try {
      const file = path.join(options.folder, TEACHER_FILES.ledger);
      const sums = new Sums(options.prices);
      const lines = LineFile.open(file, (line, _, number) => { sums.take(parsed(file, line, number)); });
      checkCurrency(options, sums.currency);
      const ledger = new Ledger(options, release, lines, sums);
      for (const id of [...sums.open.keys()]) ledger.#append({ type: 'lost', id, at: Date.now(), code: 'process-died' });
      return ledger;
    } catch (error) {
      await release();
      throw error;
    }
  }

  totals(): LedgerTotals {
    return this.sums.totals();
  }

  /** What this would reserve, not yet written. */
  worst(tokens: TokenUse): Omit<Reservation, 'id'> {
    const { prices } = this.options;
    return { tokens: tokens.input + tokens.output, nanos: prices === null ? 0 : worstNanos(tokens, prices) };
  }

  /** What these tokens cost, in billionths; null without prices. */
  cost(tokens: TokenUse): number | null {
    const { prices } = this.options;
    return prices === null ? null : costNanos(tokens, prices);
  }

  /** Written when this returns. Whether the cap allows it is the budget's to know. Throws DistillError of the file system. */
  reserve(tokens: TokenUse): Reservation {
    const id = this.sums.next;
    const { nanos, tokens: sum } = this.worst(tokens);
    this.#append({ type: 'reserve', id, at: Date.now(), input: tokens.input, output: tokens.output, ...this.#priced(nanos) });
    return { id, tokens: sum, nanos };
  }

  /** `basis`: whether the service told these tokens, or they are an upper estimate. */
  settle({ id }: Reservation, tokens: TokenUse, basis: 'service' | 'estimated'): void {
    const nanos = this.cost(tokens);
    this.#append({ type: 'settle', id, at: Date.now(), tokens, basis, ...(nanos === null ? {} : this.#priced(nanos)) });
  }

  /** Nothing was billed: the service refused it, or was never reached. */
  free({ id }: Reservation, code: string): void {
    this.#append({ type: 'free', id, at: Date.now(), code });
  }

  /** It may have been billed: it goes on counting at its worst case. */
  lose({ id }: Reservation, code: string): void {
    this.#append({ type: 'lost', id, at: Date.now(), code });
  }

  /** A person has looked at the bill: what was lost no longer counts. Answers how many requests that were. */
  forgive(): number {
    const requests = this.sums.lostRequests;
    if (requests > 0) this.#append({ type: 'forgive', at: Date.now(), requests });
    return requests;
  }

  async close(): Promise<void> {
    try {
      this.file.close();
    } finally {
      await this.release();
    }
  }

  #priced(nanos: number): Priced {
    const { prices } = this.options;
    return prices === null ? {} : { money: fromNanos(nanos), currency: prices.currency };
  }

  #append(line: LedgerLine): void {
    this.file.append(line);
    this.sums.take(line);
  }
}

/** What a ledger says now, for whoever only looks; requests in flight of another process are reserved. Throws as Ledger.open does, but for the lock. */
export function readLedger({ name, folder, prices }: Omit<LedgerOptions, 'about'>): LedgerTotals {
  const file = path.join(folder, TEACHER_FILES.ledger);
  const sums = new Sums(prices);
  readLines(file, (line, _, number) => { sums.take(parsed(file, line, number)); });
  checkCurrency({ name, prices }, sums.currency);
  return sums.totals();
}

/** A line that can't be read may hide money: nothing is asked until a person has looked at it. */
function parsed(file: string, line: Buffer, number: number): LedgerLine {
  try {
    const value = JSON.parse(line.toString('utf8')) as Partial<LedgerLine> | null;
    if (typeof value?.type === 'string') return value as LedgerLine;
  } catch {
    // Said below.
  }
  throw new DistillError('ledger-broken', { file, line: number + 1 });
}

function checkCurrency({ name, prices }: Pick<LedgerOptions, 'name' | 'prices'>, spent: string | null): void {
  if (prices === null || spent === null || spent === prices.currency) return;
  throw new DistillError('ledger-currency', { teacher: name, currency: prices.currency, spent });
}
