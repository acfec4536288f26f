/** Runs the unit tests of a code row in the sandbox. */
import type { CodeTests, DataRecord } from '../../shared/record.ts';
import type { VerifyRecipe } from '../../shared/recipeCollect.ts';
import type { VerdictReason } from '../../shared/verdicts.ts';
import type { Sandbox, SandboxOutcome } from './sandbox.ts';

/** Written by the child when everything before it went well: a program that ends early by itself has not passed. */
const PASSED = 'distill-tests-passed';

export interface CodeVerdict {
  readonly reason: VerdictReason;
  /** What the interpreter said of the test that failed; null where none did. */
  readonly failure: string | null;
}

interface CodeTools {
  readonly sandbox?: Sandbox;
  readonly signal?: AbortSignal;
}

/** Throws AbortError. */
export async function verifyCode(record: DataRecord, recipe: VerifyRecipe, tools: CodeTools): Promise<VerdictReason> {
  return (await judgeCode(record, recipe, tools)).reason;
}

/** Throws AbortError. */
export async function judgeCode({ tests, answer: text }: DataRecord, { code }: VerifyRecipe, { sandbox, signal }: CodeTools): Promise<CodeVerdict> {
  if (tests === undefined) return { reason: 'no-tests', failure: null };
  if (code !== 'sandbox' || sandbox === undefined) return { reason: 'code-not-allowed', failure: null };
  const answer = extractCode(text, tests);
  if (answer === null) return { reason: 'no-code-found', failure: null };
  const passed = `${PASSED} ${crypto.randomUUID()}`;
  const program = programOf(tests, answer, passed);
  const outcome = await sandbox.run({ language: tests.language, code: program }, signal);
  const reason = reasonOf(outcome, passed);
  return { reason, failure: reason === 'tests-failed' && outcome.type === 'ended' ? failureOf(outcome.stderr, program) : null };
}

/** The error, and the line of the program that it is about: `AssertionError: assert one() == 1`. */
function failureOf(stderr: string, program: string): string | null {
  const lines = stderr.slice(-STDERR_READ).split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const error = lines.findLast((line) => /^[A-Za-z_.]*(?:Error|Exception|Exit|Interrupt|Warning)\b/.test(line)) ?? lines.at(-1);
  if (error === undefined) return null;
  const at = [...stderr.slice(-STDERR_READ).matchAll(/^\s*File "[^"\n]*program\.py", line (\d+)/gm)].at(-1)?.[1];
  const line = at === undefined ? '' : program.split('\n')[Number(at) - 1]?.trim() ?? '';
  return line === '' || error.includes(line) ? error : `${error}${error.includes(':') ? ' · ' : ': '}${line}`;
}

/** Characters at the end of what a program complains that are read. */
const STDERR_READ = 4000;

function reasonOf(outcome: SandboxOutcome, passed: string): VerdictReason {
  switch (outcome.type) {
    case 'ended': return outcome.code === 0 && outcome.stdout.trimEnd().endsWith(passed) ? 'tests-passed' : 'tests-failed';
    case 'timed-out': return 'tests-timed-out';
    case 'out-of-bounds': return 'tests-out-of-bounds';
    case 'unavailable': return 'sandbox-unavailable';
    case 'no-interpreter': return 'no-interpreter';
    case 'failed': return 'sandbox-failed';
  }
}

function programOf({ prelude, code, language }: CodeTests, answer: string, passed: string): string {
  const whole = answer.includes(prelude.trim()) || definesAgain(prelude, answer) ? answer : `${prelude}${answer}`;
  // Imports before the signature are needed by a whole answer, too.
  const imports = whole === answer ? `${prelude.split('\n').filter((line) => /^(?:import|from)\s/.test(line)).join('\n')}\n` : '';
  const end = language === 'python' ? `import sys as _sys\n_sys.stdout.flush()\nprint("\\n${passed}", flush=True)` : `console.log("\\n${passed}");`;
  return `${imports}${whole}\n\n${code}\n\n${end}\n`;
}

/** The answer brings the function that the prelude begins. */
function definesAgain(prelude: string, answer: string): boolean {
  const names = [...prelude.matchAll(/^(?:async\s+)?(?:def|function)\s+([A-Za-z_]\w*)/gm)].map(([, name]) => name ?? '');
  const last = names.at(-1);
  return last !== undefined && new RegExp(String.raw`^(?:export\s+)?(?:async\s+)?(?:def|function|const|let|var)\s+${last}\b`, 'm').test(answer);
}

/** Fenced code of an answer (the block that defines the function, else the longest), or the answer where it is code itself. */
export function extractCode(answer: string, { language, entry }: Pick<CodeTests, 'language' | 'entry'>): string | null {
  if (answer.trim() === '') return null;
  const blocks = fencedBlocks(answer);
  if (blocks.length > 0) {
    const defining = entry === null ? [] : blocks.filter((block) => block.includes(entry));
    const choice = (defining.length > 0 ? defining : blocks).reduce((best, block) => block.length > best.length ? block : best, '');
    return choice.trim() === '' ? null : choice;
  }
  const looksLikeCode = language === 'python' ? /^[ \t]+\S|^(?:def|class|import|from|return|for|while|if|@)\b|=/m : /^[ \t]+\S|[;{}]|=>/m;
  return looksLikeCode.test(answer) ? answer : null;
}

function fencedBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let open: string[] | null = null;
  for (const line of text.split('\n')) {
    const isFence = /^\s{0,3}(?:```|~~~)/.test(line);
    if (isFence && open === null) open = [];
    else if (isFence && open !== null) {
      blocks.push(`${open.join('\n')}\n`);
      open = null;
    } else open?.push(line);
  }
  // A block that was never closed is the rest of a cut answer.
  if (open !== null) blocks.push(`${open.join('\n')}\n`);
  return blocks;
}
