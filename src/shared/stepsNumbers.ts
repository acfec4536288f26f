/**
 * The numbers in a sentence of a reasoning trace, English or Chinese, as values that can be compared:
 * 1,234 = 1234 = 1234.0, ½ = 0.5 = 50% = 百分之五十, 3.5万 = 35000, 三十六 = 36, twenty-five = 25.
 */

export interface NumberSpan {
  /** Range in the text, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly value: number;
  /** The digits are followed by a percent sign; `value` is already divided by 100. */
  readonly percent: boolean;
  /** Written with a word for its size: million, 万; `value` is already multiplied. */
  readonly scaled: boolean;
  /** Digits after the decimal point as written, of a plain decimal; null for a fraction, a numeral or a word. */
  readonly decimals: number | null;
}

/**
 * The same text, length and offsets with one way of writing: full-width forms in ASCII, one sign for each operation.
 * The result is for reading numbers and operators, not for showing.
 */
export function plainForms(text: string): string {
  return text.replace(/[\uFF01-\uFF5E\u3000\u00A0\u2009\u202F−–—×✕✖⋅·∙∗÷∕⁄]/g, (char) => {
    // A Chinese comma between numbers parts them: 560，800 is no five hundred thousand.
    if (char === '，') return ';';
    const code = char.charCodeAt(0);
    if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0);
    if ('−–'.includes(char)) return '-';
    if (char === '—') return ';';
    if ('×✕✖⋅·∙∗'.includes(char)) return '*';
    if ('÷∕⁄'.includes(char)) return '/';
    return ' ';
  });
}

const GLYPHS: Readonly<Record<string, number>> = {
  '½': 1 / 2, '⅓': 1 / 3, '⅔': 2 / 3, '¼': 1 / 4, '¾': 3 / 4, '⅕': 1 / 5, '⅖': 2 / 5, '⅗': 3 / 5, '⅘': 4 / 5,
  '⅙': 1 / 6, '⅚': 5 / 6, '⅛': 1 / 8, '⅜': 3 / 8, '⅝': 5 / 8, '⅞': 7 / 8,
};
const SCALES: Readonly<Record<string, number>> = {
  百: 1e2, 千: 1e3, 万: 1e4, 亿: 1e8, hundred: 1e2, thousand: 1e3, million: 1e6, billion: 1e9,
};
const CHINESE_DIGITS: Readonly<Record<string, number>> = {
  〇: 0, 零: 0, 一: 1, 二: 2, 两: 2, 三: 3, 四: 4, 五: 5, 六: 6, 七: 7, 八: 8, 九: 9,
};
const ENGLISH_UNITS = ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen',
  'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'];
const ENGLISH_TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const ENGLISH: Readonly<Record<string, number>> = Object.fromEntries([
  ['one', 1], ...ENGLISH_UNITS.map((word, i): [string, number] => [word, i + 2]), ...ENGLISH_TENS.map((word, i): [string, number] => [word, 10 * (i + 2)]),
]);

/** Words that count: after these a single Chinese digit is a quantity (三个), elsewhere it is part of a word (三角形). */
const MEASURES = '个只条本页天年周元块米人次倍斤箱张瓶支位名辆份岁颗粒朵杯袋件小分';

const DIGITS = String.raw`\d{1,3}(?:(?:,(?:\\!)?|\{,\})\d{3})+(?!\d|,\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+`;
const PATTERN = new RegExp([
  // 1 whole, 2 numerator, 3 denominator, of `2 1/3` and `1/3` (tight, so that `154440 / 120` stays a division)
  String.raw`(?<![\w./\\])(?:(\d{1,4}) )?(\d{1,4})/(\d{1,4})(?![\w/]|\.\d)`,
  // 4 digits, 5 fraction glyph, 6 percent or scale
  String.raw`(?<![A-Za-z_\d.])(?:(${DIGITS})([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])?|([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]))( ?\\?%| percent\b|[百千万亿]| (?:hundred|thousand|million|billion)\b)?`,
  // 8 Chinese numeral
  String.raw`([〇零一二两三四五六七八九十百千万亿]+(?:分之[〇零一二两三四五六七八九十百千万亿]+)?)`,
  // 9 English numeral
  String.raw`\b((?:${ENGLISH_TENS.join('|')})(?:[- ](?:one|${ENGLISH_UNITS.slice(0, 8).join('|')}))?|${ENGLISH_UNITS.join('|')})( hundred| thousand| million)?\b`,
].join('|'), 'gi');

