/** The reasoning diff in a real VS Code: the native diff, next and previous, the list, the page, both languages and themes. */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeTraceRun } from '../fixtures/traces.ts';
import { Editor, type Workbench } from '../harness/workbench.ts';

describe('the reasoning diff', () => {
  let editor: Editor;
  let project: string;
  let window: Workbench;

  beforeAll(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-traces-'));
    await writeTraceRun(project);
    editor = await Editor.start();
  });
  afterAll(async () => {
    await editor?.close();
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });
  afterEach(() => window.close());

  // Lines are wrapped in the diff: what is looked for is where a line begins.
  const lines = (side: 'original' | 'modified', text: string): ReturnType<Workbench['page']['locator']> =>
    window.page.locator(`.monaco-diff-editor .${side} .view-line`).filter({ hasText: new RegExp(text.replaceAll(' ', '\\s')) });
  const openDiff = async (command: string, question: RegExp): Promise<void> => {
    await window.openContainer();
    await window.treeRow('arith-kd').first().waitFor({ timeout: 60_000 });
    await window.command(command);
    await window.pick(question);
  };

  test('opens on an example with both sides aligned, goes to the next one, and comes back after a reload', async () => {
    window = await (await editor.open({ folder: project })).load();
    await openDiff('Diff Reasoning Trace…', /A bakery sells/);
    await lines('original', 'In the morning it sells').waitFor();
    await lines('modified', 'First, the morning').waitFor();
    // The editor lays its lines out anew once it has computed the diff.
    const top = async (side: 'original' | 'modified', text: string): Promise<number> => (await lines(side, text).first().boundingBox())?.y ?? NaN;
    await expect.poll(async () => Math.abs(await top('original', 'In the morning it sells') - await top('modified', 'First, the morning')), { timeout: 30_000 }).toBeLessThan(2);
    await window.screenshot('traces-diff-dark');

    await window.page.keyboard.press('Alt+PageDown');
    await lines('modified', '四月份卖了48个发夹，这是').waitFor();
    await window.screenshot('traces-diff-next');
    await window.page.keyboard.press('Alt+PageUp');
    await lines('modified', 'First, the morning').waitFor();

    await window.reload();
    await lines('modified', 'First, the morning').waitFor();
  });

  test('shows the page with joined steps, goes to the first wrong one and to the next example by keys', async () => {
    window = await (await editor.open({ folder: project })).load();
    await openDiff('Open Traces Side by Side', /A bakery sells/);
    const page = window.webview();
    await page.locator('.student .step.contradicting').first().waitFor();
    expect(await page.locator('path.band[d]').count()).toBeGreaterThan(4);
    await page.locator('.student .step').first().click();
    await page.locator('body').press('w');
    expect(await page.locator('.student .step.selected').textContent()).toContain('12 × 7 = 94');
    expect(await page.locator('[role=status]').textContent()).toContain('12 × 7 is 84, not 94');
    await window.screenshot('traces-page-dark');
    await page.locator('.chip.matched').click();
    await page.locator('.student .step.matched').first().waitFor({ state: 'hidden' });
    await page.locator('.chip.matched').click();
    await page.locator('body').press('n');
    await page.locator('.student .step').filter({ hasText: '48除以2等于24' }).waitFor();
    await window.screenshot('traces-page-next');
  });

  test('speaks Chinese in a Chinese VS Code, in a light theme', async () => {
    window = await (await editor.open({ folder: project, theme: 'light', language: 'zh-cn' })).load();
    await openDiff('对比推理轨迹…', /果园里有5行苹果树/);
    await lines('modified', '学生的第一处错误').waitFor();
    await lines('modified', '首先，苹果树的总数').waitFor();
    // Chinese punctuation is no suspicious character here.
    expect(await window.page.locator('.monaco-diff-editor .unicode-highlight').count()).toBe(0);
    await window.screenshot('traces-diff-zh-light');
    await window.command('并排打开推理轨迹');
    await window.webview().locator('.student .step.contradicting').first().waitFor();
    expect(await window.webview().locator('.model.student h1').textContent()).toBe('学生');
    await window.screenshot('traces-page-zh-light');
  });
});
