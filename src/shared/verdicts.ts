/** Why an answer counts as right, wrong or undecided, and what is wrong with a trace's form: codes with their sentences. */
import type { Verdict } from './events.ts';
import type { Language, Sentence } from './messages.ts';

interface Reason extends Sentence {
  readonly verdict: Verdict;
}

/** Every reason that a RecordVerdict may give. */
export const VERDICT_REASONS = {
  'equal-text': { verdict: 'right', en: 'The answer is the reference, word for word.', 'zh-cn': '答案与标准答案逐字相同。' },
  'equal-number': { verdict: 'right', en: 'The same number.', 'zh-cn': '数值相同。' },
  'equal-converted': { verdict: 'right', en: 'The same quantity in another unit.', 'zh-cn': '换算单位后数量相同。' },
  'equal-expression': { verdict: 'right', en: 'Another writing of the same expression.', 'zh-cn': '同一表达式的不同写法。' },
  'equal-structure': { verdict: 'right', en: 'The same set, tuple, interval or matrix.', 'zh-cn': '相同的集合、有序组、区间或矩阵。' },
  'equal-equation': { verdict: 'right', en: 'The same equation or inequality.', 'zh-cn': '相同的方程或不等式。' },
  'equal-choice': { verdict: 'right', en: 'The same option.', 'zh-cn': '选项相同。' },
  'equal-truth': { verdict: 'right', en: 'The same yes or no.', 'zh-cn': '判断（是／否）相同。' },
  'tests-passed': { verdict: 'right', en: 'The code passes its tests.', 'zh-cn': '代码通过测试。' },
  'judged-right': { verdict: 'right', en: 'The judging teacher finds it right.', 'zh-cn': '评判教师认为正确。' },

  'different-number': { verdict: 'wrong', en: 'Another number.', 'zh-cn': '数值不同。' },
  'different-unit': { verdict: 'wrong', en: 'The number has another unit than the reference, and can’t be converted into it.', 'zh-cn': '单位与标准答案不同且无法换算。' },
  'different-expression': { verdict: 'wrong', en: 'Another expression: it has other values.', 'zh-cn': '表达式不同：取值不同。' },
  'different-structure': { verdict: 'wrong', en: 'Another set, tuple, interval or matrix.', 'zh-cn': '集合、有序组、区间或矩阵不同。' },
  'different-equation': { verdict: 'wrong', en: 'Another equation or inequality.', 'zh-cn': '方程或不等式不同。' },
  'wrong-option': { verdict: 'wrong', en: 'Another option.', 'zh-cn': '选项不同。' },
  'different-truth': { verdict: 'wrong', en: 'The opposite of the reference.', 'zh-cn': '判断与标准答案相反。' },
  'different-text': { verdict: 'wrong', en: 'Another text than the reference.', 'zh-cn': '文本与标准答案不同。' },
  'answer-denied': { verdict: 'wrong', en: 'The text says that the reference is not the answer.', 'zh-cn': '文本否定了标准答案。' },
  'no-answer-found': { verdict: 'wrong', en: 'There is no final answer in the text.', 'zh-cn': '文本中没有最终答案。' },
  'no-code-found': { verdict: 'wrong', en: 'There is no code in the answer.', 'zh-cn': '答案中没有代码。' },
  'tests-failed': { verdict: 'wrong', en: 'The code fails its tests.', 'zh-cn': '代码未通过测试。' },
  'tests-timed-out': { verdict: 'wrong', en: 'The code did not end within its time.', 'zh-cn': '代码未在时限内结束。' },
  'tests-out-of-bounds': { verdict: 'wrong', en: 'The code went over its limit of memory, output or processes.', 'zh-cn': '代码超出内存、输出或进程数限制。' },
  'judged-wrong': { verdict: 'wrong', en: 'The judging teacher finds it wrong.', 'zh-cn': '评判教师认为错误。' },

  'no-reference': { verdict: 'unknown', en: 'There is no reference to compare with.', 'zh-cn': '没有可对照的标准答案。' },
  'nothing-to-judge': { verdict: 'unknown', en: 'The row is a question alone: there is no answer to judge.', 'zh-cn': '该行只有问题，没有可判断的答案。' },
  'not-asked': { verdict: 'unknown', en: 'The recipe doesn’t ask for answers to be compared.', 'zh-cn': '配方未要求比较答案。' },
  'cannot-judge': { verdict: 'unknown', en: 'The answer and the reference can’t be compared: what one of them means isn’t clear.', 'zh-cn': '无法比较：答案或标准答案的含义不明确。' },
  'several-answers': { verdict: 'unknown', en: 'The text gives several answers without saying which is final.', 'zh-cn': '文本给出多个答案且未指明最终答案。' },
  'not-stated': { verdict: 'unknown', en: 'The text says what the answer is not, or only a range or a limit of it.', 'zh-cn': '文本只否定了某个值，或只给出范围或界限。' },
  'only-rounded': { verdict: 'unknown', en: 'One is the other, rounded: whether that is enough is a person’s decision.', 'zh-cn': '一方是另一方的四舍五入值：是否可接受需由人判断。' },
  'too-large': { verdict: 'unknown', en: 'Too long or too deeply nested to be compared safely.', 'zh-cn': '过长或嵌套过深，无法安全比较。' },
  'code-not-allowed': { verdict: 'unknown', en: 'The code was not run, since nobody has allowed it: --allow-code on the command line; in a recipe also "code": "sandbox".', 'zh-cn': '未运行代码，因未获允许：命令行请加 --allow-code；配方中还须设 "code": "sandbox"。' },
  'sandbox-unavailable': { verdict: 'unknown', en: 'The code was not run: this machine can’t shut it off from network and files.', 'zh-cn': '未运行代码：本机无法将其与网络和文件隔离。' },
  'no-interpreter': { verdict: 'unknown', en: 'The code was not run: its interpreter (Python 3 or Node.js) is not installed where the sandbox can reach it.', 'zh-cn': '未运行代码：其解释器（Python 3 或 Node.js）未安装在沙箱可访问的位置。' },
  'sandbox-failed': { verdict: 'unknown', en: 'The sandbox itself failed; the code says nothing by that.', 'zh-cn': '沙箱自身出错，与代码无关。' },
  'no-tests': { verdict: 'unknown', en: 'The row has no tests, and no reference to compare with.', 'zh-cn': '该行没有测试，也没有标准答案。' },
  'judges-disagree': { verdict: 'unknown', en: 'The judging teacher’s votes don’t agree.', 'zh-cn': '评判教师的投票不一致。' },
  'judge-unclear': { verdict: 'unknown', en: 'The judging teacher gave no clear verdict.', 'zh-cn': '评判教师未给出明确结论。' },
} as const satisfies Record<string, Reason>;

