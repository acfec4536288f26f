/** What augmentations made of their rows: how many tries came through their checks, and why the others did not. */
export interface AugmentReport {
  readonly kinds: readonly {
    readonly kind: string;
    /** New rows that were tried. */
    readonly tried: number;
    readonly kept: number;
    /** Tries that were not kept, by reason (AUGMENT_REASONS). */
    readonly dropped: Readonly<Record<string, number>>;
  }[];
  readonly rows: { readonly read: number; readonly made: number };
}

/** Why a try came to nothing: English and Chinese side by side. */
export const AUGMENT_REASONS = {
  'conversation': ['the row is a conversation whose last question is not its prompt alone', '该行为多轮对话，最后的提问不等于 prompt'],
  'code': ['the question holds code, whose words are no words', '题目含代码'],
  'other-language': ['neither English nor Chinese', '既非英文也非中文'],
  'nothing-to-change': ['nothing in it that may be changed', '没有可改动之处'],
  'same-as-before': ['came out the same as the row or an earlier copy', '结果与原行或先前的副本相同'],
  'protected-changed': ['a number, operator, unit, name or negation changed', '数字、运算符、单位、专名或否定词发生变化'],
  'not-independent': ['its sentences are not plainly independent of their order', '各句的先后次序并非明显无关'],
  'no-chain': ['no chain of arithmetic that leads to the answer', '没有通向答案的算式链'],
  'step-not-true': ['a step of the trace does not hold exactly', '推理中有不精确成立的算式'],
  'unexplained-number': ['a number whose origin is not plain', '存在来源不明的数字'],
  'ambiguous-number': ['one value that stands for two things', '同一数值可能指代两个量'],
  'unused-number': ['a number of the question that the trace does not use', '题目中有推理未使用的数字'],
  'no-numbers-found': ['no other numbers keep what was whole, positive and in order', '找不到保持整除、正负与大小次序的新数字'],
  'teacher-failed': ['the teacher gave no usable answer', '教师未给出可用的结果'],
  'budget-spent': ['the budget of the teacher was spent', '教师预算已用完'],
  'wrong-language': ['came back in another language', '结果语言不符'],
  'length': ['came back much shorter or longer', '结果长度相差过大'],
  'no-reference': ['the row has no answer to hold the new one against', '该行没有可对照的答案'],
  'reference-not-number': ['the answer is not one plain number', '答案不是单个普通数字'],
  'disagreed': ['answers to the new question did not all agree with the old one', '对新题的回答与原答案不一致'],
  'verification': ['verification found another answer', '验证得到不同答案'],
} as const satisfies Record<string, readonly [english: string, chinese: string]>;

export type AugmentReason = keyof typeof AUGMENT_REASONS;
