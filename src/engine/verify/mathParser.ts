/**
 * Reads LaTeX and plain mathematics into trees. It knows what final answers are made of, and refuses everything else. Length,
 * nesting and number of nodes are bounded, there is no backtracking beyond a token and no regular expression that could
 * run away: text of a model is hostile until it has been read.
 */
import { apply, number, symbol, type Expression, type Meaning, type Operation, type Relation } from './expression.ts';
import { readDigits, readProperFraction } from './literals.ts';
import { FUNCTIONS, GREEK, INVERSE, RELATIONS, WORDS } from './notation.ts';
import { NotMathematics, Scanner } from './scanner.ts';
import { over, plus, readDecimal, whole, type Rational } from './rational.ts';

const MAX_MATRIX = 400;

/** Throws NotMathematics. `text` is in plainAnswer's form. */
export function parseMathematics(text: string): Meaning {
  const parser = new Parser(text);
  const meaning = parser.answer();
  parser.end();
  return meaning;
}

class Parser extends Scanner {
  /** list := union (("," | ";" | "and" | "or" | 或 | 和) union)* */
  answer(): Meaning {
    const items = [this.union()];
    while (this.separator()) items.push(this.union());
    return items.length === 1 ? items[0] as Meaning : { type: 'list', items };
  }

  private separator(): boolean {
    this.space();
    const match = /(?:[,;]\s*(?:and\b|or\b|\\?&)?|and\b|or\b|\\?&(?!&)|\\(?:lor|vee|land)(?![A-Za-z])|或者?|和|与|及|以及)\s*/y;
    match.lastIndex = this.at;
    if (match.exec(this.text) === null) return false;
    this.at = match.lastIndex;
    return true;
  }

  private union(): Meaning {
    const items = [this.relation()];
    while (this.command('\\cup') || this.word('U')) items.push(this.relation());
    return items.length === 1 ? items[0] as Meaning : { type: 'union', items };
  }

  private relation(): Meaning {
    const sides = [this.sum()];
    const signs: Relation[] = [];
    for (let sign = this.relationSign(); sign !== null; sign = this.relationSign()) {
      signs.push(sign);
      const side = this.sum();
      // x ∈ A ∪ B is one thing that x is in.
      if (sign === 'in' && (this.command('\\cup') || this.word('U'))) {
        const items = [side, this.sum()];
        while (this.command('\\cup') || this.word('U')) items.push(this.sum());
        sides.push({ type: 'union', items });
      } else sides.push(side);
    }
    return signs.length === 0 ? sides[0] as Meaning : { type: 'relation', signs, sides };
  }

  private relationSign(): Relation | null {
    this.space();
    for (const [written, sign] of RELATIONS) {
      if (!this.text.startsWith(written, this.at)) continue;
      if (written.startsWith('\\') && /[A-Za-z]/.test(this.text[this.at + written.length] ?? '')) continue;
      this.at += written.length;
      return sign;
    }
    return null;
  }

  private sum(): Meaning {
    this.enter();
    let terms: readonly Expression[][] = [[]];
    let first = true;
    let other: Meaning | null = null;
    for (;;) {
      this.space();
      const plusMinus = this.command('\\pm') || this.command('\\mp') || this.symbols('+-') || this.symbols('+/-');
      const sign = plusMinus ? '±' : this.symbols('+') ? '+' : this.symbols('-') ? '-' : null;
      if (sign === null && !first) break;
      const term = this.product();
      if (term.type !== 'expression') {
        if (!first || sign !== null) throw new NotMathematics('syntax');
        other = term;
        break;
      }
      const value = term.value;
      // Each ± doubles the values; more than three is nobody's answer.
      if (sign === '±' && terms.length >= 8) throw new NotMathematics('too-large');
      terms = sign === '±' ? terms.flatMap((each) => [[...each, value], [...each, this.node(apply('negate', value))]])
        : terms.map((each) => [...each, sign === '-' ? this.node(apply('negate', value)) : value]);
      first = false;
    }
    this.depth -= 1;
    if (other !== null) return other;
    const values = terms.map((each) => expressionMeaning(each.length === 1 ? each[0] as Expression : this.node(apply('add', ...each))));
    return values.length === 1 ? values[0] as Meaning : { type: 'list', items: values };
  }

