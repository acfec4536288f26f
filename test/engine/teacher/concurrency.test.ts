import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Concurrency, WAITS } from '../../../src/engine/teacher/concurrency.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { retryAfter } from '../../../src/engine/teacher/failures.ts';

interface World {
  readonly most: number;
  readonly rows: number;
  readonly latencyMs: number;
  /** Requests at once that the service takes. */
  readonly capacity?: number;
  readonly retryAfterMs?: number | null;
  /** Refused by chance. */
  readonly mishaps?: number;
  /** Requests that it takes in a window of a second. */
  readonly perSecond?: number;
}

interface Told {
  readonly seconds: number;
  readonly refused: number;
  readonly mostAtOnce: number;
  readonly limit: number;
  /** Sent although the service had asked for silence. */
  readonly early: number;
}

/** Rows asked by everybody at once through Concurrency, of a service that lives in the test's own time. */
async function asked(world: World): Promise<Told> {
  const places = new Concurrency(world.most);
  const random = new Random(7);
  let [active, mostAtOnce, refused, early, silentUntil, window, inWindow] = [0, 0, 0, 0, 0, -1, 0];
  const begun = Date.now();
  const after = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
  const row = async (): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      const place = await places.enter(undefined, tries > 0);
      if (Date.now() < silentUntil) early += 1;
      const second = Math.floor(Date.now() / 1000);
      if (second !== window) [window, inWindow] = [second, 0];
      const full = active >= (world.capacity ?? Infinity) || inWindow >= (world.perSecond ?? Infinity) || random.uniform() < (world.mishaps ?? 0);
      if (!full) {
        active += 1;
        inWindow += 1;
        mostAtOnce = Math.max(mostAtOnce, active);
        await after(world.latencyMs * (0.5 + random.uniform()));
        active -= 1;
        place.leave({ type: 'answered' });
        return;
      }
      await after(5);
      refused += 1;
      const retryAfterMs = world.perSecond === undefined ? world.retryAfterMs ?? null : 1000 - Date.now() % 1000;
      if (retryAfterMs !== null) silentUntil = Date.now() + retryAfterMs;
      place.leave({ type: 'refused', retryAfterMs });
      await after(Math.max(retryAfterMs ?? 0, random.uniform() * 500));
    }
  };
  const all = Promise.all(Array.from({ length: world.rows }, row));
  let done = false;
  void all.then(() => { done = true; });
  while (!done) await vi.advanceTimersByTimeAsync(50);
  places.close();
  return { seconds: (Date.now() - begun) / 1000, refused, mostAtOnce, limit: places.limit, early };
}

/** Seconds that the service needs at least. */
const least = ({ rows, latencyMs, capacity, most }: World): number => rows * latencyMs / 1000 / Math.min(capacity ?? Infinity, most);

describe('concurrency finds what the service takes', () => {
  beforeEach(() => { vi.useFakeTimers({ now: 0 }); });
  afterEach(() => { vi.useRealTimers(); });

  it('goes up to the recipe’s number, never above, where nothing is refused', async () => {
    const world = { most: 64, rows: 3000, latencyMs: 400 };
    const told = await asked(world);
    expect(told.mostAtOnce).toBe(64);
    expect(least(world) / told.seconds).toBeGreaterThan(0.93);
  });

  it('a service that says when to come back is kept busy to 95%, and hardly asked too much', async () => {
    const world = { most: 64, rows: 5000, latencyMs: 400, capacity: 23, retryAfterMs: 400 };
    const told = await asked(world);
    expect(least(world) / told.seconds).toBeGreaterThan(0.95);
    expect(told.refused).toBeLessThan(0.02 * world.rows);
    expect(told.early).toBe(0);
  });

  it('one that only refuses as well', async () => {
    const world = { most: 64, rows: 5000, latencyMs: 400, capacity: 23, retryAfterMs: null };
    const told = await asked(world);
    expect(least(world) / told.seconds).toBeGreaterThan(0.95);
    expect(told.refused).toBeLessThan(0.12 * world.rows);
    expect(told.limit).toBeLessThan(30);
  });

  it('refusals by chance are not taken for a limit', async () => {
    const world = { most: 64, rows: 5000, latencyMs: 400, mishaps: 0.03, retryAfterMs: null };
    const told = await asked(world);
    expect(told.limit).toBe(64);
    expect(least(world) / told.seconds).toBeGreaterThan(0.9);
  });

  it('a limit per time is met by waiting as it says', async () => {
    const world = { most: 64, rows: 2000, latencyMs: 100, perSecond: 100 };
    const told = await asked(world);
    expect(2000 / told.seconds).toBeGreaterThan(80);
    expect(told.early).toBe(0);
  });

  it('grows again when the service takes more', async () => {
    const places = new Concurrency(64);
    const first = await Promise.all(Array.from({ length: 32 }, () => places.enter(undefined, false)));
    for (const place of first.slice(4)) place.leave({ type: 'refused', retryAfterMs: 100 });
    for (const place of first.slice(0, 4)) place.leave({ type: 'answered' });
    expect(places.limit).toBe(4);
    await vi.advanceTimersByTimeAsync(100 + WAITS.probeMs);
    for (let round = 0; round < 20; round += 1) {
      const open = await Promise.all(Array.from({ length: places.limit }, () => places.enter(undefined, false)));
      for (const place of open) place.leave({ type: 'answered' });
    }
    expect(places.limit).toBe(64);
    places.close();
  });

  it('everybody waits while the service asks for silence', async () => {
    const places = new Concurrency(64);
    (await places.enter(undefined, false)).leave({ type: 'refused', retryAfterMs: 5000 });
    let entered = 0;
    for (let i = 0; i < 3; i += 1) void places.enter(undefined, false).then(() => { entered += 1; });
    await vi.advanceTimersByTimeAsync(4999);
    expect({ entered, waiting: places.waiting, until: places.pausedUntil }).toEqual({ entered: 0, waiting: 3, until: 5000 });
    await vi.advanceTimersByTimeAsync(1);
    expect(entered).toBeGreaterThan(0);
    places.close();
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-05-01T12:00:00Z');
  for (const [headers, expected] of [
    [{ 'retry-after': '7' }, 7000], [{ 'retry-after': '0.5' }, 500], [{ 'retry-after': 'Fri, 01 May 2026 12:00:30 GMT' }, 30_000],
    [{ 'retry-after': 'Fri, 01 May 2026 11:00:00 GMT' }, 0], [{ 'retry-after-ms': '250', 'retry-after': '1' }, 250], [{ 'retry-after': 'soon' }, null], [{ 'retry-after': '-3' }, null], [{}, null],
  ] as const) {
    it(JSON.stringify(headers), () => { expect(retryAfter(headers, now)).toBe(expected); });
  }
});
