/** What a small program does to a text, as Python code or as instructions in words. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { run } from '../interpreter.ts';
import type { Voice } from '../voice.ts';

interface Step {
  readonly code: string;
  readonly words: string;
  readonly after: string;
}

const WORDS = ['planet', 'garden', 'window', 'bottle', 'silver', 'monkey', 'coffee', 'letter', 'banana', 'orange', 'violin', 'pepper', 'rocket', 'summer', 'winter', 'camera', 'pillow', 'ladder', 'mirror', 'anchor', 'basket', 'candle', 'dragon', 'engine', 'forest', 'guitar', 'hammer', 'island', 'jacket', 'kitten', 'lemon', 'magnet', 'needle', 'ocean', 'pencil', 'quartz', 'ribbon', 'saddle', 'temple', 'umbrella', 'valley', 'walnut', 'yogurt', 'zebra', 'harbour', 'library', 'mountain', 'notebook'];
const SIZES: Readonly<Record<Difficulty, number>> = { 1: 1, 2: 2, 3: 3, 4: 4, 5: 6 };
/** Longer texts are a matter of stamina. */
const LONGEST = 32;

export const stringPrograms: ProblemKind<string> = {
  name: 'string-programs', task: 'code', proof: 'interpreter',
  about: ['What a small program makes of a text', '小程序处理字符串的结果'],
  grows: ['instructions from 1 to 6', '指令由 1 条增至 6 条'],
  make(draw, difficulty, voice) {
    const start = difficulty === 1 ? draw.pick(WORDS) : draw.several(WORDS, draw.int(1, 2)).join(draw.pick(['', '-']));
    const steps: Step[] = [];
    let now = start;
    for (let i = 0; i < SIZES[difficulty]; i++) {
      const step = stepOf(draw, now, voice);
      if (step === null || step.after === '' || step.after.length > LONGEST || step.words === steps.at(-1)?.words) return null;
      steps.push(step);
      now = step.after;
    }
    const end = endOf(draw, now, difficulty, voice);
    const statement = [`s = "${start}"`, ...steps.map(({ code }) => code), `print(${end.code})`].join('\n');
    const words = [...steps.map((step) => step.words), ...(end.words === '' ? [] : [end.words])].map((text, index) => voice.of([`${String(index + 1)}) ${text}`, `${String(index + 1)}）${text}`])).join('\n');
    return {
      statement, gold: end.result, answer: voice.answer(end.result),
      prompt: draw.chance(0.5)
        ? voice.say(['What does this Python program print?\n```python\n{code}\n```', 'Trace the program and give its output.\n```python\n{code}\n```'], ['下面的 Python 程序输出什么？\n```python\n{code}\n```', '逐步执行这段程序，写出输出。\n```python\n{code}\n```'], { code: statement })
        : voice.say(['Start with the text "{start}" and carry out these instructions in order:\n{words}\nWhat is the result (without quotation marks)?', 'Take the text "{start}". Do the following one after another:\n{words}\nWhat do you get (no quotation marks)?'], ['从字符串 "{start}" 开始，依次执行：\n{words}\n结果是什么（不写引号）？', '有字符串 "{start}"，按顺序进行以下操作：\n{words}\n最后得到什么（不写引号）？'], { start, words }),
      think: voice.steps(
        voice.say(['The text is "{start}": {letters}.', 'Begin with "{start}".'], ['字符串是 "{start}"：{letters}。', '开始："{start}"。'], { start, letters: [...start].join(' ') }),
        steps.map((step) => voice.say(['{words}: "{after}"', '{words}. Now it is "{after}".', '{words} → "{after}"'], ['{words}："{after}"', '{words}，得到 "{after}"。', '{words} → "{after}"'], { words: step.words, after: step.after })),
        end.words === '' ? '' : `${end.words}${voice.of([': ', '：'])}${end.result}`,
      ),
    };
  },
  check: (statement, gold) => run(statement) === gold,
};

