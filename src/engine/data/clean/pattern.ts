/**
 * Rule `pattern`: rows whose prompt matches a person's regular expression. Such a pattern can take for ever on an unlucky text
 * ("(a+)+$"): it runs with a limit of time, by whose end the machine breaks the matching off.
 */
import vm from 'node:vm';
import { DistillError } from '../../../shared/messages.ts';

/** A pattern that is worth having takes microseconds a prompt. */
const BATCH_MS = 1000;

export interface PromptPattern {
  /** Which prompts match. Throws DistillError `clean-pattern-slow` naming the prompt that it got lost in. */
  test(prompts: readonly string[]): readonly boolean[];
}

/** Throws DistillError `clean-pattern-invalid`. */
export function promptPattern(pattern: string): PromptPattern {
  try {
    new RegExp(pattern, 'iu');
  } catch (error) {
    throw new DistillError('clean-pattern-invalid', { pattern, detail: error instanceof Error ? error.message : String(error) }, { cause: error });
  }
  const sandbox = vm.createContext({ pattern, prompts: [] as readonly string[] }, { codeGeneration: { strings: false, wasm: false } });
  const script = new vm.Script('{ const expression = new RegExp(pattern, "iu"); Array.from(prompts, (prompt) => expression.test(prompt)); }');
  const run = (prompts: readonly string[]): readonly boolean[] => {
    sandbox['prompts'] = prompts;
    return [...script.runInContext(sandbox, { timeout: BATCH_MS }) as boolean[]];
  };
  return {
    test(prompts) {
      try {
        return run(prompts);
      } catch (error) {
        if (!isTimeout(error)) throw error;
      }
      // Many prompts may be slow together: each by itself, the pattern's own fault shows.
      return prompts.map((prompt) => {
        try {
          return run([prompt])[0] === true;
        } catch (error) {
          if (isTimeout(error)) throw new DistillError('clean-pattern-slow', { pattern, prompt: prompt.slice(0, 80), seconds: BATCH_MS / 1000 }, { cause: error });
          throw error;
        }
      });
    },
  };
}

function isTimeout(error: unknown): boolean {
  // Of another realm: it is no Error of this one.
  return typeof error === 'object' && error !== null && (error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
