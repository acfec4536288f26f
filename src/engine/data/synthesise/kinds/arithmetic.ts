/** Whole numbers with + − × ÷ and brackets, worked out in the order of operations. */
import type { Draw } from '../../draw.ts';
import type { Difficulty, ProblemKind } from '../contract.ts';
import { sameValue } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { bracketed } from '../writing.ts';

type Operator = '+' | '-' | '×' | '÷';
type Tree = number | { readonly operator: Operator; readonly a: Tree; readonly b: Tree };

const STRENGTH: Readonly<Record<Operator, number>> = { '+': 1, '-': 1, '×': 2, '÷': 2 };
/** Operands, largest operand of a sum, largest factor, by difficulty. */
const SIZES: Readonly<Record<Difficulty, readonly [operands: number, sum: number, factor: number]>> = { 1: [2, 99, 9], 2: [2, 999, 29], 3: [3, 99, 12], 4: [4, 150, 15], 5: [6, 200, 20] };
/** Larger results are a matter of stamina. */
const LARGEST = 200_000;

export const arithmetic: ProblemKind<string> = {
  name: 'arithmetic', task: 'maths', proof: 'evaluation',
  about: ['Whole numbers: + − × ÷, brackets, order of operations', '整数四则运算、括号、运算顺序'],
  grows: ['operands from 2 to 6, their size, brackets from 4, negative numbers at 5', '运算数由 2 个增至 6 个，数值变大；4 级起有括号，5 级有负数'],
  make(draw, difficulty, voice) {
    const tree = treeOf(draw, SIZES[difficulty], difficulty);
    if (typeof tree === 'number') return null;
    const result = compute(tree);
    if (result === null || Math.abs(result) > LARGEST || (result < 0 && difficulty < 5)) return null;
    const statement = written(tree);
    return {
      statement, gold: String(result), answer: voice.answer(String(result)),
      prompt: voice.say(
        ['Calculate {statement}.', 'What is {statement}?', 'Work out the value of {statement}.', 'Evaluate: {statement}', 'Find the result of {statement}.'],
        ['计算 {statement}。', '{statement} 等于多少？', '求 {statement} 的值。', '请算出 {statement} 的结果。', '计算：{statement}'],
        { statement },
      ),
      think: traceOf(tree, voice, draw),
    };
  },
  check: (statement, gold) => sameValue(statement, gold),
};

function treeOf(draw: Draw, [operands, sum, factor]: readonly [number, number, number], difficulty: Difficulty): Tree {
  if (operands === 1) return difficulty === 5 && draw.chance(0.15) ? -draw.int(2, factor) : draw.int(2, sum);
  const operator = draw.pick<Operator>(difficulty === 1 ? ['+', '-', '×'] : ['+', '-', '×', '÷']);
  if (operands === 2) {
    if (operator === '÷') {
      const [divisor, quotient] = [draw.int(2, factor), draw.int(2, factor)];
      return { operator, a: divisor * quotient, b: divisor };
    }
    const most = operator === '×' ? factor : sum;
    const [a, b] = [draw.int(2, most), draw.int(2, most)];
    return operator === '-' && a < b ? { operator, a: b, b: a } : { operator, a, b };
  }
  const left = draw.int(1, operands - 1);
  const a = treeOf(draw, [left, sum, factor], difficulty);
  const b = treeOf(draw, [operands - left, sum, factor], difficulty);
  // With three operands the order of operations alone is practised: no brackets.
  return difficulty === 3 && needsBrackets(operator, a, b) ? { operator: '+', a, b } : { operator, a, b };
}

function needsBrackets(operator: Operator, a: Tree, b: Tree): boolean {
  return (typeof a !== 'number' && STRENGTH[a.operator] < STRENGTH[operator]) || (typeof b !== 'number' && STRENGTH[b.operator] <= STRENGTH[operator]);
}

/** Null where a quotient is not whole. */
function compute(tree: Tree): number | null {
  if (typeof tree === 'number') return tree;
  const [a, b] = [compute(tree.a), compute(tree.b)];
  return a === null || b === null ? null : operate(tree.operator, a, b);
}

function operate(operator: Operator, a: number, b: number): number | null {
  switch (operator) {
    case '+': return a + b;
    case '-': return a - b;
    case '×': return a * b;
    case '÷': return b !== 0 && a % b === 0 ? a / b : null;
  }
}

function written(tree: Tree, first = true): string {
  if (typeof tree === 'number') return first ? String(tree) : bracketed(tree);
  const { operator, a, b } = tree;
  const left = typeof a !== 'number' && STRENGTH[a.operator] < STRENGTH[operator] ? `(${written(a)})` : written(a, first);
  const right = typeof b !== 'number' && STRENGTH[b.operator] <= STRENGTH[operator] ? `(${written(b)})` : written(b, false);
  return `${left} ${operator} ${right}`;
}

