import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recipeJsonSchema } from '../../src/shared/recipeJsonSchema.ts';

const committed = (name: string): unknown => JSON.parse(readFileSync(new URL(`../../media/schemas/${name}`, import.meta.url), 'utf8'));

test.each([['en', 'recipe.schema.json'], ['zh-cn', 'recipe.schema.zh-cn.json']] as const)('the committed schema (%s) is what the recipe says: npm run generate', (language, name) => {
  expect(committed(name)).toEqual(recipeJsonSchema(language));
});

test('every hover text has its Chinese', () => {
  const descriptions = (value: unknown, at: string): readonly (readonly [string, string])[] => {
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([key, each]) => key === 'description' && typeof each === 'string' ? [[at, each] as const] : descriptions(each, `${at}/${key}`));
  };
  const english = descriptions(recipeJsonSchema('en'), '');
  const chinese = descriptions(recipeJsonSchema('zh-cn'), '');
  expect(chinese.map(([at]) => at)).toEqual(english.map(([at]) => at));
  expect(english.length).toBeGreaterThan(60);
  for (const [at, text] of chinese) expect(text, at).toMatch(/\p{Script=Han}/u);
  for (const [at, text] of english) expect(text, at).not.toMatch(/\p{Script=Han}/u);
});
