import { appendFileSync, existsSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { openJournal } from '../../../src/engine/journal.ts';
import { Orders } from '../../../src/engine/control.ts';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { DistillError } from '../../../src/shared/messages.ts';
import type { Trace } from '../../../src/shared/trace.ts';

const newFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'journal-'));
const eventsOf = (folder: string): readonly RunEvent[] => readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n').map((line) => {
  const parsed = parseEvent(line);
  if (parsed.type !== 'event') throw new Error(`no event: ${line}`);
  return parsed.event;
});
const metric = (step: number) => ({ kind: 'metric', stage: 0, step, tokens: step, values: { loss: 1 / step } }) as const;

let beat: string;
beforeAll(async () => {
  beat = path.join(newFolder(), 'beat.cjs');
  await build({ entryPoints: [path.resolve('src/engine/beat.ts')], bundle: true, platform: 'node', format: 'cjs', outfile: beat });
}, 120_000);

describe('the journal', () => {
  test('goes on numbering where an engine that was killed left off, its torn line cut', async () => {
    const folder = newFolder();
    const first = openJournal(folder, { beat: null });
    for (let step = 1; step <= 3; step++) first.event(metric(step));
    await first.close();
    appendFileSync(path.join(folder, 'events.jsonl'), '{"seq":3,"at":1,"kind":"met');
    const second = openJournal(folder, { beat: null });
    second.event(metric(4));
    await second.close();
    expect(eventsOf(folder).map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  test('finds the last number behind long lines, broken lines and kinds of a newer version', async () => {
    const folder = newFolder();
    const long = JSON.stringify({ seq: 41, at: 1, kind: 'from-the-future', text: 'x'.repeat(200_000) });
    writeFileSync(path.join(folder, 'events.jsonl'), `${JSON.stringify({ seq: 40, at: 1, kind: 'beat' })}\n${long}\nnot json\n${'y'.repeat(100_000)}`);
    const journal = openJournal(folder, { beat: null });
    journal.event({ kind: 'beat' });
    await journal.close();
    const lines = readFileSync(path.join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ seq: 42, kind: 'beat' });
    expect(lines).toHaveLength(4);
  });

  test('a file of nothing but a torn line begins anew', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'events.jsonl'), '{"seq":0');
    const journal = openJournal(folder, { beat: null });
    journal.event({ kind: 'beat' });
    await journal.close();
    expect(eventsOf(folder).map(({ seq }) => seq)).toEqual([0]);
  });

  test('an empty first line does not keep it from the end', async () => {
    const folder = newFolder();
    writeFileSync(path.join(folder, 'events.jsonl'), '\n');
    const journal = openJournal(folder, { beat: null });
    journal.event({ kind: 'beat' });
    await journal.close();
    expect(readFileSync(path.join(folder, 'events.jsonl'), 'utf8')).toMatch(/^\n\{"seq":0,/);
  });

  test('a trace is found by its event’s offset and length, whatever its script', async () => {
    const folder = newFolder();
    const trace = (id: string, think: string): Trace => ({
      format: 1, id, example: 'e', role: 'teacher', stage: 0, step: 1, prompt: '48 + 24?', think, answer: '72', gold: '72', verdict: 'right',
      tokens: 9, finish: 'end', model: 'm', sampling: { temperature: 0, topP: 1, seed: 0 },
    });
    const traces = [trace('a', '48 加 24 等于 72。\n'), trace('b', 'so 72 🙂')];
    const first = openJournal(folder, { beat: null });
    first.trace(traces[0]!);
    await first.close();
    appendFileSync(path.join(folder, 'traces.jsonl'), '{"torn');
    const second = openJournal(folder, { beat: null });
    second.trace(traces[1]!);
    await second.close();
    const bytes = readFileSync(path.join(folder, 'traces.jsonl'));
    const read = eventsOf(folder).map((event) => event.kind === 'trace' ? JSON.parse(bytes.subarray(event.offset, event.offset + event.bytes).toString('utf8')) as Trace : null);
    expect(read).toEqual(traces);
  });

  test('beats come while the main thread is blocked, between whole lines, and leave no gap in the numbers', async () => {
    const folder = newFolder();
    const journal = openJournal(folder, { beat, beatMs: 1 });
    const beats = (): number => eventsOf(folder).filter(({ kind }) => kind === 'beat').length;
    let step = 1;
    journal.event(metric(step));
    // The loop never yields, as a training step does not: only another thread can write beats here.
    const deadline = Date.now() + 20_000;
    while (beats() < 50 && Date.now() < deadline) journal.event(metric(++step));
    await journal.stopBeat();
    journal.event({ kind: 'ended', outcome: 'done' });
    await journal.close();
    expect(eventsOf(folder).at(-1)).toMatchObject({ kind: 'ended' });
    expect(beats()).toBeGreaterThanOrEqual(50);
    const events = eventsOf(folder);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index));
    expect(events.filter(({ kind }) => kind === 'metric')).toHaveLength(step);
  });

  test('an engine whose beat is missing does not start as if it lived', () => {
    expect(() => openJournal(newFolder(), { beat: '/nowhere/beat.js' })).toThrow(expect.objectContaining({ code: 'engine-incomplete' }) as Error);
  });

  test.skipIf(!existsSync('/dev/full'))('a full disk is an error with a name, and no number is used up (needs /dev/full)', async () => {
    const folder = newFolder();
    symlinkSync('/dev/full', path.join(folder, 'events.jsonl'));
    const journal = openJournal(folder, { beat: null });
    let thrown: unknown;
    try {
      journal.event(metric(1));
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DistillError);
    expect((thrown as DistillError).code).toBe('disk-full');
    await journal.close();
  });
});

describe('orders', () => {
  const order = (id: string, at: number, what = 'stop'): string => `${JSON.stringify({ format: 1, id, at, order: what })}\n`;

  test('are given out once, held until their line is whole, and passed over when older than this engine', () => {
    const file = path.join(newFolder(), 'control.jsonl');
    const orders = new Orders(file, 100);
    expect(orders.take()).toEqual([]);
    const late = order('c', 102, 'save');
    writeFileSync(file, order('a', 99) + order('b', 100) + late.slice(0, 10));
    expect(orders.take().map(({ id }) => id)).toEqual(['b']);
    expect(orders.take()).toEqual([]);
    appendFileSync(file, `${late.slice(10)}nonsense\n${order('c', 103)}${order('d', 104, 'explode')}`);
    expect(orders.take()).toEqual([{ format: 1, id: 'c', at: 102, order: 'save' }]);
  });
});
