/**
 * Rule `secrets`: personal data and keys. Numbers are everywhere in mathematics, so a number counts only with its own proof: a
 * checksum, a format that is written no other way, or a word beside it that says what it is.
 */

export const SECRET_KINDS = ['e-mail', 'phone', 'id-number', 'card', 'ip', 'api-key', 'private-key', 'token'] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

export interface Secret {
  readonly kind: SecretKind;
  readonly at: number;
  readonly text: string;
}

interface Finder {
  readonly kind: SecretKind;
  /** A cheap test: where it fails, the pattern isn't tried. */
  readonly hint: RegExp | string;
  readonly pattern: RegExp;
  readonly holds?: (found: string, text: string, at: number) => boolean;
}

/** Characters before a number in which a word may say what it is. */
const CONTEXT = 24;
/** What identity numbers, cards and phones have: long runs of digits, or groups of them. Hints keep most texts from the slow patterns. */
const LONG_NUMBER = /\d{11}/;
const GROUPED_NUMBER = /\d{3,4}[ -]\d{4}|\d{4} \d{6}/;
const ANY_LONG = /\d{11}|\d{3}[ -]\d{4}[ -]\d{4}/;

const FINDERS: readonly Finder[] = [
  { kind: 'private-key', hint: 'PRIVATE KEY', pattern: /-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g },
  { kind: 'token', hint: 'eyJ', pattern: /\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,4000}\.[\w-]{8,2000}/g },
  { kind: 'api-key', hint: 'sk-', pattern: /\bsk-(?:[a-z]{2,10}-)?[A-Za-z0-9_-]{20,300}/g, holds: (found) => /\d/.test(found) && /[A-Za-z]{2}.*\d|\d.*[A-Za-z]{2}/.test(found.slice(3)) },
  { kind: 'api-key', hint: /A(?:KI|SI)A/, pattern: /\bA(?:KI|SI)A[0-9A-Z]{16}\b/g },
  { kind: 'api-key', hint: 'gh', pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})/g },
  { kind: 'api-key', hint: 'AIza', pattern: /\bAIza[\w-]{35}/g },
  { kind: 'api-key', hint: 'hf_', pattern: /\bhf_[A-Za-z0-9]{30,}/g },
  { kind: 'api-key', hint: 'xox', pattern: /\bxox[abprs]-[A-Za-z0-9-]{10,}/g },
  { kind: 'e-mail', hint: '@', pattern: /(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}\b/g, holds: (found) => !/@(?:[\w-]+\.)*(?:example|test|invalid|localhost)(?:\.\w+)?$/i.test(found) },
  { kind: 'id-number', hint: LONG_NUMBER, pattern: /(?<![\dA-Za-z.])[1-8]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dA-Za-z])/g, holds: isChineseId },
  { kind: 'card', hint: GROUPED_NUMBER, pattern: /(?<![\d.,])\d{4}([ -])\d{4}\1\d{4}\1\d{4}(?:\1\d{1,3})?(?![\d.,]\d)|(?<![\d.,])3[47]\d{2}([ -])\d{6}\2\d{5}(?!\d)/g, holds: (found) => isCard(found) },
  { kind: 'card', hint: LONG_NUMBER, pattern: /(?<![\d.,])\d{13,19}(?![\d]|[.,]\d)/g, holds: (found, text, at) => isCard(found) && near(text, at, /card|visa|master|amex|银行卡|信用卡|储蓄卡|卡号|账号/i) },
  { kind: 'phone', hint: ANY_LONG, pattern: /(?<![\d.,+A-Za-z_])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d|[.,]\d|[A-Za-z_%])/g, holds: isMobile },
  { kind: 'phone', hint: /\+[1-9]\d{0,2}[ .-]/, pattern: /(?<![\w.)\]}+])\+(?:[17]|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|[2-9]\d{2})(?:[ .-]\(?\d{1,4}\)?){2,5}(?![\d.]|\s*[=+*/^])/g, holds: isInternational },
  { kind: 'phone', hint: ') ', pattern: /(?<!\d|\w)\([2-9]\d{2}\) \d{3}-\d{4}(?!\d)/g },
  { kind: 'ip', hint: /\d\.\d{1,3}\.\d/, pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d|\.\d)/g, holds: isPublicAddress },
];

