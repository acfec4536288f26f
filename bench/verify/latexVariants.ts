/** Other writings of LaTeX answers, by rules of notation that hold whatever the answer is; and near answers of another value. */

const identity = (text: string): string => text;

/** Each keeps the meaning of every answer it applies to; where it doesn't apply it gives the text back. */
const NOTATIONS: readonly (readonly [name: string, change: (text: string) => string])[] = [
  ['as it is', identity],
  ['boxed', (text) => `\\boxed{${text}}`],
  ['boxed in a solution', (text) => `We first find $7$ and then $13$.\n\nTherefore the result is $\\boxed{${text}}$.`],
  ['the answer is', (text) => `The answer is $${text}$.`],
  ['final answer', (text) => `**Final Answer:** $${text}$`],
  ['答案', (text) => `答案是 $${text}$。`],
  ['dollars', (text) => `$${text}$`],
  ['brackets', (text) => `\\(${text}\\)`],
  ['display', (text) => `\\[${text}\\]`],
  ['full stop', (text) => `${text}.`],
  ['dfrac', (text) => text.replaceAll(/\\d?frac(?![A-Za-z])/g, '\\dfrac')],
  ['tfrac', (text) => text.replaceAll(/\\d?frac(?![A-Za-z])/g, '\\tfrac')],
  ['cdot', (text) => text.replaceAll(/(\d)\s*\\(sqrt|pi)(?![A-Za-z])/g, '$1 \\cdot \\$2')],
  ['no left and right', (text) => text.replaceAll(/\\(?:left|right)(?![A-Za-z])\s*/g, '')],
  ['left and right', (text) => text.includes('\\left') || !/^[([].*[)\]]$/.test(text) || /[)\]].+[([]/.test(text) ? text : `\\left${text.slice(0, -1)}\\right${text.slice(-1)}`],
  ['no spaces', (text) => text.includes('\\text') || text.includes('\\mbox') || text.includes('\\begin') ? text : text.replaceAll(/\s+(?![A-Za-z])/g, '')],
  ['many spaces', (text) => text.includes('\\text') || /\d,(?:\\!)?\s?\d{3}/.test(text) ? text : text.replaceAll(/([+=,])/g, ' $1 ').replaceAll(/\s+/g, '  ')],
  ['thin spaces', (text) => text.replaceAll(/, /g, ',\\, ')],
  ['no degree sign', (text) => text.replaceAll(/\^\{?\\circ\}?/g, '')],
  ['degrees', (text) => text.replaceAll(/\^\{?\\circ\}?/g, ' \\text{ degrees}')],
  ['degree sign', (text) => text.replaceAll(/\^\{?\\circ\}?/g, '°')],
  ['no text', (text) => text.replaceAll(/\\(?:text|mbox)\{\s*([^{}]*)\}/g, ' $1')],
  ['mathrm', (text) => /\\text\{[^{}() ]+\}/.test(text) ? text.replaceAll(/\\text\{/g, '\\mathrm{') : text],
  ['pmatrix as bmatrix', (text) => text.replaceAll('pmatrix', 'bmatrix')],
  ['pi as a letter', (text) => text.replaceAll(/\\pi(?![A-Za-z])/g, 'π')],
  ['infinity as a sign', (text) => text.replaceAll(/\\infty(?![A-Za-z])/g, '∞')],
  ['minus sign', (text) => text.includes('\\text') ? text : text.replaceAll('-', '−')],
  ['full-width digits', (text) => text.replaceAll(/\d/g, (digit) => String.fromCharCode(digit.charCodeAt(0) + 0xfee0))],
  ['no thousands', (text) => text.replaceAll(/,\\!\s*(?=\d)/g, '').replace(/^(\d+),(\d{3})$/, '$1$2')],
  ['fraction with a slash', (text) => text.replaceAll(/\\d?frac\{(\d+)\}\{(\d+)\}/g, (all, top: string, bottom: string, at: number) => /\d\s*$/.test(text.slice(0, at)) ? all : `(${top}/${bottom})`)],
  ['fraction doubled', (text) => text.replaceAll(/\\d?frac\{(\d+)\}\{(\d+)\}/g, (all, top: string, bottom: string, at: number) => /\d\s*$/.test(text.slice(0, at)) ? all : `\\frac{${String(Number(top) * 2)}}{${String(Number(bottom) * 2)}}`)],
  ['root as a power', (text) => text.replaceAll(/\\sqrt\{(\d+)\}/g, '{$1}^{\\frac{1}{2}}')],
  ['terms turned around', (text) => text.replace(/^([\w\\]+(?:\{\d+\})?)\s\+\s([\w\\ ]+(?:\{\d+\})?)$/, '$2 + $1')],
  ['union turned around', (text) => text.replace(/^(.+?) \\cup (.+)$/, '$2 \\cup $1')],
  ['list turned around', (text) => /^-?\d+(?:, ?-?\d+)+$/.test(text) && !/^\d{1,3},\d{3}$/.test(text) ? text.split(',').map((part) => part.trim()).reverse().join(', ') : text],
  ['base in braces', (text) => text.replace(/^(\d+)_\{?(\d)\}?$/, '$1_{$2}')],
  ['equation turned around', (text) => text.replace(/^([a-z]) ?= ?(.+)$/, '$2 = $1')],
  ['value of an equation', (text) => text.replace(/^x ?= ?([-\d]+)$/, '$1')],
  ['currency left out', (text) => text.replace(/^\\\$/, '')],
  ['plus and minus one', (text) => isScalar(text) ? `${text} + 1 - 1` : text],
  ['doubled and halved', (text) => isScalar(text) ? `\\frac{2 \\cdot (${text})}{2}` : text],
  ['in brackets', (text) => isScalar(text) ? `(${text})` : text],
  ['fraction as a decimal', (text) => text.replace(/^(-?)\\d?frac\{(\d+)\}\{(\d+)\}$/, (all, sign: string, top: string, bottom: string) => decimalOf(sign, BigInt(top), BigInt(bottom)) ?? all)],
  ['decimal as a fraction', (text) => text.replace(/^(\d*)\.(\d+)$/, (_, whole: string, decimals: string) => `\\frac{${String(BigInt(whole + decimals))}}{1${'0'.repeat(decimals.length)}}`)],
  ['interval as an inequality', (text) => inequality(text)],
  ['set turned around', (text) => text.replace(/^\\\{([^,{}]+|[^,]*\{[^{}]*\}),([^,{}]+)\\\}$/, '\\{$2, $1\\}')],
  ['set in a name', (text) => text.replace(/^x \\in (\[.*\])$/, '$1')],
];

/** A number or expression: no relation, list, interval, matrix, word, unit or base. */
function isScalar(text: string): boolean {
  return !/[,=<>_°$\[\]]|\\(?:text|mbox|in|cup|begin|pm|circ|\$|\{)(?![a-z])/.test(text);
}

/** The exact decimal of a fraction that has one, by long division. */
function decimalOf(sign: string, top: bigint, bottom: bigint): string | null {
  let [digits, rest] = ['', top % bottom];
  while (rest !== 0n && digits.length < 12) {
    digits += String(rest * 10n / bottom);
    rest = rest * 10n % bottom;
  }
  return rest === 0n ? `${sign}${String(top / bottom)}${digits === '' ? '' : `.${digits}`}` : null;
}

/** Only of what is surely an interval: one with infinity or a square bracket in it. */
function inequality(text: string): string {
  const plain = text.replaceAll(/\\(?:left|right)(?![A-Za-z])\s?/g, '');
  const [all, open, low = '', high = '', close] = /^([([])([^()[\],]+),([^()[\],]+)([)\]])$/.exec(plain) ?? [];
  if (all === undefined || !(/infty/.test(all) || open === '[' || close === ']')) return text;
  const [below, above] = [open === '[' ? '\\le' : '<', close === ']' ? '\\le' : '<'];
  if (low.includes('infty')) return `x ${above} ${high.trim()}`;
  if (high.includes('infty')) return `x ${open === '[' ? '\\ge' : '>'} ${low.trim()}`;
  return `${low.trim()} ${below} x ${above} ${high.trim()}`;
}

/** Writings of the answer that mean the same, without repetitions. */
export function latexVariants(answer: string): readonly (readonly [name: string, text: string])[] {
  const seen = new Set<string>();
  return NOTATIONS.flatMap(([name, change]) => {
    const text = change(answer);
    if (seen.has(text)) return [];
    seen.add(text);
    return [[name, text] as const];
  });
}

/** Near answers of another value: a digit more or less, another sign, a bracket of the other kind, parts exchanged, another word. */
export function wrongLatex(answer: string): readonly (readonly [name: string, text: string])[] {
  const found: (readonly [string, string])[] = [];
  const digits = [...answer.matchAll(/\d+/g)];
  for (const { 0: run, index } of digits.slice(0, 4)) {
    const rest = answer.slice(index + run.length);
    found.push(['off by one', `${answer.slice(0, index)}${String(BigInt(run) + 1n).padStart(run.length, '0')}${rest}`]);
    if (run.length > 1 && run[0] !== run[1]) found.push(['swapped digits', `${answer.slice(0, index)}${run[1] ?? ''}${run[0] ?? ''}${run.slice(2)}${rest}`]);
  }
  const isText = /^\\text/.test(answer);
  if (!isText && /^[\d.\\a-z]/.test(answer) && !/[,=<>]|\\(?:in|cup|begin|pm)(?![a-z])/.test(answer) && !/^0+$/.test(answer)) found.push(['sign', `-${/[+-]/.test(answer.slice(1)) ? `(${answer})` : answer}`]);
  if (/^-/.test(answer)) found.push(['sign', answer.includes('+') || /.-/.test(answer) ? `-(${answer})` : answer.slice(1)]);
  if (isScalar(answer) && !/^0+$/.test(answer)) found.push(['doubled', `2 \\cdot (${answer})`], ['a thousandth more', `${answer} + \\frac{1}{1000}`]);
  const interval = /^(.*)([([])([^()[\]]*,[^()[\]]*)([)\]])$/.exec(answer.replaceAll(/\\(?:left|right)(?![A-Za-z])\s?/g, ''));
  if (interval !== null && (interval[2] === '[' || interval[4] === ']')) found.push(['other bracket', `${interval[1] ?? ''}${interval[2] === '[' ? '(' : '['}${interval[3] ?? ''}${interval[4] ?? ''}`]);
  const pair = /^\((-?\d+), ?(-?\d+)\)$/.exec(answer);
  if (pair !== null && pair[1] !== pair[2]) found.push(['exchanged', `(${pair[2] ?? ''},${pair[1] ?? ''})`]);
  const halves = /^\\d?frac\{(\d+)\}\{(\d+)\}$/.exec(answer);
  if (halves !== null && halves[1] !== halves[2]) found.push(['upside down', `\\frac{${halves[2] ?? ''}}{${halves[1] ?? ''}}`]);
  const letter = /^\\text\{\(([A-E])\)\}$/.exec(answer)?.[1];
  if (letter !== undefined) for (const other of 'ABCDE') if (other !== letter) found.push(['other option', `\\text{(${other})}`], ['other option', other]);
  if (isText && letter === undefined) for (const word of ['Martin', 'west', 'odd', 'hyperbola']) if (!answer.includes(word)) found.push(['other word', `\\text{${word}}`]);
  return found.filter(([, text]) => text !== answer);
}
