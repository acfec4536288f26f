import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Argument, Command, CommanderError, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { registerClean } from '../../../src/cli/commands/data/clean.ts';
import { registerRestore } from '../../../src/cli/commands/data/restore.ts';
import { EXIT, type ExitCode } from '../../../src/cli/exit.ts';
import { Refusal } from '../../../src/cli/refusal.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import type { Language } from '../../../src/shared/messages.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** The two commands without the rest of the command line: what they print, and how they end. */
async function distill(args: readonly string[], language: Language = 'en'): Promise<{ readonly code: ExitCode | null; readonly printed: string }> {
  const printed: string[] = [];
  const terminal: Terminal = { language, say: sayIn(language), print: (text) => { printed.push(text); }, note: (text) => { printed.push(text); }, live: () => undefined, interactive: false, columns: 200, paint: (_, text) => text };
  let code: ExitCode | null = null;
  const data = new Command('data').exitOverride();
  const tools = {
    terminal, command: (name: string, about: string) => data.command(name).description(about).exitOverride().configureOutput({ writeErr: (text) => { printed.push(text); } }), project: () => new Argument('[project]'), json: () => new Option('--json'), whole: Number,
    done: (result: ExitCode) => { code = result; },
  };
  registerClean(tools);
  registerRestore(tools);
  await data.parseAsync([...args], { from: 'user' });
  return { code, printed: printed.join('\n') };
}

function project(): { readonly folder: string; readonly file: string } {
  const folder = temporaryFolder();
  const file = path.join(folder, 'rows.jsonl');
  const rows = [{ prompt: 'What is ２＋２?', answer: 'Sure! <b>4</b>' }, { prompt: 'What is 2+2?', answer: '4' }, { prompt: 'How many legs has a cat?', answer: 'four' }];
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  writeFileSync(path.join(folder, 'test.jsonl'), JSON.stringify({ prompt: 'How many legs has a cat?', answer: '4' }));
  return { folder, file };
}

