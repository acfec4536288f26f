/** The recipe's JSON Schema as VS Code reads it: completion, hover and squiggles, in one language. */
import * as z from 'zod';
import type { Language } from './messages.ts';
import { recipe } from './recipe.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const TITLES: Readonly<Record<Language, string>> = { en: 'Distill recipe', 'zh-cn': 'Distill 配方' };

/** What media/schemas/recipe.schema[.zh-cn].json holds. */
export function recipeJsonSchema(language: Language): Json {
  const schema = z.toJSONSchema(recipe, { io: 'input', target: 'draft-7' }) as Json;
  return { ...(inLanguage(schema, language) as { readonly [key: string]: Json }), title: TITLES[language], allowComments: true, allowTrailingCommas: true };
}

/** The schema carries both languages (`description`, `zh`); only one goes into a file. */
function inLanguage(value: Json, language: Language): Json {
  if (Array.isArray(value)) return value.map((each: Json) => inLanguage(each, language));
  if (typeof value !== 'object' || value === null) return value;
  const { zh, description, ...rest } = value as { readonly [key: string]: Json };
  const texts = typeof zh === 'string' && typeof description === 'string'
    ? { description: language === 'zh-cn' ? zh : description }
    : { ...(zh === undefined ? {} : { zh: inLanguage(zh, language) }), ...(description === undefined ? {} : { description: inLanguage(description, language) }) };
  return { ...texts, ...Object.fromEntries(Object.entries(rest).filter(([key, each]) => !isIntegerBound(key, each)).map(([key, each]) => [key, inLanguage(each, language)])) };
}

/** zod writes JavaScript's largest safe integers as bounds; in a hover they are noise. */
function isIntegerBound(key: string, value: Json): boolean {
  return (key === 'maximum' || key === 'minimum') && typeof value === 'number' && Math.abs(value) === Number.MAX_SAFE_INTEGER;
}
