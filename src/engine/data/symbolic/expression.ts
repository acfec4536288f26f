/**
 * Reads what is written (`3 × (4 - 1/2)`, `2(x + 1)`, `17 mod 5`, `C(5, 2)`, `gcd(48, 18)`, `sin(2x)`) and evaluates it, exactly
 * or in floating point. It reads texts as they stand in problems and traces, and so knows nothing of what wrote them.
 */
import { add, divide, isWhole, multiply, negated, power, rational, rationalOf, subtract, toNumber, type Rational } from './rational.ts';

type BinaryOperator = '+' | '-' | '*' | '/' | '^' | 'mod';

export type Expression =
  | { readonly type: 'number'; readonly value: Rational }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'negated'; readonly of: Expression }
  | { readonly type: 'factorial'; readonly of: Expression }
  | { readonly type: 'binary'; readonly operator: BinaryOperator; readonly a: Expression; readonly b: Expression }
  | { readonly type: 'call'; readonly name: string; readonly arguments: readonly Expression[] };

export type Bindings = Readonly<Record<string, Rational>>;

const TOKEN = /\s*(\d+(?:\.\d+)?|\.\d+|mod(?![a-z])|gcd|lcm|sqrt|sin|cos|ln|exp|[CP](?=\()|[a-z]|[-+*/^!(),%×÷·−])/y;
const SIGNS: Readonly<Record<string, string>> = { '×': '*', '·': '*', '÷': '/', '−': '-' };
/** Deeper nesting is no problem of ours. */
const MAX_DEPTH = 60;
/** Above it a factorial only fills memory. */
const MAX_FACTORIAL = 200n;

/** The expression that a text is from its first sign to its last, or null. */
export function parseExpression(text: string): Expression | null {
  const tokens = tokensOf(text);
  if (tokens === null || tokens.length === 0) return null;
  const reader = new Reader(tokens);
  const expression = reader.sum(0);
  return expression !== null && reader.atEnd() ? expression : null;
}

function tokensOf(text: string): readonly string[] | null {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const token = TOKEN.exec(trimmed)?.[1];
    if (token === undefined) return null;
    tokens.push(SIGNS[token] ?? token);
  }
  return tokens;
}

/** Recursive descent: sum → product → signed → power → factorial → primary. */
class Reader {
  #at = 0;
  constructor(private readonly tokens: readonly string[]) {}

  atEnd(): boolean {
    return this.#at === this.tokens.length;
  }

  sum(depth: number): Expression | null {
    let left = this.#product(depth);
    while (left !== null && (this.#next() === '+' || this.#next() === '-')) {
      const operator = this.#take() as BinaryOperator;
      const right = this.#product(depth);
      left = right && { type: 'binary', operator, a: left, b: right };
    }
    return left;
  }

  #product(depth: number): Expression | null {
    let left = this.#signed(depth);
    while (left !== null) {
      const next = this.#next();
      if (next === '*' || next === '/' || next === 'mod') {
        this.#take();
        const right = this.#signed(depth);
        left = right && { type: 'binary', operator: next, a: left, b: right };
      } else if (next !== undefined && /^(?:\(|[a-z]|sqrt|sin|cos|ln|exp)$/.test(next)) {
        // 3x, 2(x + 1), x(x - 1), 3sin(x)
        const right = this.#powered(depth);
        left = right && { type: 'binary', operator: '*', a: left, b: right };
      } else return left;
    }
    return left;
  }

  /** -3^2 is -(3^2). */
  #signed(depth: number): Expression | null {
    if (depth > MAX_DEPTH) return null;
    if (this.#next() !== '-') return this.#powered(depth);
    this.#take();
    const of = this.#signed(depth + 1);
    return of && { type: 'negated', of };
  }

  #powered(depth: number): Expression | null {
    const base = this.#postfixed(depth);
    if (base === null || this.#next() !== '^') return base;
    this.#take();
    const exponent = this.#signed(depth + 1);
    return exponent && { type: 'binary', operator: '^', a: base, b: exponent };
  }

  #postfixed(depth: number): Expression | null {
    let of = this.#primary(depth);
    for (let next = this.#next(); of !== null && (next === '!' || next === '%'); next = this.#next()) {
      this.#take();
      of = next === '!' ? { type: 'factorial', of } : { type: 'binary', operator: '/', a: of, b: { type: 'number', value: rational(100) } };
    }
    return of;
  }

