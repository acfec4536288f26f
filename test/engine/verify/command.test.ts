import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Argument, Command, Option } from 'commander';
import { registerVerify } from '../../../src/cli/commands/data/verify.ts';
import { EXIT } from '../../../src/cli/exit.ts';
import { Refusal } from '../../../src/cli/refusal.ts';
import type { Terminal } from '../../../src/cli/terminal.ts';
import { sayIn } from '../../../src/cli/text.ts';
import type { DataRecord } from '../../../src/shared/record.ts';
import { DistillError, sentence, type Language } from '../../../src/shared/messages.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

/** The one subcommand, in this process. */
async function distill(language: Language, ...argv: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly notes: string }> {
  const [out, notes]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    language, say: sayIn(language, 'distill'), interactive: false, columns: 120, print: (text) => { out.push(text); }, note: (text) => { notes.push(text); }, live: () => undefined, paint: (_, text) => text,
  };
  let code: number = EXIT.fine;
  const program = new Command().exitOverride();
  registerVerify({ terminal, command: (name) => program.command(name), project: () => new Argument('[project]'), json: () => new Option('--json'), whole: Number, done: (result) => { code = result; } });
  try {
    await program.parseAsync(['verify', ...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof Refusal) code = error.exit;
    else if (error instanceof DistillError) code = EXIT.failed;
    else throw error;
    notes.push(error instanceof DistillError ? sentence(error.code, error.data, language) : error.message);
  }
  return { code, out: out.join('\n'), notes: notes.join('\n') };
}

const rows = [
  { prompt: 'How much is 3 + 4?', think: 'Three and four make seven, so the answer is 7.', answer: 'The answer is 7.', gold: '7.0' },
  { prompt: 'How much is 3 + 5?', think: 'Three and five make nine, so the answer is 9.', answer: 'The answer is 9.', gold: '8' },
  { prompt: 'Name a colour.', think: 'Red is one that everybody knows.', answer: 'Red' },
];
function dataFile(lines: readonly unknown[] = rows): string {
  const file = path.join(temporaryFolder(), 'rows.jsonl');
  writeFileSync(file, lines.map((line) => typeof line === 'string' ? line : JSON.stringify(line)).join('\n'));
  return file;
}
afterEach(() => { delete process.env['DISTILL_ALLOW_CODE']; });

