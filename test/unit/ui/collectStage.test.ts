/** A recipe with a collect stage offers Collect Data where a first run is offered. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { hasCollectStage } from '../../../src/ui/recipe/hasCollectStage.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const json = (name: string): unknown => JSON.parse(readFileSync(path.join(root, name), 'utf8'));

test('a collect stage is seen also in a recipe that is being typed', () => {
  expect(['{ "stages": [{ "type": "collect" }] }', '{ "stages": [{ "type" : "collect", "fro'].map(hasCollectStage)).toEqual([true, true]);
  expect(hasCollectStage('{ "stages": [{ "type": "train" }], "name": "collect" }')).toBe(false);
});

test('the welcome of a project that collects offers it, in both languages, and only there', () => {
  const { contributes } = json('package.json') as { readonly contributes: { readonly viewsWelcome: readonly { readonly contents: string; readonly when: string }[] } };
  const offering = (file: string): readonly string[] => {
    const texts = json(file) as Readonly<Record<string, string>>;
    return contributes.viewsWelcome.filter(({ contents }) => texts[contents.slice(1, -1)]?.includes('(command:distill.collectData)')).map(({ when }) => when);
  };
  for (const file of ['package.nls.json', 'package.nls.zh-cn.json']) expect(offering(file), file).toEqual([expect.stringMatching(/&& distill\.collects$/)]);
});
