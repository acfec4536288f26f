/**
 * Runs the small Python programs of our problems: assignments and one print, over whole numbers, truth values, strings and
 * lists, with slices, comprehensions and a handful of functions. It reads the program's text, as the student does; nothing
 * is evaluated by the host's language.
 */

export type Value = number | string | boolean | readonly Value[];

/** Steps after which a program is taken to be wrong: ours take a few hundred. */
const MOST_STEPS = 20_000;
const TOKEN = /\s*(?:(\d+)|"([^"\\]*)"|([A-Za-z_]\w*)|(==|!=|<=|>=|\/\/|[-+*%<>=()[\]:,.]))/y;

type Token = { readonly type: 'number' | 'text' | 'name' | 'sign'; readonly text: string };

class ProgramError extends Error {}

/** What the program prints, in Python's writing; null where it does not run. */
export function run(program: string): string | null {
  const scope = new Map<string, Value>();
  let printed: string | null = null;
  try {
    const budget = { steps: MOST_STEPS };
    for (const line of program.split('\n')) {
      if (line.trim() === '') continue;
      const reader = new Reader(tokensOf(line), scope, budget);
      const out = reader.statement();
      if (out === null) continue;
      if (printed !== null) return null;
      printed = pythonText(out);
    }
    return printed;
  } catch (error) {
    if (error instanceof ProgramError) return null;
    throw error;
  }
}

/** As Python's print writes it; strings within lists are quoted. */
export function pythonText(value: Value, inside = false): string {
  if (typeof value === 'string') return inside ? `'${value}'` : value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'number' ? String(value) : `[${value.map((each) => pythonText(each, true)).join(', ')}]`;
}

function tokensOf(line: string): readonly Token[] {
  const tokens: Token[] = [];
  const text = line.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const match = TOKEN.exec(text);
    if (match === null) throw new ProgramError('sign');
    const [, number, string, name, sign] = match;
    tokens.push(number !== undefined ? { type: 'number', text: number } : string !== undefined ? { type: 'text', text: string } : name !== undefined ? { type: 'name', text: name } : { type: 'sign', text: sign ?? '' });
  }
  return tokens;
}

const KEYWORDS = new Set(['for', 'in', 'if', 'not', 'and', 'or']);

/** Evaluates while it reads; a comprehension reads its body again for each element. */
class Reader {
  #at = 0;

  constructor(private readonly tokens: readonly Token[], private readonly scope: Map<string, Value>, private readonly budget: { steps: number }) {}

  /** The printed value, or null for an assignment. */
  statement(): Value | null {
    const name = this.#expect('name');
    if (name === 'print') {
      this.#sign('(');
      const value = this.#expression();
      this.#sign(')');
      this.#end();
      return value;
    }
    this.#sign('=');
    this.scope.set(name, this.#expression());
    this.#end();
    return null;
  }

  #expression(): Value {
    this.#step();
    let left = this.#conjunction();
    while (this.#takeName('or')) {
      const right = this.#conjunction();
      left = truth(left) || truth(right);
    }
    return left;
  }

