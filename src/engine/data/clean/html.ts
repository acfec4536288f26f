/**
 * Rule `html`: tags, comments and character references out of running text. Code (fences, `inline`) and formulas ($…$, \(…\),
 * \[…\]) are left as they are, and "x < 5 and y > 3" or "a<b" is no tag: only the names of HTML's elements are, with
 * attributes that are written as such.
 */

const BLOCKS = 'address|article|aside|blockquote|body|br|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li|main|nav|ol|option|p|pre|section|table|tbody|tfoot|thead|title|tr|ul';
const INLINE = 'a|abbr|acronym|audio|b|big|button|canvas|caption|cite|code|col|colgroup|del|details|em|embed|font|i|iframe|img|input|ins|kbd|label|link|mark|meta|noscript|object|param|picture|q|s|samp|script|select|small|source|span|strike|strong|style|sub|summary|sup|svg|td|textarea|th|time|tt|u|var|video|wbr';
/** With a value, or one of the few that are written without. */
const ATTRIBUTE = String.raw`\s+(?:[a-z][\w:.-]{0,40}\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+)|(?:hidden|checked|disabled|selected|controls|nowrap|noshade|async|defer)\b)`;
const TAG = new RegExp(String.raw`<(\/?)(${BLOCKS}|${INLINE})((?:${ATTRIBUTE})*)\s*(\/?)>`, 'gi');
// What is looked for across lines has a limit: a model that repeats "\(" a thousand times must not cost a search to the end each time.
const DOCTYPE = /<!doctype [^<>]{0,200}>/gi;
/** What goes with all that is in it, from its beginning to its end. */
const WHOLE: readonly (readonly [begin: RegExp, end: RegExp])[] = [
  [/<!--/g, /-->/g], [/<script(?:\s[^<>]{0,500})?>/gi, /<\/script\s{0,10}>/gi], [/<style(?:\s[^<>]{0,500})?>/gi, /<\/style\s{0,10}>/gi],
];
const POWER = /<(su[pb])>([^<>]{1,40})<\/\1>/gi;
const BLOCK = new RegExp(`^(?:${BLOCKS})$`, 'i');
/** Code and formulas. An unclosed fence protects what follows it. */
const PROTECTED = /```[\s\S]*?(?:```|$)|`[^`\n]+`|\$\$[\s\S]{0,10000}?\$\$|\$[^$\n]+\$|\\\([\s\S]{0,4000}?\\\)|\\\[[\s\S]{0,10000}?\\\]/g;
const SUSPECT = /<[a-z!/]|&(?:#|[a-z])/i;
const REFERENCE = /&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z][a-z0-9]{1,8}));/gi;

/** The named references that turn up in scraped text. `lt`, `gt` and `amp` are looked at apart. */
const NAMED: Readonly<Record<string, string>> = {
  nbsp: ' ', ensp: ' ', emsp: ' ', thinsp: ' ', quot: '"', apos: '\'', ldquo: '“', rdquo: '”', lsquo: '‘', rsquo: '’', laquo: '«', raquo: '»', hellip: '…', mdash: '—', ndash: '–', bull: '•', middot: '·', copy: '©', reg: '®', trade: '™', sect: '§', para: '¶',
  deg: '°', plusmn: '±', times: '×', divide: '÷', minus: '−', frac12: '½', frac14: '¼', frac34: '¾', sup1: '¹', sup2: '²', sup3: '³', le: '≤', ge: '≥', ne: '≠', asymp: '≈', equiv: '≡', infin: '∞', sum: '∑', prod: '∏', int: '∫', radic: '√', part: '∂', pi: 'π', alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', theta: 'θ', lambda: 'λ', mu: 'μ', sigma: 'σ', phi: 'φ', omega: 'ω', Delta: 'Δ', Sigma: 'Σ', Omega: 'Ω', isin: '∈', cap: '∩', cup: '∪', sub: '⊂', rarr: '→', larr: '←', rArr: '⇒', and: '∧', or: '∨', not: '¬', forall: '∀', exist: '∃', euro: '€', pound: '£', yen: '¥', cent: '¢',
};

export function cleanHtml(text: string): string {
  if (!SUSPECT.test(text)) return text;
  let cleaned = '';
  let from = 0;
  for (const kept of text.matchAll(PROTECTED)) {
    cleaned += withoutHtml(text.slice(from, kept.index)) + kept[0];
    from = kept.index + kept[0].length;
  }
  cleaned += withoutHtml(text.slice(from));
  return cleaned === text ? text : tidy(cleaned);
}

function withoutHtml(text: string): string {
  if (!SUSPECT.test(text)) return text;
  const marked = WHOLE.reduce((rest, [begin, end]) => withoutParts(rest, begin, end), text).replace(DOCTYPE, '')
    .replace(POWER, (_, kind: string, inner: string) => `${kind.toLowerCase() === 'sup' ? '^' : '_'}${/^\w$/.test(inner) ? inner : `{${inner}}`}`);
  const closings = new Map<string, number>();
  const lastClosing = (whole: string, name: string): number => {
    const known = closings.get(name) ?? whole.toLowerCase().lastIndexOf(`</${name.toLowerCase()}>`);
    closings.set(name, known);
    return known;
  };
  const stripped = marked.replace(TAG, (tag, closing: string, name: string, attributes: string, _selfClosing: string, at: number, whole: string) => {
    if (name.length === 1 && closing === '' && attributes === '' && !standsApart(whole, at) && lastClosing(whole, name) < at) return tag;
    if (BLOCK.test(name)) return '\n';
    return /^t[dh]$/i.test(name) ? '\t' : '';
  });
  return stripped.replace(REFERENCE, (reference, decimal: string | undefined, hexadecimal: string | undefined, name: string | undefined, at: number, whole: string) => {
    const code = decimal === undefined ? hexadecimal === undefined ? null : Number.parseInt(hexadecimal, 16) : Number(decimal);
    const character = code === null ? named(name ?? '') : code > 0x1f && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : null;
    if (character === null) return reference;
    const rest = whole.slice(at + reference.length, at + reference.length + 200);
    // What would read as a tag or as another reference was escaped on purpose: a text about HTML.
    if (character === '<' && /^\/?[a-z!]/i.test(rest) && /^[^<>]*?(?:>|&gt;|&#62;|&#x3e;)/i.test(rest)) return reference;
    if (character === '>' && /(?:<|&lt;|&#60;|&#x3c;)\/?[a-z!][^<>\n]*$/i.test(whole.slice(Math.max(0, at - 200), at))) return reference;
    if (character === '&' && /^(?:#|[a-z])\w{1,8};/i.test(rest)) return reference;
    return character;
  });
}

/** In one pass, where a lazy pattern would look for a missing end from each beginning. */
function withoutParts(text: string, begin: RegExp, end: RegExp): string {
  let kept = '';
  let from = 0;
  begin.lastIndex = 0;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    end.lastIndex = begin.lastIndex;
    const closed = end.exec(text);
    if (closed === null) break;
    kept += text.slice(from, found.index);
    from = end.lastIndex;
    begin.lastIndex = from;
  }
  return from === 0 ? text : kept + text.slice(from);
}

/** `<b>` in "a<b>c" is a comparison; it is an element after a space or a line's start, or where it is closed. */
function standsApart(text: string, at: number): boolean {
  return at === 0 || /[\s>([{"'，。：；！？、]/.test(text[at - 1] ?? '');
}

function named(name: string): string | null {
  if (/^lt$/i.test(name)) return '<';
  if (/^gt$/i.test(name)) return '>';
  if (/^amp$/i.test(name)) return '&';
  return Object.hasOwn(NAMED, name) ? NAMED[name] ?? null : null;
}

/** Tags that became line ends leave empty lines and spaces behind them. */
function tidy(text: string): string {
  return text.replace(/(?<![ \t])[ \t]+\n/g, '\n').replace(/\n{3,}/g, '\n\n').replace(/^\n+|\n+$/g, '');
}
