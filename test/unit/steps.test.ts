import { describe, expect, test } from 'vitest';
import { splitSteps, type StepKind } from '../../src/shared/steps.ts';
import { chineseNumeral, numbersIn, plainForms } from '../../src/shared/stepsNumbers.ts';
import { labelledPairs } from '../fixtures/traces.ts';

const texts = (think: string): string[] => splitSteps(think).map(({ text }) => text);
const slips = (text: string): (readonly [number, number])[] => splitSteps(text).flatMap((step) => step.slips.map(({ claimed, expected }) => [claimed, expected] as const));
const values = (text: string): number[] => numbersIn(plainForms(text)).map(({ value }) => value);

describe('splitting', () => {
  test('loses nothing: the ranges tile the text', () => {
    const odd = ['', ' ', '\n\n', 'x', 'a\r\nb\r\n', '\\[ unclosed', '``` open\ncode', '((((', '$$$$', '。。。', '...', '1.\n2.\n', '𝒙 = 1. 𝒚 = 2.', '\t- a\n\t- b', 'é'.repeat(2000), '甲'.repeat(3000), '9'.repeat(5000)];
    for (const text of [...odd, ...labelledPairs.flatMap(({ teacher, student }) => [teacher.think, teacher.answer, student.think])]) {
      const steps = splitSteps(text);
      expect(steps.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text);
      expect(steps.map(({ index }) => index)).toEqual(steps.map((_, i) => i));
    }
  });

  test('ends a step at a sentence, not at a decimal point, an abbreviation or a factorial', () => {
    expect(texts('The mass is 3.14 kg, i.e. a little more than 3 kg. Dr. Lee measured it twice, e.g. in May.')).toEqual([
      'The mass is 3.14 kg, i.e. a little more than 3 kg.', 'Dr. Lee measured it twice, e.g. in May.',
    ]);
    expect(texts('The number of ways is 5! / (3! * 2!) which I can compute. That gives 10 ways in total.')).toHaveLength(2);
    expect(texts('Let me think about it... maybe the answer needs both cases. The first case is easy to count.')).toHaveLength(2);
  });

  test('takes list items and numbered steps one by one', () => {
    expect(texts('The plan is this:\n1. Count the apples.\n2. Count the pears.\n- Add both numbers.\nStep 3: Write the answer down.')).toEqual([
      'The plan is this:', '1. Count the apples.', '2. Count the pears.', '- Add both numbers.', 'Step 3: Write the answer down.',
    ]);
    expect(texts('第一步，先求苹果的总数是多少。\n第二步，再减去坏掉的苹果数。\n（三）写出最后的答案来。')).toHaveLength(3);
  });

  test('keeps formulas and code whole, with the line that announces them', () => {
    expect(texts('Adding the parts gives:\n\\[\n1 + 2.\n\n= 3\n\\]\nThat is all there is to it.')).toEqual(['Adding the parts gives:\n\\[\n1 + 2.\n\n= 3\n\\]', 'That is all there is to it.']);
    expect(texts('Here is the program:\n```python\nx = 1. \ny = 2\n\nprint(x)\n```\nIt prints the number one.')).toEqual(['Here is the program:\n```python\nx = 1. \ny = 2\n\nprint(x)\n```', 'It prints the number one.']);
    expect(texts('We know \\(a = 2. \\text{ So } b = 3\\) from the drawing. Then everything else follows from it.')).toHaveLength(2);
  });

  test('ends Chinese sentences at their marks and begins a step at 所以, 然后, 等等', () => {
    expect(texts('首先，四月份卖了四十八个夹子。五月份卖的是一半！两个月一共卖了多少个呢？')).toHaveLength(3);
    expect(texts('四月份小红一共卖了48个发夹给她的朋友们，所以五月份卖出的发夹应该是它的一半也就是24个。')).toEqual([
      '四月份小红一共卖了48个发夹给她的朋友们，', '所以五月份卖出的发夹应该是它的一半也就是24个。',
    ]);
  });

  test('leaves asides with the sentence that they belong to', () => {
    expect(texts('Hmm. Let me count the edges of the cube again. Right?')).toEqual(['Hmm. Let me count the edges of the cube again. Right?']);
    expect(texts('所以总和应该是七十二个夹子。对吗？')).toHaveLength(1);
  });

  test('joins lines that were wrapped in mid-sentence', () => {
    expect(texts('The teacher asks how many of\nthe marbles are blue and how\nmany are red.')).toHaveLength(1);
  });

  test('cuts what is endless into pieces that can be read', () => {
    for (const step of splitSteps(`${'and then another word, '.repeat(400)}end`)) expect(step.text.length).toBeLessThan(900);
  });
});

describe('a step is', () => {
  test.each<[string, StepKind]>([
    ['So 12 × 7 = 84 rolls are sold.', 'calculation'],
    ['Wait, that does not look right to me.', 'check'],
    ['Hmm, let me double-check the second part.', 'check'],
    ['Alternatively, the pairs could be counted first.', 'check'],
    ['等等，让我再检查一下第二步。', 'check'],
    ['我们来验算一下：72减去48等于24。', 'check'],
    ['Therefore, the garden needs 26 metres of fence.', 'conclusion'],
    ['\\boxed{26}', 'conclusion'],
    ['综上，一共卖了72个发夹。', 'conclusion'],
    ['所以答案是72个。', 'conclusion'],
    ['A deck holds cards of four suits.', 'statement'],
    ['四月份卖了48个发夹。', 'statement'],
  ])('%s → %s', (text, kind) => {
    expect(splitSteps(text)[0]?.kind).toBe(kind);
  });
});

