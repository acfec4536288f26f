/** Systems of two or three linear equations, solved by elimination. */
import type { Difficulty, ProblemKind } from '../contract.ts';
import { parseExpression, exactValue, type Bindings } from '../../symbolic/expression.ts';
import { rational, subtract, toNumber, ZERO, ONE, isWhole } from '../../symbolic/rational.ts';
import { holds, valueOf } from '../proofs.ts';
import type { Voice } from '../voice.ts';
import { bracketed, leastCommon, sumOf } from '../writing.ts';

/** Coefficients of the unknowns, then the right side. */
type Row = readonly number[];

const NAMES = ['x', 'y', 'z'] as const;
/** Unknowns, largest coefficient, largest solution. */
const SIZES: Readonly<Record<Difficulty, readonly [unknowns: number, coefficient: number, solution: number]>> = { 1: [2, 1, 30], 2: [2, 4, 9], 3: [2, 9, 12], 4: [2, 15, 25], 5: [3, 5, 8] };

export const linearSystems: ProblemKind<readonly string[]> = {
  name: 'linear-systems', task: 'maths', proof: 'substitution',
  about: ['Systems of linear equations', '线性方程组'],
  grows: ['coefficients and solutions; three unknowns at 5', '系数与解变大；5 级为三元'],
  make(draw, difficulty, voice) {
    const [unknowns, most, largest] = SIZES[difficulty];
    const solution = Array.from({ length: unknowns }, () => draw.int(difficulty === 1 ? 0 : -largest, largest));
    const coefficients = difficulty === 1 ? [[1, 1], draw.chance(0.5) ? [1, -1] : [draw.int(2, 9), 1]] : solution.map(() => solution.map(() => draw.int(-most, most)));
    const rows: Row[] = coefficients.map((row) => [...row, row.reduce((sum, each, index) => sum + each * (solution[index] ?? 0), 0)]);
    // Each equation speaks of two unknowns at least.
    if (rows.some((row) => row.slice(0, -1).filter((each) => each !== 0).length < 2)) return null;
    const lines = eliminate(rows, voice);
    if (lines === null) return null;
    const equations = rows.map(equationText);
    const gold = solution.map((value, index) => `${NAMES[index] ?? ''} = ${String(value)}`).join(', ');
    const names = NAMES.slice(0, unknowns).join(', ');
    return {
      statement: equations, gold, answer: voice.answer(gold), values: bindingsOf(solution),
      think: voice.steps(lines, draw.chance(0.5) ? voice.say(['Check in the first equation: {claim}.', 'The first equation confirms it: {claim}.'], ['代入第一个方程检验：{claim}。', '验算第一个方程：{claim}。'], { claim: checkText(rows[0] ?? [], solution) }) : ''),
      prompt: voice.say(
        ['Solve the system:\n{equations}\nAnswer in the form {form}.', 'Find {names} such that\n{equations}\nWrite the answer as {form}.', 'What values satisfy all of these equations?\n{equations}\nGive them as {form}.'],
        ['解方程组：\n{equations}\n按 {form} 的形式作答。', '求 {names}，使得\n{equations}\n答案写成 {form}。', '下列方程同时成立时，各未知数是多少？\n{equations}\n写成 {form}。'],
        { equations: equations.join('\n'), names, form: NAMES.slice(0, unknowns).map((name) => `${name} = …`).join(', ') },
      ),
    };
  },
  /** The values fit every equation, and the coefficients, read off the text, have a determinant that is not 0. */
  check(equations, gold) {
    const values: Record<string, NonNullable<Bindings[string]>> = {};
    for (const part of gold.split(', ')) {
      const [name = '', text = ''] = part.split(' = ');
      const value = valueOf(text);
      if (value === null) return false;
      values[name] = value;
    }
    const names = NAMES.slice(0, equations.length);
    if (Object.keys(values).join() !== names.join() || equations.some((equation) => holds(equation, values) !== true)) return false;
    const matrix = equations.map((equation) => {
      const left = parseExpression(equation.split('=')[0] ?? '');
      const at = (one: string | null): number => {
        const value = left && exactValue(left, Object.fromEntries(names.map((name) => [name, name === one ? ONE : ZERO])));
        return value && isWhole(value) ? toNumber(subtract(value, ZERO)) : NaN;
      };
      return names.map((name) => at(name) - at(null));
    });
    return Math.abs(determinant(matrix)) >= 1;
  },
};

