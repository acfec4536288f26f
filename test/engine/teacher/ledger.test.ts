import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Budget } from '../../../src/engine/teacher/budget.ts';
import { teacherFolder } from '../../../src/engine/teacher/folder.ts';
import { Ledger, readLedger } from '../../../src/engine/teacher/ledger.ts';
import { costNanos, worstNanos } from '../../../src/engine/teacher/prices.ts';
import type { Prices } from '../../../src/shared/recipeTeacher.ts';
import type { TokenUse } from '../../../src/shared/record.ts';
import { mountDisk } from '../../fixtures/disks.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const tinyDisk = mountDisk('64k');

/** A thousandth of a unit for each token: sums are easy to see. */
const PRICES: Prices = { currency: 'USD', input: 1000, output: 1000 };
const tokens = (input: number, output: number): TokenUse => ({ input, cachedInput: 0, output, reasoning: 0 });

async function ledgerIn(folder: string, prices: Prices | null = PRICES): Promise<Ledger> {
  const ledger = await Ledger.open({ name: 'big', folder, prices, about: 'the test' });
  onTestFinished(() => ledger.close().catch(() => undefined));
  return ledger;
}

const budgetOf = (ledger: Ledger, budget: { readonly money?: number; readonly tokens?: number }): Budget => new Budget('big', { prices: PRICES, budget }, ledger, () => 7);

describe('what tokens cost', () => {
  const prices: Prices = { currency: 'USD', input: 0.55, cachedInput: 0.14, output: 2.19, reasoning: 3 };

  test('each kind has its own price', () => {
    // 600 fresh, 400 cached, 1000 written, 2000 thought, each per million.
    expect(costNanos({ input: 1000, cachedInput: 400, output: 3000, reasoning: 2000 }, prices)).toBe(600 * 550 + 400 * 140 + 1000 * 2190 + 2000 * 3000);
  });

  test('the worst case is never less than what any use within it costs', () => {
    const worst = worstNanos(tokens(1000, 3000), prices);
    for (const cachedInput of [0, 500, 1000]) for (const reasoning of [0, 1500, 3000]) {
      expect(costNanos({ input: 1000, cachedInput, output: 3000, reasoning }, prices)).toBeLessThanOrEqual(worst);
    }
  });
});

describe('a ledger', () => {
  test('has the reservation on the disk before anything can be sent, and settles it by what was used', async () => {
    const folder = temporaryFolder();
    const ledger = await ledgerIn(folder);
    const reservation = ledger.reserve(tokens(10, 90));
    expect(readFileSync(path.join(folder, 'ledger.jsonl'), 'utf8')).toContain('"type":"reserve","id":1');
    expect(ledger.totals()).toMatchObject({ spentTokens: 0, reservedTokens: 100, reservedNanos: 0.1e9 });
    ledger.settle(reservation, tokens(8, 20), 'service');
    expect(ledger.totals()).toMatchObject({ spentTokens: 28, spentNanos: 0.028e9, reservedTokens: 0, reservedNanos: 0 });
  });

  test('counts what was in flight when its process died at the worst case, until a person forgives it', async () => {
    const folder = temporaryFolder();
    const dead = await ledgerIn(folder);
    dead.settle(dead.reserve(tokens(10, 10)), tokens(10, 10), 'service');
    dead.reserve(tokens(10, 90));
    // The lock goes with the process; the lines stay.
    await dead.close();
    const next = await ledgerIn(folder);
    expect(next.totals()).toMatchObject({ spentTokens: 120, reservedTokens: 0, lostRequests: 1, lostTokens: 100 });
    expect(next.forgive()).toBe(1);
    expect(next.totals()).toMatchObject({ spentTokens: 20, lostRequests: 0 });
    await next.close();
    expect(readLedger({ name: 'big', folder, prices: PRICES })).toMatchObject({ spentTokens: 20, lostTokens: 0 });
  });

  test('cuts a torn last line and goes on behind it', async () => {
    const folder = temporaryFolder();
    const first = await ledgerIn(folder);
    first.reserve(tokens(5, 5));
    await first.close();
    appendFileSync(path.join(folder, 'ledger.jsonl'), '{"type":"settle","id":1,"tok');
    const second = await ledgerIn(folder);
    // The settlement was never whole: the request counts at its worst case.
    expect(second.totals()).toMatchObject({ spentTokens: 10, lostRequests: 1 });
    second.reserve(tokens(1, 1));
    expect(readFileSync(path.join(folder, 'ledger.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => (JSON.parse(line) as { type: string }).type)).toEqual(['reserve', 'lost', 'reserve']);
  });

  test('with a line in its middle that is no line is not trusted: the place is named', async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'ledger.jsonl'), '{"type":"free","id":1}\n<<<<<<< HEAD\n');
    await expect(ledgerIn(folder)).rejects.toMatchObject({ code: 'ledger-broken', data: { line: 2 } });
  });

  test('belongs to one process at a time; the second is told who has it', async () => {
    const folder = temporaryFolder();
    await ledgerIn(folder);
    await expect(ledgerIn(folder)).rejects.toMatchObject({ code: 'collect-busy', data: { teacher: 'big', pid: process.pid, about: 'the test' } });
  });

  test('does not add up two currencies', async () => {
    const folder = temporaryFolder();
    const first = await ledgerIn(folder);
    first.reserve(tokens(1, 1));
    await first.close();
    await expect(ledgerIn(folder, { ...PRICES, currency: 'CNY' })).rejects.toMatchObject({ code: 'ledger-currency', data: { currency: 'CNY', spent: 'USD' } });
  });

  test('of a time without prices counts at the prices that came later', async () => {
    const folder = temporaryFolder();
    const free = await ledgerIn(folder, null);
    free.settle(free.reserve(tokens(10, 10)), tokens(10, 10), 'service');
    expect(free.totals()).toMatchObject({ spentNanos: 0, spentTokens: 20 });
    await free.close();
    expect((await ledgerIn(folder)).totals()).toMatchObject({ spentNanos: 0.02e9 });
  });

  test.skipIf(tinyDisk === null)('on a full disk sends nothing: the reservation fails, and the file ends with a whole line', async () => {
    const folder = path.join(tinyDisk ?? '', 'teacher');
    const ledger = await ledgerIn(folder);
    const fill = (): void => { for (;;) ledger.reserve(tokens(1, 1)); };
    expect(fill).toThrow(expect.objectContaining({ code: 'disk-full' }));
    const before = ledger.totals().reservedTokens;
    expect(() => ledger.reserve(tokens(1, 1))).toThrow(expect.objectContaining({ code: 'disk-full' }));
    expect(ledger.totals().reservedTokens).toBe(before);
    expect(readFileSync(path.join(folder, 'ledger.jsonl'), 'utf8').endsWith('}\n')).toBe(true);
  });
});

