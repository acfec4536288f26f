import { beforeAll, describe, expect, test } from 'vitest';
import { compareAnswers, loadComparer } from '../../../src/engine/verify/compare.ts';
import { Random } from '../../../src/engine/model/random.ts';
import { VERDICT_REASONS } from '../../../src/shared/verdicts.ts';

beforeAll(loadComparer);

/** Both ways round: which of two is the reference makes no difference. */
function reason(a: string, b: string): string {
  const [forth, back] = [compareAnswers(a, b), compareAnswers(b, a)];
  expect(back.verdict, `${b} against ${a}`).toBe(forth.verdict);
  return forth.reason;
}

describe('the same number', () => {
  test.each([
    ['72', '72.0'], ['$1,234.50', '1234.5'], ['-0', '0'], ['007', '7'], ['１２', '12'], ['−5', '-5'], ['－５', '-5'], ['.5', '0.50'],
    ['1 234 567', '1234567'], ['1.234.567,5', '1234567.5'], ['12,34,567', '1234567'], ['10,\\!080', '10080'], ['11,\\! 111,\\! 111,\\! 100', '11111111100'], ['1{,}000', '1000'], ['1\'000', '1000'],
    ['1.5e3', '1500'], ['6.72 \\times 10^{-5}', '.0000672'], ['2^{10}', '1024'], ['1/2', '0.5'], ['\\frac12', '\\dfrac{1}{2}'], ['1 1/2', '1.5'], ['-1 1/2', '-1.5'], ['1\\frac{4}{5}', '9/5'], ['2½', '2.5'],
    ['0.\\overline{3}', '1/3'], ['0.1\\overline{6}', '1/6'], ['1/2 + 1/3', '5/6'], ['(3+2)!', '120'], ['\\binom{5}{2}', '10'], ['\\log_2 8', '3'],
    ['三十五', '35'], ['两百零三', '203'], ['二百五', '250'], ['八万零五百', '80500'], ['一亿二千万', '120000000'], ['三点一四', '3.14'], ['负五', '-5'], ['三分之一', '1/3'], ['一又二分之一', '1.5'], ['一半', '0.5'], ['3.5万', '35000'], ['二〇二四', '2024'],
    ['twenty-one', '21'], ['one hundred and five', '105'], ['two thirds', '2/3'], ['a dozen', '12'], ['3 million', '3000000'], ['minus four', '-4'], ['5th', '5'], ['第三', '3'], ['6 x 10^3', '6000'],
    ['3:4', '6:8'], ['3:4', '3/4'], ['3:30 pm', '15:30'], ['下午3点30分', '15:30'], ['52_8', '52_{8}'], ['52_8', '52'],
  ])('%s is %s', (a, b) => {
    expect(reason(a, b)).toMatch(/^equal-/);
  });

  test.each([
    ['12345678901234567890', '12345678901234567891'], ['0.1000000000000000000001', '0.1'], ['71', '72'], ['1.5', '15'], ['-7', '7'], ['1,234', '234'], ['三十五', '五十三'], ['3:4', '4:3'], ['3:30 pm', '3:30 am'], ['52_8', '42'], ['10^{40}+1', '10^{40}'],
  ])('%s is not %s', (a, b) => {
    expect(reason(a, b)).toBe('different-number');
  });

  test('is exact for any length: the last of a thousand digits counts', () => {
    const digits = '123456789'.repeat(111);
    expect(reason(`${digits}1`, `${digits}1.0`)).toBe('equal-number');
    expect(reason(`${digits}1`, `${digits}2`)).toBe('different-number');
  });

  test.each([['\\sqrt2', '1.4142'], ['\\pi', '3.14'], ['1/3', '0.33'], ['2/3', '0.6667']])('%s rounded is %s: a person decides', (a, b) => {
    expect(reason(a, b)).toBe('only-rounded');
  });
});

