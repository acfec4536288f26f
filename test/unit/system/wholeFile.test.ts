import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { appendLine } from '../../../src/system/appendLine.ts';
import { removeLeftovers, writeWholeFile, writeWholeFolder } from '../../../src/system/wholeFile.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

describe('a whole file', () => {
  it('replaces the old one and leaves nothing beside it', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'run.json');
    await writeWholeFile(file, 'one');
    await writeWholeFile(file, new Uint8Array([0x74, 0x77, 0x6f]));
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['run.json']);
  });

  it('that can\'t be written leaves the old one and nothing beside it', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'run.json', 'in the way'), { recursive: true });
    await expect(writeWholeFile(path.join(folder, 'run.json'), 'x')).rejects.toThrow();
    expect(readdirSync(folder)).toEqual(['run.json']);
  });
});

describe('a whole folder', () => {
  const fill = (text: string) => (folder: string): Promise<void> => {
    mkdirSync(path.join(folder, 'deep'));
    writeFileSync(path.join(folder, 'deep', 'file'), text);
    return Promise.resolve();
  };

  it('appears with everything in it, and replaces the one before', async () => {
    const folder = temporaryFolder();
    const target = path.join(folder, 'step-000500');
    expect(await writeWholeFolder(target, fill('one'))).toBe(true);
    expect(await writeWholeFolder(target, fill('two'))).toBe(true);
    expect(readFileSync(path.join(target, 'deep', 'file'), 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['step-000500']);
  });

  it('made exclusively leaves the one before alone', async () => {
    const folder = temporaryFolder();
    const target = path.join(folder, 'a run');
    expect(await writeWholeFolder(target, fill('one'), { exclusive: true })).toBe(true);
    expect(await writeWholeFolder(target, fill('two'), { exclusive: true })).toBe(false);
    expect(readFileSync(path.join(target, 'deep', 'file'), 'utf8')).toBe('one');
    expect(readdirSync(folder)).toEqual(['a run']);
  });

  it('that could not be filled does not appear', async () => {
    const folder = temporaryFolder();
    await expect(writeWholeFolder(path.join(folder, 'a'), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('left behind by a crash is removed by its temporary name', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, '.tmp-1-abc-step-1', 'x'), { recursive: true });
    writeFileSync(path.join(folder, 'kept'), '');
    await removeLeftovers(folder);
    expect(readdirSync(folder)).toEqual(['kept']);
    expect(existsSync(path.join(folder, 'kept'))).toBe(true);
  });
});

describe('an appended line', () => {
  it.skipIf(!existsSync('/dev/full'))('that no longer fits on the disk says so, with the path', async () => {
    await expect(appendLine('/dev/full', 'a line')).rejects.toMatchObject({ code: 'disk-full', data: { path: '/dev/full' } });
  });

  it('is not swallowed by a torn line that a crash left', async () => {
    const file = path.join(temporaryFolder(), 'control.jsonl');
    await appendLine(file, 'one');
    writeFileSync(file, 'to', { flag: 'a' });
    await appendLine(file, 'three');
    expect(readFileSync(file, 'utf8')).toBe('one\nto\nthree\n');
  });
});
