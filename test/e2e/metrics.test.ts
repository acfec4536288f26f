/** The Metrics panel in a real VS Code: live points, zoom, legend, a reloaded window, several runs, both languages. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Recording } from '../../bench/ui/recording.ts';
import { writeRowLosses } from '../fixtures/rowLosses.ts';
import { Editor, type Workbench } from '../harness/workbench.ts';

const STEPS = 600;
/** A cold window on two cores that have other work. */
const PATIENT = { timeout: 90_000 };

describe('the Metrics panel', () => {
  let editor: Editor;
  let project: string;
  let window: Workbench;
  const open: Recording[] = [];

  beforeAll(async () => {
    editor = await Editor.start();
  });
  afterAll(() => editor.close());
  afterEach(async () => {
    await window.close();
    await Promise.all(open.splice(0).map((recording) => recording.close()));
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });

  const record = async (name: string, steps: number, pace = 1): Promise<Recording> => {
    const recording = await Recording.create(project, { name, totalSteps: STEPS, pace });
    open.push(recording);
    const startedAt = Date.now() - steps * 400;
    await recording.start(startedAt);
    await recording.steps(steps, startedAt);
    return recording;
  };

  const newProject = async (): Promise<void> => {
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-metrics-'));
  };

  /** Opens a window on the project and the panel in it. */
  const show = async (options: { readonly theme?: 'dark' | 'light'; readonly language?: 'en' | 'zh-cn' } = {}): Promise<void> => {
    window = await (await editor.open({ folder: project, ...options })).load();
    await runsListed(1);
    await window.command(options.language === 'zh-cn' ? '打开指标面板' : 'Open Metrics');
    await plot('loss').waitFor(PATIENT);
  };

  /** The tree has the project and so many runs. */
  const runsListed = async (runs: number): Promise<void> => {
    await window.openContainer();
    await window.treeRow('arithmetic').nth(runs - 1).waitFor(PATIENT);
  };

  const plot = (group: string): Locator => window.webview().locator(`.card[data-group=${group}] .plot[data-drawn-step]`);
  const drawnTo = (step: number): Promise<void> => window.webview().locator(`.card[data-group=loss] .plot[data-drawn-step="${step}"]`).waitFor();
  const row = (metric: string): Locator => window.webview().locator('.finals tbody tr').filter({ hasText: new RegExp(`^${metric}\\D*\\d`) }).first();
  const pointsOf = async (metric: string): Promise<string> => (await row(metric).locator('td').last().textContent()) ?? '';

  test('shows a running run, moves with it, and a reloaded window has every point', async () => {
    await newProject();
    const recording = await record('2026-08-01-0900-arithmetic', 300);
    await show();
    await drawnTo(300);
    const status = window.webview().locator('.run').first();
    await status.getByText('Running').waitFor();
    expect(await status.textContent()).toContain('step 300 of 600');

    for (let step = 0; step < 60; step += 1) await recording.next();
    await drawnTo(360);
    await status.getByText('step 360 of 600').waitFor();

    await window.reload();
    await runsListed(1);
    // A window in the browser stores its layout once a minute: the panel may be there already, or is opened here.
    await window.command('Open Metrics');
    await plot('loss').waitFor(PATIENT);
    await drawnTo(360);
    await window.webview().locator('.finals').scrollIntoViewIfNeeded();
    expect(await pointsOf('loss')).toBe('360');
    // Charts out of sight are not drawn: this one comes back with what it missed.
    await plot('loss').scrollIntoViewIfNeeded();
    await recording.next();
    await drawnTo(361);
    await window.screenshot('metrics-live-dark');
  });

  test('zooms into all charts at once by dragging, gets the exact points, and is reset by a double click', async () => {
    await newProject();
    await record('2026-08-01-0900-arithmetic', 500);
    await show();
    await drawnTo(500);
    const over = window.webview().locator('.card[data-group=loss] .u-over');
    const box = await over.boundingBox();
    if (box === null) throw new Error('the chart is not there');
    await window.page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await window.page.mouse.down();
    await window.page.mouse.move(box.x + box.width * 0.5, box.y + 70, { steps: 5 });
    await window.page.mouse.up();
    const reset = window.webview().locator('#reset');
    await reset.waitFor();
    await window.screenshot('metrics-zoomed');
    await over.dblclick();
    await reset.waitFor({ state: 'hidden' });

    // By keyboard: the chart has the focus.
    await plot('loss').focus();
    await window.page.keyboard.press('+');
    await reset.waitFor();
    await window.page.keyboard.press('0');
    await reset.waitFor({ state: 'hidden' });
  });

  test('a legend’s switch hides a curve by mouse and keyboard, and is kept while the page is hidden', async () => {
    await newProject();
    await record('2026-08-01-0900-arithmetic', 200);
    await show();
    const chip = (): Locator => window.webview().locator('.card[data-group=loss] .chip').filter({ hasText: /^kl/ });
    await chip().click();
    expect(await chip().getAttribute('aria-pressed')).toBe('false');
    // Another editor over it: the page is gone, and made anew when the panel comes back.
    await window.command('New Untitled Text File');
    await window.page.locator('iframe.webview.ready:visible').waitFor({ state: 'detached' });
    await window.command('Open Metrics');
    await plot('loss').waitFor(PATIENT);
    await drawnTo(200);
    expect(await chip().getAttribute('aria-pressed')).toBe('false');
    await chip().focus();
    await window.page.keyboard.press('Enter');
    expect(await chip().getAttribute('aria-pressed')).toBe('true');
  });

  test('draws two runs over each other, told apart without colour, in a light theme', async () => {
    await newProject();
    const first = await record('2026-08-01-0900-soft-labels', STEPS);
    const second = await record('2026-08-01-0930-hard-labels', STEPS - 100, 0.7);
    for (const recording of [first, second]) {
      await recording.end();
      open.splice(open.indexOf(recording), 1);
    }
    window = await (await editor.open({ folder: project, theme: 'light' })).load();
    await runsListed(2);
    await window.command('Compare Runs');
    await window.page.locator('.quick-input-header .monaco-checkbox').click();
    await window.page.locator('.quick-input-widget .quick-input-count').filter({ hasText: '2' }).waitFor();
    await window.page.locator('.quick-input-widget .quick-input-action .monaco-button').first().click();
    await plot('loss').waitFor(PATIENT);
    const legend = window.webview().locator('.card[data-group=loss] .legend-run');
    await legend.nth(1).waitFor();
    const markers = await window.webview().locator('.card[data-group=speed] .swatch .marker').evaluateAll((nodes) => nodes.map((node) => node.getAttribute('d')));
    expect(new Set(markers).size).toBe(2);
    const over = await window.webview().locator('.card[data-group=loss] .u-over').boundingBox();
    if (over !== null) await window.page.mouse.move(over.x + over.width * 0.4, over.y + over.height / 2);
    await window.webview().locator('.tooltip:visible').waitFor();
    await window.screenshot('metrics-compare-light');
  });

  test.each([
    ['dark', 'en', 'Rows of step 120', 'Next step', 'Rows of step 121'], ['light', 'zh-cn', '第 120 步的数据行', '下一步', '第 121 步的数据行'],
  ] as const)('a click on a point lists the rows of its step, and a row opens at its line (%s, %s)', async (theme, language, title, next, nextTitle) => {
    await newProject();
    const recording = await record('2026-08-01-0900-arithmetic', 239);
    await writeRowLosses(recording.folder, 239);
    await writeFile(path.join(project, 'train.jsonl'), Array.from({ length: 20 }, (_, line) => `${JSON.stringify({ prompt: `question ${String(line + 1)}`, answer: '1' })}\n`).join(''));
    await show({ theme, language });
    await drawnTo(239);
    const over = await window.webview().locator('.card[data-group=loss] .u-over').boundingBox();
    if (over === null) throw new Error('the chart is not there');
    await window.page.mouse.click(over.x + over.width / 2, over.y + over.height / 2);
    const card = window.webview().locator('.rows:visible');
    await card.getByText(title).waitFor();
    expect(await card.locator('tbody tr').count()).toBe(3);
    await window.screenshot(`metrics-rows-${language === 'en' ? 'dark' : 'zh-light'}`);
    await card.getByLabel(next).click();
    await card.getByText(nextTitle).waitFor();
    // Step 121 has rows 1 to 3, the second one with the largest loss.
    await card.locator('.link').first().click();
    await window.page.locator('.tab').filter({ hasText: 'train.jsonl' }).waitFor();
    await window.page.locator('.statusbar-item').filter({ hasText: /2/ }).first().waitFor();
  });

  test('speaks Chinese', async () => {
    await newProject();
    await record('2026-08-01-0900-arithmetic', 240);
    await show({ language: 'zh-cn' });
    await window.webview().getByText('学习率').first().waitFor();
    await window.webview().getByText('第 240 / 600 步').waitFor();
    await window.screenshot('metrics-zh');
  });
});
