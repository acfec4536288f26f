import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inProcessReader } from '../../../src/runs/metricsReader.ts';
import type { MetricsReader } from '../../../src/runs/metricsReader.ts';
import { workerReader } from '../../../src/runs/readerClient.ts';
import { linesOf, metric, numbered, started } from '../../fixtures/runs.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

let bundles: string;
beforeAll(async () => {
  bundles = mkdtempSync(path.join(tmpdir(), 'distill-test-'));
  await build({ entryPoints: ['src/runs/reader.ts'], outfile: path.join(bundles, 'reader.cjs'), bundle: true, platform: 'node', format: 'cjs', target: 'node20', logLevel: 'error' });
});
afterAll(() => rmSync(bundles, { recursive: true, force: true }));

const kinds: readonly [string, () => MetricsReader][] = [
  ['in this process', inProcessReader],
  ['in a worker', () => workerReader(path.join(bundles, 'reader.cjs'))],
];

describe.each(kinds)('the reader %s', (_where, make) => {
  function opened(): { readonly reader: MetricsReader; readonly folder: string; readonly events: string } {
    const reader = make();
    onTestFinished(() => reader.dispose());
    const folder = temporaryFolder();
    return { reader, folder, events: path.join(folder, 'events.jsonl') };
  }

  it('gives the facts and where they end, half a line excluded', async () => {
    const { reader, folder, events } = opened();
    const whole = linesOf(numbered([started(), metric(1), metric(2)]));
    writeFileSync(events, `${whole}{"seq":3`);
    const { facts, offset } = await reader.facts(folder);
    expect(facts).toMatchObject({ seq: 2, step: 2, broken: 0, latest: { 'train/loss': { value: 0.5, step: 2 } } });
    expect(offset).toBe(Buffer.byteLength(whole));
  });

  it('gives a snapshot, then every point that came since, once', async () => {
    const { reader, folder, events } = opened();
    writeFileSync(events, linesOf(numbered([started(), metric(1), metric(2, { 'train/loss': null, 'train/kl': 3 })])));
    const first = await reader.snapshot(folder, { maxPoints: 100 });
    expect(first.curves.map(({ name, length, columns }) => [name, length, [...columns.values]])).toEqual([['train/loss', 2, [1, NaN]], ['train/kl', 1, [3]]]);
    const lengths = { 'train/loss': 2, 'train/kl': 1 };
    expect(await reader.since(folder, first.revision, lengths)).toEqual({ revision: first.revision, curves: [] });
    appendFileSync(events, linesOf(numbered([metric(4)], 3)));
    const since = await reader.since(folder, first.revision, lengths);
    expect(since?.curves.map(({ name, length, columns }) => [name, length, [...columns.steps], [...columns.tokens]])).toEqual([['train/loss', 3, [4], [40]]]);
  });

  it('says that a copy is void once points were taken back, or the file is another', async () => {
    const { reader, folder, events } = opened();
    writeFileSync(events, linesOf(numbered([started(), metric(1), metric(2), metric(3)])));
    const { revision } = await reader.snapshot(folder, { maxPoints: 100 });
    appendFileSync(events, linesOf(numbered([started({ stage: 0, step: 1 }), metric(2, { 'train/loss': 7 })], 4)));
    expect(await reader.since(folder, revision, { 'train/loss': 3 })).toBeNull();
    const resumed = await reader.snapshot(folder, { maxPoints: 100 });
    expect([...(resumed.curves[0]?.columns.values ?? [])]).toEqual([1, 7]);
    truncateSync(events, 0);
    expect(await reader.since(folder, resumed.revision, { 'train/loss': 2 })).toBeNull();
  });

  it('thins for the range that is asked for, so that zooming shows every point again, smoothed by all that came before', async () => {
    const { reader, folder, events } = opened();
    writeFileSync(events, linesOf(numbered([started(), ...Array.from({ length: 3000 }, (_, index) => metric(index + 1, { a: index, b: -index }))])));
    const all = await reader.snapshot(folder, { maxPoints: 100, names: ['a'], smoothing: 0.6 });
    expect(all.curves.map(({ name }) => name)).toEqual(['a']);
    expect(all.curves[0]?.columns.steps.length).toBeLessThanOrEqual(100);
    const part = await reader.range(folder, 1000, 1010, { maxPoints: 100, names: ['a'], smoothing: 0.6 });
    expect([...(part.curves[0]?.columns.steps ?? [])]).toEqual([999, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011]);
    // Far behind the start, the average of a straight line lags by w / (1 - w) = 1.5.
    expect(part.curves[0]?.smoothed?.[5]).toBeCloseTo((part.curves[0]?.columns.values[5] ?? NaN) - 1.5, 9);
  });

  it('writes CSV of several runs, quoted, with empty cells where there is no value', async () => {
    const { reader, folder } = opened();
    const folders = ['a "run"', 'b'].map((name) => path.join(folder, name));
    const events = [[metric(1, { x: 1, y: null }), metric(2, { x: 0.5 })], [metric(1, { z: -1e-7 })]];
    folders.forEach((run, index) => {
      mkdirSync(run);
      writeFileSync(path.join(run, 'events.jsonl'), linesOf(numbered(events[index] ?? [], 0, Date.UTC(2026, 0, 1))));
    });
    expect(Buffer.from(await reader.csv(folders)).toString('utf8').split('\r\n')).toEqual([
      'run,step,time,tokens,x,y,z',
      '"a ""run""",1,2026-01-01T00:00:00.000Z,10,1,,',
      '"a ""run""",2,2026-01-01T00:00:01.000Z,20,0.5,,',
      'b,1,2026-01-01T00:00:00.000Z,10,,,-1e-7',
      '',
    ]);
  });

  it('of a run without events, or of no run, is empty', async () => {
    const { reader, folder } = opened();
    expect(await reader.snapshot(folder, { maxPoints: 10 })).toEqual({ revision: 0, curves: [] });
    expect((await reader.facts(path.join(folder, 'nothing here'))).facts.seq).toBe(-1);
  });

  it('names what can\'t be read', async () => {
    const { reader, folder, events } = opened();
    mkdirSync(events);
    await expect(reader.snapshot(folder, { maxPoints: 10 })).rejects.toThrow('EISDIR');
  });
});

describe('a worker that died', () => {
  it('fails what was asked of it, and the next call has a new one', async () => {
    const script = path.join(bundles, 'dies.cjs');
    writeFileSync(script, 'process.exit(3)');
    const dying = workerReader(script);
    await expect(dying.facts('anywhere')).rejects.toThrow('the reader ended');
    writeFileSync(script, `require(${JSON.stringify(path.join(bundles, 'reader.cjs'))})`);
    expect((await dying.facts(temporaryFolder())).facts.seq).toBe(-1);
    dying.dispose();
  });
});