export type VerdictReason = keyof typeof VERDICT_REASONS;

/** What may be wrong with the form of a trace, whatever its answer. */
export const TRACE_FINDINGS = {
  'think-missing': { en: 'There is no reasoning.', 'zh-cn': '没有推理过程。' },
  'think-tags': { en: 'Reasoning tags stand where none belong: nested, doubled or left over.', 'zh-cn': '推理标签位置有误：嵌套、重复或残留。' },
  'answer-missing': { en: 'There is no answer after the reasoning.', 'zh-cn': '推理之后没有答案。' },
  truncated: { en: 'The text was cut before its end.', 'zh-cn': '文本被截断。' },
  repetition: { en: 'The reasoning goes round in circles.', 'zh-cn': '推理陷入循环重复。' },
  'language-mixed': { en: 'The reasoning changes between English and Chinese.', 'zh-cn': '推理在中英文之间混杂。' },
  'language-other': { en: 'Reasoning or answer is in another language than the question.', 'zh-cn': '推理或答案与问题的语言不同。' },
  refusal: { en: 'The teacher refuses to answer.', 'zh-cn': '教师拒绝回答。' },
  'think-answer-differs': { en: 'The reasoning comes to another answer than the one that is given.', 'zh-cn': '推理得出的结论与给出的答案不同。' },
  'very-short': { en: 'The reasoning is too short to be one.', 'zh-cn': '推理过短。' },
  'very-long': { en: 'The reasoning is unusually long.', 'zh-cn': '推理异常冗长。' },
} as const satisfies Record<string, Sentence>;

export type TraceFinding = keyof typeof TRACE_FINDINGS;

/** The sentence of a reason or finding; a code of a newer version is shown as it is. */
export function verdictSentence(code: string, language: Language): string {
  const table: Readonly<Record<string, Sentence>> = { ...VERDICT_REASONS, ...TRACE_FINDINGS };
  return table[code]?.[language] ?? code;
}