  #primary(depth: number): Expression | null {
    const token = this.#take();
    if (token === undefined || depth > MAX_DEPTH) return null;
    if (token === '(') return this.#closed(this.sum(depth + 1));
    const value = rationalOf(token);
    if (value !== null) return { type: 'number', value };
    if (/^[a-z]$/.test(token)) return { type: 'variable', name: token };
    if (!/^[a-zA-Z]+$/.test(token) || this.#take() !== '(') return null;
    const parts: Expression[] = [];
    do {
      const part = this.sum(depth + 1);
      if (part === null) return null;
      parts.push(part);
    } while (this.#next() === ',' && this.#take() !== undefined);
    return this.#closed({ type: 'call', name: token, arguments: parts });
  }

  #closed(inner: Expression | null): Expression | null {
    return inner !== null && this.#take() === ')' ? inner : null;
  }

  #next(): string | undefined {
    return this.tokens[this.#at];
  }

  #take(): string | undefined {
    return this.tokens[this.#at++];
  }
}

/** The exact value, or null where there is none (division by 0, a root, an unknown variable). */
export function exactValue(expression: Expression, bindings: Bindings = {}): Rational | null {
  switch (expression.type) {
    case 'number': return expression.value;
    case 'variable': return bindings[expression.name] ?? null;
    case 'negated': {
      const of = exactValue(expression.of, bindings);
      return of && negated(of);
    }
    case 'factorial': {
      const of = exactValue(expression.of, bindings);
      return of && isWhole(of) ? rationalOrNull(factorial(of.n)) : null;
    }
    case 'binary': {
      const a = exactValue(expression.a, bindings);
      const b = exactValue(expression.b, bindings);
      return a && b && applied(expression.operator, a, b);
    }
    case 'call': return called(expression.name, expression.arguments.map((each) => exactValue(each, bindings)));
  }
}

function rationalOrNull(value: bigint | null): Rational | null {
  return value === null ? null : rational(value);
}

function applied(operator: BinaryOperator, a: Rational, b: Rational): Rational | null {
  switch (operator) {
    case '+': return add(a, b);
    case '-': return subtract(a, b);
    case '*': return multiply(a, b);
    case '/': return divide(a, b);
    case '^': return power(a, b);
    // The remainder is never negative.
    case 'mod': return isWhole(a) && isWhole(b) && b.n > 0n ? rational(((a.n % b.n) + b.n) % b.n) : null;
  }
}

function called(name: string, values: readonly (Rational | null)[]): Rational | null {
  const whole = values.map((value) => value !== null && isWhole(value) && value.n >= 0n ? value.n : null);
  const [a, b] = whole;
  if (a === undefined || b === undefined || a === null || b === null || whole.length !== 2) return null;
  switch (name) {
    case 'gcd': return rational(gcd(a, b));
    case 'lcm': return a === 0n || b === 0n ? null : rational(a / gcd(a, b) * b);
    case 'C': case 'P': {
      if (a < b) return rational(0n);
      const top = factorial(a);
      const bottom = factorial(a - b);
      const chosen = factorial(b);
      return top === null || bottom === null || chosen === null ? null : rational(top, name === 'C' ? bottom * chosen : bottom);
    }
    default: return null;
  }
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

function factorial(n: bigint): bigint | null {
  if (n < 0n || n > MAX_FACTORIAL) return null;
  let product = 1n;
  for (let i = 2n; i <= n; i++) product *= i;
  return product;
}

/** The value in floating point; NaN where there is none. */
export function floatValue(expression: Expression, bindings: Readonly<Record<string, number>> = {}): number {
  switch (expression.type) {
    case 'number': return toNumber(expression.value);
    case 'variable': return bindings[expression.name] ?? (expression.name === 'e' ? Math.E : NaN);
    case 'negated': return -floatValue(expression.of, bindings);
    case 'factorial': return NaN;
    case 'binary': {
      const a = floatValue(expression.a, bindings);
      const b = floatValue(expression.b, bindings);
      switch (expression.operator) {
        case '+': return a + b;
        case '-': return a - b;
        case '*': return a * b;
        case '/': return a / b;
        case '^': return a ** b;
        case 'mod': return ((a % b) + b) % b;
      }
    }
    case 'call': {
      const of = expression.arguments[0] === undefined ? NaN : floatValue(expression.arguments[0], bindings);
      switch (expression.name) {
        case 'sin': return Math.sin(of);
        case 'cos': return Math.cos(of);
        case 'ln': return Math.log(of);
        case 'exp': return Math.exp(of);
        case 'sqrt': return Math.sqrt(of);
        default: return NaN;
      }
    }
  }
}

/** Names of the variables in it. */
export function variablesOf(expression: Expression, into: Set<string> = new Set()): ReadonlySet<string> {
  switch (expression.type) {
    case 'number': break;
    case 'variable': into.add(expression.name); break;
    case 'negated': case 'factorial': variablesOf(expression.of, into); break;
    case 'binary':
      variablesOf(expression.a, into);
      variablesOf(expression.b, into);
      break;
    case 'call': for (const each of expression.arguments) variablesOf(each, into);
  }
  return into;
}
