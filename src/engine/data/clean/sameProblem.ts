/**
 * The same problem with other names: two prompts that are equal once names of people, places and brands are masked, numbers
 * left as they are. Names are capitalised words in English, and in Chinese the ways in which school problems name people.
 */
import { COMMON_STARTERS, GIVEN_CHARACTERS, SURNAMES } from './names.ts';

const TITLE = /\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s+/g;
const WORD = /\p{L}[\p{L}\p{M}'’-]*/gu;
/** He and she go with the name. */
const PRONOUNS: Readonly<Record<string, string>> = {
  he: 'they', she: 'they', him: 'their', her: 'their', his: 'their', hers: 'their', himself: 'themself', herself: 'themself',
  boy: 'child', girl: 'child', boys: 'children', girls: 'children', brother: 'sibling', sister: 'sibling', brothers: 'siblings', sisters: 'siblings',
  father: 'parent', mother: 'parent', dad: 'parent', mom: 'parent', mum: 'parent', uncle: 'relative', aunt: 'relative', son: 'offspring', daughter: 'offspring',
  grandfather: 'grandparent', grandmother: 'grandparent', husband: 'spouse', wife: 'spouse', man: 'person', woman: 'person',
};
const CHINESE_NAME = new RegExp(`[小阿][${GIVEN_CHARACTERS}](?:[${GIVEN_CHARACTERS}](?=[的有买卖和与、，把给家去从在一用吃比]))?|[${SURNAMES}](?:老师|阿姨|叔叔|师傅|爷爷|奶奶|医生|先生|女士|大伯)|(?<![\\p{Script=Han}&&[^和与、，。：；？！把给由让]])[${SURNAMES}][${GIVEN_CHARACTERS}]{1,2}(?=[的有买卖和与、，把给家去从在一用吃比])`, 'gv');
const CHINESE_PRONOUN = /[他她它]/g;

/** The prompt with its names as §1, §2 … in the order in which they come, lower case, single spaces. */
export function maskedProblem(prompt: string): string {
  const names = new Map<string, string>();
  const mask = (name: string): string => {
    const known = names.get(name) ?? `§${String(names.size + 1)}`;
    names.set(name, known);
    return known;
  };
  const text = prompt.normalize('NFKC').replace(TITLE, '').replace(CHINESE_NAME, mask).replace(CHINESE_PRONOUN, '他');
  const capitalised = capitalisedWords(text);
  return text.replace(WORD, (word) => {
    const stem = word.replace(/['’]s?$/, '');
    if (capitalised.has(stem)) return mask(stem) + word.slice(stem.length).toLowerCase();
    const lower = word.toLowerCase();
    return PRONOUNS[lower] ?? lower;
  }).replace(/[ \t\n]+/g, ' ').replace(/\ban\b/g, 'a').trim();
}

/** Words written with a capital where no sentence begins; at its beginning, those that are not how sentences usually begin. */
function capitalisedWords(text: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { 0: word, index } of text.matchAll(WORD)) {
    if (!/^\p{Lu}\p{Ll}/u.test(word)) continue;
    const begins = /(?:^|[.!?:;。！？"“”\n])\s*$/.test(text.slice(Math.max(0, index - 3), index));
    const stem = word.replace(/['’]s?$/, '');
    // May and Will are names inside a sentence; an article in a title is not.
    if (begins ? !COMMON_STARTERS.has(stem.toLowerCase()) : !/^(?:The|An)$/.test(stem)) found.add(stem);
  }
  return found;
}
