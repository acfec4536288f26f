import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { cleanBoilerplate } from '../../../src/engine/data/clean/boilerplate.ts';
import { cleanControl } from '../../../src/engine/data/clean/control.ts';
import { cleanHtml } from '../../../src/engine/data/clean/html.ts';
import { maskedProblem } from '../../../src/engine/data/clean/sameProblem.ts';
import { findSecrets, masked } from '../../../src/engine/data/clean/secrets.ts';
import { cleanTexts, type RowTexts } from '../../../src/engine/data/clean/textRules.ts';
import { cleanUnicode } from '../../../src/engine/data/clean/unicode.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { TEXT_RULES } from '../../../src/shared/cleanReport.ts';

const data = process.env['DISTILL_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data');

describe('Unicode', () => {
  test.each([
    ['full-width digits, letters and operators', '３＋４＝７，ｘ＜５％', '3+4=7，x<5%'],
    ['a decimal point between digits', '３．１４', '3.14'],
    ['punctuation, which keeps its width', '（一）你好，世界：“再见”！？；。．', '（一）你好，世界：“再见”！？；。．'],
    ['a letter with its accent apart', 'e\u0301', 'é'],
    ['circled and superscript digits, which mean something', '①x²½', '①x²½'],
  ])('%s', (_, dirty, clean) => {
    expect(cleanUnicode(dirty)).toBe(clean);
  });
});

describe('control characters', () => {
  test.each([
    ['invisible characters go', 'a\u200bb\u00adc\ufeffd\u2066e\u0000', 'abcde'],
    ['line feeds and tabs stay, other line ends become line feeds', 'a\tb\nc\r\nd\re\u2028f', 'a\tb\nc\nd\ne\nf'],
    ['joiners stay in emoji', '👩‍🚀 👨‍👩‍👧 🏳️‍🌈', '👩‍🚀 👨‍👩‍👧 🏳️‍🌈'],
    ['joiners stay in scripts that join', 'می‌خواهم क्‍ष', 'می‌خواهم क्‍ष'],
    ['joiners go elsewhere', 'a\u200db\u200cc', 'abc'],
    ['tags stay in flags and go elsewhere', '🏴\u{e0067}\u{e0062}\u{e007f} a\u{e0041}\u{e0042}', '🏴\u{e0067}\u{e0062}\u{e007f} a'],
    ['a swallowed backslash comes back', '\u000crac{1}{2} \u0008oxed{3}', '\\frac{1}{2} \\boxed{3}'],
  ])('%s', (_, dirty, clean) => {
    expect(cleanControl(dirty)).toBe(clean);
  });
});

describe('HTML', () => {
  test.each([
    ['tags', '<p>Hello <b>you</b></p><br/>there', 'Hello you\n\nthere'],
    ['attributes', '<a href="https://x.org/?a=1" class=\'b\'>link</a> <img src=x.png alt="y"/>!', 'link !'],
    ['scripts and comments with what is in them', 'a<script>if (x < 3) alert("<b>")</script><!-- c -->b', 'ab'],
    ['powers and indices', 'x<sup>2</sup> + a<sub>10</sub>', 'x^2 + a_{10}'],
    ['references', '5 &times; 3 &lt; 20 &amp; &#39;x&#x27; &nbsp;|', '5 × 3 < 20 & \'x\'  |'],
  ])('%s go', (_, dirty, clean) => {
    expect(cleanHtml(dirty)).toBe(clean);
  });

  test.each([
    ['comparisons', 'x < 5 and y > 3'], ['comparisons without spaces', 'a<b and b>c; a<b>c; 1<p<q>2; if i<n&&j>m'], ['types', 'List<String> and vector<int> v;'], ['think tags', '<think>no</think> <ANSWER>1</ANSWER>'],
    ['code', 'Use `<b>` or\n```html\n<p>x &lt; y</p>\n```\n'], ['an unclosed fence', '```\n<p>x</p>'], ['formulas', '$a<b>c$ and \\(x <i> y\\) and $$p &lt; q$$'], ['text about HTML', 'write &lt;div&gt; and &amp;lt;'], ['what only looks like a reference', 'AT&T; R&D &foo; a&b'],
    ['an arrow', 'a <- b, c -> d, <=>'], ['an e-mail in brackets', '<someone@x.org>'],
  ])('%s stay', (_, text) => {
    expect(cleanHtml(text)).toBe(text);
  });

  test('stays in rows of code', () => {
    const row = { prompt: 'Make a page', think: '', answer: '<p>x</p>', gold: null, messages: null, options: null };
    expect(cleanTexts({ ...row, code: true }, new Set(TEXT_RULES)).texts.answer).toBe('<p>x</p>');
    expect(cleanTexts({ ...row, code: false }, new Set(TEXT_RULES)).texts.answer).toBe('x');
  });
});