describe('a budget', () => {
  test('never lets reservations and spending together pass the cap, and uses what ended cheaper than feared', async () => {
    const ledger = await ledgerIn(temporaryFolder());
    const budget = budgetOf(ledger, { money: 1 });
    const cap = 1e9;
    let [sent, refused] = [0, 0];
    // Each may cost 0.3 at worst and costs 0.05 in the end: three at once fit, and far more than three in all.
    await Promise.all(Array.from({ length: 40 }, async () => {
      try {
        const reservation = await budget.reserve(tokens(0, 300));
        const { spentNanos, reservedNanos } = ledger.totals();
        expect(spentNanos + reservedNanos).toBeLessThanOrEqual(cap);
        await new Promise((resolve) => setImmediate(resolve));
        budget.settle(reservation, tokens(0, 50), 'service');
        sent += 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'budget-spent', data: { teacher: 'big', cap: '1.00 USD', answered: 7 } });
        refused += 1;
      }
    }));
    // The fifteenth would have to fit with its worst case beside 0.75 that is spent.
    expect([sent, refused]).toEqual([15, 25]);
    expect(ledger.totals()).toMatchObject({ spentNanos: 0.75e9, reservedNanos: 0 });
  });

  test('in tokens holds as well', async () => {
    const ledger = await ledgerIn(temporaryFolder());
    const budget = budgetOf(ledger, { tokens: 100 });
    budget.settle(await budget.reserve(tokens(40, 40)), tokens(40, 40), 'service');
    await expect(budget.reserve(tokens(10, 11))).rejects.toMatchObject({ code: 'budget-spent', data: { spent: '80', cap: '100 tokens' } });
  });

  test('keeps the worst case of what was lost, gives back what was refused', async () => {
    const ledger = await ledgerIn(temporaryFolder());
    const budget = budgetOf(ledger, { money: 1 });
    budget.free(await budget.reserve(tokens(0, 600)), 'teacher-rate-limited');
    budget.lose(await budget.reserve(tokens(0, 600)), 'teacher-cut');
    await expect(budget.reserve(tokens(0, 600))).rejects.toMatchObject({ code: 'budget-spent', data: { spent: '0.60' } });
  });

  test('smaller than one request says both numbers before anything is asked', async () => {
    const budget = budgetOf(await ledgerIn(temporaryFolder()), { money: 0.5 });
    expect(() => { budget.checkRoom(tokens(100, 8192)); }).toThrow(expect.objectContaining({ code: 'budget-below-request', data: { teacher: 'big', cap: '0.50 USD', worst: '8.29 USD' } }));
    expect(() => { budget.checkRoom(tokens(100, 400)); }).not.toThrow();
  });

  test('lets go of who waits in line when it is stopped', async () => {
    const budget = budgetOf(await ledgerIn(temporaryFolder()), { tokens: 100 });
    await budget.reserve(tokens(0, 100));
    const stop = new AbortController();
    const waiting = budget.reserve(tokens(0, 1), stop.signal);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});

test('a teacher’s folder is a name that every file system takes, another one for each teacher', () => {
  expect(teacherFolder('/p', 'deepseek-r1.5')).toBe(path.join('/p', '.distill/teachers/deepseek-r1.5'));
  const strange = ['../../etc', 'con', 'a/b', 'a b', '教师', '教授', 'x.'].map((name) => path.relative('/p/.distill/teachers', teacherFolder('/p', name)));
  for (const name of strange) expect(name).toMatch(/^[\w-]+-[0-9a-f]{8}$/);
  expect(new Set(strange).size).toBe(strange.length);
});
