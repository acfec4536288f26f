/** What the examples ship is what their own scripts write: nobody has to trust a file that can't be made again. */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { tokenizerFiles } from '../../scripts/make-example.mjs';
import { readRecipe } from '../../src/shared/recipeText.ts';
import { temporaryFolder } from '../fixtures/temporaryFolder.ts';
import { repository } from '../harness/workbench.ts';

const EXAMPLES = ['arithmetic', 'lists'] as const;

describe.each(EXAMPLES)('examples/%s', (example) => {
  const folder = path.join(repository, 'examples', example);

  it('has the rows that generate.mjs writes, and no question twice', async () => {
    const scratch = temporaryFolder();
    await mkdir(path.join(scratch, 'data'));
    await copyFile(path.join(folder, 'generate.mjs'), path.join(scratch, 'generate.mjs'));
    await promisify(execFile)(process.execPath, [path.join(scratch, 'generate.mjs')]);
    const prompts: string[] = [];
    for (const split of ['train', 'validation', 'test']) {
      const shipped = await readFile(path.join(folder, `data/${split}.jsonl`), 'utf8');
      expect(await readFile(path.join(scratch, `data/${split}.jsonl`), 'utf8')).toBe(shipped);
      prompts.push(...shipped.trim().split('\n').map((line) => (JSON.parse(line) as { prompt: string }).prompt));
    }
    expect(new Set(prompts).size).toBe(prompts.length);
  });

  it('has the tokenizer that its words make', async () => {
    for (const [name, text] of await tokenizerFiles(example)) expect(await readFile(path.join(folder, 'tokenizer', name), 'utf8')).toBe(text);
  });

  it('has recipes without a mistake', async () => {
    for (const file of (await readdir(folder)).filter((name) => name.endsWith('.json'))) {
      expect(readRecipe(await readFile(path.join(folder, file), 'utf8')).problems ?? [], file).toEqual([]);
    }
  });
});
