import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { NO_PROVENANCE, type DataRecord } from '../../src/shared/record.ts';
import { projectFolder, workbench } from './support.ts';

suite('a row of data in the editor', () => {
  const record: DataRecord = {
    format: 1, id: '0123456789abcdef', prompt: 'How many?', think: 'Four.', answer: '4', gold: '4',
    provenance: {
      ...NO_PROVENANCE, source: { file: 'questions.csv', format: 'csv', row: 7 }, teacher: { name: 'r1', model: 'deepseek-reasoner', service: 'deepseek' }, cost: { amount: 0.002, currency: 'CNY' },
      verdict: { verdict: 'right', reason: 'equal-number', by: 'answer', found: '[4](command:workbench.action.quit)', expected: '4', findings: [] },
    },
  };
  let document: vscode.TextDocument;
  let run: string;

  suiteTeardown(() => rm(run, { recursive: true, force: true }));

  const hover = async (line: number): Promise<string> => {
    const found = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, new vscode.Position(line, 3));
    return found.flatMap(({ contents }) => contents).map((content) => (typeof content === 'string' ? content : content.value)).join('\n');
  };

  suiteSetup(async () => {
    await (await workbench()).projects.look();
    run = path.join(projectFolder(), '.distill/runs/2026-01-01-0000-took-it');
    await mkdir(run, { recursive: true });
    await writeFile(path.join(run, 'run.json'), '{}');
    await writeFile(path.join(run, 'data.json'), JSON.stringify({ format: 1, at: 0, files: [{ path: 'collected.jsonl', size: 1, sha256: '', format: 'jsonl', read: '1', rows: { validation: '1' }, firstId: 0 }] }));
    await writeFile(path.join(run, 'data-ids.bin'), Buffer.from(record.id, 'hex'));
    const file = path.join(projectFolder(), 'collected.jsonl');
    await writeFile(file, `${JSON.stringify(record)}\n{"prompt":"q","answer":"a"}\n`);
    await writeFile(path.join(projectFolder(), 'collected.review.jsonl'), `${JSON.stringify({ format: 1, id: record.id, decision: 'reject' })}\n`);
    document = await vscode.workspace.openTextDocument(file);
  });

  test('tells its life when pointed at: source, teacher, verdict, review, runs', async () => {
    const text = (await hover(0)).replaceAll('\\', '');
    for (const part of ['questions.csv, row 7', 'r1: deepseek-reasoner', '0.0020 CNY', 'The same number.', 'rejected: not trained on', '2026-01-01-0000-took-it: validated on']) assert.ok(text.includes(part), `${part} is not in ${text}`);
  });

  test('brings no link of its own to life', async () => {
    assert.ok(!(await hover(0)).includes('[4](command'));
  });

  test('of another format has none', async () => {
    assert.equal(await hover(1), '');
  });
});