describe('units', () => {
  test.each([
    ['5 miles', '5', 'equal-number'], ['72个夹子', '72', 'equal-number'], ['$5', '5 dollars', 'equal-number'], ['half an hour', '30 minutes', 'equal-converted'], ['四分之三小时', '45分钟', 'equal-converted'], ['一刻钟', '15分钟', 'equal-converted'], ['50\\text{ miles per hour}', '50 mph', 'equal-number'], ['2 dollars and 50 cents', '$2.50', 'equal-number'], ['\\$32,\\!348', '32348', 'equal-number'], ['10美元', '$10', 'equal-number'], ['15\\mbox{ cm}^2', '15 cm²', 'equal-number'], ['864 \\mbox{ inches}^2', '864', 'equal-number'],
    ['5 km', '5000 m', 'equal-converted'], ['2小时', '120分钟', 'equal-converted'], ['1 hour 30 minutes', '90 min', 'equal-converted'], ['3元5角', '3.5元', 'equal-number'], ['500 cents', '$5', 'equal-converted'], ['60 km/h', '60千米/小时', 'equal-number'], ['36 km/h', '10 m/s', 'equal-converted'],
    ['90^\\circ', '90', 'equal-number'], ['90°', '90 degrees', 'equal-number'], ['-30^\\circ', '-\\frac{\\pi}{6}', 'equal-converted'],
    ['50%', '0.5', 'equal-converted'], ['50%', '50', 'equal-number'], ['百分之二十', '20\\%', 'equal-number'],
    ['5 hours', '5 minutes', 'different-number'], ['5 km', '5 m', 'different-number'], ['$5', '5 euros', 'different-unit'], ['5 cm', '5 cm^2', 'different-unit'], ['5 kg', '5 km', 'different-unit'], ['50%', '5', 'different-number'], ['0.5', '50', 'different-number'], ['5.4 cents', '5.4 dollars', 'different-number'],
  ])('%s against %s: %s', (a, b, expected) => {
    expect(reason(a, b)).toBe(expected);
  });

  test('a question in millions makes 4 of 4 million; without one it is another number', () => {
    expect(compareAnswers('$4 million', '4').reason).toBe('different-number');
    expect(compareAnswers('$4,000,000', '4', { question: 'Of $32 million …, how much is left?' }).reason).toBe('equal-converted');
    expect(compareAnswers('$5,000,000', '4', { question: 'Of $32 million …, how much is left?' }).reason).toBe('different-number');
  });
});

describe('mathematics', () => {
  test.each([
    ['\\sqrt{8}', '2\\sqrt2'], ['3\\sqrt{13}', '\\sqrt{117}'], ['\\sqrt{3+2\\sqrt{2}}', '1+\\sqrt{2}'], ['6 - 5i', '-5i+6'], ['\\cot x', '1/\\tan x'], ['(a+5)(b+2)', 'ab+2a+5b+10'], ['2k+2', '2(k+1)'], ['p - q', '-q+p'], ['\\frac{11+9a}{20}', '0.55+0.45a'], ['\\sin^2 x + \\cos^2 x', '1'],
    ['\\frac{x^2-1}{x-1}', 'x+1'], ['e^{i\\pi}', '-1'], ['\\frac{3\\sqrt{3}}{4}', '\\frac{3}{4}\\sqrt{3}'], ['\\ln 8', '3\\ln 2'],
    ['x=5', '5'], ['y = 2x + 3', '2x+3'], ['5x - 7y + 11z + 4 = 0', '-10x+14y-22z=8'], ['x>2', '(2,\\infty)'], ['x \\in [-2,7]', '-2\\le x\\le 7'], ['2 > x', 'x < 2'], ['x=1, y=2', '(1,2)'], ['x = 0.5 = 1/2', '0.5'], ['x<2 or x>3', '(-\\infty, 2) \\cup (3, \\infty)'], ['n(n+1)/2', '\\frac{n^2+n}{2}'], ['x = 1 or x = 2', '\\{1, 2\\}'],
    ['\\left( 3, \\frac{\\pi}{2} \\right)', '(3,\\pi/2)'], ['\\{1\\pm\\sqrt{5},-2\\}', '\\{-2,1-\\sqrt5,1+\\sqrt5\\}'], ['1,-2', '-2, 1'], ['1 和 2', '1, 2'], ['(0,9) \\cup (9,36)', '(9,36)\\cup(0,9)'], ['1 \\pm \\sqrt{19}', '1+\\sqrt{19}, 1-\\sqrt{19}'],
    ['\\begin{pmatrix} -1/3 \\\\ 2/3 \\end{pmatrix}', '(-1/3, 2/3)'], ['\\begin{bmatrix}1&2\\\\3&4\\end{bmatrix}', '\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}'], ['\\emptyset', '\\{\\}'],
  ])('%s is %s', (a, b) => {
    expect(reason(a, b)).toMatch(/^equal-/);
  });

  test.each([
    ['(3,4]', '[3,4)'], ['(3,4]', '(3,4)'], ['(0,\\pi]', '(0,\\pi)'], ['\\{1,2\\}', '\\{1,3\\}'], ['(1,2)', '(2,1)'], ['x=5', 'x=6'], ['y=2x+3', 'y=2x-3'], ['x>2', 'x\\ge 2'], ['x^2+1', 'x^2-1'], ['\\sqrt{x^2}', 'x'], ['2\\pi', '2'],
    ['\\begin{pmatrix}1&2\\\\3&4\\end{pmatrix}', '\\begin{pmatrix}1&3\\\\2&4\\end{pmatrix}'], ['x + 10^{20}', 'x + 10^{20} + 1'], ['6+9i', '6-9i'], ['1,2,3', '1,2'], ['x = 1, y = 2', '(2,1)'],
  ])('%s is not %s', (a, b) => {
    expect(VERDICT_REASONS[reason(a, b) as keyof typeof VERDICT_REASONS].verdict).toBe('wrong');
  });

  test('fifty digits tell what floats can’t: a near miss is no hit', () => {
    expect(reason('e^{\\pi\\sqrt{163}}', '262537412640768744')).toBe('different-number');
    expect(reason('10^{20}+\\sqrt{2}', '10^{20}+\\sqrt{3}')).toBe('different-number');
  });
});

