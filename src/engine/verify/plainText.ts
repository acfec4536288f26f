/** One writing for an answer before it is read: full-width forms, LaTeX's layout, signs, markdown. Meaning is not touched. */

/** Of a final answer at most; longer ones are compared as text only. */
export const MAX_ANSWER_LENGTH = 4000;

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻';
const SUPERSCRIPT_PLAIN = '0123456789+-';
const GLYPHS: Readonly<Record<string, string>> = {
  '½': '1/2', '⅓': '1/3', '⅔': '2/3', '¼': '1/4', '¾': '3/4', '⅕': '1/5', '⅖': '2/5', '⅗': '3/5', '⅘': '4/5', '⅙': '1/6', '⅚': '5/6', '⅛': '1/8', '⅜': '3/8', '⅝': '5/8', '⅞': '7/8',
};
const SIGNS: Readonly<Record<string, string>> = {
  '−': '-', '–': '-', '‐': '-', '‑': '-', '﹣': '-', '×': '*', '✕': '*', '·': '*', '⋅': '*', '∙': '*', '•': '*', '∗': '*', '÷': '/', '∕': '/', '⁄': '/', π: '\\pi ', '∞': '\\infty ',
  '√': '\\sqrt ', '≤': '\\le ', '≥': '\\ge ', '≦': '\\le ', '≧': '\\ge ', '≠': '\\ne ', '≈': '\\approx ', '∪': '\\cup ', '∩': '\\cap ', '∈': '\\in ', '±': '\\pm ', '∅': '\\emptyset ', '：': ':', '∶': ':',
  '、': ', ', '，': ', ', '；': '; ', '″': '"', '′': '\'', '“': '"', '”': '"', '‘': '\'', '’': '\'', '℃': '°C', '℉': '°F',
};
const SIGN_PATTERN = new RegExp(`[${Object.keys(SIGNS).join('')}]`, 'g');

/** Full-width and typographic forms as plain ones; LaTeX is left alone. Lengths change. */
export function plainForms(text: string): string {
  return text
    .replace(new RegExp(`[${SUPERSCRIPTS}]+`, 'g'), (run) => `^{${[...run].map((char) => SUPERSCRIPT_PLAIN[SUPERSCRIPTS.indexOf(char)] ?? '').join('')}}`)
    .replace(/(\d?)([½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])/g, (_, digit: string, glyph: string) => digit === '' ? GLYPHS[glyph] ?? '' : `${digit} ${GLYPHS[glyph] ?? ''}`)
    .replace(SIGN_PATTERN, (sign) => SIGNS[sign] ?? sign)
    .normalize('NFKC')
    .replace(/^\s*负\s*(?=[\d.¥$])/, '-')
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/[\u00a0\u2000-\u200a\u202f\u3000]/g, ' ')
    .replace(SIGN_PATTERN, (sign) => SIGNS[sign] ?? sign);
}

/** Of Unicode's private use: in no answer. */
const LINE_BREAK = '\ue000';

/** The plain forms of an answer without LaTeX's layout, delimiters of mathematics, markdown and punctuation around it. */
export function plainAnswer(text: string): string {
  // A line break of a matrix is no space.
  const latex = plainForms(text).replaceAll('\\\\', LINE_BREAK)
    .replaceAll(/\\\$/g, '¤')
    .replaceAll(/\$\$|\\[()[\]]/g, ' ')
    .replaceAll(/\*\*|__|`/g, '')
    .replaceAll(/(?:,|\{,\})\s*\\!\s*(?=\d{3})/g, ',').replaceAll('{,}', ',')
    // A thin space between digits parts thousands, as a plain one between groups of three does.
    .replaceAll(/(\d)\\[,;:! ](?=\d{3}(?!\d))/g, '$1 ')
    .replaceAll(/\\[,;:> ]|\\q?quad(?![a-z])|~/g, ' ').replaceAll('\\!', '')
    .replaceAll(/\\(?:left|right|big|Big|bigg|Bigg|bigl|bigr|Bigl|Bigr|displaystyle|textstyle|limits|nolimits)(?![A-Za-z])\.?/g, '')
    .replaceAll(/\\[dtc]frac(?![A-Za-z])/g, '\\frac')
    .replaceAll(/\\(?:text|mathrm|mbox|hbox|textbf|textit|textrm|textnormal|mathbf|mathit|mathsf|boldsymbol|operatorname|bf|rm|it)\s*\{([^{}]*)\}/g, ' $1 ')
    .replaceAll(/\\(?:boxed|fbox)\s*\{([^{}]*)\}/g, '$1')
    .replaceAll(/(\d)\s?[xX]\s?(?=10\s?\^)/g, '$1*')
    // 2又1/2, 2又\frac{1}{2}: a mixed number.
    .replaceAll(/(\d)\s*又\s*(?=\\frac|\d+\s?\/\s?\d)/g, '$1 ')
    .replaceAll(/\\%/g, '%').replaceAll('\\&', '&').replaceAll('\\#', '#')
    .replaceAll(/\^\s*\{?\s*(?:\\circ|°)\s*\}?/g, '°').replaceAll(/\\degree(?:s)?(?![A-Za-z])/g, '°');
  return trimmed(withoutDollars(latex.replaceAll(LINE_BREAK, '\\\\')));
}

/** A lone dollar is money, a pair of them is LaTeX's. */
function withoutDollars(text: string): string {
  const dollars = text.split('$').length - 1;
  if (dollars === 0) return text;
  return dollars % 2 === 0 && !/^\$\s?[\d.,]+[^$]*\$\s?[\d]/.test(text) ? text.replaceAll('$', ' ') : text.replaceAll('$', '¤');
}

/** Spaces as one, no punctuation at either end. */
function trimmed(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim().replace(/^[:=]\s*/, '');
  // 72! is said with joy, n! and (a + 1)! are factorials.
  return /(?:^|[^A-Za-z])[a-z]!$|\)!$/.test(line) ? line : line.replace(/(?:\s*[.。,;!?:])+$/, '').trim();
}

/** For comparing words: case, articles, quotes and punctuation left out. */
export function plainWords(text: string): string {
  return plainAnswer(text).toLowerCase().replaceAll(/[\s.,;:!?'"()[\]{}。（）「」《》*_-]+/g, ' ').replace(/^(?:the|a|an) /, '').trim();
}
