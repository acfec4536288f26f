/** Sweeps in a real VS Code: a real one of four runs from the palette to the best values in the recipe, and the page of a larger one. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { PlannedRun } from '../../src/shared/sweepPlan.ts';
import { writeStagesRun } from '../fixtures/stages.ts';
import { SWEPT_RECIPE, writeSweep } from '../fixtures/sweeps.ts';
import { Editor, repository, type Workbench } from '../harness/workbench.ts';

const RECIPE = `{
  // Four small runs.
  "format": 1, "name": "sums", "teachers": {},
  "student": {
    "new": { "hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 32 },
    "tokenizer": ${JSON.stringify(path.join(repository, 'test/fixtures/models/small-vocabulary'))}
  },
  "data": { "train": "train.jsonl", "validation": 0.2, "template": { "prompt": "{prompt}", "completion": "<think>{think}</think>{answer}" }, "maxLength": 32 },
  "stages": [
    { "type": "train", "name": "learn", "objective": "sequence", "limits": { "steps": 20 }, "batch": { "size": 4 }, "validate": { "every": 5 }, "schedule": { "kind": "constant" } }
  ],
  "engine": { "backend": "wasm", "threads": 1 },
  "sweep": { "values": { "stages.learn.optimizer.learningRate": [0.0001, 0.02], "stages.learn.batch.size": [4, 8] } }
}
`;

/** Learning rate and temperature matter, and the second layer helps a little: what a plot should show. */
function lossAt({ values }: PlannedRun, step: number): number {
  const rate = Math.abs(Math.log10(Number(values['stages.distil.optimizer.learningRate']) / 0.001));
  const temperature = Math.abs(Number(values['stages.distil.temperature']) - 2);
  const layers = (values['student.layers'] as readonly number[]).length;
  return 0.4 + 0.5 * rate + 0.15 * temperature + (layers === 1 ? 0.2 : 0) + 2 * Math.exp(-step / 30);
}

