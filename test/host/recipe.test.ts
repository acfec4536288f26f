import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import { COMMANDS } from '../../src/ui/commands/table.ts';
import { answering, next, projectFolder, workbench } from './support.ts';

const BROKEN = `{
  // three mistakes at once
  "format": 1,
  "name": "broken",
  "student": { "model": "../../elsewhere" },
  "data": { "train": "train.jsonl" },
  "stages": [{ "type": "train", "name": "warm", "objectiv": "sequence", "temperature": -2 }]
}
`;

suite('a recipe in the editor', () => {
  let document: vscode.TextDocument;

  suiteSetup(async () => {
    await workbench();
    const file = path.join(projectFolder(), 'broken.distill.json');
    await writeFile(file, BROKEN);
    const checked = next(vscode.languages.onDidChangeDiagnostics, ({ uris }) => uris.some(({ fsPath }) => fsPath === file));
    document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    await checked;
  });

  const problems = (): readonly vscode.Diagnostic[] => vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source === 'distill');

  test('is JSON with comments', () => {
    assert.equal(document.languageId, 'jsonc');
  });

  test('has every mistake underlined at its place, with the sentence of the command line', () => {
    const found = problems().map(({ range, message }) => [document.getText(range), message]);
    assert.ok(found.some(([at, message]) => at === '"objectiv"' && message === 'stages[0].objectiv is not known. Did you mean "objective"?'), JSON.stringify(found));
    assert.ok(found.some(([at, message]) => at === '-2' && message?.startsWith('stages[0].temperature is -2')), JSON.stringify(found));
    assert.ok(found.some(([at]) => at === '"../../elsewhere"'), JSON.stringify(found));
  });

  test('has no mistake underlined a second time by VS Code’s own check', () => {
    assert.deepEqual(vscode.languages.getDiagnostics(document.uri).filter(({ source }) => source !== 'distill'), []);
  });

  test('offers the word that was meant', async () => {
    const at = problems().find(({ range }) => document.getText(range) === '"objectiv"');
    assert.ok(at);
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, at.range, vscode.CodeActionKind.QuickFix.value);
    const meant = actions.find(({ isPreferred }) => isPreferred === true);
    assert.equal(meant?.title, 'Change to "objective"');
    assert.ok(meant.edit);
    const corrected = next(vscode.languages.onDidChangeDiagnostics, () => !problems().some(({ message }) => message.includes('objectiv is not known')));
    await vscode.workspace.applyEdit(meant.edit);
    await corrected;
  });

  test('has hover texts from the schema', async () => {
    const position = document.positionAt(document.getText().indexOf('"temperature"') + 3);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, position);
    assert.match(hovers.flatMap(({ contents }) => contents.map((content) => (typeof content === 'string' ? content : content.value))).join('\n'), /soft targets/);
  });

  test('has Run above its first line', async () => {
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri);
    assert.deepEqual(lenses.map(({ command }) => command?.command), [COMMANDS.run.id, COMMANDS.runWithChanges.id, COMMANDS.checkProject.id]);
  });

  test('is not run while it has problems, and the person is told how many', async () => {
    const count = problems().length;
    const asked = await answering('showErrorMessage', () => undefined, () => Promise.resolve(vscode.commands.executeCommand(COMMANDS.run.id, document.uri)));
    assert.equal(asked[0]?.[0], `broken.distill.json has ${count} problems and was not run.`);
  });

  test('is not run in a folder without trust', async () => {
    const runs = path.join(projectFolder(), '.distill', 'runs');
    const before = await readdir(runs).catch(() => []);
    const trusted = Object.getOwnPropertyDescriptor(vscode.workspace, 'isTrusted');
    assert.ok(trusted);
    Object.defineProperty(vscode.workspace, 'isTrusted', { ...trusted, get: () => false });
    try {
      const recipe = vscode.Uri.file(path.join(projectFolder(), 'distill.json'));
      const asked = await answering('showWarningMessage', () => undefined, () => Promise.resolve(vscode.commands.executeCommand(COMMANDS.run.id, recipe)));
      assert.match(String(asked[0]?.[0]), /not trusted/);
    } finally {
      Object.defineProperty(vscode.workspace, 'isTrusted', trusted);
    }
    assert.deepEqual(await readdir(runs).catch(() => []), before);
  });
});

suite('a recipe of another name beside distill.json', () => {
  test('gets completion once its light bulb has named the schema', async () => {
    await workbench();
    const file = path.join(projectFolder(), 'teacher.json');
    await writeFile(file, BROKEN.replace('"objectiv": "sequence", "temperature": -2', '"objective": "sequence"').replace('"../../elsewhere"', '"m"'));
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    const labels = async (): Promise<readonly string[]> => {
      const list = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', document.uri, document.positionAt(document.getText().indexOf('"name": "warm"')));
      // Words of other open files are offered as well; what the schema offers explains itself.
      return list.items.filter(({ documentation }) => documentation !== undefined && documentation !== '').map(({ label }) => (typeof label === 'string' ? label : label.label));
    };
    assert.ok(!(await labels()).includes('temperature'));
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, new vscode.Range(0, 0, 0, 0), vscode.CodeActionKind.QuickFix.value);
    const edit = actions.find(({ title }) => title.includes('$schema'))?.edit;
    assert.ok(edit);
    await vscode.workspace.applyEdit(edit);
    assert.match(document.getText(), /^\{\n {2}"\$schema": "distill-schema:[^"]*",\n/);
    assert.match(document.getText(), /three mistakes at once/);
    assert.ok((await labels()).includes('temperature'), JSON.stringify(await labels()));
  });
});
