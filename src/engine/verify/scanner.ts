/** Moves along a mathematical text, and counts: its length, nesting and number of nodes are bounded. */
import type { Expression } from './expression.ts';

const MAX_LENGTH = 2000;
const MAX_DEPTH = 60;
const MAX_NODES = 1500;

/** The text is no mathematics that we read, or goes over a bound. */
export class NotMathematics extends Error {
  constructor(readonly reason: 'syntax' | 'too-large') {
    super(reason);
    this.name = 'NotMathematics';
  }
}

export class Scanner {
  protected at = 0;
  protected depth = 0;
  protected nodes = 0;
  /** Brackets that are open: within them a comma parts, and 1,234 are two numbers. */
  protected brackets = 0;

  constructor(protected readonly text: string) {
    if (text.length > MAX_LENGTH) throw new NotMathematics('too-large');
  }

  /** Throws where something is left. */
  end(): void {
    this.space();
    if (this.at < this.text.length) throw new NotMathematics('syntax');
  }

  /** Counts what is made. */
  protected node(expression: Expression): Expression {
    this.enterNode();
    return expression;
  }

  protected enterNode(): void {
    this.nodes += 1;
    if (this.nodes > MAX_NODES) throw new NotMathematics('too-large');
  }

  /** Goes one level deeper; whoever does it comes back by `depth -= 1`. */
  protected enter(): void {
    this.depth += 1;
    if (this.depth > MAX_DEPTH) throw new NotMathematics('too-large');
  }

  protected space(): void {
    while (this.text[this.at] === ' ') this.at += 1;
  }

  /** Takes the signs that stand here; false where others do. */
  protected symbols(written: string): boolean {
    this.space();
    if (!this.text.startsWith(written, this.at)) return false;
    this.at += written.length;
    return true;
  }

  /** Takes a LaTeX command, whole. */
  protected command(written: string): boolean {
    this.space();
    if (!this.text.startsWith(written, this.at) || /[A-Za-z]/.test(this.text[this.at + written.length] ?? '')) return false;
    this.at += written.length;
    return true;
  }

  /** Takes a word, whole. */
  protected word(written: string): boolean {
    this.space();
    if (!this.text.startsWith(written, this.at) || /\w/.test(this.text[this.at + written.length] ?? '') || /\w/.test(this.text[this.at - 1] ?? '')) return false;
    this.at += written.length;
    return true;
  }
}
