import assert from 'node:assert/strict';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { RunChanged } from '../../src/runs/store.ts';
import { COMMANDS } from '../../src/ui/commands/table.ts';
import type { Workbench } from '../../src/ui/workbench.ts';
import { answering, next, projectFolder, recordedRun, workbench } from './support.ts';

suite('what a person does to a run', () => {
  let bench: Workbench;
  let run: string;

  setup(async () => {
    bench = await workbench();
    run = await recordedRun('2026-08-23-1500-labels');
  });

  const there = async (file: string): Promise<boolean> => stat(file).then(() => true, () => false);
  const label = async (): Promise<unknown> => JSON.parse(await readFile(path.join(run, 'label.json'), 'utf8'));

  test('rename shows the new name and leaves the folder where it is', async () => {
    await answering('showInputBox', () => 'α = 0.7', () => Promise.resolve(vscode.commands.executeCommand(COMMANDS.rename.id, bench.tree.runNode(run))));
    assert.equal(bench.tree.getTreeItem(bench.tree.runNode(run)).label, 'α = 0.7');
    assert.ok(await there(run));
  });

  test('a star brings the run to the top of its project, and goes again', async () => {
    await recordedRun('2026-08-24-0900-newer');
    await vscode.commands.executeCommand(COMMANDS.star.id, bench.tree.runNode(run));
    assert.deepEqual(await label(), { format: 1, starred: true });
    const [first] = await bench.tree.getChildren({ kind: 'project', folder: projectFolder() });
    assert.equal(first, bench.tree.runNode(run));
    assert.match(String(bench.tree.getTreeItem(bench.tree.runNode(run)).contextValue), /\bstarred\b/);
    await vscode.commands.executeCommand(COMMANDS.unstar.id, bench.tree.runNode(run));
    assert.deepEqual(await label(), { format: 1, starred: false });
  });

  test('a deleted run lies in the trash, and Undo puts it back with everything in it', async () => {
    const before = await readdir(run);
    const back = next<RunChanged>(bench.store.onDidChange, ({ run: changed, what }) => changed.folder === run && what.has('added'));
    await answering('showInformationMessage', async (...asked) => {
      assert.equal(await there(run), false);
      assert.equal(bench.store.get(run), undefined);
      return asked.at(-1); // the button
    }, async () => {
      await vscode.commands.executeCommand(COMMANDS.delete.id, bench.tree.runNode(run));
      await back;
    });
    assert.deepEqual(await readdir(run), before);
  });

  test('copy path gives the folder', async () => {
    await vscode.commands.executeCommand(COMMANDS.copyPath.id, bench.tree.runNode(run));
    assert.equal(await vscode.env.clipboard.readText(), run);
  });

  test('what can’t be done is refused with a sentence', async () => {
    const said = async (command: string): Promise<unknown> => (await answering('showInformationMessage', () => undefined, () => Promise.resolve(vscode.commands.executeCommand(command, bench.tree.runNode(run)))))[0]?.[0];
    assert.equal(await said(COMMANDS.stop.id), 'arithmetic is not running.');
    assert.equal(await said(COMMANDS.resume.id), 'arithmetic went through to its end: there is nothing to resume. Run it again with changes instead.');
  });
});