  private product(): Meaning {
    const first = this.power();
    if (first.type !== 'expression') return first;
    let value = first.value;
    for (;;) {
      this.space();
      if (this.command('\\cdot') || this.command('\\times') || this.symbols('*')) value = this.node(apply('multiply', value, this.signedPower()));
      else if (this.command('\\div') || this.symbols('/')) value = this.node(apply('divide', value, this.signedPower()));
      else if (this.startsFactor()) value = this.node(apply('multiply', value, this.expressionOf(this.power())));
      else return expressionMeaning(value);
    }
  }

  private signedPower(): Expression {
    this.space();
    if (this.symbols('-')) return this.node(apply('negate', this.expressionOf(this.power())));
    return this.expressionOf(this.power());
  }

  private power(): Meaning {
    const base = this.atom();
    if (base.type !== 'expression') return base;
    return expressionMeaning(this.exponents(base.value));
  }

  private exponents(base: Expression): Expression {
    let value = base;
    for (;;) {
      this.space();
      if (this.symbols('**')) value = this.node(apply('power', value, this.signedPower()));
      else if (this.symbols('^')) value = this.node(apply('power', value, this.exponent()));
      else if (this.symbols('!')) value = this.node(apply('factorial', value));
      else if (this.symbols('°')) value = this.node(apply('multiply', value, apply('divide', symbol('pi'), number(whole(180)))));
      else return value;
    }
  }

  private exponent(): Expression {
    this.space();
    if (this.text[this.at] === '{') return this.braced();
    if (this.symbols('-')) return this.node(apply('negate', this.expressionOf(this.power())));
    // Powers of powers are read from the right.
    return this.expressionOf(this.power());
  }

