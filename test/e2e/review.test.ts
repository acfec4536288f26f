/** Review Data in a real VS Code: filter, decide by key, undo, edit, the side file on the disk, reload, report, both languages and themes. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dataRow, writeDataRows } from '../harness/dataRows.ts';
import { Editor, repository, type Workbench } from '../harness/workbench.ts';

const ROWS = 6000;

describe('the Review Data page', () => {
  let editor: Editor;
  let project: string;
  let window: Workbench;
  const side = (): Promise<string> => readFile(path.join(project, 'traces.review.jsonl'), 'utf8').catch(() => '');

  beforeAll(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-review-'));
    await cp(path.join(repository, 'test/fixtures/models/tiny-qwen2'), path.join(project, 'student'), { recursive: true });
    await writeFile(path.join(project, 'distill.json'), JSON.stringify({
      format: 1, name: 'review', student: { model: 'student' }, data: { train: 'traces.jsonl', maxLength: 260, template: { prompt: '{prompt}\n', completion: '{think}\n{answer}' } },
      stages: [{ type: 'train', objective: 'sequence', limits: { steps: 1 } }],
    }));
    await writeDataRows(path.join(project, 'traces.jsonl'), ROWS);
    const removed = [6001, 6002, 6003].map((n) => JSON.stringify({ format: 1, kind: 'removed', rule: 'near-duplicates', detail: { of: dataRow(n - 6000).id, similarity: 0.91 }, row: n, keptBefore: ROWS, record: dataRow(n) }));
    await writeFile(path.join(project, 'traces.removed.jsonl'), `${removed.join('\n')}\n`);
    editor = await Editor.start();
  });
  afterAll(async () => {
    await editor?.close();
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });
  afterEach(() => window.close());

  test('filters, decides by key, undoes, edits and keeps its place; the report leads back to rows', async () => {
    window = await (await editor.open({ folder: project })).load();
    await window.command('Review Data');
    await window.pick('traces.jsonl');
    const page = window.webview();
    const key = (name: string): Promise<void> => page.locator('.list').press(name);
    const selected = page.locator('.row.selected');
    await page.locator('.shown-count', { hasText: '6,000 of 6,003 rows' }).waitFor({ timeout: 60_000 });
    // The student's own tokenizer has counted: rows that training would cut are marked.
    await page.locator('.row .length.cut').first().waitFor();

    await page.locator('.facet summary', { hasText: 'Verdict' }).click();
    await page.locator('.choice', { hasText: 'wrong' }).click();
    await page.locator('.shown-count', { hasText: '1,200 of 6,003 rows' }).waitFor();
    await key('j');
    await page.locator('.detail h1', { hasText: /^Line 6$/ }).waitFor();
    await window.screenshot('review-rows-dark');
    await key('x');
    await page.locator('.detail h1', { hasText: /^Line 11$/ }).waitFor();
    await key('q');
    await page.locator('.detail h1', { hasText: /^Line 16$/ }).waitFor();
    await expect.poll(side).toBe(`{"format":1,"id":"${dataRow(5).id}","decision":"reject"}\n{"format":1,"id":"${dataRow(10).id}","decision":"quarantine"}\n`);
    await key('Control+z');
    await page.locator('.detail h1', { hasText: /^Line 11$/ }).waitFor();
    await expect.poll(side).toBe(`{"format":1,"id":"${dataRow(5).id}","decision":"reject"}\n`);

    await key('e');
    await page.locator('#edit-answer').fill('twenty');
    await window.screenshot('review-edit-dark');
    await page.locator('#edit-answer').press('Control+Enter');
    await page.locator('.detail .badge.edit').waitFor();
    await expect.poll(side).toContain(`{"format":1,"id":"${dataRow(10).id}","decision":"edit","edited":{"answer":"twenty"}}`);

    // Far down, by the end key: the row is read without those between.
    await key('End');
    await page.locator('.detail h1', { hasText: /^Line 5,996$/ }).waitFor();
    expect(await selected.getAttribute('aria-posinset')).toBe('1200');
    await window.reload();
    await page.locator('.detail h1', { hasText: /^Line 5,996$/ }).waitFor();
    await page.locator('.shown-count', { hasText: '1,200 of 6,003 rows' }).waitFor();

    await page.getByRole('tab', { name: 'Report' }).click();
    await page.locator('.histogram .column').first().waitFor();
    await window.screenshot('review-report-dark');
    await page.locator('.cards .card').last().scrollIntoViewIfNeeded();
    await window.screenshot('review-report-bars-dark');
    await page.locator('.bar-name', { hasText: 'near-duplicates' }).click();
    await page.locator('.shown-count', { hasText: '3 of 6,003 rows' }).waitFor();
    await page.locator('.detail .notice', { hasText: 'near-duplicates' }).waitFor();
    await page.locator('.search-input').fill('no such words');
    await page.locator('.empty-list', { hasText: 'No row passes' }).waitFor();
  });

  test('speaks Chinese in a Chinese VS Code, in a light theme; bulk decisions are asked for', async () => {
    window = await (await editor.open({ folder: project, theme: 'light', language: 'zh-cn' })).load();
    await window.command('审阅数据');
    await window.pick('traces.jsonl');
    const page = window.webview();
    await page.locator('.facet summary', { hasText: /^语言$/ }).click({ timeout: 60_000 });
    await page.getByRole('group', { name: '语言', exact: true }).getByText('zh').click();
    await page.locator('.search-input').fill('第 3 题');
    await page.locator('.detail h1', { hasText: '第 4 行' }).waitFor();
    await page.locator('.shown-count', { hasText: '1 / 6,003' }).waitFor();
    await page.locator('.bulk summary').click();
    await page.locator('.bulk .choice', { hasText: '全部接受（1）' }).click();
    await window.page.locator('.monaco-dialog-box').getByRole('button', { name: '接受' }).click();
    await page.locator('.detail .badge.accept', { hasText: '已接受' }).waitFor();
    await expect.poll(side).toContain(`{"format":1,"id":"${dataRow(3).id}","decision":"accept"}`);
    await window.screenshot('review-rows-zh-light');
    await page.getByRole('tab', { name: '报告' }).click();
    await page.locator('.histogram .column').first().waitFor();
    await window.screenshot('review-report-zh-light');
  });
});