describe('boilerplate', () => {
  test.each([
    ['Sure! I\'d be happy to help you with that. The answer is 4. I hope this helps! Let me know if you have any questions.', 'The answer is 4.'],
    ['As an AI language model, I think it is 4.', 'I think it is 4.'],
    ['好的，这是一个很好的问题。答案是4。希望这对您有帮助！如果您还有其他问题，请随时告诉我。', '答案是4。'],
    ['Great question! $x=4$\n\nFeel free to ask if you need more help!', '$x=4$'],
  ])('%s', (dirty, clean) => {
    expect(cleanBoilerplate(dirty).text).toBe(clean);
  });

  test.each(['Sure!', '好的。', 'Surely the answer is 4.', 'The sure way is to count.', '好的学生有5个。', 'Of course the sum of both is even, so the answer is 4.', 'He said: let me know if you come. She came, and 4 remained.', '如果还有3个苹果，小明有几个？', 'Good luck is a matter of 4 chances.'])('leaves %s', (text) => {
    expect(cleanBoilerplate(text)).toEqual({ text, taken: [] });
  });
});

describe('cleaning', () => {
  const pieces = ['<b>', '</b>', '<p>', '&lt;', '&amp;', 'amp;', 'lt;', '&#8203;', '\u200b', '\u0301', 'e', '３', '＜', 'b', '>', '<', ' ', '\n', '`', '$', '```', 'Sure! ', '好的，', 'I hope this helps!', '．', '5', '&#xff13;', '\r', '\u200d', '👩', '<br>', '<!--', '-->', 'script', '<script>', '</script>', '/', 'sup', '\ud800', 'é', '&', ';', '<sup>2</sup>', '答案是4。'];

  test('twice gives what cleaning once gives, whatever the text', () => {
    const random = new Random(4, 'idempotent');
    for (let run = 0; run < 4000; run++) {
      const text = (): string => Array.from({ length: 1 + Math.floor(random.uniform() * 12) }, () => pieces[Math.floor(random.uniform() * pieces.length)]).join('');
      const row: RowTexts = { prompt: text(), think: text(), answer: text(), gold: text(), messages: null, options: null, code: false };
      const once = cleanTexts(row, new Set(TEXT_RULES)).texts;
      const twice = cleanTexts(once, new Set(TEXT_RULES));
      expect({ from: row, to: twice.texts }).toEqual({ from: row, to: once });
      expect(once.prompt).toBe(once.prompt.normalize('NFC'));
    }
  });

  test.each(['\\(', '<!--', '<script>', 'a<b>', '<a ', ' ', '$', '$$', '`', '&amp;', 'eyJ-', 'sk-', '1', '1 ', '-----BEGIN PRIVATE KEY', 'Sure! ', '\u200d', 'a@', '好的，', '</p', '.1'])('comes to an end on fifty thousand times %s', (piece) => {
    const text = `x<br>${piece.repeat(50_000)}`;
    const row: RowTexts = { prompt: text, think: '', answer: text, gold: null, messages: null, options: null, code: false };
    expect(cleanTexts(row, new Set(TEXT_RULES)).texts.prompt.length).toBeLessThanOrEqual(text.length);
    expect(findSecrets(text).length).toBeLessThan(2);
    expect(maskedProblem(text.slice(0, 10_000))).toBeTypeOf('string');
  });

  test.skipIf(!existsSync(path.join(data, 'math500/test.jsonl')))('leaves mathematics as it is: MATH-500, GSM8K and CMATH (left out where the real data are absent)', () => {
    const counts = { rows: 0, changed: 0 };
    for (const file of ['math500/test.jsonl', 'gsm8k/test.jsonl', 'cmath/cmath_dev.jsonl']) {
      for (const line of readFileSync(path.join(data, file), 'utf8').trim().split('\n')) {
        const row = JSON.parse(line) as Readonly<Record<string, unknown>>;
        const texts = Object.values(row).filter((value) => typeof value === 'string');
        counts.rows += 1;
        const whole = texts.join('\n');
        // LaTeX, comparisons and tables in them are no HTML, and their answers aren't framed.
        expect(cleanHtml(whole)).toBe(whole);
        for (const text of texts) expect(cleanBoilerplate(text).taken).toEqual([]);
        if (cleanControl(cleanUnicode(whole)) !== whole) counts.changed += 1;
      }
    }
    // A zero-width space in GSM8K, full-width percent signs in CMATH.
    expect(counts).toEqual({ rows: 2419, changed: 2 });
  });
});

