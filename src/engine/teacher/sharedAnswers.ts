/** A teacher's answers by their questions: what is kept comes from the cache, and those who ask the same at once share one request. */
import type { AnswerCache, Kept } from './cache.ts';
import type { Answered } from './contract.ts';

export class SharedAnswers {
  readonly #asking = new Map<string, Promise<Kept>>();

  constructor(private readonly cache: AnswerCache) {}

  /** `request` puts its answer into the cache itself, when it is safe to. */
  async ask(key: string, request: () => Promise<Kept>): Promise<Answered> {
    const asking = this.#asking.get(key);
    if (asking !== undefined) return { ...(await asking), fromCache: true };
    const kept = this.kept(key);
    if (kept !== null) return kept;
    const answer = request();
    this.#asking.set(key, answer);
    try {
      return { ...(await answer), fromCache: false };
    } finally {
      this.#asking.delete(key);
    }
  }

  kept(key: string): Answered | null {
    const kept = this.cache.get(key);
    return kept === null ? null : { ...kept, fromCache: true };
  }

  /** Whether kept() has an answer; touches memory only. */
  has(key: string): boolean {
    return this.cache.has(key);
  }

  /** Resolves when everything in flight has come to an end, whichever. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#asking.values());
  }
}