function stepOf(draw: Draw, s: string, voice: Voice): Step | null {
  const n = draw.int(1, 4);
  const [a, b] = [draw.pick([...s]), draw.pick([...'aeiostrnl'])];
  const tail = draw.pick(['ab', 'xyz', 'oo', 'end', '-1', 'qu']);
  const made = draw.pick<() => Step>([
    () => ({ code: 's = s[::-1]', words: voice.of(['Reverse the text', '把字符串倒过来']), after: [...s].reverse().join('') }),
    () => ({ code: 's = s.upper()', words: voice.of(['Turn all letters into capitals', '全部转为大写']), after: s.toUpperCase() }),
    () => ({ code: 's = s.lower()', words: voice.of(['Turn all letters into small letters', '全部转为小写']), after: s.toLowerCase() }),
    () => ({ code: `s = s.replace("${a}", "${b}")`, words: voice.of([`Replace every "${a}" with "${b}"`, `把每个 "${a}" 换成 "${b}"`]), after: [...s].map((char) => char === a ? b : char).join('') }),
    () => ({ code: `s = s.replace("${a}", "")`, words: voice.of([`Delete every "${a}"`, `删去每个 "${a}"`]), after: [...s].filter((char) => char !== a).join('') }),
    () => ({ code: `s = s[${String(n)}:]`, words: voice.of([`Drop the first ${String(n)} characters`, `去掉前 ${String(n)} 个字符`]), after: s.slice(n) }),
    () => ({ code: `s = s[:${String(n + 3)}]`, words: voice.of([`Keep the first ${String(n + 3)} characters (all, if there are fewer)`, `保留前 ${String(n + 3)} 个字符（不足则全部保留）`]), after: s.slice(0, n + 3) }),
    () => ({ code: `s = s + "${tail}"`, words: voice.of([`Append "${tail}"`, `在末尾加上 "${tail}"`]), after: s + tail }),
    () => ({ code: `s = "${tail}" + s`, words: voice.of([`Put "${tail}" in front`, `在开头加上 "${tail}"`]), after: tail + s }),
    () => ({ code: 's = s * 2', words: voice.of(['Write the text twice in a row', '把字符串连写两遍']), after: s + s }),
    () => ({ code: 's = s[::2]', words: voice.of(['Keep the 1st, 3rd, 5th … character', '保留第 1、3、5……个字符']), after: [...s].filter((_, index) => index % 2 === 0).join('') }),
    () => ({ code: 's = "".join(sorted(s))', words: voice.of(['Sort the characters by their codes (signs and digits, then capitals, then small letters)', '按字符编码排序（符号和数字在前，其次大写，再次小写）']), after: [...s].sort((x, y) => x < y ? -1 : x > y ? 1 : 0).join('') }),
    () => ({ code: 's = "".join(c for c in s if c not in "aeiouAEIOU")', words: voice.of(['Delete all vowels (a, e, i, o, u)', '删去所有元音字母（a、e、i、o、u）']), after: s.replaceAll(/[aeiou]/gi, '') }),
  ])();
  return made.after === s ? null : made;
}

interface End {
  readonly code: string;
  readonly words: string;
  readonly result: string;
}

function endOf(draw: Draw, s: string, difficulty: Difficulty, voice: Voice): End {
  const char = draw.pick([...s]);
  return difficulty === 1 || draw.chance(0.6) ? { code: 's', words: '', result: s } : draw.pick<End>([
    { code: 'len(s)', words: voice.of(['Count the characters', '数一数有几个字符']), result: String(s.length) },
    { code: `s.count("${char}")`, words: voice.of([`Count how often "${char}" occurs`, `数一数 "${char}" 出现几次`]), result: String([...s].filter((each) => each === char).length) },
    { code: `s.index("${char}")`, words: voice.of([`Give the position of the first "${char}", counting from 0`, `第一个 "${char}" 的位置（从 0 数起）`]), result: String(s.indexOf(char)) },
  ]);
}