describe('numbers', () => {
  test('have one value however they are written', () => {
    expect(values('1,234 = 1234 = 1234.0')).toEqual([1234, 1234, 1234]);
    expect(values('½ = 50% = 0.5 = 百分之五十 = 二分之一 = 1/2')).toEqual([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(values('2 1/4, 3½, １２３, twenty-five, three hundred')).toEqual([2.25, 3.5, 123, 25, 300]);
    expect(values('3.5万, 三十六, 一千二百零五, 两万, 三个')).toEqual([35_000, 36, 1205, 20_000, 3]);
  });

  test('are not made of names, ordinals, lists and dates', () => {
    expect(values('x2 H2O 第三步 星期五 三角形 一样')).toEqual([]);
    expect(values('6,497,4000')).not.toContain(64_974_000);
    expect(values('C(52,5)')).toEqual([52, 5]);
  });

  test('in Chinese follow their units', () => {
    expect(['十', '二十', '一百零五', '三千四百', '一万二千', '二〇二四', '三亿五千万'].map(chineseNumeral)).toEqual([10, 20, 105, 3400, 12_000, 2024, 350_000_000]);
  });

  test('of list markers do not count for the step', () => {
    expect(splitSteps('3. The box holds 12 pens.')[0]?.numbers).toEqual([12]);
    expect(splitSteps('Step 4: multiply 6 by 7.')[0]?.numbers).toEqual([6, 7]);
  });
});

describe('wrong arithmetic', () => {
  test.each<[string, number, number]>([
    ['So 12 × 7 = 94 rolls.', 94, 84],
    ['12 * 7 is 94.', 94, 84],
    ['Then 48 plus 24 equals 62.', 62, 72],
    ['3 times 3, which equals 6 squares.', 6, 9],
    ['48加24等于62个。', 62, 72],
    ['84÷2=41页，所以是41页。', 41, 42],
    ['48的一半是26个。', 26, 24],
    ['\\( \\frac{3}{4} \\times 8 = 5 \\)', 5, 6],
    ['5! = 100 in all.', 100, 120],
    ['2^5 = 25', 25, 32],
    ['The sum is 1,029,600 + 68,640 = 1,098,140.', 1_098_140, 1_098_240],
    ['20% of 50 = 15', 15, 10],
    ['(1 + 2) × 3 × 4 = 24', 24, 36],
    ['48 (April) + 24 (May) = 82', 82, 72],
  ])('%s', (text, claimed, expected) => {
    expect(slips(text)).toEqual([[claimed, expected]]);
  });

  test.each([
    'So 12 × 7 = 84 rolls.', '10 / 3 = 3.33', '2 / 3 = 0.67', '100 / 3 ≈ 33', '5 / 20 = 25%', '5 / 20 × 100 = 25%', '30 × 4 = 2 hours', '60 miles / 2 hours = 30 mph',
    '12 + 3 = 15 × 2 = 30', 'x + 3 × 4 = 20', '2x = 6 and y = 3', 'C(13, 5) * 4^5 = 1317888', 'f(3 + 4) = 2', '1 + 2 + ... + 10 = 55', '3:30 + 1:15 = 4:45',
    'Is 12 × 7 = 94?', 'I wrote 12 × 7 = 94, which is wrong.', 'That makes 12 × 2 = 24! Great.', '3 + 4 is 1 less than 8', 'pages 10-15 are 6 pages', '5 dollars + 50 cents = 5.5 dollars',
    '17 % 5 = 2', '10^3 = 1,000', '120 × 1,000 = 120,000, subtract that', '1716 × 10 = 17,160, 17,160 × 9 = 154,440', '\\sqrt[3]{27} = 3', '\\sqrt{16} + 2 = 6', '2(3 + 4) = 14',
    '48（四月） + 24（五月） = **72个**', '10 - 12 = -2', '0.1 + 0.2 = 0.3', 'A = {1, 2} and B = {3 + 4}', '6! which is 720', '½ × 8 = 4', '3/4 of 20 = 15', 'log2 8 = 3', '4 4 + 1 = 9',
  ])('is not seen in %s', (text) => {
    expect(slips(text)).toEqual([]);
  });

  test('has a range that holds it', () => {
    const [step] = splitSteps('Then 48 + 24 = 62 clips.');
    const slip = step?.slips[0];
    expect(step?.text.slice(slip?.start, slip?.end)).toBe('48 + 24 = 62');
  });

  test('is looked for without ever taking long or failing', () => {
    for (const text of ['('.repeat(5000), '1+'.repeat(5000), '9^9^9^9^9 = 1', `${'1 = '.repeat(3000)}2`, '2!!!!!! = 3', `${'-'.repeat(3000)}1 = 1`]) expect(() => splitSteps(text)).not.toThrow();
  });
});
