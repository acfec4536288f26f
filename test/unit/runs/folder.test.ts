import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteRun, plotRun, renameRun, starRun } from '../../../src/runs/actions.ts';
import { createRunFolder, findProjects, listRuns, projectOf, readLabel, readRunFile, runName, runsFolder } from '../../../src/runs/folder.ts';
import { linesOf, numbered, runFileOf, started } from '../../fixtures/runs.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const NOON = new Date(2026, 7, 23, 14, 12).getTime();

describe('the name of a run', () => {
  it('is its time and the recipe\'s name, as every file system takes it', () => {
    const date = new Date(NOON);
    expect(runName(date, 'arith-kd')).toBe('2026-08-23-1412-arith-kd');
    expect(runName(date, ' R1 → tiny: "v2"/final? ')).toBe('2026-08-23-1412-R1-tiny-v2-final');
    expect(runName(date, '蒸馏 学生')).toBe('2026-08-23-1412-蒸馏-学生');
    expect(runName(date, '../..')).toBe('2026-08-23-1412');
    expect(runName(date, 'x'.repeat(60)).length).toBe('2026-08-23-1412-'.length + 40);
  });
});

describe('a run folder', () => {
  it('is made whole, and under another name when many begin in one minute', async () => {
    const project = temporaryFolder();
    const folders = await Promise.all(Array.from({ length: 12 }, () => createRunFolder(project, runFileOf(NOON))));
    expect(new Set(folders).size).toBe(12);
    expect([...folders].sort()).toEqual([...(await listRuns(project))]);
    for (const folder of folders) expect(await readRunFile(folder)).toEqual({ ...runFileOf(NOON), id: path.basename(folder) });
    expect(readdirSync(runsFolder(project)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(projectOf(folders[0] ?? '')).toBe(project);
  });

  it('without a run.json, or with another\'s, says so with its path', async () => {
    const folder = temporaryFolder();
    await expect(readRunFile(folder)).rejects.toMatchObject({ code: 'run-not-found', data: { path: folder } });
    const file = path.join(folder, 'run.json');
    writeFileSync(file, '{"format":1,');
    await expect(readRunFile(folder)).rejects.toMatchObject({ code: 'run-unreadable', data: { path: file } });
    writeFileSync(file, '{"format":2}');
    await expect(readRunFile(folder)).rejects.toMatchObject({ code: 'run-unreadable', data: { path: file, detail: expect.stringContaining('format') as string } });
  });
});

describe('projects', () => {
  it('are the folders with a distill.json, at any reasonable depth, but not among packages', async () => {
    const root = temporaryFolder();
    for (const folder of ['a', 'deep/er/b', 'node_modules/c', '.hidden/d', 'a/inner']) {
      mkdirSync(path.join(root, folder), { recursive: true });
      writeFileSync(path.join(root, folder, 'distill.json'), '{}');
    }
    expect(await findProjects(root)).toEqual([path.join(root, 'a'), path.join(root, 'a/inner'), path.join(root, 'deep/er/b')]);
    expect(await findProjects(path.join(root, 'no such folder'))).toEqual([]);
  });
});

describe('what a person says of a run', () => {
  it('is kept beside it, one thing without the other', async () => {
    const folder = await createRunFolder(temporaryFolder(), runFileOf(NOON));
    expect(await readLabel(folder)).toEqual({ format: 1, starred: false });
    await renameRun(folder, ' the good one ');
    await starRun(folder, true);
    await plotRun(folder, false);
    expect(await readLabel(folder)).toEqual({ format: 1, title: 'the good one', starred: true, plotted: false });
    await renameRun(folder, '');
    expect(await readLabel(folder)).toEqual({ format: 1, starred: true, plotted: false });
    writeFileSync(path.join(folder, 'label.json'), 'half');
    expect(await readLabel(folder)).toEqual({ format: 1, starred: false });
  });
});

describe('a deleted run', () => {
  it('goes to the system\'s trash where there is one', async () => {
    const folder = await createRunFolder(temporaryFolder(), runFileOf(NOON));
    const trashed: string[] = [];
    const { undo } = await deleteRun(folder, (path) => { trashed.push(path); return Promise.resolve(); });
    expect([trashed, undo]).toEqual([[folder], null]);
  });

  it('goes to the project\'s own trash where there is none, and comes back from it; what lies there for long is forgotten', async () => {
    const project = temporaryFolder();
    const folder = await createRunFolder(project, runFileOf(NOON));
    writeFileSync(path.join(folder, 'events.jsonl'), linesOf(numbered([started(), { kind: 'ended', outcome: 'done' }])));
    const trash = path.join(project, '.distill', 'trash');
    mkdirSync(path.join(trash, '1000-an-old-run'), { recursive: true });
    const { undo } = await deleteRun(folder, () => Promise.reject(new Error('no trash here')));
    expect(await listRuns(project)).toEqual([]);
    expect(readdirSync(trash)).toHaveLength(1);
    await undo?.();
    expect(await listRuns(project)).toEqual([folder]);
    expect(readFileSync(path.join(folder, 'events.jsonl'), 'utf8')).toContain('ended');
  });
});
