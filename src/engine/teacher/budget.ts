/**
 * A hard cap over a ledger: nothing is reserved that could pass it, and what is reserved waits for what is in flight. A
 * request in flight mostly costs less than its worst case, so a cap that seems reached leaves room once it has ended.
 */
import type { Spend } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import { amountText, moneyText, tokensText } from '../../shared/money.ts';
import type { TokenUse } from '../../shared/record.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import type { ClientState } from './contract.ts';
import type { Ledger, LedgerTotals, Reservation } from './ledger.ts';
import { fromNanos, toNanos } from './prices.ts';

interface Waiter {
  readonly worst: TokenUse;
  readonly resolve: (reservation: Reservation) => void;
  readonly reject: (error: unknown) => void;
}

export class Budget {
  readonly #waiting: Waiter[] = [];
  #inFlight = 0;

  /** `answered`: how many answers are kept, for the sentence that says the cap is reached. */
  constructor(private readonly name: string, private readonly teacher: Pick<ApiTeacher, 'prices' | 'budget'>, private readonly ledger: Ledger, private readonly answered: () => number) {}

  /**
   * Room for the worst case of a request, journalled when the promise resolves. Waits in line while requests are in flight
   * whose end may make room. Throws DistillError `budget-spent` when nothing is left to wait for, the signal's reason on abort.
   */
  async reserve(worst: TokenUse, signal?: AbortSignal): Promise<Reservation> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const place = this.#waiting.indexOf(waiter);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal?.reason);
      };
      const waiter: Waiter = {
        worst,
        resolve: (reservation) => { signal?.removeEventListener('abort', leave); resolve(reservation); },
        reject: (error) => { signal?.removeEventListener('abort', leave); reject(error); },
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  settle(reservation: Reservation, tokens: TokenUse, basis: 'service' | 'estimated'): void {
    this.#end(() => { this.ledger.settle(reservation, tokens, basis); });
  }

  /** What these tokens cost, in billionths; null without prices. */
  cost(tokens: TokenUse): number | null {
    return this.ledger.cost(tokens);
  }

  free(reservation: Reservation, code: string): void {
    this.#end(() => { this.ledger.free(reservation, code); });
  }

  lose(reservation: Reservation, code: string): void {
    this.#end(() => { this.ledger.lose(reservation, code); });
  }

  /** Whether the worst case of one request alone could ever be paid. Throws DistillError `budget-below-request`, with both numbers. */
  checkRoom(worst: TokenUse): void {
    const { budget, prices } = this.teacher;
    const { tokens, nanos } = this.ledger.worst(worst);
    if (budget?.money !== undefined && prices !== undefined && nanos > toNanos(budget.money)) {
      throw new DistillError('budget-below-request', { teacher: this.name, cap: moneyText(budget.money, prices.currency), worst: moneyText(fromNanos(nanos), prices.currency) });
    }
    if (budget?.tokens !== undefined && tokens > budget.tokens) {
      throw new DistillError('budget-below-request', { teacher: this.name, cap: `${tokensText(budget.tokens)} tokens`, worst: `${tokensText(tokens)} tokens` });
    }
  }

  spend({ inFlight, limit }: Pick<ClientState, 'inFlight' | 'limit'>): Spend {
    return spendOf(this.name, this.teacher, this.ledger.totals(), { inFlight, limit });
  }

  #end(write: () => void): void {
    this.#inFlight -= 1;
    try {
      write();
    } finally {
      this.#serve();
    }
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const fits = this.#fits(first.worst);
      if (!fits && this.#inFlight > 0) return;
      this.#waiting.shift();
      if (!fits) {
        first.reject(this.#spent(first.worst));
        continue;
      }
      try {
        const reservation = this.ledger.reserve(first.worst);
        this.#inFlight += 1;
        first.resolve(reservation);
      } catch (error) {
        first.reject(error);
      }
    }
  }

  #fits(worst: TokenUse): boolean {
    return this.#exceeded(worst) === null;
  }

  /** The cap that one more request could pass. */
  #exceeded(worst: TokenUse): 'money' | 'tokens' | null {
    const { budget, prices } = this.teacher;
    const { tokens, nanos } = this.ledger.worst(worst);
    const totals = this.ledger.totals();
    if (budget?.money !== undefined && prices !== undefined && totals.spentNanos + totals.reservedNanos + nanos > toNanos(budget.money)) return 'money';
    if (budget?.tokens !== undefined && totals.spentTokens + totals.reservedTokens + tokens > budget.tokens) return 'tokens';
    return null;
  }

  #spent(worst: TokenUse): DistillError {
    const { budget, prices } = this.teacher;
    const { spentNanos, spentTokens } = this.ledger.totals();
    const [spent, cap] = this.#exceeded(worst) === 'money'
      ? [amountText(fromNanos(spentNanos)), moneyText(budget?.money ?? 0, prices?.currency ?? null)]
      : [tokensText(spentTokens), `${tokensText(budget?.tokens ?? 0)} tokens`];
    return new DistillError('budget-spent', { teacher: this.name, spent, cap, answered: this.answered() });
  }
}

export function spendOf(name: string, { prices, budget }: Pick<ApiTeacher, 'prices' | 'budget'>, totals: LedgerTotals, { inFlight, limit }: Pick<ClientState, 'inFlight' | 'limit'>): Spend {
  const money = (nanos: number): number | null => prices === undefined ? null : fromNanos(nanos);
  return {
    teacher: name, currency: prices?.currency ?? null,
    money: money(totals.spentNanos), reservedMoney: money(totals.reservedNanos), moneyCap: budget?.money ?? null,
    tokens: totals.spentTokens, reservedTokens: totals.reservedTokens, tokenCap: budget?.tokens ?? null,
    inFlight, concurrency: limit,
  };
}
