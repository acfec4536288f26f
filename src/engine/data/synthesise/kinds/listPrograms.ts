/** What a small program does to a list of numbers, as Python code or as instructions in words. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { run } from '../interpreter.ts';
import type { Voice } from '../voice.ts';

interface Step {
  readonly code: string;
  readonly words: string;
  readonly after: readonly number[];
}

/** Instructions and length of the list, by difficulty. */
const SIZES: Readonly<Record<Difficulty, readonly [instructions: number, length: number]>> = { 1: [1, 5], 2: [2, 6], 3: [3, 7], 4: [4, 8], 5: [6, 9] };

export const listPrograms: ProblemKind<string> = {
  name: 'list-programs', task: 'code', proof: 'interpreter',
  about: ['What a small program makes of a list', '小程序处理列表的结果'],
  grows: ['instructions from 1 to 6, length of the list from 5 to 9', '指令由 1 条增至 6 条，列表由 5 个增至 9 个元素'],
  make(draw, difficulty, voice) {
    const [instructions, length] = SIZES[difficulty];
    const start = Array.from({ length }, () => draw.int(0, difficulty <= 2 ? 20 : 40));
    const steps: Step[] = [];
    let now: readonly number[] = start;
    for (let i = 0; i < instructions; i++) {
      const step = stepOf(draw, now, voice, steps.at(-1)?.words);
      if (step === null || step.after.length === 0) return null;
      steps.push(step);
      now = step.after;
    }
    const end = endOf(draw, now, difficulty, voice);
    const statement = [`xs = [${start.join(', ')}]`, ...steps.map(({ code }) => code), `print(${end.code})`].join('\n');
    const asCode = draw.chance(0.5);
    const words = [...steps.map((step) => step.words), ...(end.words === '' ? [] : [end.words])].map((text, index) => voice.of([`${String(index + 1)}) ${text}`, `${String(index + 1)}）${text}`])).join('\n');
    return {
      statement, gold: end.result, answer: voice.answer(end.result),
      prompt: asCode
        ? voice.say(['What does this Python program print?\n```python\n{code}\n```', 'Trace the program and give its output.\n```python\n{code}\n```'], ['下面的 Python 程序输出什么？\n```python\n{code}\n```', '逐步执行这段程序，写出输出。\n```python\n{code}\n```'], { code: statement })
        : voice.say(['Start with the list [{start}] and carry out these instructions in order:\n{words}\nWhat is the result? Write a list like [1, 2].', 'Take the list [{start}]. Do the following one after another:\n{words}\nWhat do you get at the end? A list is written like [1, 2].'], ['从列表 [{start}] 开始，依次执行：\n{words}\n结果是什么？列表写成 [1, 2] 的形式。', '有列表 [{start}]，按顺序进行以下操作：\n{words}\n最后得到什么？列表的写法如 [1, 2]。'], { start: start.join(', '), words }),
      think: voice.steps(
        voice.say(['The list is [{start}].', 'Begin with [{start}].'], ['列表为 [{start}]。', '开始：[{start}]。'], { start: start.join(', ') }),
        steps.map((step) => voice.say(['{words}: [{after}]', '{words}. Now it is [{after}].', '{words} → [{after}]'], ['{words}：[{after}]', '{words}，得到 [{after}]。', '{words} → [{after}]'], { words: step.words, after: step.after.join(', ') })),
        end.words === '' ? '' : voice.say(['{words}: {claim}'], ['{words}：{claim}'], { words: end.words, claim: end.claim }),
      ),
    };
  },
  check: (statement, gold) => run(statement) === gold,
};

