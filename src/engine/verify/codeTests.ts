/** Runs the unit tests of a code row in the sandbox. */
import type { CodeTests, DataRecord } from '../../shared/record.ts';
import type { VerifyRecipe } from '../../shared/recipeCollect.ts';
import type { VerdictReason } from '../../shared/verdicts.ts';
import type { Sandbox } from './sandbox.ts';

/** Written by the child when everything before it went well: a program that ends early by itself has not passed. */
const PASSED = 'distill-tests-passed';

/** Throws AbortError. */
export async function verifyCode(record: DataRecord, { code }: VerifyRecipe, { sandbox, signal }: { readonly sandbox?: Sandbox; readonly signal?: AbortSignal }): Promise<VerdictReason> {
  const { tests } = record;
  if (tests === undefined) return 'no-tests';
  if (code !== 'sandbox' || sandbox === undefined) return 'code-not-allowed';
  const answer = extractCode(record.answer, tests);
  if (answer === null) return 'no-code-found';
  const secret = crypto.randomUUID();
  const outcome = await sandbox.run({ language: tests.language, code: programOf(tests, answer, `${PASSED} ${secret}`) }, signal);
  switch (outcome.type) {
    case 'ended': return outcome.code === 0 && outcome.stdout.trimEnd().endsWith(`${PASSED} ${secret}`) ? 'tests-passed' : 'tests-failed';
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