describe('a sweep', () => {
  let editor: Editor;
  let project: string;
  let window: Workbench;

  beforeAll(async () => {
    project = await mkdtemp(path.join(os.tmpdir(), 'dw-sweep-'));
    await writeFile(path.join(project, 'distill.json'), RECIPE);
    await writeFile(path.join(project, 'train.jsonl'), Array.from({ length: 60 }, (_, i) => JSON.stringify({ prompt: `${String(i)}+1=`, think: `${String(i)}+1`, answer: String(i + 1) })).join('\n'));
    editor = await Editor.start();
  });
  afterAll(async () => {
    await editor?.close();
    await rm(project, { recursive: true, force: true, maxRetries: 3 });
  });
  afterEach(() => window.close());

  test('runs from the palette, is compared while it runs, and gives its best values to the recipe', async () => {
    window = await (await editor.open({ folder: project })).load();
    await window.openContainer();
    await window.command('Run Sweep');
    const dialogue = window.page.locator('.monaco-dialog-box');
    await dialogue.getByText('sums: the sweep makes 4 runs.').waitFor();
    await dialogue.getByRole('button', { name: 'Start' }).click();
    const page = window.webview();
    await page.locator('.status.running').waitFor();
    await page.getByText('4 of 4 runs').waitFor({ timeout: 90_000 });
    await page.locator('.status.done').waitFor();

    const rows = page.locator('tbody tr');
    expect(await rows.count()).toBe(4);
    // The best first, with the star, and it learnt at the higher rate.
    await rows.first().locator('.star').waitFor();
    expect(await rows.first().locator('td').first().textContent()).toBe('0.02');
    expect(await page.locator('polyline.line').count()).toBe(4);
    // By keyboard: the upper quarter of the learning rates, then all again.
    const axis = page.locator('.grip').first();
    await axis.focus();
    await axis.press('ArrowUp');
    await page.getByText('2 of 4 runs chosen').waitFor();
    expect(await rows.count()).toBe(2);
    await window.screenshot('sweep-dark-chosen');
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.getByRole('button', { name: 'size', exact: true }).click();
    expect(await page.locator('th[aria-sort="ascending"]').textContent()).toContain('size');

    await page.getByRole('button', { name: 'Use the best values in the recipe' }).click();
    const line = (text: RegExp) => window.page.locator('.monaco-editor .view-line').filter({ hasText: text });
    await line(/"learningRate":\s0\.02/).first().waitFor();
    expect(await readFile(path.join(project, 'distill.json'), 'utf8')).toBe(RECIPE);
    await window.screenshot('sweep-dark-used');
    await line(/Four\ssmall\sruns/).click();
    await window.page.keyboard.press('Control+z');
    await line(/"learningRate":\s0\.02/).first().waitFor({ state: 'detached' });

    // Its runs lie below it in the tree, and a row of the table opens one.
    const tree = window.page.locator('.pane-body .monaco-list-row');
    await tree.filter({ hasText: 'Sweep sums' }).first().waitFor();
    await page.getByRole('button', { name: 'Open run 1' }).click();
    await window.page.getByRole('tab', { name: /#1 learningRate 0\.0001/ }).waitFor();
  });

  test('of eighteen runs is shown in a light theme in Chinese, with what was stopped and what still waits', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'dw-sweep-'));
    try {
      await writeFile(path.join(folder, 'distill.json'), JSON.stringify(SWEPT_RECIPE, null, 2));
      writeSweep(folder, (run) => {
        const behind = run.index % 5 === 4;
        const steps = run.index === 16 ? 5 : behind ? 4 : 11;
        const curve = Array.from({ length: steps }, (_, index) => lossAt(run, index * 10));
        if (run.index === 17) return null;
        if (behind) return { curve, end: { kind: 'ended', outcome: 'stopped', code: 'stopped-behind', data: { step: 30, metric: 'validation/ce', best: '1.4', median: '1.1' } } };
        if (run.index === 16) return { curve, end: { kind: 'ended', outcome: 'failed', code: 'loss-not-finite', data: { step: 50, rows: 'train.jsonl:1', checkpoint: '–' } } };
        return { curve, end: { kind: 'ended', outcome: 'done' }, accuracy: 1 - lossAt(run, 100) / 2.4 };
      });
      window = await (await editor.open({ folder, theme: 'light', language: 'zh-cn' })).load();
      await window.openContainer();
      await window.command('打开搜索');
      const page = window.webview();
      await page.locator('polyline.line').nth(16).waitFor();
      expect(await page.locator('tbody tr').count()).toBe(18);
      expect(await page.locator('tbody tr').filter({ hasText: '已停止：落后' }).count()).toBe(3);
      const box = await page.locator('.plot svg').boundingBox();
      if (box === null) throw new Error('no plot');
      // A part of the metric's axis by pointer.
      const x = box.x + box.width - 64;
      await window.page.mouse.move(x, box.y + 290);
      await window.page.mouse.down();
      await window.page.mouse.move(x, box.y + 170, { steps: 4 });
      await window.page.mouse.up();
      await page.locator('.part').waitFor();
      await page.locator('tbody tr').first().hover();
      await page.locator('polyline.marked').waitFor();
      await window.screenshot('sweep-zh-light');
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  });

  test('and a run of three stages shows its gates, entries and checkpoints in the tree and in its charts', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'dw-stages-'));
    try {
      await writeFile(path.join(folder, 'distill.json'), RECIPE);
      writeStagesRun(folder);
      window = await (await editor.open({ folder })).load();
      await window.openContainer();
      const row = (text: string | RegExp) => window.page.locator('.pane-body .monaco-list-row').filter({ hasText: text }).first();
      await row('three-stages').click();
      await window.page.keyboard.press('ArrowRight');
      await row(/^task/).click();
      await window.page.keyboard.press('ArrowRight');
      await row('went back to step-000150').waitFor();
      await row(/^step-000150/).waitFor();
      await window.command('Open Metrics');
      const chart = window.webview().locator('[data-group="loss"] .plot');
      await chart.waitFor();
      await window.webview().locator('[data-group="loss"] .plot[data-drawn-step="260"]').waitFor();
      const box = await chart.boundingBox();
      if (box === null) throw new Error('no chart');
      await window.page.mouse.move(box.x + box.width * 0.55, box.y + box.height / 2);
      await window.webview().getByText('Gate of task: validation/ce 1.019 ≤ 0.8 · missed; went back to step-000150').waitFor();
      await window.screenshot('stages-dark');
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  });
});
