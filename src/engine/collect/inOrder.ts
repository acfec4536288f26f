/** Slow work on many items at once, its results in the order of the items. */

export interface InOrderOptions {
  /** Items that are worked on at once. */
  readonly atOnce: number;
  /** Items whose work has begun and whose result was not yet taken: more than atOnce, so that one slow item doesn't hold up the others. */
  readonly ahead: number;
}

/**
 * Begins work on the next item as soon as a place is free, also while nobody asks for a result. The first error of the items
 * or of the work is thrown at its place in the order, and no more work is begun; what is under way is the caller's to cancel.
 */
export async function* inOrder<T, R>(items: AsyncIterable<T> | Iterable<T>, { atOnce, ahead }: InOrderOptions, work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const results: Promise<R>[] = [];
  const change = new Change();
  let active = 0;
  let over = false;
  let closed = false;
  const pump = async (): Promise<void> => {
    try {
      for await (const item of items) {
        while (!closed && (active >= atOnce || results.length >= ahead)) await change.next();
        if (closed) return;
        active += 1;
        const result = work(item).finally(() => {
          active -= 1;
          change.tell();
        });
        // Awaited when its turn comes; until then a failure is nobody's.
        result.catch(() => undefined);
        results.push(result);
        change.tell();
      }
    } catch (error) {
      const failed = Promise.reject<R>(error);
      failed.catch(() => undefined);
      results.push(failed);
    } finally {
      over = true;
      change.tell();
    }
  };
  // It never throws: what goes wrong becomes a result.
  const pumping = pump();
  try {
    for (;;) {
      const next = results[0];
      if (next !== undefined) {
        const result = await next;
        void results.shift();
        change.tell();
        yield result;
      } else if (over) {
        return;
      } else {
        await change.next();
      }
    }
  } finally {
    closed = true;
    change.tell();
    await pumping;
  }
}

/** Wakes everyone who waits for a change. */
class Change {
  #waiting: (() => void)[] = [];

  next(): Promise<void> {
    return new Promise((resolve) => { this.#waiting.push(resolve); });
  }

  tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
