/**
 * Rule `control`: control characters and invisible ones that carry nothing. Line feeds and tabs stay, other line ends become
 * line feeds. Joiners stay where writing needs them: in emoji, and beside letters of scripts that join or stack.
 */

const ANY = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/;
/** A backslash that an unescaped JSON text has swallowed: "\frac" read as a form feed and "rac". */
const SWALLOWED: readonly (readonly [RegExp, string])[] = [
  [/\u000c(?=rac|orall)/g, '\\f'],
  [/\u0008(?=egin|oxed|inom|eta|ar\b|ar\{|ig[lr]?\b|mod|ullet|ecause)/g, '\\b'],
  [/\u000b(?=ec|ert|arepsilon|dots)/g, '\\v'],
];
const LINE_ENDS = /\r\n?|[\u000b\u000c\u0085\u2028\u2029]/g;
const INVISIBLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;
const JOINER = /[\u200c\u200d]/g;
/** Tag characters spell the flags of England, Scotland and Wales; elsewhere they hide text. */
const TAGS = /(\u{1f3f4})?[\u{e0000}-\u{e007f}]+/gu;
const EMOJI_BEFORE = /(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)$/u;
const EMOJI_AFTER = /^\p{Extended_Pictographic}/u;
const JOINING = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{M}]$/u;

export function cleanControl(text: string): string {
  if (!ANY.test(text)) return text;
  let cleaned = text;
  for (const [swallowed, written] of SWALLOWED) cleaned = cleaned.replace(swallowed, written);
  return cleaned
    .replace(LINE_ENDS, '\n')
    .replace(INVISIBLE, '')
    .replace(TAGS, (tags: string, flag: string | undefined) => flag === undefined ? '' : tags)
    .replace(JOINER, (joiner, at: number, whole: string) => joins(whole, at) ? joiner : '');
}

function joins(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 2), at);
  return JOINING.test(before) || (text[at] === '\u200d' && EMOJI_BEFORE.test(before) && EMOJI_AFTER.test(text.slice(at + 1, at + 3)));
}