describe('choices, truth and words', () => {
  const options = ['Paris', 'London', '42 apples', '1/2'];
  test.each([
    ['(B)', 'b', 'equal-choice'], ['The answer is (C).', 'C', 'equal-choice'], ['选B', 'B', 'equal-choice'], ['故选：A', 'A', 'equal-choice'], ['\\boxed{\\text{D}}', 'D', 'equal-choice'], ['B', 'C', 'wrong-option'], ['A, C', 'AC', 'equal-choice'],
    ['London', 'B', 'equal-choice'], ['0.5', 'D', 'equal-choice'], ['Paris', 'B', 'wrong-option'], ['B. London', 'B', 'equal-choice'], ['Berlin', 'B', 'cannot-judge'],
  ])('%s for %s: %s', (answer, gold, expected) => {
    expect(compareAnswers(answer, gold, { options }).reason).toBe(expected);
  });

  test('a bold word that begins with a letter is no option', () => {
    expect(compareAnswers('**Because** of that it is (B).', 'B').reason).toBe('equal-choice');
  });

  test.each([
    ['Yes', 'yes.', 'equal-truth'], ['是', '对', 'equal-truth'], ['错误', '否', 'equal-truth'], ['No, because 4 is even.', 'no', 'equal-truth'], ['Yes', 'No', 'different-truth'], ['not so fast', 'no', 'no-answer-found'],
    ['\\text{even}', 'even', 'equal-text'], ['Evelyn', '\\text{Evelyn}', 'equal-text'], ['\\text{odd}', '\\text{even}', 'different-text'], ['east', 'seat', 'different-text'], ['\\text{red}', '\\text{blue}', 'different-text'],
  ])('%s for %s: %s', (answer, gold, expected) => {
    expect(compareAnswers(answer, gold).reason).toBe(expected);
  });
});