function stepOf(draw: Draw, xs: readonly number[], voice: Voice, before: string | undefined): Step | null {
  const k = draw.int(2, 9);
  const n = draw.int(1, Math.max(1, xs.length - 2));
  const parity = draw.int(0, 1);
  const middle = [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? 5;
  const step = draw.pick<() => Step>([
    () => ({ code: 'xs = sorted(xs)', words: voice.of(['Sort the numbers in increasing order', '将数字从小到大排序']), after: [...xs].sort((a, b) => a - b) }),
    () => ({ code: 'xs = sorted(xs, reverse=True)', words: voice.of(['Sort the numbers in decreasing order', '将数字从大到小排序']), after: [...xs].sort((a, b) => b - a) }),
    () => ({ code: 'xs = xs[::-1]', words: voice.of(['Reverse the list', '把列表倒序']), after: [...xs].reverse() }),
    () => ({ code: `xs = [x for x in xs if x % 2 == ${String(parity)}]`, words: voice.of(parity === 0 ? ['Keep only the even numbers', '只保留偶数'] : ['Keep only the odd numbers', '只保留奇数']), after: xs.filter((x) => Math.abs(x % 2) === parity) }),
    () => ({ code: `xs = [x for x in xs if x > ${String(middle - 1)}]`, words: voice.of([`Keep only the numbers greater than ${String(middle - 1)}`, `只保留大于 ${String(middle - 1)} 的数`]), after: xs.filter((x) => x > middle - 1) }),
    () => ({ code: `xs = [x + ${String(k)} for x in xs]`, words: voice.of([`Add ${String(k)} to every number`, `每个数加 ${String(k)}`]), after: xs.map((x) => x + k) }),
    () => ({ code: `xs = [x * ${String(k)} for x in xs]`, words: voice.of([`Multiply every number by ${String(k)}`, `每个数乘以 ${String(k)}`]), after: xs.map((x) => x * k) }),
    () => ({ code: `xs = xs[:${String(n)}]`, words: voice.of([`Keep the first ${String(n)} (all, if there are fewer)`, `保留前 ${String(n)} 个（不足则全部保留）`]), after: xs.slice(0, n) }),
    () => ({ code: `xs = xs[${String(n)}:]`, words: voice.of([`Drop the first ${String(n)}`, `去掉前 ${String(n)} 个`]), after: xs.slice(n) }),
    () => ({ code: 'xs = list(dict.fromkeys(xs))', words: voice.of(['Remove repeated numbers, keeping the first of each', '去掉重复的数，只保留第一次出现的']), after: [...new Set(xs)] }),
    () => ({ code: `xs = xs + [${String(k)}]`, words: voice.of([`Append ${String(k)} at the end`, `在末尾添加 ${String(k)}`]), after: [...xs, k] }),
    () => ({ code: 'xs = xs[::2]', words: voice.of(['Keep the 1st, 3rd, 5th … element', '保留第 1、3、5……个元素']), after: xs.filter((_, index) => index % 2 === 0) }),
  ])();
  // Numbers that grow without end are a matter of stamina; the same twice in a row says little.
  return step.after.some((x) => x > 2000) || step.words === before || (step.after.join() === xs.join() && draw.chance(0.7)) ? null : step;
}

interface End {
  readonly code: string;
  readonly words: string;
  readonly claim: string;
  readonly result: string;
}

function endOf(draw: Draw, xs: readonly number[], difficulty: Difficulty, voice: Voice): End {
  const list = `[${xs.join(', ')}]`;
  const whole: End = { code: 'xs', words: '', claim: '', result: list };
  const total = xs.reduce((sum, x) => sum + x, 0);
  const one = draw.pick(xs);
  const count = xs.filter((x) => x === one).length;
  return difficulty === 1 || draw.chance(0.5) ? whole : draw.pick<End>([
    { code: 'sum(xs)', words: voice.of(['Add all the numbers up', '求所有数的和']), claim: xs.length < 2 ? String(total) : `${xs.join(' + ')} = ${String(total)}`, result: String(total) },
    { code: 'len(xs)', words: voice.of(['Count the numbers', '数一数有几个数']), claim: String(xs.length), result: String(xs.length) },
    { code: 'max(xs)', words: voice.of(['Take the largest number', '取最大的数']), claim: String(Math.max(...xs)), result: String(Math.max(...xs)) },
    { code: 'min(xs)', words: voice.of(['Take the smallest number', '取最小的数']), claim: String(Math.min(...xs)), result: String(Math.min(...xs)) },
    { code: `xs.count(${String(one)})`, words: voice.of([`Count how often ${String(one)} occurs`, `数一数 ${String(one)} 出现几次`]), claim: String(count), result: String(count) },
  ]);
}