  private startsFactor(): boolean {
    const char = this.text[this.at] ?? '';
    if (/^(?:and|or|U)\b/.test(this.text.slice(this.at, this.at + 4))) return false;
    if (/[A-Za-z0-9.([{]/.test(char)) return true;
    if (char !== '\\') return false;
    return !/^\\(?:cup|cap|le|leq|leqslant|ge|geq|geqslant|lt|gt|ne|neq|in|pm|mp|cdot|times|div|approx|equiv|end|lor|vee|land|\\|\}|&|mid|rfloor|rceil|rvert)(?![A-Za-z])/.test(this.text.slice(this.at, this.at + 12));
  }

  private atom(): Meaning {
    this.enter();
    this.space();
    const meaning = this.atomInside();
    this.depth -= 1;
    return meaning;
  }

  private atomInside(): Meaning {
    const char = this.text[this.at] ?? '';
    if (/[0-9.]/.test(char)) return this.numeral();
    if (char === '(' || char === '[') return this.group(char);
    if (char === '{' || this.text.startsWith('\\{', this.at)) return this.set();
    if (char === '|') return this.absolute();
    if (char === '\\') return this.macro();
    if (/[A-Za-z]/.test(char)) return this.letters();
    throw new NotMathematics('syntax');
  }

  private numeral(): Meaning {
    const digits = this.literal();
    this.enterNode();
    const overline = /\s*\\(?:overline|dot|bar)\s*\{(\d{1,30})\}/y;
    overline.lastIndex = this.at;
    const repeated = digits.includes('.') ? overline.exec(this.text) : null;
    let value = readDecimal(digits);
    if (value === null) throw new NotMathematics(digits.length > 100 ? 'too-large' : 'syntax');
    if (repeated !== null) {
      this.at = overline.lastIndex;
      const period = repeated[1] ?? '';
      const shift = 10n ** BigInt(digits.length - digits.indexOf('.') - 1);
      value = plus(value, { top: BigInt(period), bottom: shift * (10n ** BigInt(period.length) - 1n) }) ?? value;
      return expressionMeaning(number(over(value, whole(1)) ?? value));
    }
    const based = /\s?_\s*(?:\{\s*(\d{1,2})\s*\}|(\d{1,2}))/y;
    based.lastIndex = this.at;
    const base = based.exec(this.text);
    if (base !== null) {
      this.at = based.lastIndex;
      return basedMeaning(digits, Number(base[1] ?? base[2]));
    }
    const mixed = this.mixed(digits);
    return expressionMeaning(number(mixed === null ? value : plus(value, mixed) ?? value));
  }

  private literal(): string {
    const found = readDigits(this.text, this.at, this.brackets > 0);
    if (found === null) throw new NotMathematics('syntax');
    this.at = found.end;
    return found.digits;
  }

  private mixed(digits: string): Rational | null {
    const found = /^\d+$/.test(digits) ? readProperFraction(this.text, this.at) : null;
    if (found === null) return null;
    this.at = found.end;
    return found.value;
  }

  private group(open: '(' | '['): Meaning {
    this.at += 1;
    const items = this.items();
    const close = this.text[this.at];
    if (close !== ')' && close !== ']') throw new NotMathematics('syntax');
    this.at += 1;
    const [only] = items;
    const matches = (open === '(') === (close === ')');
    if (items.length === 1 && only !== undefined && matches && only.type !== 'list') return only.type === 'expression' || open === '(' ? only : { type: 'group', open, close, items };
    return { type: 'group', open, close, items: items.length === 1 && only?.type === 'list' ? only.items : items };
  }

  private set(): Meaning {
    const escaped = this.text[this.at] === '\\';
    this.at += escaped ? 2 : 1;
    this.space();
    const end = escaped ? '\\}' : '}';
    if (this.symbols(end)) return { type: 'group', open: '{', close: '}', items: [] };
    const items = this.items();
    this.space();
    if (!this.symbols(end) && !this.symbols('}')) throw new NotMathematics('syntax');
    const [only] = items;
    // LaTeX's own braces only group: {x}^2.
    if (!escaped && items.length === 1 && only !== undefined && only.type !== 'list') return only;
    return { type: 'group', open: '{', close: '}', items: items.length === 1 && only?.type === 'list' ? only.items : items };
  }

  private items(): Meaning[] {
    this.brackets += 1;
    const items = [this.itemOfGroup()];
    while (this.comma()) items.push(this.itemOfGroup());
    this.space();
    this.brackets -= 1;
    return items;
  }

  private comma(): boolean {
    this.space();
    const separated = this.symbols(',') || this.symbols(';');
    if (separated) this.space();
    return separated;
  }

  private itemOfGroup(): Meaning {
    this.enter();
    const item = this.union();
    this.depth -= 1;
    return item;
  }

  private absolute(): Meaning {
    this.at += 1;
    const value = this.expressionOf(this.sum());
    this.space();
    if (!this.symbols('|')) throw new NotMathematics('syntax');
    return expressionMeaning(this.node(apply('abs', value)));
  }

  private macro(): Meaning {
    const [written, name] = /^\\([A-Za-z]+)/.exec(this.text.slice(this.at, this.at + 24)) ?? [];
    if (written === undefined || name === undefined) throw new NotMathematics('syntax');
    this.at += written.length;
    this.space();
    switch (name) {
      case 'frac': {
        const top = this.argument();
        return expressionMeaning(this.node(apply('divide', top, this.argument())));
      }
      case 'sqrt': return expressionMeaning(this.root());
      case 'binom': case 'dbinom': case 'tbinom': {
        const top = this.argument();
        return expressionMeaning(this.node(apply('binomial', top, this.argument())));
      }
      case 'pi': return expressionMeaning(symbol('pi'));
      case 'infty': return expressionMeaning(symbol('infinity'));
      case 'emptyset': case 'varnothing': return { type: 'group', open: '{', close: '}', items: [] };
      case 'lfloor': case 'lceil': {
        const value = this.expressionOf(this.sum());
        if (!this.command(name === 'lfloor' ? '\\rfloor' : '\\rceil')) throw new NotMathematics('syntax');
        return expressionMeaning(this.node(apply(name === 'lfloor' ? 'floor' : 'ceil', value)));
      }
      case 'lvert': {
        const value = this.expressionOf(this.sum());
        if (!this.command('\\rvert')) throw new NotMathematics('syntax');
        return expressionMeaning(this.node(apply('abs', value)));
      }
      case 'begin': return this.environment();
      case 'mathbb': {
        const [set, letter] = /^\{([A-Z])\}/.exec(this.text.slice(this.at, this.at + 3)) ?? [];
        if (set === undefined) throw new NotMathematics('syntax');
        this.at += set.length;
        return expressionMeaning(symbol(`set of ${letter ?? ''}`));
      }
      case 'overline': case 'vec': case 'hat': case 'bar': return expressionMeaning(symbol(`${name} ${JSON.stringify(this.argument())}`));
      default: {
        const operation = FUNCTIONS[name];
        if (operation !== undefined) return expressionMeaning(this.functionOf(name, operation));
        if (GREEK.has(name)) return expressionMeaning(this.subscripted(name));
        throw new NotMathematics('syntax');
      }
    }
  }

  private root(): Expression {
    let degree: Expression = number(whole(2));
    if (this.text[this.at] === '[') {
      this.at += 1;
      degree = this.expressionOf(this.sum());
      if (!this.symbols(']')) throw new NotMathematics('syntax');
    }
    this.space();
    const radicand = this.text[this.at] === '{' ? this.braced() : this.expressionOf(this.atom());
    return this.node(apply('root', radicand, degree));
  }

  /** In LaTeX \frac43 is 4/3: an argument without braces is one character. */
  private argument(): Expression {
    this.space();
    const char = this.text[this.at] ?? '';
    if (char === '{') return this.braced();
    if (/\d/.test(char)) {
      this.at += 1;
      return this.node(number(whole(BigInt(char))));
    }
    if (/[A-Za-z]/.test(char)) {
      this.at += 1;
      return this.node(symbol(char));
    }
    return this.expressionOf(this.atom());
  }

  private braced(): Expression {
    this.at += 1;
    const value = this.expressionOf(this.sum());
    this.space();
    if (!this.symbols('}')) throw new NotMathematics('syntax');
    return value;
  }

  private letters(): Meaning {
    const [run = ''] = /^[A-Za-z]+/.exec(this.text.slice(this.at, this.at + 64)) ?? [];
    const lower = run.toLowerCase();
    const name = Object.keys(FUNCTIONS).filter((each) => lower.startsWith(each)).sort((a, b) => b.length - a.length)[0];
    if (name !== undefined && (lower === name || (name.length >= 3 && lower.length === name.length + 1))) {
      this.at += name.length;
      return expressionMeaning(this.functionOf(name, FUNCTIONS[name] as Operation));
    }
    const word = WORDS[lower];
    if (word !== undefined) {
      this.at += run.length;
      return expressionMeaning(symbol(word));
    }
    // A product of single letters is written in the alphabet's order (abc, xy); everything else that long is a word.
    if (run.length >= 3 && [...run].some((char, i) => i > 0 && char <= (run[i - 1] ?? ''))) throw new NotMathematics('syntax');
    if (run.length >= 5) throw new NotMathematics('syntax');
    this.at += 1;
    return expressionMeaning(this.subscripted(run[0] ?? ''));
  }

  private subscripted(name: string): Expression {
    this.enterNode();
    const subscript = /\s?_\s*(?:\{([A-Za-z0-9, +-]{1,12})\}|([A-Za-z0-9]))/y;
    subscript.lastIndex = this.at;
    const match = subscript.exec(this.text);
    if (match === null) return symbol(name);
    this.at = subscript.lastIndex;
    return symbol(`${name}_${match[1] ?? match[2] ?? ''}`);
  }

  private functionOf(name: string, operation: Operation): Expression {
    this.enter();
    this.space();
    if (operation === 'root') {
      const root = name === 'cbrt' ? apply('root', this.expressionOf(this.atom()), number(whole(3))) : this.root();
      this.depth -= 1;
      return this.node(root);
    }
    let base: Expression | null = name === 'lg' ? number(whole(10)) : null;
    if (operation === 'log' && this.symbols('_')) base = this.argument();
    this.space();
    let exponent: Expression | null = null;
    if (this.symbols('^')) exponent = this.exponent();
    this.space();
    const braced = this.text[this.at] === '{';
    const inside = braced ? this.braced() : this.text[this.at] === '(' ? this.expressionOf(this.atom()) : this.functionArgument();
    this.depth -= 1;
    const inverse = exponent?.type === 'apply' && exponent.operation === 'negate' ? INVERSE[operation] : undefined;
    if (inverse !== undefined) return this.node(apply(inverse, inside));
    const value = this.node(operation === 'log' ? apply('log', inside, base ?? number(whole(10))) : apply(operation, inside));
    return exponent === null ? value : this.node(apply('power', value, exponent));
  }

  /** Without brackets a function takes the product that follows: sin 2x, but sin x cos y are two. */
  private functionArgument(): Expression {
    let value = this.expressionOf(this.power());
    for (;;) {
      this.space();
      const next = this.text.slice(this.at, this.at + 8);
      if (this.startsFactor() && !/^(?:\\?(?:sin|cos|tan|cot|sec|csc|ln|log|exp)|\()/.test(next)) value = this.node(apply('multiply', value, this.expressionOf(this.power())));
      else return value;
    }
  }

  private environment(): Meaning {
    const [opening, name] = /^\{\s*([pbvBV]?matrix|smallmatrix|array)\s*\}(?:\{[lcr| ]*\})?/.exec(this.text.slice(this.at, this.at + 40)) ?? [];
    if (opening === undefined || name === undefined) throw new NotMathematics('syntax');
    this.at += opening.length;
    const rows: Expression[][] = [[]];
    for (let cells = 0; cells <= MAX_MATRIX; cells += 1) {
      this.space();
      const closing = new RegExp(String.raw`\\end\s*\{\s*${name}\s*\}`, 'y');
      closing.lastIndex = this.at;
      if (closing.exec(this.text) !== null) {
        this.at = closing.lastIndex;
        return matrixMeaning(rows.filter((row) => row.length > 0));
      }
      (rows.at(-1) as Expression[]).push(this.expressionOf(this.sum()));
      this.space();
      if (this.symbols('\\\\')) rows.push([]);
      else this.symbols('&');
    }
    throw new NotMathematics('too-large');
  }

  private expressionOf(meaning: Meaning): Expression {
    if (meaning.type !== 'expression') throw new NotMathematics('syntax');
    return meaning.value;
  }
}

function expressionMeaning(value: Expression): Meaning {
  return { type: 'expression', value, unit: null };
}

function matrixMeaning(rows: readonly (readonly Expression[])[]): Meaning {
  const width = rows[0]?.length ?? 0;
  if (width === 0 || rows.some((row) => row.length !== width)) throw new NotMathematics('syntax');
  return { type: 'matrix', rows };
}

/** Digits above 9 are written as letters, which is nobody's final answer here: bases up to ten, and decimal digits of larger ones. */
function basedMeaning(digits: string, base: number): Meaning {
  if (!/^\d+$/.test(digits) || base < 2 || base > 36 || [...digits].some((digit) => Number(digit) >= base)) throw new NotMathematics('syntax');
  const value = [...digits].reduce((sum, digit) => sum * BigInt(base) + BigInt(digit), 0n);
  return { type: 'based', digits: digits.replace(/^0+(?=.)/, ''), base, value: whole(value) };
}
