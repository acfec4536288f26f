import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openAsker, type OpenAsker } from '../../../src/engine/teacher/asker.ts';
import { CLIENT_WAITS, openTeacherClient } from '../../../src/engine/teacher/client.ts';
import { sampling as samplingSchema } from '../../../src/shared/recipeCollect.ts';
import { apiTeacher } from '../../../src/shared/recipeTeacher.ts';
import type { RecordMessage } from '../../../src/shared/record.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';
import { startTeacherServer, type TeacherServer, type TeacherServerOptions } from '../../harness/teacherServer.ts';

const SAMPLING = samplingSchema.parse({ maxTokens: 100, seed: 1 });
const question = (text: string): readonly RecordMessage[] => [{ role: 'user', content: text }];

async function serve(options: TeacherServerOptions = {}): Promise<TeacherServer> {
  const server = await startTeacherServer(options);
  onTestFinished(() => server.close());
  return server;
}

/** A thousandth of a unit for each output token. */
async function askerOf(server: TeacherServer, folder: string, fields: object = {}): Promise<OpenAsker> {
  const teacher = apiTeacher.parse({ type: 'api', baseUrl: server.url, model: 'tiny-r1', concurrency: 8, prices: { input: 0, output: 1000 }, ...fields });
  const client = openTeacherClient(teacher, { name: 'big', key: null, waits: { ...CLIENT_WAITS, retryFirstMs: 5 } });
  const asker = await openAsker({ name: 'big', teacher, folder, address: server.url, client, about: 'the test' });
  onTestFinished(() => asker.close().catch(() => undefined));
  return asker;
}

const ledgerOf = (folder: string): readonly { readonly type: string; readonly money?: number; readonly code?: string }[] =>
  readFileSync(path.join(folder, 'ledger.jsonl'), 'utf8').split('\n').slice(0, -1).map((line) => JSON.parse(line) as { type: string });

describe('an asker', () => {
  test('asks the same question once, however many want it at once, and never again', async () => {
    const server = await serve({ latencyMs: 5 });
    const folder = temporaryFolder();
    const asker = await askerOf(server, folder);
    const answers = await Promise.all(Array.from({ length: 5 }, () => asker.ask(question('2 + 3 = ?'), SAMPLING, 0)));
    expect(new Set(answers.map(({ answer }) => answer)).size).toBe(1);
    expect(answers.filter(({ fromCache }) => !fromCache)).toHaveLength(1);
    const other = await asker.ask(question('2 + 3 = ?'), SAMPLING, 1);
    expect(other.fromCache).toBe(false);
    await asker.close();
    const later = await askerOf(server, folder);
    expect(await later.ask(question('2 + 3 = ?'), SAMPLING, 0)).toEqual({ ...answers[0], fromCache: true });
    expect(server.counts().requests).toBe(2);
  });

  test('pays a failed try for what it may have cost, and says so in the answer’s own cost', async () => {
    const server = await serve();
    const folder = temporaryFolder();
    const asker = await askerOf(server, folder);
    const refused = await asker.ask(question('1 + 1 = ? [[500*1]]'), SAMPLING, 0);
    expect(refused.cost?.amount).toBeCloseTo(refused.tokens.output / 1000, 9);
    const cut = await asker.ask(question('1 + 2 = ? [[cut*1]]'), SAMPLING, 0);
    // The cut one counts with all of its hundred tokens.
    expect(cut.cost?.amount).toBeCloseTo(cut.tokens.output / 1000 + 0.1, 9);
    expect(ledgerOf(folder).map(({ type }) => type)).toEqual(['reserve', 'free', 'reserve', 'settle', 'reserve', 'lost', 'reserve', 'settle']);
    expect(asker.spend()).toMatchObject({ reservedMoney: 0, money: expect.closeTo(refused.tokens.output / 1000 + (cut.cost?.amount ?? 0), 9) as number });
  });

  test('keeps its cap against a service that cuts, refuses and misreports, and never counts less than was billed', async () => {
    const server = await serve({ seed: 4, rates: { 500: 0.05, cut: 0.08, 'cut-after': 0.05, unfinished: 0.05, malformed: 0.05, 'usage-absent': 0.1, 'usage-zero': 0.05, 'usage-absurd': 0.05, duplicates: 0.05 } });
    const folder = temporaryFolder();
    const asker = await askerOf(server, folder, { budget: { money: 6 } });
    const ends = await Promise.allSettled(Array.from({ length: 200 }, (_, i) => asker.ask(question(`${String(i)} + 1 = ?`), SAMPLING, 0)));
    const spent = ends.filter((end) => end.status === 'rejected' && (end.reason as { code?: string }).code === 'budget-spent').length;
    expect(spent).toBeGreaterThan(0);
    const { money } = asker.spend() ?? { money: null };
    expect(money).toBeLessThanOrEqual(6);
    expect(money).toBeGreaterThan(5.8);
    expect(server.counts().billed.output / 1000).toBeLessThanOrEqual((money ?? 0) + 1e-9);
    // Everybody who got an answer paid once; nobody else did.
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(ledgerOf(folder).filter(({ type }) => type === 'settle').length);
  });

  test('that is cancelled counts what was in flight at its worst, and lets go of its files', async () => {
    const server = await serve({ latencyMs: 60_000 });
    const folder = temporaryFolder();
    const asker = await askerOf(server, folder);
    const stop = new AbortController();
    const asking = Array.from({ length: 3 }, (_, i) => asker.ask(question(`${String(i)} + 1 = ?`), SAMPLING, 0, { signal: stop.signal }));
    await server.whenAtOnce(3);
    stop.abort(new Error('stopped'));
    for (const each of asking) await expect(each).rejects.toThrow('stopped');
    await server.whenIdle();
    expect(asker.spend()).toMatchObject({ money: 0.3, reservedMoney: 0, inFlight: 0 });
    await asker.close();
    await (await askerOf(server, folder)).close();
  });
});