describe('personal data and keys', () => {
  test.each([
    ['e-mail', 'Write to ann.lee+x@mail.company.co.uk.'],
    ['phone', '联系电话：13812345678'], ['phone', '请拨打 138 1234 5678'], ['phone', 'ring +44 20 7946 0958 today'], ['phone', 'ring (415) 555-2671'], ['phone', '+86 13912345678'], ['phone', '小王的号码13987654321，别忘了'],
    ['id-number', '身份证 11010519491231002X'],
    ['card', 'card 4111 1111 1111 1111'], ['card', 'My card number is 5555555555554444'], ['card', '3782 822463 10005'],
    ['ip', 'from 8.34.208.7 at noon'],
    ['api-key', 'key sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8t'], ['api-key', 'AKIAIOSFODNN7EXAMPLE'], ['api-key', `ghp_${'a1B2'.repeat(9)}`], ['api-key', `hf_${'aB3d'.repeat(9)}`],
    ['token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
    ['private-key', '-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----'],
  ])('%s is found in %s', (kind, text) => {
    expect(findSecrets(text).map((secret) => secret.kind)).toEqual([kind]);
  });

  test.each([
    '13800000000 + 13900000001 = 27700000001', 'x = 13812345678', '3 * 13812345678 / 2', 'the population is 13,812,345,678', '4111111111111111 is divisible by 3', '4111 1111 1111 1112', 'card 4111111111111112',
    'Version 1.2.3.4 and section 10.1.2.3', 'on 192.168.1.20 and 127.0.0.1', '110105194912310021', '11010519491331002X', 'user@example.com', 'x@y', '@property', 'sk-learn-is-a-library-for-learning', 'a+12345678', '1+415-555', '3.13812345678', '圆周率 3.14159265358979',
    'Compute 12345678901234567890 mod 7', '$13812345678 dollars', 'f(415) 555-26', 'ISBN 978-3-16-148410-0',
  ])('nothing is found in %s', (text) => {
    expect(findSecrets(text)).toEqual([]);
  });

  test('are shown so that nobody can use them', () => {
    expect(findSecrets('call 13812345678').map(masked)).toEqual(['13•••••••78']);
  });

  test.skipIf(!existsSync(path.join(data, 'gsm8k/train.jsonl')))('are not found in 10,000 rows of mathematics and 400 real R1 answers (left out where the real data are absent)', () => {
    const found: string[] = [];
    for (const file of ['gsm8k/train.jsonl', 'gsm8k/test.jsonl', 'math500/test.jsonl', 'cmath/cmath_dev.jsonl', 'r1-gsm8k/en.jsonl', 'r1-gsm8k/zh.jsonl']) {
      for (const line of readFileSync(path.join(data, file), 'utf8').trim().split('\n')) {
        for (const value of Object.values(JSON.parse(line) as object)) if (typeof value === 'string') found.push(...findSecrets(value).map(({ kind, text }) => `${kind}: ${text}`));
      }
    }
    expect(found).toEqual([]);
  });
});

describe('the same problem with other names', () => {
  const first = 'Tom has 3 apples. His sister Anna gives him 2. How many apples does Tom have?';
  test.each([
    [first, 'Lucy has 3 apples. Her brother Mark gives her 2. How many apples does Lucy have?'],
    [first, 'Mr. Brown has 3  apples. His sister Ida gives him 2. How many apples does Brown have?'],
    ['小明和小红共有12本书', '小刚和小丽共有12本书'],
    ['张老师买了5支笔，他还剩3支', '李老师买了5支笔，她还剩3支'],
  ])('%s is %s', (a, b) => {
    expect(maskedProblem(a)).toBe(maskedProblem(b));
  });

  test.each([
    [first, first.replace('3', '4')],
    [first, first.replace('apples', 'pears')],
    ['Tom gives Anna 3. How many has Tom?', 'Tom gives Anna 3. How many has Anna?'],
    ['小明有5个苹果', '小时候有5个苹果'],
    ['Find the area.', 'Let the area.'],
  ])('%s is not %s', (a, b) => {
    expect(maskedProblem(a)).not.toBe(maskedProblem(b));
  });
});
