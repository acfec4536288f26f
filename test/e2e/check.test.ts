/** *Check Project* in a real VS Code: the page of a project that can't work, a fix by click and its undo, a run that is refused. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Editor, repository, type Workbench } from '../harness/workbench.ts';

describe('Check Project', () => {
  let editor: Editor;
  let project: string;
  let window: Workbench;

  beforeAll(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-check-'));
    await cp(path.join(repository, 'examples/arithmetic'), project, { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
    // A second teacher whose ids mean other tokens, rows longer than the models' positions, a warm-up without an end.
    await cp(path.join(project, 'teacher'), path.join(project, 'elsewhere'), { recursive: true });
    const tokenizer = path.join(project, 'elsewhere/tokenizer.json');
    const json = JSON.parse(await readFile(tokenizer, 'utf8')) as { model: { vocab: Record<string, number> } };
    const ids = Object.entries(json.model.vocab);
    json.model.vocab = Object.fromEntries(ids.map(([token, id]) => [token, /^\d$/.test(token) ? ids.find(([other]) => other === String(9 - Number(token)))?.[1] ?? id : id]));
    await writeFile(tokenizer, JSON.stringify(json));
    const recipe = path.join(project, 'distill.json');
    await writeFile(recipe, (await readFile(recipe, 'utf8'))
      .replace('"teachers": {', '"teachers": {\n    "elsewhere": { "type": "local", "model": "elsewhere" },')
      .replace('"type": "train",', '"type": "train",\n      "teacher": "elsewhere",')
      .replace('{ "type": "evaluate", "name": "evaluate" }', '{ "type": "evaluate", "name": "evaluate", "teacher": "teacher" }')
      .replace('"maxLength": 96', '"maxLength": 400')
      .replace('"warmupSteps": 100', '"warmupSteps": 1500')
      .replace('"seed": 0', '"engine": { "backend": "wasm" },\n  "seed": 0'));
    editor = await Editor.start();
  });
  afterAll(async () => {
    await editor?.close();
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });
  afterEach(() => window.close());

  test('shows what can’t work, mends it by a click that can be undone, and refuses to run', async () => {
    window = await (await editor.open({ folder: project })).load();
    await window.openContainer();
    await window.command('Check Project');
    const page = window.webview();
    await page.getByRole('heading', { name: 'This can’t work yet.' }).waitFor({ timeout: 60_000 });
    const finding = (title: string) => page.locator('.finding').filter({ has: page.locator('h3', { hasText: title }) });
    const vocabulary = page.locator('.card').filter({ hasText: 'Teacher “elsewhere” ↔ student' }).locator('.finding.refusal').filter({ hasText: 'Vocabulary' });
    await vocabulary.getByText('What was seen').click();
    await vocabulary.getByRole('cell').first().waitFor();
    await window.screenshot('check-dark');

    const positions = finding('Positions');
    await positions.getByRole('button', { name: 'Set data.maxLength to 128' }).click();
    await positions.getByText('Fixed in the recipe').waitFor();
    await page.getByText('The recipe was changed after this check.').waitFor();
    const line = (text: string) => window.page.locator('.monaco-editor .view-line').filter({ hasText: new RegExp(text.replaceAll(' ', '\\s')) });
    await line('"maxLength": 128').waitFor();
    await window.screenshot('check-fixed');
    await line('"maxLength": 128').click();
    await window.page.keyboard.press('Control+z');
    await line('"maxLength": 400').waitFor();
    await positions.getByRole('button', { name: 'Set data.maxLength to 128' }).waitFor();

    // The same fix from the light bulb of the line.
    await window.page.keyboard.press('Control+.');
    await window.page.locator('.action-widget').getByText('Set data.maxLength to 128').first().click();
    await line('"maxLength": 128').waitFor();

    await window.command('Run');
    // With its smoke-test driver VS Code shows no toasts: a notification is read in the list of them.
    await window.page.locator('.statusbar-item .codicon-bell-dot').waitFor();
    await window.command('Notifications: Show Notifications');
    const refusal = window.page.locator('.notifications-center .notification-list-item').filter({ hasText: /arithmetic can’t work and was not started\. Vocabulary/ });
    await refusal.waitFor();
    expect(await refusal.getByRole('button', { name: 'Run Anyway' }).count()).toBe(0);
    await refusal.getByRole('button', { name: 'Check Project' }).click();
    await page.locator('.finding.pass').filter({ hasText: 'fits into the 128 positions' }).waitFor({ state: 'attached', timeout: 30_000 });
  });

  test('speaks Chinese in a Chinese VS Code, in a light theme', async () => {
    window = await (await editor.open({ folder: project, theme: 'light', language: 'zh-cn' })).load();
    await window.openContainer();
    await window.command('检查项目');
    await window.webview().getByRole('heading', { name: '目前无法运行。' }).waitFor({ timeout: 60_000 });
    await window.webview().getByText('查看依据').first().click();
    await window.screenshot('check-zh-light');
  });
});
