/** What a kind of synthetic problem is: how it is made and, apart from that, how an answer to it is proved. */
import type { Bindings } from '../symbolic/expression.ts';
import type { Draw } from '../draw.ts';
import type { Voice } from './voice.ts';

export type Difficulty = 1 | 2 | 3 | 4 | 5;
export type Tongue = 'en' | 'zh';
export type Bilingual = readonly [english: string, chinese: string];

export interface Draft<Statement> {
  /** What is asked, without words: two problems with the same statement are the same problem. */
  readonly statement: Statement;
  readonly prompt: string;
  readonly think: string;
  /** What the student is to say after thinking; holds `gold`. */
  readonly answer: string;
  readonly gold: string;
  /** Values of the variables that the steps speak of, where they have one: the steps are checked with them. */
  readonly values?: Bindings;
}

export interface ProblemKind<Statement> {
  readonly name: string;
  readonly task: 'maths' | 'logic' | 'code';
  readonly about: Bilingual;
  /** What grows from 1 to 5. */
  readonly grows: Bilingual;
  /** How check() works, for provenance. */
  readonly proof: 'evaluation' | 'substitution' | 'enumeration' | 'numeric' | 'interpreter';
  /** Null where the numbers drawn make no good problem; another draw follows. */
  make(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<Statement> | null;
  /** Whether `gold` answers the statement: by another way than make() took, which knows nothing of make()'s numbers. */
  check(statement: Statement, gold: string): boolean;
}

/** A kind whose statement only it knows; the statement goes through JSON on the way, so nothing else can slip through. */
export interface AnyKind extends Omit<ProblemKind<never>, 'make' | 'check'> {
  make(draw: Draw, difficulty: Difficulty, voice: Voice): Draft<string> | null;
  check(statement: string, gold: string): boolean;
}

export function sealed<Statement>(kind: ProblemKind<Statement>): AnyKind {
  return {
    name: kind.name, task: kind.task, about: kind.about, grows: kind.grows, proof: kind.proof,
    make: (draw, difficulty, voice) => {
      const draft = kind.make(draw, difficulty, voice);
      return draft && { ...draft, statement: JSON.stringify(draft.statement) };
    },
    check: (statement, gold) => kind.check(JSON.parse(statement) as Statement, gold),
  };
}
