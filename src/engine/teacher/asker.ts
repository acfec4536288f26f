/** A teacher as the rest of the engine asks it: the client behind the project's cache, ledger and budget. */
import path from 'node:path';
import type { MessageData, Spend } from '../../shared/events.ts';
import { moneyText, tokensText } from '../../shared/money.ts';
import type { RecordMessage, TokenUse } from '../../shared/record.ts';
import type { Sampling } from '../../shared/recipeCollect.ts';
import type { ApiTeacher } from '../../shared/recipeTeacher.ts';
import { Budget } from './budget.ts';
import { AnswerCache, promptHash, questionKey, type Kept } from './cache.ts';
import type { Answered, Asker, AttemptEnd, Completion, TeacherClient } from './contract.ts';
import { TEACHER_FILES } from './folder.ts';
import { Ledger, type Reservation } from './ledger.ts';
import { fromNanos } from './prices.ts';
import { SharedAnswers } from './sharedAnswers.ts';

/** An asker with what its owner needs besides: what it has cost, whether it would cost, and its end. */
export interface OpenAsker extends Asker {
  /** The answer that is kept for a question, without asking; null where there is none. */
  kept(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): Answered | null;
  /** Whether kept() has an answer; touches memory only. */
  has(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): boolean;
  /** Throws DistillError `budget-below-request` where not even one such request fits under the cap. */
  checkRoom(messages: readonly RecordMessage[], sampling: Sampling): void;
  /** Null where nothing is paid or capped: a model of this machine. */
  spend(): Spend | null;
  /** Requests at once that make sense now. */
  concurrency(): number;
  close(): Promise<void>;
}

export interface AskerOptions {
  readonly name: string;
  readonly teacher: ApiTeacher;
  /** See teacherFolder. */
  readonly folder: string;
  /** Of the service, as requests go to it. */
  readonly address: string;
  readonly client: TeacherClient;
  /** Who asks (a run's folder), for a second process that is refused. */
  readonly about: string;
  readonly onWarning?: (code: 'requests-lost', data: MessageData) => void;
}

