import { appendFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Tail } from '../../../src/runs/tail.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

function tailed(): { readonly file: string; readonly tail: Tail; read(): Promise<{ lines: string[]; restarts: number }> } {
  const file = path.join(temporaryFolder(), 'events.jsonl');
  const tail = new Tail(file);
  return {
    file,
    tail,
    async read() {
      const [lines, restarted]: [string[], number[]] = [[], []];
      await tail.read((block) => { for (const line of block.split('\n')) lines.push(line); }, () => restarted.push(lines.length));
      expect(restarted.every((before) => before === 0)).toBe(true); // told before the first new line
      return { lines, restarts: restarted.length };
    },
  };
}

describe('the tail of a growing file', () => {
  it('gives each whole line once, and holds a half line until it is whole', async () => {
    const { file, read } = tailed();
    expect(await read()).toEqual({ lines: [], restarts: 0 }); // not there yet
    appendFileSync(file, 'one\ntwo\nthr');
    expect((await read()).lines).toEqual(['one', 'two']);
    expect((await read()).lines).toEqual([]);
    appendFileSync(file, 'ee\n');
    expect(await read()).toEqual({ lines: ['three'], restarts: 0 });
  });

  it('never breaks a character that was written in two parts', async () => {
    const { file, read } = tailed();
    const bytes = Buffer.from('{"name":"蒸馏 👩‍🔬"}\n', 'utf8');
    const seen: string[] = [];
    for (const byte of bytes) {
      appendFileSync(file, Buffer.of(byte));
      seen.push(...(await read()).lines);
    }
    expect(seen).toEqual(['{"name":"蒸馏 👩‍🔬"}']);
  });

  it('reads on after a torn line was cut off and written over, whatever length the new line has', async () => {
    const { file, read } = tailed();
    appendFileSync(file, 'one\n{"seq":1,"kind":"met');
    expect((await read()).lines).toEqual(['one']);
    truncateSync(file, 4);
    appendFileSync(file, '{"seq":1,"kind":"started","and":"much longer"}\n');
    expect(await read()).toEqual({ lines: ['{"seq":1,"kind":"started","and":"much longer"}'], restarts: 0 });
  });

  it('begins anew when the file was cut below what was read', async () => {
    const { file, read } = tailed();
    appendFileSync(file, 'one\ntwo\n');
    await read();
    writeFileSync(file, 'new\n');
    expect(await read()).toEqual({ lines: ['new'], restarts: 1 });
  });

  it.skipIf(process.platform === 'win32')('begins anew when another file, even a longer one, took its place', async () => {
    const { file, read } = tailed();
    appendFileSync(file, 'one\n');
    await read();
    writeFileSync(`${file}.new`, 'other\nlines\n');
    renameSync(`${file}.new`, file);
    expect(await read()).toEqual({ lines: ['other', 'lines'], restarts: 1 });
  });

  it('begins anew when the file is gone and comes back', async () => {
    const { file, read } = tailed();
    appendFileSync(file, 'one\n');
    await read();
    rmSync(file);
    expect(await read()).toEqual({ lines: [], restarts: 1 });
    appendFileSync(file, 'two\n');
    expect(await read()).toEqual({ lines: ['two'], restarts: 0 });
  });

  it('reads lines that are longer than what it reads at once, and many at once', async () => {
    const { file, read } = tailed();
    const long = 'x'.repeat(9 * 1024 * 1024);
    const many = Array.from({ length: 200_000 }, (_, index) => `line ${index} of a file that takes several readings`);
    writeFileSync(file, `${long}\n${many.join('\n')}\nhalf`);
    const { lines } = await read();
    expect(lines.length).toBe(200_001);
    expect(lines[0]).toHaveLength(long.length);
    expect(lines.at(-1)).toBe(many.at(-1));
    appendFileSync(file, ' no more\n');
    expect((await read()).lines).toEqual(['half no more']);
  });
});