/** Reduces the first operation whose sides are numbers: inside brackets first, products before sums, from the left. */
function traceOf(tree: Tree, voice: Voice, draw: Draw): string {
  const lines: string[] = [];
  const wordy = draw.chance(0.7);
  let rest: Tree = tree;
  if (typeof rest !== 'number' && (typeof rest.a !== 'number' || typeof rest.b !== 'number')) {
    lines.push(voice.say(
      ['I follow the order of operations: brackets first, then multiplication and division, then addition and subtraction.', 'Brackets come first, then × and ÷, then + and - from left to right.', 'Let me work through it in the right order.', 'The expression is {all}; products and quotients bind tighter than sums.'],
      ['按运算顺序：先算括号，再乘除，最后加减。', '先括号、后乘除、再加减，从左到右依次计算。', '按照正确的顺序一步步计算。', '式子是 {all}，乘除优先于加减。'],
      { all: written(tree) },
    ));
  }
  while (typeof rest !== 'number') {
    const step = firstStep(rest);
    const { operator, a, b } = step.node;
    const result = operate(operator, a, b) as number;
    lines.push(...splitUp(operator, a, b, result, voice));
    const claim = `${String(a)} ${operator} ${bracketed(b)} = ${String(result)}`;
    rest = step.replaced(result);
    const left = written(rest);
    if (typeof rest === 'number') lines.push(voice.say(['{claim}.', 'So {claim}.', 'Finally, {claim}.', 'That gives {claim}.'], ['{claim}。', '所以 {claim}。', '最后 {claim}。', '得到 {claim}。'], { claim }));
    else if (wordy) lines.push(voice.say(['{claim}, so {left} remains.', 'First {claim}; now it reads {left}.', 'Next, {claim}. What is left: {left}', '{claim}, which leaves {left}.'], ['{claim}，剩下 {left}。', '先算 {claim}，式子变为 {left}。', '接着 {claim}，还剩 {left}。', '{claim}，于是得到 {left}。'], { claim, left }));
    else lines.push(`${claim} → ${left}`);
  }
  return lines.join('\n');
}

/** Larger sums, differences and products by their places. */
function splitUp(operator: Operator, a: number, b: number, result: number, voice: Voice): string[] {
  const [tens, ones] = [b - b % 10, b % 10];
  if (b < 11 || ones === 0 || a < 11) return [];
  const values = { a, b, tens, ones, result, mid: operator === '+' ? a + tens : operator === '-' ? a - tens : a * tens, part: a * ones };
  switch (operator) {
    case '+': return [voice.say(['To add {b} to {a}: {a} + {tens} = {mid}, and {mid} + {ones} = {result}.', 'Split {b} into {tens} and {ones}: {a} + {tens} = {mid}, then {mid} + {ones} = {result}.'], ['把 {b} 拆成 {tens} 和 {ones}：{a} + {tens} = {mid}，再 {mid} + {ones} = {result}。', '先加整十：{a} + {tens} = {mid}，再加个位：{mid} + {ones} = {result}。'], values)];
    case '-': return [voice.say(['Take {tens} away first: {a} - {tens} = {mid}; then {ones}: {mid} - {ones} = {result}.', 'Split {b} into {tens} and {ones}: {a} - {tens} = {mid}, then {mid} - {ones} = {result}.'], ['先减 {tens}：{a} - {tens} = {mid}；再减 {ones}：{mid} - {ones} = {result}。', '把 {b} 拆成 {tens} 和 {ones}：{a} - {tens} = {mid}，{mid} - {ones} = {result}。'], values)];
    case '×': return [voice.say(['For {a} × {b}: {a} × {tens} = {mid} and {a} × {ones} = {part}, together {mid} + {part} = {result}.', 'Multiply by parts: {a} × {tens} = {mid}, {a} × {ones} = {part}, and {mid} + {part} = {result}.'], ['分部相乘：{a} × {tens} = {mid}，{a} × {ones} = {part}，合起来 {mid} + {part} = {result}。', '{a} × {b} 可以拆开：{a} × {tens} = {mid}，{a} × {ones} = {part}，{mid} + {part} = {result}。'], values)];
    case '÷': return [voice.say(['Check by multiplying: {b} × {result} = {a}.', '{b} goes into {a} exactly {result} times, since {b} × {result} = {a}.'], ['用乘法验证：{b} × {result} = {a}。', '因为 {b} × {result} = {a}，所以商是 {result}。'], values)];
  }
}

interface Ready {
  readonly operator: Operator;
  readonly a: number;
  readonly b: number;
}

/** The operation that is done next, and the tree with its result in its place. */
function firstStep(tree: Exclude<Tree, number>): { readonly node: Ready; replaced(value: number): Tree } {
  const { operator, a, b } = tree;
  const inA = typeof a === 'number' ? null : a;
  const inB = typeof b === 'number' ? null : b;
  // A bracket or a product on the right goes before a sum on the left.
  const rightFirst = inB !== null && (inA === null || (STRENGTH[inB.operator] > STRENGTH[inA.operator] && STRENGTH[operator] === 1) || STRENGTH[inB.operator] <= STRENGTH[operator]);
  if (rightFirst) {
    const step = firstStep(inB);
    return { node: step.node, replaced: (value) => ({ operator, a, b: step.replaced(value) }) };
  }
  if (inA !== null) {
    const step = firstStep(inA);
    return { node: step.node, replaced: (value) => ({ operator, a: step.replaced(value), b }) };
  }
  return { node: { operator, a: a as number, b: b as number }, replaced: (value) => value };
}