describe('distill data clean', () => {
  test('writes the rows that stay, what was taken, and a table of the rules', async () => {
    const { folder, file } = project();
    const { code, printed } = await distill(['clean', file, '--against', path.join(folder, 'test.jsonl')]);
    expect(code).toBe(EXIT.fine);
    const out = path.join(folder, 'rows.clean.jsonl');
    expect(readFileSync(out, 'utf8').trim().split('\n').map((line) => (JSON.parse(line) as { prompt: string; answer: string }).answer)).toEqual(['4']);
    expect(printed).toMatch(/^duplicate .* 1$/m);
    expect(printed).toMatch(/contamination: row 3 is row 1 of .*test\.jsonl \(100%, minhash\)/);
    expect(printed).toContain('1 of 3 rows kept');
    const restored = await distill(['restore', out, '--rule', 'contamination', '--json']);
    expect(JSON.parse(restored.printed)).toEqual({ rows: 1, texts: 0, left: 2 });
  });

  test('says in Chinese and as JSON what it would do, and writes nothing when it is only asked', async () => {
    const { folder, file } = project();
    expect((await distill(['clean', file, '--dry-run'], 'zh-cn')).printed).toContain('保留 2/3 行');
    const { printed } = await distill(['clean', file, '--dry-run', '--json', '--duplicates', 'keep', '--no-html']);
    expect(JSON.parse(printed)).toMatchObject({ rows: 3, kept: 3, out: null, removed: null, broken: 0 });
    expect(readdirSync(folder).sort()).toEqual(['rows.jsonl', 'test.jsonl']);
  });

  test('replaces an output only with --force, and its side file only together with it', async () => {
    const { folder, file } = project();
    const [out, side] = [path.join(folder, 'rows.clean.jsonl'), path.join(folder, 'rows.clean.removed.jsonl')];
    await distill(['clean', file]);
    const [rows, taken] = [readFileSync(out, 'utf8'), readFileSync(side, 'utf8')];
    await expect(distill(['clean', file, '--duplicates', 'keep'])).rejects.toMatchObject({ name: 'Refusal', message: `${out} exists. Give another name, or --force to replace it.` });
    // What ends half-way leaves both as they were.
    writeFileSync(file, '{"prompt":"a","answer":"b"}\n{"prompt":');
    await expect(distill(['clean', file, '--force'])).rejects.toMatchObject({ code: 'data-row-not-json' });
    expect([readFileSync(out, 'utf8'), readFileSync(side, 'utf8')]).toEqual([rows, taken]);
    writeFileSync(file, '{"prompt":"a","answer":"b"}\n');
    await distill(['clean', file, '--force']);
    expect([readFileSync(out, 'utf8').split('\n').length, readFileSync(side, 'utf8')]).toEqual([2, '']);
    rmSync(out);
    await expect(distill(['clean', file, '--force'])).rejects.toThrow(`${side} holds what an earlier cleaning took`);
    expect((await distill(['clean', file, '--dry-run'])).code).toBe(EXIT.fine);
  });

  test('makes the folder that is written to', async () => {
    const { folder, file } = project();
    await distill(['clean', file, '--out', path.join(folder, 'new/deep/out.jsonl')]);
    expect(readdirSync(path.join(folder, 'new/deep')).sort()).toEqual(['out.jsonl', 'out.removed.jsonl']);
  });

  test('takes the clean of a recipe, and names its mistakes', async () => {
    const { folder, file } = project();
    const config = path.join(folder, 'clean.json');
    writeFileSync(config, '{ "duplicates": "keep", "html": false, /* a comment */ "boilerplate": false }');
    const report = JSON.parse((await distill(['clean', file, '--config', config, '--no-unicode', '--json', '--dry-run'])).printed) as { rules: unknown[] };
    expect(report.rules).toEqual([]);
    await expect(distill(['clean', file, '--config', '{"similarty":0.5}'])).rejects.toThrow(/clean\.similarty.*"similarity"/);
    await expect(distill(['clean', file, '--similarity', '2'])).rejects.toThrow('clean.similarity is 2');
    await expect(distill(['clean', file, '--config', '{'])).rejects.toBeInstanceOf(Refusal);
    await expect(distill(['clean', file, '--config', path.join(folder, 'none.json')])).rejects.toThrow(/none\.json/);
    await expect(distill(['clean', file, '--duplicates', 'some'])).rejects.toBeInstanceOf(CommanderError);
  });

  test('leaves no half of a file where something is wrong', async () => {
    const { folder, file } = project();
    writeFileSync(file, '{"prompt":"a","answer":"b"}\n{"prompt":');
    await expect(distill(['clean', file])).rejects.toMatchObject({ code: 'data-row-not-json', data: { line: 2 } });
    await expect(distill(['clean', file, '--out', file])).rejects.toMatchObject({ code: 'clean-out-is-input' });
    await expect(distill(['clean', file, '--max', '9'])).rejects.toMatchObject({ code: 'clean-needs-tokenizer' });
    expect(readdirSync(folder).sort()).toEqual(['rows.jsonl', 'test.jsonl']);
    expect((await distill(['clean', file, '--on-broken', 'skip'])).printed).toContain('1 rows could not be read');
    expect(existsSync(path.join(folder, 'rows.clean.jsonl'))).toBe(true);
    await expect(distill(['restore', file])).rejects.toBeInstanceOf(Refusal);
  });

  test('measures perplexity where it is asked for', async () => {
    const { file } = project();
    const model = path.resolve(import.meta.dirname, '../../fixtures/models/stories260k');
    const { printed } = await distill(['clean', file, '--max-perplexity', '1', '--model', model, '--json', '--dry-run', '--duplicates', 'keep']);
    expect(JSON.parse(printed)).toMatchObject({ kept: 0, rules: expect.arrayContaining([expect.objectContaining({ rule: 'perplexity', removed: 3 })]) as unknown });
  });
});