describe('what a sentence says of its number', () => {
  test.each([
    ['答案不是5', '5', 'answer-denied'], ['It can\'t be 5.', '5', 'answer-denied'], ['So it can’t be 5, therefore I don\'t know.', '5', 'answer-denied'], ['5 is not the answer.', '5', 'answer-denied'], ['The answer is not **5**.', '5', 'answer-denied'], ['It isn’t 5.', '6', 'not-stated'],
    ['First I add 2 and 3 and get five, which is 2 + 3 = 5, as one sees at once.\nSo it can\'t be 5.', '5', 'answer-denied'],
    ['The answer is 5 or 6.', '6', 'several-answers'], ['The answer is 5 or 6.', '5', 'several-answers'], ['The answer is 5 or 6.', '7', 'different-number'],
    ['The answer is between 3 and 5', '5', 'not-stated'], ['答案大约是5到7之间', '7', 'not-stated'], ['答案是3到5个。', '5', 'not-stated'], ['The answer is [3, 5].', '5', 'different-structure'],
    ['The answer is more than 5.', '5', 'not-stated'], ['The answer is at least 5.', '5', 'not-stated'], ['There are 5 or more.', '5', 'not-stated'], ['不超过5', '5', 'not-stated'], ['至少5', '5', 'not-stated'], ['The answer is 5 more than 7', '7', 'not-stated'], ['The answer is 5 more than 7', '5', 'not-stated'], ['The answer is x > 5.', '5', 'different-structure'],
    ['I do not think it is 5.', '5', 'answer-denied'], ['答：可能是5，也可能是6。', '6', 'not-stated'], ['I don’t know whether it is 5.', '5', 'not-stated'], ['答：不止5个。', '5', 'not-stated'], ['The answer is up to 5.', '5', 'not-stated'],
  ])('%s for %s: %s', (answer, gold, expected) => {
    expect(compareAnswers(answer, gold).reason).toBe(expected);
  });

  test.each([
    ['The answer is x > 5.', 'x > 5'], ['The answer is [3, 5].', '[3, 5]'], ['at least 5', 'at least 5'], ['The answer is about 5.', '约5'], ['The answer is not 6 but 5.', '5'], ['It is not 6, it is 5.', '5'], ['The answer is 5, not 6.', '5'], ['The answer is 1/2 or 0.5.', '0.5'], ['90 minutes or 1.5 hours is what it takes.', '1.5 hours'], ['Caleb spent **$36 more** than her.', '36'], ['The answer is 5 dollars, or 500 cents.', '5'], ['5 or so', '5'], ['答：一共花了二十元五角。', '20.5'], ['答：一共花了20元5角。', '20.5'],
    ['It costs $1.5 million', '1500000'], ['I earned $2 million in total.', '2000000'], ['答：一共有3万人。', '30000'], ['答案：2又1/2', '2.5'], ['\\boxed{2又\\frac{1}{2}}', '2.5'], ['答：还剩2又1/2米。', '2.5'], ['So he needs 2 1/2 cups of it.', '2.5'],
    ['答：一共有二十五个苹果。', '25'], ['答：剩下十二元。', '12'], ['所以一共有三百零五人。', '305'], ['答：小明有五本书。', '5'], ['答：平均每人分到三分之二个。', '2/3'],
  ])('%s is %s', (answer, gold) => {
    expect(compareAnswers(answer, gold).verdict).toBe('right');
  });

  test('a question for the least number takes "at least"', () => {
    expect(compareAnswers('She needs at least 5 boxes.', '5', { question: 'How many boxes does she need at least?' }).verdict).toBe('right');
    expect(compareAnswers('She needs at least 5 boxes.', '5', { question: 'How many boxes does she need?' }).verdict).toBe('unknown');
  });
});