  #conjunction(): Value {
    let left = this.#comparison();
    while (this.#takeName('and')) {
      const right = this.#comparison();
      left = truth(left) && truth(right);
    }
    return left;
  }

  #comparison(): Value {
    const left = this.#sum();
    for (const sign of ['==', '!=', '<=', '>=', '<', '>'] as const) if (this.#takeSign(sign)) return compare(sign, left, this.#sum());
    if (this.#takeName('not')) {
      if (!this.#takeName('in')) throw new ProgramError('in');
      return !contains(this.#sum(), left);
    }
    return this.#takeName('in') ? contains(this.#sum(), left) : left;
  }

  #sum(): Value {
    let left = this.#product();
    for (;;) {
      if (this.#takeSign('+')) {
        const right = this.#product();
        if (typeof left === 'number' && typeof right === 'number') left += right;
        else if (typeof left === 'string' && typeof right === 'string') left += right;
        else if (isList(left) && isList(right)) left = [...left, ...right];
        else throw new ProgramError('+');
      } else if (this.#takeSign('-')) left = whole(left) - whole(this.#product());
      else return left;
    }
  }

  #product(): Value {
    let left = this.#postfix();
    for (;;) {
      if (this.#takeSign('*')) {
        const right = this.#postfix();
        left = typeof left === 'string' ? left.repeat(Math.max(0, whole(right))) : whole(left) * whole(right);
      } else if (this.#takeSign('%')) left = floorMod(whole(left), whole(this.#postfix()));
      else if (this.#takeSign('//')) left = Math.floor(whole(left) / nonZero(whole(this.#postfix())));
      else return left;
    }
  }

  #postfix(): Value {
    let value = this.#primary();
    for (;;) {
      if (this.#takeSign('[')) value = this.#slice(value);
      else if (this.#takeSign('.')) value = this.#method(value, this.#expect('name'));
      else return value;
    }
  }

  /** `[i]`, `[a:b]`, `[::s]`. */
  #slice(of: Value): Value {
    if (typeof of !== 'string' && !isList(of)) throw new ProgramError('slice');
    const parts: (number | null)[] = [null];
    while (!this.#takeSign(']')) {
      if (this.#takeSign(':')) parts.push(null);
      else parts[parts.length - 1] = whole(this.#sum());
    }
    const [from, to, step] = parts;
    if (parts.length === 1) {
      const index = (from ?? 0) < 0 ? of.length + (from ?? 0) : from ?? 0;
      const found = of[index];
      if (found === undefined) throw new ProgramError('index');
      return found;
    }
    const stride = step ?? 1;
    const clip = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value < 0 ? value + of.length : value));
    const [begin, end] = stride > 0 ? [clip(from ?? 0, 0, of.length), clip(to ?? of.length, 0, of.length)] : [from === null || from === undefined ? of.length - 1 : clip(from, -1, of.length - 1), to === null || to === undefined ? -1 : clip(to, -1, of.length - 1)];
    const taken: Value[] = [];
    if (stride === 0) throw new ProgramError('step');
    for (let i = begin; stride > 0 ? i < end : i > end; i += stride) taken.push(of[i] as Value);
    return typeof of === 'string' ? taken.join('') : taken;
  }

  #method(of: Value, name: string): Value {
    const given = this.#arguments();
    const [first, second] = given.values;
    if (isList(of)) {
      if (name === 'count' && first !== undefined) return of.filter((each) => same(each, first)).length;
      if (name === 'index' && first !== undefined) return found(of.findIndex((each) => same(each, first)));
      throw new ProgramError(name);
    }
    if (typeof of !== 'string') throw new ProgramError(name);
    switch (name) {
      case 'upper': return of.toUpperCase();
      case 'lower': return of.toLowerCase();
      case 'replace': return of.split(text(first)).join(text(second));
      case 'count': return of.split(text(first)).length - 1;
      case 'index': return found(of.indexOf(text(first)));
      case 'join': return list(first).map(text).join(of);
      default: throw new ProgramError(name);
    }
  }

  #primary(): Value {
    const token = this.tokens[this.#at];
    if (token === undefined) throw new ProgramError('end');
    this.#at += 1;
    if (token.type === 'number') return Number(token.text);
    if (token.type === 'text') return token.text;
    if (token.type === 'name') return this.#named(token.text);
    if (token.text === '-') return -whole(this.#postfix());
    if (token.text === '(') {
      const value = this.#expression();
      this.#sign(')');
      return value;
    }
    if (token.text === '[') return this.#elements(']');
    throw new ProgramError(token.text);
  }

  #named(name: string): Value {
    const value = this.scope.get(name);
    if (value !== undefined) return value;
    if (name === 'True' || name === 'False') return name === 'True';
    if (name === 'dict') {
      this.#sign('.');
      if (this.#expect('name') !== 'fromkeys') throw new ProgramError('dict');
      const all = list(this.#arguments().values[0]);
      return all.filter((each, index) => all.findIndex((other) => same(each, other)) === index);
    }
    const { values: [first], reverse } = this.#arguments();
    switch (name) {
      case 'len': return typeof first === 'string' ? first.length : list(first).length;
      case 'list': return typeof first === 'string' ? [...first] : list(first);
      case 'sum': return list(first).reduce<number>((total, each) => total + whole(each), 0);
      case 'max': case 'min': {
        const all = list(first).map(whole);
        if (all.length === 0) throw new ProgramError(name);
        return name === 'max' ? Math.max(...all) : Math.min(...all);
      }
      case 'sorted': return sorted(typeof first === 'string' ? [...first] : list(first), reverse);
      default: throw new ProgramError(name);
    }
  }

  #arguments(): { readonly values: readonly Value[]; readonly reverse: boolean } {
    this.#sign('(');
    const values: Value[] = [];
    let reverse = false;
    while (!this.#takeSign(')')) {
      const [name, equals] = [this.tokens[this.#at], this.tokens[this.#at + 1]];
      if (name?.text === 'reverse' && equals?.text === '=') {
        this.#at += 2;
        reverse = truth(this.#expression());
      } else {
        const body = this.#at;
        if (this.#isComprehension(body)) values.push(this.#comprehension(body));
        else values.push(this.#expression());
      }
      if (!this.#takeSign(',') && this.tokens[this.#at]?.text !== ')') throw new ProgramError(')');
    }
    return { values, reverse };
  }

  #elements(close: string): readonly Value[] {
    const body = this.#at;
    if (this.#isComprehension(body)) {
      const made = this.#comprehension(body);
      this.#sign(close);
      return made;
    }
    const values: Value[] = [];
    while (!this.#takeSign(close)) {
      values.push(this.#expression());
      if (!this.#takeSign(',') && this.tokens[this.#at]?.text !== close) throw new ProgramError(close);
    }
    return values;
  }

  /** Whether a `for` stands at this depth before the bracket closes. */
  #isComprehension(from: number): boolean {
    let depth = 0;
    for (let at = from; at < this.tokens.length; at++) {
      const token = this.tokens[at] as Token;
      if (token.type === 'sign' && '(['.includes(token.text)) depth += 1;
      if (token.type === 'sign' && ')]'.includes(token.text) && --depth < 0) return false;
      if (depth === 0 && token.type === 'name' && token.text === 'for') return true;
    }
    return false;
  }

  /** `body for name in list if condition`; ends before the closing bracket. */
  #comprehension(body: number): readonly Value[] {
    let depth = 0;
    this.#at = body;
    while (!(depth === 0 && this.tokens[this.#at]?.type === 'name' && this.tokens[this.#at]?.text === 'for')) {
      const token = this.tokens[this.#at];
      if (token?.type === 'sign' && '(['.includes(token.text)) depth += 1;
      if (token?.type === 'sign' && ')]'.includes(token.text)) depth -= 1;
      this.#at += 1;
    }
    this.#at += 1;
    const name = this.#expect('name');
    if (!this.#takeName('in')) throw new ProgramError('in');
    const over = this.#sum();
    const items = typeof over === 'string' ? [...over] : list(over);
    const condition = this.#takeName('if') ? this.#at : null;
    const before = this.scope.get(name);
    const made: Value[] = [];
    let end = this.#at;
    // With nothing to go over, the condition still has to be read to its end.
    for (const item of items.length === 0 ? [null] : items) {
      this.scope.set(name, item ?? 0);
      let fits = item !== null;
      if (condition !== null) {
        this.#at = condition;
        const value = item === null ? this.#skip() : this.#expression();
        fits = item !== null && truth(value);
        end = this.#at;
      }
      if (!fits) continue;
      this.#at = body;
      made.push(this.#expression());
    }
    if (before === undefined) this.scope.delete(name);
    else this.scope.set(name, before);
    this.#at = end;
    return made;
  }

  /** Past a condition that nothing is tested with. */
  #skip(): boolean {
    let depth = 0;
    for (; this.#at < this.tokens.length; this.#at++) {
      const { type, text: sign } = this.tokens[this.#at] as Token;
      if (type === 'sign' && '(['.includes(sign)) depth += 1;
      if (type === 'sign' && ')]'.includes(sign) && --depth < 0) break;
    }
    return false;
  }

  #step(): void {
    if (--this.budget.steps < 0) throw new ProgramError('steps');
  }

  #expect(type: Token['type']): string {
    const token = this.tokens[this.#at];
    if (token?.type !== type || (type === 'name' && KEYWORDS.has(token.text))) throw new ProgramError(type);
    this.#at += 1;
    return token.text;
  }

  #sign(sign: string): void {
    if (!this.#takeSign(sign)) throw new ProgramError(sign);
  }

  #takeSign(sign: string): boolean {
    const token = this.tokens[this.#at];
    const is = token?.type === 'sign' && token.text === sign;
    if (is) this.#at += 1;
    return is;
  }

  #takeName(name: string): boolean {
    const token = this.tokens[this.#at];
    const is = token?.type === 'name' && token.text === name;
    if (is) this.#at += 1;
    return is;
  }

  #end(): void {
    if (this.#at !== this.tokens.length) throw new ProgramError('more');
  }
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

function whole(value: Value | undefined): number {
  if (typeof value !== 'number') throw new ProgramError('number');
  return value;
}

function nonZero(value: number): number {
  if (value === 0) throw new ProgramError('zero');
  return value;
}

function text(value: Value | undefined): string {
  if (typeof value !== 'string') throw new ProgramError('text');
  return value;
}

function list(value: Value | undefined): readonly Value[] {
  if (value === undefined || !isList(value)) throw new ProgramError('list');
  return value;
}

function truth(value: Value): boolean {
  return typeof value === 'boolean' ? value : typeof value === 'number' ? value !== 0 : value.length > 0;
}

function found(index: number): number {
  if (index < 0) throw new ProgramError('index');
  return index;
}

function floorMod(a: number, b: number): number {
  return ((a % nonZero(b)) + b) % b;
}

function same(a: Value, b: Value): boolean {
  return isList(a) && isList(b) ? a.length === b.length && a.every((each, index) => same(each, b[index] ?? '')) : a === b;
}

function contains(all: Value, one: Value): boolean {
  return typeof all === 'string' ? all.includes(text(one)) : list(all).some((each) => same(each, one));
}

function compare(sign: '==' | '!=' | '<=' | '>=' | '<' | '>', a: Value, b: Value): boolean {
  if (sign === '==' || sign === '!=') return same(a, b) === (sign === '==');
  const order = typeof a === 'string' && typeof b === 'string' ? (a < b ? -1 : a > b ? 1 : 0) : Math.sign(whole(a) - whole(b));
  return sign === '<' ? order < 0 : sign === '>' ? order > 0 : sign === '<=' ? order <= 0 : order >= 0;
}

/** Stable, by insertion. */
function sorted(values: readonly Value[], reverse: boolean): readonly Value[] {
  const done: Value[] = [];
  for (const value of values) {
    let at = done.length;
    while (at > 0 && compare(reverse ? '<' : '>', done[at - 1] as Value, value)) at -= 1;
    done.splice(at, 0, value);
  }
  return done;
}