describe('distill data verify', () => {
  test('counts verdicts by reason, with examples, in both languages', async () => {
    const english = await distill('en', dataFile());
    expect(english.code).toBe(0);
    expect(english.out).toContain('1  equal-number  The same number.');
    expect(english.out).toContain('row 2: 9, reference 8');
    expect(english.out).toContain('1  no-reference  There is no reference to compare with.');
    const chinese = await distill('zh-cn', dataFile());
    expect(chinese.out).toContain('1  different-number  数值不同。');
    expect(chinese.out).toContain('第 2 行：9，标准答案 8');
  });

  test('writes the rows that are to be kept, each with its verdict, and nothing over what is there', async () => {
    const file = dataFile();
    const out = path.join(path.dirname(file), 'verified.jsonl');
    expect((await distill('en', file, '--out', out, '--keep', 'not-wrong')).code).toBe(0);
    const written = readFileSync(out, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as DataRecord);
    expect(written.map(({ provenance }) => provenance.verdict?.reason)).toEqual(['equal-number', 'no-reference']);
    expect(written[0]?.provenance.transformations.at(-1)).toEqual({ name: 'verify', detail: { verdict: 'right', reason: 'equal-number' } });
    expect(await distill('en', file, '--out', out)).toMatchObject({ code: 2 });
    expect(await distill('en', file, '--out', file)).toMatchObject({ code: 2, notes: `${file} is the input: give --out another name.` });
    expect((await distill('en', file, '--out', out, '--force')).code).toBe(0);
    expect(readdirSync(path.dirname(file)).sort()).toEqual(['rows.jsonl', 'verified.jsonl']);
  });

  test('takes fields by their names, and says everything as JSON', async () => {
    const file = dataFile([{ question: 'How much is 3 + 4?', solution: '3 + 4 = 7\n#### 7', reply: 'It is \\boxed{7}.' }]);
    const { out } = await distill('en', file, '--prompt-field', 'question', '--answer-field', 'reply', '--fields', '{"gold":{"field":"solution","after":"####"}}', '--no-trace', '--json');
    expect(JSON.parse(out)).toMatchObject({ rows: 1, verdicts: { right: 1, wrong: 0, unknown: 0 }, reasons: { 'equal-number': { count: 1 } }, findings: {} });
  });

  test('a broken row is refused with its line, or left out and counted; nothing half-written stays', async () => {
    const file = dataFile([rows[0], '{"prompt": "How', rows[1]]);
    const out = path.join(path.dirname(file), 'verified.jsonl');
    const refused = await distill('en', file, '--out', out);
    expect(refused.code).toBe(1);
    expect(refused.notes).toContain('line 2');
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(path.dirname(file))).toEqual(['rows.jsonl']);
    const skipped = await distill('en', file, '--on-broken', 'skip', '--json');
    expect(JSON.parse(skipped.out)).toMatchObject({ rows: 2, broken: 1 });
  });

  test('an interrupt ends it in order: exit code 3, and no output', async () => {
    const file = dataFile(Array.from({ length: 20_000 }, () => rows[0]));
    const out = path.join(path.dirname(file), 'verified.jsonl');
    const running = distill('en', file, '--out', out);
    // As the terminal does once the command listens.
    while (process.listenerCount('SIGINT') === 0) await new Promise((resolve) => setImmediate(resolve));
    process.emit('SIGINT');
    expect(await running).toMatchObject({ code: 3, notes: `Stopped; ${out} was not written.` });
    expect(readdirSync(path.dirname(file))).toEqual(['rows.jsonl']);
  });

  test('a question alone is nothing to judge: undecided, no findings, kept unless only right rows are', async () => {
    const file = dataFile([{ prompt: 'How much is 3 + 4?', gold: '7' }, { prompt: 'How much is 3 + 4?', think: 'Three and four make seven.', answer: '', gold: '7' }]);
    const { out } = await distill('en', file, '--keep', 'not-wrong', '--json');
    expect(JSON.parse(out)).toMatchObject({ kept: 1, verdicts: { right: 0, wrong: 1, unknown: 1 }, reasons: { 'nothing-to-judge': { count: 1 }, 'no-answer-found': { count: 1 } }, findings: { 'answer-missing': { count: 1 } } });
    expect(JSON.parse((await distill('en', file, '--keep', 'right', '--json')).out)).toMatchObject({ kept: 0 });
  });

  test('what is not understood names the flags of this command', async () => {
    const file = path.join(temporaryFolder(), 'rows.bin');
    writeFileSync(file, 'no rows of any kind');
    expect((await distill('en', file)).notes).toContain('--format on the command line');
    const missing = await distill('en', dataFile([{ words: 'How much?' }]), '--prompt-field', 'question');
    expect(missing.notes).toContain('--fields on the command line');
  });

  test('code is not run without --allow-code, and says so', async () => {
    const file = dataFile([{ task_id: 'T/0', prompt: 'def one():\n    """One."""\n', canonical_solution: '    return 1\n', test: 'def check(f):\n    assert f() == 1\n', entry_point: 'one' }]);
    expect(JSON.parse((await distill('en', file, '--json')).out)).toMatchObject({ reasons: { 'code-not-allowed': { count: 1 } } });
    const { out } = await distill('en', file);
    expect(out).toContain('--allow-code on the command line');
    expect(out).toMatch(/row 1: (?:T\/0 )?one$/m);
    expect(out).not.toContain('reference –');
  });
});