describe('any two answers', () => {
  const random = new Random(7);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random.uniform() * items.length)] as T;
  const whole = (): number => Math.floor(random.uniform() * 2000) - 1000;
  const makers: readonly (() => string)[] = [
    () => String(whole()), () => `${String(whole())}/${String(1 + Math.floor(random.uniform() * 99))}`, () => (whole() / 100).toFixed(2), () => `${String(whole())}\\sqrt{${String(2 + Math.floor(random.uniform() * 50))}}`,
    () => `(${String(whole())}, ${String(whole())})`, () => `\\{${String(whole())}, ${String(whole())}, ${String(whole())}\\}`, () => `[${String(whole())}, \\infty)`, () => `${String(whole())}x^2 + ${String(whole())}y`, () => `x = ${String(whole())}`,
    () => `${String(whole())} ${pick(['km', 'cm', 'hours', 'apples', '%', '元', '个'])}`, () => pick(['A', '(B)', 'yes', '否', '三十五', 'twenty', '\\text{east}', '\\pi', '3:4', '12:30', '52_8', 'x > 3', '', '   ', '\\frac{1}', '}{', '\\boxed{'])];
  const answers = Array.from({ length: 150 }, () => pick(makers)());

  test('are compared the same from both sides, and each is itself', () => {
    for (const a of answers) {
      if (a.trim() !== '' && !a.includes('boxed')) expect(compareAnswers(a, a).verdict, a).toBe('right');
      for (const b of answers.slice(0, 60)) {
        if ([a, b].some((text) => text.trim() === '' || text.includes('boxed'))) continue;
        const [forth, back] = [compareAnswers(a, b).verdict === 'right', compareAnswers(b, a).verdict === 'right'];
        expect(back, `${b} against ${a}`).toBe(forth);
      }
    }
  });

  test('whatever is around them: boxed, marked, in a sentence of either language', () => {
    for (let i = 0; i < 100; i++) {
      const value = String(whole());
      for (const text of [`\\boxed{${value}}`, `#### ${value}`, `The answer is ${value}.`, `答案是${value}。`, `So $12 + 3 = 15$ first.\n\n**Final Answer:** $${value}$`]) expect(compareAnswers(text, value).reason, text).toBe('equal-number');
      expect(compareAnswers(`The answer is ${String(Number(value) + 1)}.`, value).verdict).toBe('wrong');
    }
  });
});

describe('hostile answers', () => {
  const braces = '{'.repeat(10_000_000);
  const hostile: Readonly<Record<string, string>> = {
    'ten megabytes of braces': braces, 'a box that is never closed': `\\boxed{${braces}`, 'a tower of powers': '9^9^9^9^9', 'a tower in LaTeX': '\\boxed{9^{9^{9^{9^9}}}}', 'factorials of factorials': '(((9!)!)!)!', 'five million digits': '9'.repeat(5_000_000),
    'spaces': `${' '.repeat(5_000_000)}x`, 'marks': 'the answer is '.repeat(300_000), 'asterisks': '*'.repeat(5_000_000), 'dollars': '$'.repeat(5_000_000), 'nested fractions': `${'\\frac{1}{1+'.repeat(400)}1${'}'.repeat(400)}`, 'nested brackets': `${'('.repeat(900)}1${')'.repeat(900)}`,
    'nested roots': `${'\\sqrt[64]{'.repeat(59)}2${'}'.repeat(59)}`, 'many signs of ±': `1${'\\pm 1'.repeat(300)}`, 'a long product': 'x'.repeat(3) + '*y'.repeat(900), 'huge powers': '2^{9999}*3^{9999}*5^{9999}*7^{9999}', 'a huge quotient': '1e9999/3e-9999', 'a huge binomial': '\\binom{1000000}{500000}',
    'a million conclusions': 'so 1 '.repeat(200_000), 'numerals': '一'.repeat(1_000_000), 'words': 'one '.repeat(500_000), 'units': `5 ${'cm '.repeat(1000)}`, 'a list': Array.from({ length: 400 }, (_, i) => `x^${String(i)}`).join(','), 'a big matrix': `\\begin{pmatrix}${'1&'.repeat(900)}1\\end{pmatrix}`,
    'colons': ':'.repeat(3000), 'options': '(A)'.repeat(200_000), 'quotes': '"'.repeat(500_000), 'a power of a symbol': '(x+y+z)^{9999}', 'equals signs': '= 1'.repeat(200_000), 'brackets that open': '（'.repeat(500_000), 'denials': 'so not 1 or '.repeat(100_000), 'a denied run': `The answer is ${'not '.repeat(100_000)}5`, 'a range of spaces': `The answer is 5${' '.repeat(200_000)}or 6 more than 7`,
  };
  test.each(Object.keys(hostile))('%s: an answer in bounded time, never an error', (name) => {
    const text = hostile[name] as string;
    const begin = process.cpuUsage();
    for (const gold of ['42', '\\frac{x+1}{2}', 'B', 'yes', '\\text{east}']) expect(compareAnswers(text, gold).verdict).not.toBe('right');
    expect(compareAnswers('42', text).verdict).not.toBe('right');
    expect(VERDICT_REASONS[compareAnswers(text, text).reason].verdict).not.toBe('wrong');
    // Seven comparisons. Quadratic work on five million characters takes hours: this tells it from linear on any machine.
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1e6).toBeLessThan(30);
  });
});
