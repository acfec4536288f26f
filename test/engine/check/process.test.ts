/** The pre-flight as the workbench starts it: a process of its own that tells lines, and ends when nobody wants it any more. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runPreflight } from '../../../src/runs/preflight.ts';
import { buildBundles, type Bundles } from '../../fixtures/bundles.ts';
import { distillation, soundProject, sums } from './project.ts';

describe('the pre-flight in a process', () => {
  let bundles: Bundles;
  beforeAll(async () => { bundles = await buildBundles(['engine']); });
  afterAll(() => bundles.remove());
  const engine = (): { readonly script: string; readonly node: null; readonly environment: Readonly<Record<string, string>> } => ({ script: bundles.engine, node: null, environment: {} });
  const never = new AbortController().signal;

  test('checks the text of the editor and not that of the file, and tells how far it is', async () => {
    const made = soundProject();
    writeFileSync(made.file, JSON.stringify(distillation()));
    made.rows('train.jsonl', sums(2000));
    const seen = new Set<string>();
    const text = JSON.stringify(distillation({ data: { maxLength: 600 } }));
    const report = await runPreflight({ recipe: made.file, text, quick: true, signal: never, onProgress: (check) => { seen.add(check); } }, engine());
    expect(report.findings.filter(({ level }) => level === 'refusal').map(({ code }) => code)).toEqual(['recipe-longer-than-model']);
    expect(seen.size).toBeGreaterThan(0);
    const saved = await runPreflight({ recipe: made.file, text: null, quick: true, signal: never }, engine());
    expect(saved.findings.filter(({ level }) => level === 'refusal')).toEqual([]);
    expect(JSON.parse(readFileSync(made.file, 'utf8'))).toEqual(distillation());
  });

  test('ends at once when it is cancelled, with the reason', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(20_000));
    const cancel = new AbortController();
    const told: Promise<unknown> = runPreflight({
      recipe: made.file, text: JSON.stringify(distillation()), quick: true, signal: cancel.signal, onProgress: () => { cancel.abort(new Error('never mind')); },
    }, engine());
    await expect(told).rejects.toThrow('never mind');
  });

  test('that has no result says why', async () => {
    const made = soundProject();
    await expect(runPreflight({ recipe: path.join(made.folder, 'nowhere.json'), text: null, signal: never }, engine())).rejects.toMatchObject({ code: 'preflight-failed', data: { detail: expect.stringContaining('nowhere.json') as string } });
  });
});
