/** Every `… = …` that a text states, evaluated exactly: a trace may hold no false one. */
import { exactValue, parseExpression, variablesOf, type Bindings } from './expression.ts';
import { equal, subtract, toNumber, type Rational } from './rational.ts';

export interface Statements {
  /** Pairs of sides that were both read and have a value. */
  readonly checked: number;
  /** Those whose sides differ, as they are written. */
  readonly untrue: readonly string[];
  /** Sides that could not be read, as they are written: a trace of ours has none. */
  readonly unread: readonly string[];
}

/** A run of signs that can be mathematics, with an equals sign somewhere in it. Words and their letters break it. */
const RUN = /(?:[\d\s+\-−×÷·*/^!%()=≈.]|(?<![A-Za-z])(?:mod|gcd|lcm|[CP](?=\())(?![A-Za-z])|(?<=\d),(?=\s?\d+\s*\))|(?<![A-Za-z])[a-z](?![A-Za-z]))+/g;
/** ≈ is true when the written value is the exact one, rounded as far as it is written. */
const HALF = 0.5000001;

/** @param bindings values of variables; an equation with others is left alone */
export function statementsOf(text: string, bindings: Bindings = {}): Statements {
  let checked = 0;
  const untrue: string[] = [];
  const unread: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.includes('=') && !line.includes('≈')) continue;
    for (const [run] of line.matchAll(RUN)) {
      if (!/[=≈]/.test(run)) continue;
      const sides = run.split(/[=≈]/).map(tidy);
      const signs = [...run.matchAll(/[=≈]/g)].map(([sign]) => sign);
      for (const [index, sign] of signs.entries()) {
        const [left = '', right = ''] = [sides[index], sides[index + 1]];
        // `area = 12`: a word stood there, or nothing.
        if (left === '' || right === '') continue;
        const [a, b] = [parseExpression(left), parseExpression(right)];
        if (a === null || b === null) {
          unread.push(`${left} = ${right}`);
          continue;
        }
        if ([...variablesOf(a), ...variablesOf(b)].some((name) => bindings[name] === undefined)) continue;
        const [x, y] = [exactValue(a, bindings), exactValue(b, bindings)];
        if (x === null || y === null) unread.push(`${left} = ${right}`);
        else {
          checked += 1;
          if (!(sign === '≈' ? near(x, y, right) : equal(x, y))) untrue.push(`${left} ${sign} ${right}`);
        }
      }
    }
  }
  return { checked, untrue, unread };
}

/** Without the full stop of its sentence and brackets that belong to the sentence around it. */
function tidy(side: string): string {
  let text = side.trim().replace(/\.$/, '').trim();
  for (let depth = balance(text); depth !== 0; depth = balance(text)) {
    if (depth < 0 && text.endsWith(')')) text = text.slice(0, -1).trim();
    else if (depth > 0 && text.endsWith('(')) text = text.slice(0, -1).trim();
    else if (depth > 0 && text.startsWith('(')) text = text.slice(1).trim();
    else break;
  }
  return text;
}

function balance(text: string): number {
  let depth = 0;
  for (const char of text) depth += char === '(' ? 1 : char === ')' ? -1 : 0;
  return depth;
}

function near(exact: Rational, written: Rational, text: string): boolean {
  const places = /\.(\d+)/.exec(text)?.[1]?.length ?? 0;
  return Math.abs(toNumber(subtract(exact, written))) <= HALF * 10 ** -places;
}
