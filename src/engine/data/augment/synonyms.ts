/** Words replaced by others that say the same, from our own dictionaries; nothing that counts, names, measures or negates. */
import type { DataRecord } from '../../../shared/record.ts';
import type { Draw } from '../draw.ts';
import { holdsCode, languageOfRecord, type Try } from './contract.ts';
import { protectedParts } from './protectedTokens.ts';
import { CHINESE_GROUPS } from './synonymsChinese.ts';
import { ENGLISH_GROUPS } from './synonymsEnglish.ts';

/** Mathematics and what stands in quotation marks are no words to choose. */
const UNTOUCHED = /\$[^$]+\$|\\[([].*?\\[)\]]|`[^`]*`|"[^"]*"|“[^”]*”|「[^」]*」/gs;

let chineseWords: Intl.Segmenter | null = null;

interface Place {
  readonly start: number;
  readonly end: number;
  /** In small letters. */
  readonly word: string;
}

/** @param strength share of the replaceable words that is replaced, at least one */
export function withSynonyms(record: DataRecord, strength: number, draw: Draw): Try {
  if (holdsCode(record)) return 'code';
  const language = languageOfRecord(record);
  if (language === null) return 'other-language';
  const { prompt } = record;
  const words = DICTIONARIES[language];
  const taboo = [...prompt.matchAll(UNTOUCHED)].map(({ index, 0: text }) => [index, index + text.length] as const);
  const places = (language === 'en' ? englishPlaces(prompt) : chinesePlaces(prompt)).filter(({ start, end }) => !taboo.some(([from, to]) => start < to && end > from));
  const present = prompt.toLowerCase();
  // A word whose replacement stands there already may be told apart from it by the problem.
  const usable = [...new Set(places.map(({ word }) => word))].flatMap((word) => {
    // "three planes … the first plane": both forms change or none.
    if (language === 'en' && new RegExp(`\\b${word}[a-z]`, 'i').test(prompt)) return [];
    const others = (words.get(word) ?? []).filter((other) => !present.includes(other));
    return others.length === 0 ? [] : [[word, draw.pick(others)] as const];
  });
  if (usable.length === 0) return 'nothing-to-change';
  const chosen = new Map(draw.several(usable, Math.max(1, Math.round(usable.length * strength))));
  let [changed, at] = ['', 0];
  for (const { start, end, word } of places) {
    const other = chosen.get(word);
    if (other === undefined || start < at) continue;
    changed += withArticle(prompt.slice(at, start), other, language) + likeCased(prompt.slice(start, end), other);
    at = end;
  }
  changed += prompt.slice(at);
  if (protectedParts(changed).join('\n') !== protectedParts(prompt).join('\n')) return 'protected-changed';
  return { prompt: changed, detail: { words: [...chosen].map(([word, other]) => `${word}→${other}`).join(', ') } };
}

function dictionary(groups: readonly (readonly string[])[]): ReadonlyMap<string, readonly string[]> {
  const words = new Map<string, string[]>();
  for (const group of groups) {
    for (const word of group) {
      // A word of one sign is replaced by nothing: it may be half of another.
      if (/^\p{Script=Han}$/u.test(word)) continue;
      words.set(word, [...(words.get(word) ?? []), ...group.filter((other) => other !== word)]);
    }
  }
  return words;
}

const DICTIONARIES = { en: dictionary(ENGLISH_GROUPS), zh: dictionary(CHINESE_GROUPS) } as const;
const ENGLISH = new RegExp(`(?<![\\w'’-])(?:${[...DICTIONARIES.en.keys()].sort((a, b) => b.length - a.length).join('|')})(?![\\w'’-])`, 'gi');

function englishPlaces(text: string): readonly Place[] {
  return [...text.matchAll(ENGLISH)].flatMap(({ index, 0: word }) => {
    // A capital inside a sentence is a name; after "don't" and "to" the form may be another.
    const inside = /[\w,;:)]\s+$/.test(text.slice(Math.max(0, index - 4), index));
    return /^[A-Z]/.test(word) && inside ? [] : [{ start: index, end: index + word.length, word: word.toLowerCase() }];
  });
}

function chinesePlaces(text: string): readonly Place[] {
  chineseWords ??= new Intl.Segmenter('zh', { granularity: 'word' });
  return [...chineseWords.segment(text)].filter(({ segment }) => DICTIONARIES.zh.has(segment)).map(({ index, segment }) => ({ start: index, end: index + segment.length, word: segment }));
}

function likeCased(like: string, word: string): string {
  return /^[A-Z]/.test(like) ? word.charAt(0).toUpperCase() + word.slice(1) : word;
}

/** `a trip` → `a journey`, `an automobile` → `a car`. */
function withArticle(before: string, word: string, language: 'en' | 'zh'): string {
  return language === 'zh' ? before : before.replace(/\b(an?)(\s+)$/i, (_, article: string, space: string) => `${article.charAt(0)}${/^[aeiou]/i.test(word) ? 'n' : ''}${space}`);
}
