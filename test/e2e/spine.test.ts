/** The spine of the product, clicked through in a real VS Code: run, watch, stop, resume, reload, compare, read the difference. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extensionHostOf } from '../../bench/ui/hostProcess.ts';
import type { EndedEvent, MetricEvent } from '../../src/shared/events.ts';
import { ExampleProject } from '../harness/example.ts';
import { Editor, type Workbench } from '../harness/workbench.ts';

const STEPS = 60;

describe('the arithmetic example, shortened', () => {
  let editor: Editor;
  let project: ExampleProject;
  let window: Workbench;

  beforeAll(async () => {
    project = await ExampleProject.create({ steps: STEPS, evaluateRows: 24, batch: 16 });
    editor = await Editor.start();
    window = await (await editor.open({ folder: project.folder })).load();
  });
  afterAll(async () => {
    await window?.close();
    await editor?.close();
    await project?.remove();
  });

  const lossSteps = async (run: string): Promise<readonly number[]> => (await project.events(run))
    .filter((event): event is MetricEvent => event.kind === 'metric' && event.values['loss'] !== undefined).map(({ step }) => step);
  const ended = async (run: string): Promise<EndedEvent | undefined> => (await project.events(run)).findLast((event): event is EndedEvent => event.kind === 'ended');
  const only = async (): Promise<string> => (await project.runs())[0] ?? '';

  test('Run starts the engine; the tree, the status bar and the charts show it live', async () => {
    await window.openContainer();
    await window.page.getByText('nothing has been run yet').first().waitFor();
    await window.command('Distill: Run');
    await window.statusItem(/Distill|\d+\/60/).first().waitFor();
    await window.command('Distill: Open Metrics');
    const plot = window.webview().locator('.card[data-group=loss] .plot[data-drawn-step]');
    await plot.waitFor();
    await expect.poll(async () => Number(await plot.getAttribute('data-drawn-step')), { timeout: 60_000 }).toBeGreaterThan(3);
    await window.screenshot('spine-1-running');
  });

  test('Stop saves and ends it; Resume goes on in the same folder', async () => {
    await window.command('Distill: Stop');
    await expect.poll(async () => (await ended(await only()))?.outcome, { timeout: 60_000 }).toBe('stopped');
    expect(Math.max(...await lossSteps(await only()))).toBeLessThan(STEPS);
    await window.screenshot('spine-2-stopped');
    await window.command('Distill: Resume');
    await expect.poll(async () => (await project.events(await only())).some((event) => event.kind === 'started' && event.resumedFrom !== null), { timeout: 60_000 }).toBe(true);
  });

  test('a reloaded window shows every point; the training did not notice', async () => {
    await window.reload();
    await expect.poll(async () => (await ended(await only()))?.outcome, { timeout: 120_000 }).toBe('done');
    expect(await project.runs()).toHaveLength(1);
    const steps = await lossSteps(await only());
    expect(new Set(steps).size).toBe(STEPS);
    // A window in the browser stores its layout once a minute: the panel may be there already, or is opened here.
    await window.openContainer();
    await window.treeRow('arithmetic').nth(1).waitFor();
    await window.command('Distill: Open Metrics');
    const plot = window.webview().locator(`.card[data-group=loss] .plot[data-drawn-step="${String(STEPS)}"]`);
    await plot.waitFor({ timeout: 60_000 });
    await window.webview().locator('.finals').scrollIntoViewIfNeeded();
    await window.screenshot('spine-3-reloaded');
  });

  test('Diff Reasoning Trace opens the difference of the two models’ reasoning', async () => {
    await window.command('Distill: Diff Reasoning Trace…');
    await window.page.locator('.quick-input-list .monaco-list-row').first().waitFor();
    await window.screenshot('spine-4-pick');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.monaco-diff-editor .modified .view-line').first().waitFor();
    await window.screenshot('spine-5-diff');
  });

  test('a second run with changes is compared with the first', async () => {
    await window.command('Distill: Run with Changes…');
    await window.pick('distill.json');
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: /temperature/i }).first().waitFor();
    await window.screenshot('spine-6-changes');
    await window.page.keyboard.press('Escape');
    await window.command('Distill: Run');
    await expect.poll(async () => (await project.runs()).length, { timeout: 60_000 }).toBe(2);
    const second = (await project.runs())[1] ?? '';
    await expect.poll(async () => (await lossSteps(second)).length, { timeout: 90_000 }).toBeGreaterThan(10);
    await window.command('Distill: Compare Runs');
    const rows = window.page.locator('.quick-input-list .monaco-list-row');
    await rows.nth(1).waitFor();
    for (const row of [rows.nth(0), rows.nth(1)]) {
      const box = row.locator('.monaco-checkbox, input[type=checkbox]').first();
      if ((await box.getAttribute('aria-checked')) !== 'true') await box.click();
    }
    await window.page.keyboard.press('Enter');
    await window.webview().locator('.card[data-group=loss] .legend-run').nth(1).waitFor();
    await window.screenshot('spine-7-compare');
    await window.command('Distill: Stop');
    await expect.poll(async () => (await ended(second))?.outcome, { timeout: 60_000 }).toMatch(/stopped|done/);
  });

  test('a killed extension host and a second window leave the training alone, and both windows show all of it', async () => {
    await window.command('Distill: Run');
    await expect.poll(async () => (await project.runs()).length, { timeout: 60_000 }).toBe(3);
    const third = (await project.runs())[2] ?? '';
    await expect.poll(async () => (await lossSteps(third)).length, { timeout: 90_000 }).toBeGreaterThan(3);
    process.kill(extensionHostOf(editor.server.pid), 'SIGKILL');
    const second = await (await editor.open({ folder: project.folder })).load();
    await second.openContainer();
    await second.treeRow(/arithmetic/).nth(3).waitFor();
    await expect.poll(async () => (await ended(third))?.outcome, { timeout: 120_000 }).toBe('done');
    expect((await project.events(third)).filter(({ kind }) => kind === 'started')).toHaveLength(1);
    expect(new Set(await lossSteps(third)).size).toBe(STEPS);
    await window.reload('hard');
    for (const each of [window, second]) {
      await each.openContainer();
      await each.treeRow(/arithmetic/).nth(3).waitFor();
      await each.command('Distill: Open Metrics');
      await each.webview().locator(`.card[data-group=loss] .plot[data-drawn-step="${String(STEPS)}"]`).waitFor({ timeout: 60_000 });
    }
    await second.screenshot('spine-second-window');
    await second.close();
  });

  test('speaks Chinese and wears a light theme', async () => {
    const chinese = await (await editor.open({ folder: project.folder, language: 'zh-cn', theme: 'light' })).load();
    await chinese.openContainer();
    await chinese.treeRow('arithmetic').first().waitFor();
    await chinese.command('打开指标面板');
    await chinese.webview().getByText('学习率').first().waitFor();
    await chinese.screenshot('spine-8-chinese-light');
    await chinese.close();
  });
});

describe('an untrusted folder', () => {
  test('can be looked at; nothing is launched', async () => {
    const project = await ExampleProject.create({ steps: STEPS, evaluateRows: 8, batch: 8 });
    const editor = await Editor.start({ trust: true });
    try {
      const window = await (await editor.open({ folder: project.folder })).load();
      await window.openContainer();
      await window.page.getByText('nothing is launched until you trust it').first().waitFor();
      await window.command('Distill: Run');
      await window.page.getByText(/trust/i).first().waitFor();
      await window.screenshot('spine-9-untrusted');
      expect(await project.runs()).toEqual([]);
      await window.close();
    } finally {
      await editor.close();
      await project.remove();
    }
  });
});
