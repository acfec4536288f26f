/** HumanEval (MIT, OpenAI) as code rows: its own solutions, and mistakes made in them that its own tests must find. */
import { NO_PROVENANCE, type DataRecord } from '../../src/shared/record.ts';

export interface CodeItem {
  readonly record: DataRecord;
  readonly wrongs: readonly string[];
}

export function humanEvalRecords(jsonl: string): readonly CodeItem[] {
  return jsonl.trim().split('\n').map((line) => {
    const { task_id, prompt, canonical_solution, test, entry_point } = JSON.parse(line) as Record<'task_id' | 'prompt' | 'canonical_solution' | 'test' | 'entry_point', string>;
    const record: DataRecord = {
      format: 1, id: task_id, prompt, think: '', answer: `Here it is:\n\n\`\`\`python\n${prompt}${canonical_solution}\`\`\`\n`, gold: null, task: 'code',
      tests: { language: 'python', prelude: prompt, code: `${test}\ncheck(${entry_point})`, entry: entry_point }, provenance: NO_PROVENANCE,
    };
    return { record, wrongs: wrongSolutions(prompt, entry_point) };
  });
}

/** Answers that no test may let pass: nothing returned, a constant, an early end, an error that is swallowed. */
function wrongSolutions(prompt: string, entry: string): readonly string[] {
  const body = (code: string): string => `\`\`\`python\n${prompt}    ${code}\n\`\`\``;
  return [body('return None'), body('return "distill"'), body('import sys; sys.exit(0)'), body('import os; os._exit(0)'), `\`\`\`python\n${entry} = None\n\`\`\``, body('raise ValueError')];
}