function determinant(rows: readonly (readonly number[])[]): number {
  if (rows.length === 1) return rows[0]?.[0] ?? NaN;
  return (rows[0] ?? []).reduce((sum, each, column) => sum + (column % 2 === 0 ? 1 : -1) * each * determinant(rows.slice(1).map((row) => row.filter((_, index) => index !== column))), 0);
}

const bindingsOf = (solution: readonly number[]): Bindings => Object.fromEntries(solution.map((value, index) => [NAMES[index] ?? '', rational(value)]));

function equationText(row: Row): string {
  return `${sumOf(row.slice(0, -1).map((each, index) => [each, NAMES[index] ?? ''] as const))} = ${String(row.at(-1) ?? 0)}`;
}

function checkText(row: Row, solution: readonly number[]): string {
  const parts = solution.map((value, index) => [row[index] ?? 0, value] as const).filter(([coefficient]) => coefficient !== 0);
  return `${parts.map(([coefficient, value]) => `${bracketed(coefficient)} × ${bracketed(value)}`).join(' + ')} = ${String(row.at(-1) ?? 0)}`;
}

/** Elimination from the first unknown on, then back; null where the system has no single solution or numbers grow too large. */
function eliminate(rows: readonly Row[], voice: Voice): string[] | null {
  const lines: string[] = [];
  const pivots: Row[] = [];
  let rest = [...rows];
  for (let column = 0; rest.length > 1; column++) {
    const pivot = rest.find((row) => row[column] !== 0);
    if (pivot === undefined) return null;
    pivots.push(pivot);
    const name = NAMES[column] ?? '';
    rest = rest.filter((row) => row !== pivot).map((row) => {
      if (row[column] === 0) return row;
      const [p, q] = [pivot[column] ?? 0, row[column] ?? 0];
      const common = leastCommon(p, q);
      const [u, v] = [common / q, common / p];
      const reduced = simplified(row.map((each, index) => u * each - v * (pivot[index] ?? 0)));
      lines.push(voice.say(
        ['Eliminate {name}: {u} times ({row}) minus {v} times ({pivot}) gives {result}', 'To remove {name}, take {u} × [{row}] and subtract {v} × [{pivot}]; this leaves {result}'],
        ['消去 {name}：将 {row} 乘 {u}，减去 {pivot} 乘 {v}，得 {result}', '为消去 {name}，用 {u} 乘 [{row}] 减去 {v} 乘 [{pivot}]，剩下 {result}'],
        { name, u: bracketed(u), v: bracketed(v), row: equationText(row), pivot: equationText(pivot), result: equationText(reduced) },
      ));
      return reduced;
    });
  }
  pivots.push(rest[0] ?? []);
  if (pivots.some((row) => row.some((each) => Math.abs(each) > 3000))) return null;
  const known: (number | undefined)[] = [];
  for (let column = pivots.length - 1; column >= 0; column--) {
    const row = pivots[column] ?? [];
    const coefficient = row[column] ?? 0;
    if (coefficient === 0) return null;
    const right = row.at(-1) ?? 0;
    const others = row.slice(0, -1).map((each, index) => [each, known[index]] as const).filter(([each, value], index) => index !== column && each !== 0 && value !== undefined);
    const sum = others.reduce((total, [each, value]) => total - each * (value ?? 0), right);
    if (sum % coefficient !== 0) return null;
    known[column] = sum / coefficient;
    const name = NAMES[column] ?? '';
    const put = others.map(([each, value]) => ` - ${bracketed(each)} × ${bracketed(value ?? 0)}`).join('');
    const scaled = coefficient === 1 ? name : coefficient === -1 ? `-${name}` : `${String(coefficient)}${name}`;
    const claim = `${scaled} = ${String(right)}${put}${put === '' ? '' : ` = ${String(sum)}`}${coefficient === 1 ? '' : `, ${name} = ${String(known[column])}`}`;
    lines.push(others.length === 0
      ? voice.say(['Solve for {name}: {claim}', 'This gives {name}: {claim}'], ['解出 {name}：{claim}', '于是求得 {name}：{claim}'], { name, claim })
      : voice.say(['Put back into {row}: {claim}', 'From {row}: {claim}'], ['代回 {row}：{claim}', '由 {row} 得 {claim}'], { row: equationText(row), claim }));
  }
  return lines;
}

function simplified(row: Row): Row {
  let common = 0;
  for (const each of row) {
    let [a, b] = [Math.abs(each), common];
    while (b !== 0) [a, b] = [b, a % b];
    common = a;
  }
  const first = row.find((each) => each !== 0) ?? 1;
  const divisor = (common || 1) * (first < 0 ? -1 : 1);
  return row.map((each) => each / divisor + 0);
}
