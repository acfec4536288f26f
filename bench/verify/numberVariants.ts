/**
 * Other writings of a plain number that mean the same, and near ones that don't. Made from the digits alone, by string work:
 * nothing here is the verifier's code, so that a mistake of its arithmetic can't hide in the examples.
 */

const SMALL = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const HAN = [...'零一二三四五六七八九'];

export interface PlainNumber {
  readonly negative: boolean;
  /** Digits before and after the point, without separators. */
  readonly whole: string;
  readonly decimals: string;
}

/** Null for anything that is not a plain decimal. */
export function readPlain(text: string): PlainNumber | null {
  const match = /^(-?)(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(text.trim());
  return match === null ? null : { negative: match[1] === '-', whole: (match[2] ?? '').replaceAll(',', ''), decimals: match[3] ?? '' };
}

const plain = ({ negative, whole, decimals }: PlainNumber): string => `${negative ? '-' : ''}${whole}${decimals === '' ? '' : `.${decimals}`}`;
const groups = (digits: string, separator: string): string => digits.replaceAll(/\B(?=(\d{3})+$)/g, separator);
const fullWidth = (text: string): string => text.replaceAll(/[\d.-]/g, (char) => char === '-' ? '－' : String.fromCharCode((char.codePointAt(0) ?? 0) + 0xfee0));

/** Up to 999,999 in English words. */
function english(n: number): string {
  if (n < 20) return SMALL[n] ?? '';
  if (n < 100) return `${TENS[Math.floor(n / 10)] ?? ''}${n % 10 === 0 ? '' : `-${SMALL[n % 10] ?? ''}`}`;
  if (n < 1000) return `${SMALL[Math.floor(n / 100)] ?? ''} hundred${n % 100 === 0 ? '' : ` and ${english(n % 100)}`}`;
  return `${english(Math.floor(n / 1000))} thousand${n % 1000 === 0 ? '' : n % 1000 < 100 ? ` and ${english(n % 1000)}` : ` ${english(n % 1000)}`}`;
}

/** Up to 99,999,999 in Chinese numerals. */
function chinese(n: number): string {
  if (n >= 10_000) return `${chinese(Math.floor(n / 10_000))}万${n % 10_000 === 0 ? '' : `${n % 10_000 < 1000 ? '零' : ''}${chinese(n % 10_000)}`}`;
  let [text, zero] = ['', false];
  for (const [size, unit] of [[1000, '千'], [100, '百'], [10, '十'], [1, '']] as const) {
    const digit = Math.floor(n / size) % 10;
    if (digit === 0) zero = text !== '';
    else {
      text += `${zero && n % (size * 10) !== 0 ? '零' : ''}${digit === 1 && size === 10 && text === '' ? '' : HAN[digit] ?? ''}${unit}`;
      zero = false;
    }
  }
  return text === '' ? '零' : text;
}

/** The value as top/bottom, both in digits: 12.50 is 1250/100. */
function fraction({ whole, decimals }: PlainNumber): readonly [bigint, bigint] {
  return [BigInt(whole + decimals), 10n ** BigInt(decimals.length)];
}

/** Bare writings of the number. */
export function writings(number: PlainNumber): readonly string[] {
  const { negative, whole, decimals } = number;
  const sign = negative ? '-' : '';
  const text = plain(number);
  const [top, bottom] = fraction(number);
  const found = [
    text, ` ${text} `, `${text}.`, `$${text}$`, `\\(${text}\\)`, `\\[ ${text} \\]`, `**${text}**`, `\\text{${text}}`, `${sign}0${whole}${decimals === '' ? '' : `.${decimals}`}`,
    decimals === '' ? `${text}.0` : `${text}0`, decimals === '' ? `${text}.00` : `${text}000`, fullWidth(text), `${text}。`,
    `${sign}\\frac{${String(top * 3n)}}{${String(bottom * 3n)}}`, `${sign}${String(top * 2n)}/${String(bottom * 2n)}`, `${sign}\\dfrac{${String(top)}}{${String(bottom)}}`,
    `${sign}${String(top)}e-${String(decimals.length)}`, `${sign}${String(top)} \\times 10^{-${String(decimals.length)}}`, `x = ${text}`, `${text} \\quad`,
  ];
  if (negative) found.push(text.replace('-', '−'), text.replace('-', '－'), text.replace('-', '- '), `负${text.slice(1)}`);
  if (whole.length > 3) {
    const rest = decimals === '' ? '' : `.${decimals}`;
    for (const separator of [',', '{,}', ',\\!', '\\,', ' ', '\u202f']) found.push(`${sign}${groups(whole, separator)}${rest}`);
  }
  const value = Number(whole);
  if (decimals === '' && !negative && value < 1_000_000) found.push(english(value), english(value).toUpperCase());
  if (decimals === '' && value < 100_000_000) found.push(`${negative ? '负' : ''}${chinese(value)}`);
  if (decimals !== '' && value < 10_000) found.push(`${negative ? '负' : ''}${chinese(value)}点${[...decimals].map((digit) => HAN[Number(digit)] ?? '').join('')}`);
  return found;
}

/** Whole answers around a writing of the number. */
export function sentences(number: PlainNumber): readonly string[] {
  const text = plain(number);
  return [
    `\\boxed{${text}}`, `So we get \\boxed{ ${text} }.`, `#### ${text}`, `We add 3 and 4 first.\n\n#### ${text}`, `The answer is ${text}.`, `Let's see: 12 + 30 = 42.\nThe final answer is: ${text}`,
    `**Final Answer:** ${text}`, `**Final Answer**\n\\boxed{${text}}`, `Answer: ${text}`, `答案是${text}。`, `答案：${text}`, `所以答案为 ${text}`, `先算 12 + 30 = 42。\n因此，最终答案是 **${text}**。`,
    `Therefore, the answer is $${text}$.`, `\\[\\boxed{\\text{${text}}}\\]`, `First 3, then 9.\n\nThe answer is **${text}**.`,
  ];
}

/** With a noun or unit behind it, which the reference leaves out. */
export function withUnits(number: PlainNumber): readonly string[] {
  const { negative, whole, decimals } = number;
  const text = plain(number);
  return [
    `${text} apples`, `${text} miles`, `${text} dollars`, `$${text}`.replace('$-', '-$'), `\\$${text}`.replace('\\$-', '-\\$'), `${text}个`, `${text}元`, `${text}米`, `${text} cm`, `${text} \\text{ hours}`, `${text}\\text{ cm}^2`, `${text} km/h`, `${text}个苹果`,
    `The answer is ${text} meters.`, `\\boxed{${text} \\text{ dollars}}`, `答案是${text}千克。`, `一共有${text}个`, ...(decimals === '' && !negative && Number(whole) > 1 && Number(whole) < 100_000_000 ? [`答：一共有${chinese(Number(whole))}个。`] : []), `${text}^\\circ`,
  ];
}

/** Near numbers of another value, and the number itself where it is not stated as the answer. */
export function wrongNumbers(number: PlainNumber): readonly string[] {
  const { negative, whole, decimals } = number;
  const sign = negative ? '-' : '';
  const tail = decimals === '' ? '' : `.${decimals}`;
  const value = BigInt(whole);
  const swapped = [...whole].flatMap((digit, i) => i > 0 && digit !== whole[i - 1] ? [`${whole.slice(0, i - 1)}${digit}${whole[i - 1] ?? ''}${whole.slice(i + 1)}`] : []);
  const isZero = value === 0n && /^0*$/.test(decimals);
  return [
    `${sign}${String(value + 1n)}${tail}`, ...(value > 0n ? [`${sign}${String(value - 1n)}${tail}`] : []), ...(isZero ? [] : [`${negative ? '' : '-'}${whole}${tail}`, `${sign}${whole}0${decimals === '' ? '' : `.${decimals}`}`]),
    `${sign}1${whole}${tail}`, `${sign}${whole}.5${decimals}`, ...swapped.map((each) => `${sign}${each}${tail}`), ...(whole.length > 1 ? [`${sign}${whole.slice(0, -1)}${tail}`] : []),
    // Denied, one of two, a limit or the end of a range: none states the number.
    ...(negative ? [] : [`答案不是${whole}${tail}`, `So it can't be ${whole}${tail}.`, `The answer is ${String(value + 1n)} or ${whole}${tail}.`, `The answer is between 0 and ${whole}${tail}.`, `至少${whole}${tail}`, `The answer is more than ${whole}${tail}.`]),
    ...(decimals.length > 0 ? [`${sign}${whole}${decimals}`, `${sign}${whole}`, `${sign}${whole}.${decimals.slice(0, -1)}${String((Number(decimals.at(-1)) + 1) % 10)}`] : []),
  ].filter((each) => !sameDigits(each, plain(number)));
}

/** By their digits: leading zeros and zeros at the end of decimals say nothing. */
export function sameDigits(a: string, b: string): boolean {
  const canonical = (text: string): string => {
    const number = readPlain(text);
    if (number === null) return text;
    const [whole, decimals] = [number.whole.replace(/^0+(?=\d)/, ''), number.decimals.replace(/0+$/, '')];
    return `${number.negative && !/^0*$/.test(whole + decimals) ? '-' : ''}${whole}.${decimals}`;
  };
  return canonical(a) === canonical(b);
}
