/**
 * Rule `unicode`: canonical composition (NFC), and full-width digits, letters and operators as half-width. Punctuation keeps
 * its width: in Chinese text "，" and "（" are right.
 */

/** ＃ ＄ ％ ＆ ＊ ＋ － ／ ＜ ＝ ＞ ＠ ＼ ＾ ＿ ｜: what is written in formulas and code. */
const OPERATORS = '＃＄％＆＊＋－／＜＝＞＠＼＾＿｜';
const WIDE = new RegExp(`[０-９Ａ-Ｚａ-ｚ${OPERATORS}]`, 'g');
const ANY_WIDE = /[０-９Ａ-Ｚａ-ｚ＃＄％＆＊＋－．／＜＝＞＠＼＾＿｜]/;
/** Between digits it is a decimal point. */
const WIDE_POINT = /(?<=[0-9])．(?=[0-9])/g;
/** From the full-width form of an ASCII character to that character. */
const WIDTH = 0xff01 - 0x21;
const NOT_ASCII = /[^\u0000-\u007f]/;

export function cleanUnicode(text: string): string {
  if (!NOT_ASCII.test(text)) return text;
  const composed = text.normalize('NFC');
  if (!ANY_WIDE.test(composed)) return composed;
  return composed.replace(WIDE, (wide) => String.fromCharCode(wide.charCodeAt(0) - WIDTH)).replace(WIDE_POINT, '.');
}
