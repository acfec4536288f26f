/** Collecting in a real VS Code: a key, consent, the run as it is shown, its end, the life of a row, and both languages and themes. */
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { DataRecord } from '../../src/shared/record.ts';
import { startTeacherServer, type TeacherServer } from '../harness/teacherServer.ts';
import { Editor, repository, type Workbench } from '../harness/workbench.ts';

const KEY = 'sk-collect-5e1f0c27b9d84a36';
const QUESTIONS = Array.from({ length: 40 }, (_, index) => ({ prompt: `What is ${String(100 + index)} + ${String(3 * index)}?`, gold: String(100 + 4 * index) }));
/** Of a million tokens. The cap is above what the answers cost, and far below the worst that they may. */
const PRICES = { currency: 'USD', input: 1000, output: 2000 };
const CAP = 5;

describe('Collect Data', () => {
  let editor: Editor;
  let project: string;
  let teacher: TeacherServer;
  let window: Workbench;

  const writeRecipe = (samples: number): Promise<void> => writeFile(path.join(project, 'distill.json'), JSON.stringify({
    format: 1, name: 'sums',
    teachers: { big: { type: 'api', baseUrl: teacher.url, model: 'tiny-r1', keyVariable: 'SUMS_KEY', concurrency: 4, prices: PRICES, budget: { money: CAP } } },
    student: { model: path.join(repository, 'test/fixtures/models/tiny-qwen2') },
    data: { train: 'data/traces.jsonl', maxLength: 128 },
    stages: [
      { type: 'collect', from: 'questions.jsonl', ask: { samples, sampling: { maxTokens: 200 } }, verify: { keep: 'right' }, to: 'data/traces.jsonl' },
      { type: 'train', objective: 'sequence', limits: { steps: 1 } },
    ],
  }, null, 2));
  const output = (): Promise<string> => readFile(path.join(project, 'data/traces.jsonl'), 'utf8').catch(() => '');
  const dialog = () => window.page.locator('.monaco-dialog-box');
  const keyInput = () => window.page.locator('.quick-input-widget input[type=password]');

  /** What VS Code shows over the first line of the output. */
  const hoverOverOutput = async () => {
    await window.command('Go to File...');
    await window.page.locator('.quick-input-widget input.input').fill('traces.jsonl');
    // The row of the file, not of a page about it.
    await window.page.locator('.quick-input-list .monaco-list-row').filter({ has: window.page.locator('.label-name', { hasText: /^traces\.jsonl$/ }) }).first().click();
    const line = window.page.locator('.monaco-editor .view-line').first();
    await line.filter({ hasText: '100 + 0' }).waitFor();
    const hover = window.page.locator('.monaco-hover').filter({ hasText: 'questions.jsonl' });
    // VS Code asks once for each movement and drops the question when the editor is laid out anew meanwhile: a person
    // whose mouse rests moves it again.
    for (let moves = 0; moves < 8 && !await hover.isVisible(); moves++) {
      await line.hover({ position: { x: 100 + 10 * moves, y: 8 } });
      await hover.waitFor({ timeout: 4000 }).catch(() => undefined);
    }
    await hover.waitFor();
    return hover;
  };

  beforeAll(async () => {
    teacher = await startTeacherServer({ key: KEY, latencyMs: 500, tokenMs: 20 });
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-collect-'));
    await mkdir(path.join(project, 'data'));
    await writeFile(path.join(project, 'questions.jsonl'), QUESTIONS.map((row) => `${JSON.stringify(row)}\n`).join(''));
    await writeRecipe(1);
    editor = await Editor.start();
  });
  afterAll(async () => {
    await editor?.close();
    await teacher?.close();
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });
  afterEach(() => window.close());

  test('takes a key, asks for consent, shows rows and money as they come, and tells each row’s life', async () => {
    const { origin } = new URL(teacher.url);
    window = await (await editor.open({ folder: project })).load();
    await window.openContainer();
    await window.command('Distill: Set Teacher API Key');
    await window.page.locator('.quick-input-title', { hasText: `API key for ${origin}` }).waitFor();
    await keyInput().fill(KEY);
    await window.screenshot('collect-key-dark');
    await window.page.keyboard.press('Enter');
    await window.page.locator('.statusbar-item .codicon-bell-dot').waitFor();

    await window.command('Distill: Collect Data');
    await dialog().getByText('40 requests, of which 0 are answered already').waitFor();
    const text = await dialog().innerText();
    expect(text).toContain(origin);
    expect(text).toMatch(/\d+\.\d\d USD at worst/);
    expect(text).toContain('Cap: 5.00 USD, of which 0 is spent. It is never passed.');
    await window.screenshot('collect-consent-dark');
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'detached' });

    await window.command('Distill: Collect Data');
    await dialog().getByRole('button', { name: 'Collect', exact: true }).waitFor();
    // Neither the estimate nor what was cancelled has asked anything.
    expect(teacher.counts().requests).toBe(0);
    await dialog().getByRole('button', { name: 'Collect', exact: true }).click();
    const soFar = /\d+\.\d\d of 5\.00 USD · asking [1-9]\d*\/40/;
    await window.statusItem(soFar).waitFor();
    await window.treeRow(soFar).first().waitFor();
    await window.webview().getByRole('heading', { name: 'Collecting data' }).waitFor();
    await window.screenshot('collect-running-dark');

    await expect.poll(async () => (await output()).split('\n').length - 1, { timeout: 60_000 }).toBe(QUESTIONS.length);
    await window.command('Notifications: Show Notifications');
    const done = window.page.locator('.notifications-center .notification-list-item').filter({ hasText: /sums is done: 40 rows collected, \d\.\d\d of 5\.00 USD spent\./ });
    await done.waitFor();
    await window.webview().getByRole('heading', { name: 'The data is collected' }).waitFor();
    await window.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
    await window.screenshot('collect-done-dark');
    await done.getByRole('button', { name: 'Review Data' }).click();
    await window.webview().locator('.shown-count', { hasText: '40 rows' }).waitFor();
    await window.screenshot('collect-review-dark');
    await window.command('Notifications: Clear All Notifications');

    const records = (await output()).trimEnd().split('\n').map((line) => JSON.parse(line) as DataRecord);
    expect(records.map(({ prompt, gold }) => ({ prompt, gold }))).toEqual(QUESTIONS);
    expect(new Set(records.map(({ id }) => id)).size).toBe(QUESTIONS.length);
    for (const { provenance } of records) {
      expect(provenance).toMatchObject({ source: { file: 'questions.jsonl' }, teacher: { name: 'big', model: 'tiny-r1' }, verdict: { verdict: 'right' }, cost: { currency: 'USD' } });
    }
    const { billed, asked, answered } = teacher.counts();
    expect(answered).toBe(QUESTIONS.length);
    expect(Math.max(...asked.map((each) => each.asked))).toBe(1);
    expect((billed.input * PRICES.input + billed.output * PRICES.output) / 1e6).toBeLessThanOrEqual(CAP);

    const hover = await hoverOverOutput();
    for (const said of ['questions.jsonl, row 1', 'big: tiny-r1', 'right', 'taken by no run of this project']) expect(await hover.innerText()).toContain(said);
    await window.screenshot('collect-hover-dark');

    expect(await filesWith(origin, [project])).not.toEqual([]);
    expect(await filesWith(KEY, [project, editor.home])).toEqual([]);
  });

  test('speaks Chinese in a Chinese VS Code, in a light theme; more samples ask what is new', async () => {
    await writeRecipe(2);
    const before = teacher.counts().requests;
    window = await (await editor.open({ folder: project, theme: 'light', language: 'zh-cn' })).load();
    await window.openContainer();
    await window.command('收集数据');
    // Another browser keeps no secrets of the first one: it is asked for the key where it is needed.
    await window.page.locator('.quick-input-title', { hasText: `${new URL(teacher.url).origin} 的 API 密钥` }).waitFor();
    await window.screenshot('collect-key-zh-light');
    await keyInput().fill(KEY);
    await window.page.keyboard.press('Enter');
    await dialog().getByText('80 个请求，其中 40 个已有回答').waitFor();
    expect(await dialog().innerText()).toMatch(/上限：5\.00 USD，已花费 \d\.\d+。绝不超出。/);
    await window.screenshot('collect-consent-zh-light');
    await window.page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'detached' });
    const hover = await hoverOverOutput();
    for (const said of ['questions.jsonl 第 1 行', '✓ 正确', '尚无本项目的运行使用']) expect(await hover.innerText()).toContain(said);
    await window.screenshot('collect-hover-zh-light');
    expect(teacher.counts().requests).toBe(before);
  });
});

/** Files below some folders that hold a text: nothing that was typed as a secret may be among them. */
async function filesWith(text: string, folders: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(folders.map(async (folder) => {
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
    const held = await Promise.all(files.map(async (file) => ((await readFile(file).catch(() => Buffer.alloc(0))).includes(text) ? [file] : [])));
    return held.flat();
  }));
  return found.flat();
}