/** All findings, in the order of their kinds. A place counts once. */
export function findSecrets(text: string): Secret[] {
  const found: Secret[] = [];
  for (const { kind, hint, pattern, holds } of FINDERS) {
    if (typeof hint === 'string' ? !text.includes(hint) : !hint.test(text)) continue;
    for (const match of text.matchAll(pattern)) {
      const [secret] = match;
      if (holds !== undefined && !holds(secret, text, match.index)) continue;
      const overlaps = found.some(({ at, text: other }) => match.index < at + other.length && at < match.index + secret.length);
      if (!overlaps) found.push({ kind, at: match.index, text: secret });
    }
  }
  return found;
}

/** For people to recognise and for nobody to use: "13•••••••78". */
export function masked({ text }: Secret): string {
  const shown = Math.min(3, Math.floor(text.length / 4));
  return `${text.slice(0, shown)}${'•'.repeat(Math.min(8, text.length - 2 * shown))}${text.slice(text.length - shown)}`;
}

function near(text: string, at: number, word: RegExp): boolean {
  return word.test(text.slice(Math.max(0, at - CONTEXT), at));
}

/** Written beside an operator, a number is a number. */
function inArithmetic(found: string, text: string, at: number): boolean {
  return /[=+*/×÷^<>$￥¥\\{(-]\s*$/.test(text.slice(Math.max(0, at - 3), at)) || /^\s*[=*/×÷^<>+\\}%元-]/.test(text.slice(at + found.length, at + found.length + 3));
}

const PHONE_WORD = /电话|手机|联系|致电|拨打|微信|tel\b|phone|mobile|call|whatsapp|sms/i;

/** A Chinese mobile number: eleven digits that nothing is computed with, or a word that says so. */
function isMobile(found: string, text: string, at: number): boolean {
  if (near(text, at, PHONE_WORD) || /^\+/.test(found)) return true;
  const digits = found.replace(/\D/g, '');
  // Round numbers are amounts.
  return !inArithmetic(found, text, at) && !/0{4}$/.test(digits) && /^1[3-9]\d{9}$/.test(found);
}

/** E.164: 8 to 15 digits in groups. */
function isInternational(found: string): boolean {
  const digits = found.replace(/\D/g, '').length;
  return digits >= 8 && digits <= 15;
}

/** GB 11643-1999: ISO 7064 mod 11-2 over 17 digits, and a date that exists. */
function isChineseId(found: string): boolean {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, i) => total + weight * Number(found[i]), 0);
  if ('10X98765432'[sum % 11] !== found[17]?.toUpperCase()) return false;
  const [year, month, day] = [Number(found.slice(6, 10)), Number(found.slice(10, 12)), Number(found.slice(12, 14))];
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

/** Luhn's sum (ISO/IEC 7812-1, annex B) and the beginnings that are given out. */
function isCard(found: string): boolean {
  const digits = found.replace(/\D/g, '');
  if (!/^(?:4|5[1-5]|2[2-7]|3[47]|6(?:011|2|4[4-9]|5)|35)/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (i % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0 && !/^(\d)\1+$/.test(digits);
}

/** An IPv4 address of the open internet: not a version, a section number, a private network or an example (RFC 1918, 5737). */
function isPublicAddress(found: string, text: string, at: number): boolean {
  const parts = found.split('.').map(Number);
  const [a = 0, b = 0, c = 0] = parts;
  if (parts.some((part) => part > 255) || /(?:^|\.)0\d/.test(found) || /version|v\.?\s*$|版本|section|chapter|第\s*$/i.test(text.slice(Math.max(0, at - 10), at))) return false;
  if (parts.every((part) => part < 32) || a === 0 || a === 10 || a === 127 || a >= 224) return false;
  const reserved = (a === 192 && b === 168) || (a === 172 && b >= 16 && b < 32) || (a === 169 && b === 254) || (a === 192 && b === 0 && c === 2) || (a === 198 && b === 51 && c === 100) || (a === 203 && b === 0 && c === 113);
  return !reserved;
}