/** Value of a Chinese numeral with its units (一千二百三十 = 1230), or of a row of digits (二〇二四 = 2024); null for none. */
export function chineseNumeral(text: string): number | null {
  if (!/[十百千万亿]/.test(text)) {
    return text.length === 1 || /[〇零]/.test(text) ? Number([...text].map((char) => CHINESE_DIGITS[char] ?? '').join('')) : null;
  }
  let total = 0;
  let section = 0;
  let digit = -1;
  for (const char of text) {
    const value = CHINESE_DIGITS[char];
    if (value !== undefined) digit = value;
    else if (char === '万' || char === '亿') {
      const part = section + Math.max(digit, 0);
      total = char === '万' ? total + part * 1e4 : (total + part) * 1e8;
      section = 0;
      digit = -1;
    } else {
      section += (digit < 0 ? 1 : digit) * (char === '十' ? 10 : char === '百' ? 100 : 1000);
      digit = -1;
    }
  }
  return total + section + Math.max(digit, 0);
}

function chineseSpan(text: string, numeral: string, start: number): Omit<NumberSpan, 'decimals' | 'scaled'> | null {
  const end = start + numeral.length;
  const before = text[start - 1] ?? '';
  if (before === '第' || '周期拜'.includes(before) && before !== '') return null;
  const [denominator, numerator] = numeral.split('分之');
  if (numerator !== undefined && denominator !== undefined) {
    const top = chineseNumeral(numerator);
    const bottom = denominator === '百' ? 100 : chineseNumeral(denominator);
    return top === null || !bottom ? null : { start, end, value: top / bottom, percent: bottom === 100 };
  }
  const measured = MEASURES.includes(text[end] ?? ' ');
  if (numeral.length === 1 && (!measured || numeral === '一' || '百千万亿'.includes(numeral))) return null;
  if (/^[百千万亿]/.test(numeral)) return null;
  const value = chineseNumeral(numeral);
  return value === null ? null : { start, end, value, percent: false };
}

/** Every number of the text (in `plainForms`), in order. Ordinals (第三, Step 3 is left to the caller), `x2` and versions are not numbers. */
export function numbersIn(text: string): NumberSpan[] {
  const found: NumberSpan[] = [];
  if (!/[\d½-⅞〇零一二两三四五六七八九十百千万亿]|tw|thr|fo|fi|si|se|ei|ni|te/i.test(text)) return found;
  for (const match of text.matchAll(PATTERN)) {
    const start = match.index;
    const end = start + match[0].length;
    const [, whole, top, bottom, digits, glyph, lone, suffix, chinese, english, scaled] = match;
    if (top !== undefined && bottom !== undefined) {
      const plain = (from: number, written: string): number => found.push({ start: from, end: from + written.length, value: Number(written), percent: false, scaled: false, decimals: 0 });
      const proper = Number(top) < Number(bottom);
      const bar = end - bottom.length - 1;
      if (proper) found.push({ start, end, value: Number(whole ?? 0) + Number(top) / Number(bottom), percent: false, scaled: false, decimals: null });
      else {
        if (whole !== undefined) plain(start, whole);
        plain(bar - top.length, top);
        plain(bar + 1, bottom);
      }
    } else if (digits !== undefined || lone !== undefined) {
      const base = (digits === undefined ? 0 : Number(digits.replaceAll(/,(?:\\!)?|\{,\}/g, ''))) + (GLYPHS[glyph ?? lone ?? ''] ?? 0);
      const mark = suffix?.trim().toLowerCase() ?? '';
      const percent = mark.endsWith('%') || mark === 'percent';
      const decimals = digits === undefined || glyph !== undefined ? null : (digits.split('.')[1]?.length ?? 0);
      found.push({ start, end, value: percent ? base / 100 : base * (SCALES[mark] ?? 1), percent, scaled: mark in SCALES, decimals: mark !== '' && !percent ? null : decimals });
    } else if (chinese !== undefined) {
      const span = chineseSpan(text, chinese, start);
      if (span) found.push({ ...span, scaled: false, decimals: null });
    } else if (english !== undefined) {
      const value = english.toLowerCase().split(/[- ]/).reduce((sum, word) => sum + (ENGLISH[word] ?? 0), 0);
      found.push({ start, end, value: value * (SCALES[scaled?.trim().toLowerCase() ?? ''] ?? 1), percent: false, scaled: scaled !== undefined, decimals: null });
    }
  }
  return found;
}

/** One writing for equal values: what 0.1 + 0.2 and 0.3 share, 12 significant digits. */
export function numberKey(value: number): string {
  return String(Number(value.toPrecision(12)));
}
