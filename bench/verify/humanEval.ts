/** HumanEval (MIT, OpenAI) as code rows: its own solutions, and changed ones that its own tests must find. */
import { NO_PROVENANCE, type DataRecord } from '../../src/shared/record.ts';

export interface CodeItem {
  readonly record: DataRecord;
  /** The first returns another value than the right one, whatever that is. */
  readonly wrongs: readonly string[];
}

export function humanEvalRecords(jsonl: string): readonly CodeItem[] {
  return jsonl.trim().split('\n').map((line) => {
    const { task_id, prompt, canonical_solution, test, entry_point } = JSON.parse(line) as Record<'task_id' | 'prompt' | 'canonical_solution' | 'test' | 'entry_point', string>;
    const solution = `${prompt}${canonical_solution}`;
    const record: DataRecord = {
      format: 1, id: task_id, prompt, think: '', answer: `Here it is:\n\n\`\`\`python\n${solution}\`\`\`\n`, gold: null, task: 'code',
      tests: { language: 'python', prelude: prompt, code: `${test}\ncheck(${entry_point})`, entry: entry_point }, provenance: NO_PROVENANCE,
    };
    const body = (code: string): string => `\`\`\`python\n${prompt}    ${code}\n\`\`\``;
    return { record, wrongs: [`\`\`\`python\n${solution}\n${changed(entry_point)}\`\`\``, body('return None'), body('import os; os._exit(0)')] };
  });
}

/** The right solution with its result changed: a number by one, the opposite of a truth value, one item or character more. */
function changed(entry: string): string {
  return `
_right = ${entry}

def _other(value):
    if value is None:
        return 0
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return value + [0]
    if isinstance(value, tuple):
        return tuple(_other(each) for each in value)
    if isinstance(value, dict):
        return {**value, "distill": 0}
    return None

def ${entry}(*arguments):
    return _other(_right(*arguments))
`;
}