/** Takes the teacher's lock. Throws DistillError `collect-busy`, `ledger-…`, of the file system; the client is the caller's to close then. */
export async function openAsker(options: AskerOptions): Promise<OpenAsker> {
  const { name, teacher, folder } = options;
  const ledger = await Ledger.open({ name, folder, prices: teacher.prices ?? null, about: options.about });
  try {
    const cache = AnswerCache.open(path.join(folder, TEACHER_FILES.answers));
    const { lostRequests, lostNanos, lostTokens } = ledger.totals();
    if (lostRequests > 0) {
      const worst = teacher.prices === undefined ? `${tokensText(lostTokens)} tokens` : moneyText(fromNanos(lostNanos), teacher.prices.currency);
      options.onWarning?.('requests-lost', { teacher: name, requests: lostRequests, worst });
    }
    return new ApiAsker(options, ledger, cache);
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

class ApiAsker implements OpenAsker {
  readonly teacher: Asker['teacher'];
  readonly #budget: Budget;
  readonly #answers: SharedAnswers;

  constructor(private readonly options: AskerOptions, private readonly ledger: Ledger, private readonly cache: AnswerCache) {
    const { name, teacher, client } = options;
    this.teacher = { name, model: client.model, service: client.service };
    this.#answers = new SharedAnswers(cache);
    this.#budget = new Budget(name, teacher, ledger, () => cache.size);
  }

  async ask(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Answered> {
    const key = this.#key(messages, sampling, sampleIndex);
    return this.#answers.ask(key, () => this.#request(key, messages, sampling, sampleIndex, signal));
  }

  kept(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): Answered | null {
    return this.#answers.kept(this.#key(messages, sampling, sampleIndex));
  }

  has(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): boolean {
    return this.#answers.has(this.#key(messages, sampling, sampleIndex));
  }

  checkRoom(messages: readonly RecordMessage[], sampling: Sampling): void {
    this.#budget.checkRoom(this.options.client.worstCase({ messages, sampling, sampleIndex: 0 }));
  }

  spend(): Spend {
    return this.#budget.spend(this.options.client.state());
  }

  concurrency(): number {
    return this.options.teacher.concurrency;
  }

  async close(): Promise<void> {
    try {
      await this.options.client.close();
      // What was in flight is settled or lost before the files close.
      await this.#answers.settled();
    } finally {
      try {
        this.cache.close();
      } finally {
        await this.ledger.close();
      }
    }
  }

  async #request(key: string, messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number, signal: AbortSignal | undefined): Promise<Kept> {
    const begun = performance.now();
    const attempts = new Attempts(this.#budget, signal);
    try {
      const completion = await this.options.client.complete({ messages, sampling, sampleIndex }, {
        ...(signal === undefined ? {} : { signal }),
        beforeAttempt: (attempt, worst) => attempts.begin(attempt, worst),
        afterAttempt: (attempt, end) => { attempts.end(attempt, end); },
      });
      const answer = { ...completion, promptHash: promptHash(messages), cost: this.#cost(attempts.costNanos(completion)) };
      // Before the settlement: a process that dies between the two has the answer, and counts it at its worst case.
      this.cache.put(key, answer, performance.now() - begun);
      attempts.settle(completion);
      return answer;
    } finally {
      attempts.close();
    }
  }

  #cost(nanos: number): Kept['cost'] {
    const { prices } = this.options.teacher;
    return prices === undefined ? null : { amount: fromNanos(nanos), currency: prices.currency };
  }

  #key(messages: readonly RecordMessage[], sampling: Sampling, sampleIndex: number): string {
    const { address, teacher: { model, body } } = this.options;
    return questionKey({ address, model, body, messages, sampling, sampleIndex });
  }
}

/** The reservations of one question: one for each attempt, each closed exactly once. */
class Attempts {
  readonly #open = new Map<number, Reservation>();
  /** The attempt whose answer came: settled once that is on the disk. */
  #answered: number | null = null;
  #lostNanos = 0;

  constructor(private readonly budget: Budget, private readonly signal: AbortSignal | undefined) {}

  async begin(attempt: number, worst: Parameters<Budget['reserve']>[0]): Promise<void> {
    this.#open.set(attempt, await this.budget.reserve(worst, this.signal));
  }

  end(attempt: number, end: AttemptEnd): void {
    const reservation = this.#open.get(attempt);
    if (reservation === undefined) return;
    switch (end.type) {
      case 'answered':
        this.#answered = attempt;
        return;
      case 'refused':
        this.#open.delete(attempt);
        this.budget.free(reservation, end.code);
        return;
      case 'lost':
        if (end.worst.input + end.worst.output > reservation.tokens) this.#overrun(attempt, reservation, end.worst);
        else this.#lose(attempt, reservation, end.code);
    }
  }

  /** What the question has cost with this answer, lost attempts included: billionths. */
  costNanos({ tokens }: Pick<Completion, 'tokens'>): number {
    return this.#lostNanos + (this.budget.cost(tokens) ?? 0);
  }

  settle({ tokens, tokensBasis }: Completion): void {
    const attempt = this.#answered ?? [...this.#open.keys()].at(-1);
    const reservation = attempt === undefined ? undefined : this.#open.get(attempt);
    if (attempt === undefined || reservation === undefined) return;
    this.#open.delete(attempt);
    this.budget.settle(reservation, tokens, tokensBasis);
  }

  /** Whatever is still open was sent and may have been billed. */
  close(): void {
    for (const [attempt, reservation] of [...this.#open]) this.#lose(attempt, reservation, 'unfinished');
  }

  /** The service wrote more than it was asked for: what came counts, not the smaller reservation. */
  #overrun(attempt: number, reservation: Reservation, wrote: TokenUse): void {
    this.#open.delete(attempt);
    this.#lostNanos += this.budget.cost(wrote) ?? 0;
    this.budget.settle(reservation, wrote, 'estimated');
  }

  #lose(attempt: number, reservation: Reservation, code: string): void {
    this.#open.delete(attempt);
    this.#lostNanos += reservation.nanos;
    this.budget.lose(reservation, code);
  }
}
