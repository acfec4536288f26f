import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/ui/commands/table.ts';
import { workbench } from './support.ts';

suite('activation', () => {
  test('registers every command of the table and no other', async () => {
    await workbench();
    const registered = (await vscode.commands.getCommands(true)).filter((id) => id.startsWith('distill.'));
    // A view brings commands of its own.
    const ours = registered.filter((id) => !id.startsWith('distill.experiments.'));
    assert.deepEqual(ours.sort(), Object.values(COMMANDS).map(({ id }) => id as string).sort());
  });

  test('finds the project of the open folder', async () => {
    const { projects } = await workbench();
    await projects.look();
    assert.deepEqual(projects.all.map(({ name }) => name), ['arithmetic']);
  });
});
