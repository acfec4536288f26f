/**
 * The names under which people's files keep a question, its reasoning, its answer and its reference: the one list that
 * reading, guessing a new project's fields and importing recordings share. In the order in which they are looked for.
 */
export const FIELD_NAMES = {
  prompt: ['prompt', 'question', 'problem', 'instruction', 'query', 'input'],
  think: ['think', 'reasoning', 'reasoning_content', 'thinking', 'thinking_process', 'thoughts', 'rationale', 'cot', 'chain_of_thought', 'complex_cot'],
  /** What a model or a person answered, alone or with its reasoning in tags. */
  answer: ['answer', 'response', 'output', 'completion', 'generated_text', 'generation', 'final_answer', 'text', 'content'],
  /** A worked solution, which ends with the answer. */
  solution: ['solution'],
  gold: ['gold', 'golden', 'gold_answer', 'label', 'reference', 'reference_answer', 'expected', 'ground_truth', 'correct_answer', 'answer_key', 'answerkey'],
  /** What the question is about, where it stands apart. */
  context: ['context', 'passage', 'article', 'background'],
  options: ['options', 'choices'],
  /** The right option, by letter, text or index. */
  choice: ['answer', 'answerkey', 'answer_key', 'correct_option', 'answer_index', 'answer_idx', 'label', 'gold', 'golden'],
  conversation: ['messages', 'conversations', 'conversation', 'dialogue'],
  /** A whole conversation as one text, with a chat template's marks. */
  templated: ['text', 'content'],
} as const satisfies Record<string, readonly string[]>;

/** What a recorder of a model's output calls the whole of it, reasoning in tags included. */
export const WHOLE_OUTPUT_NAMES: readonly string[] = ['response', 'output', 'completion', 'generated_text', 'generation', 'text', 'content'];

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field of a row that has one of the names, as they are or, failing that, in other letters (`Question`); null where none has. */
export function namedField(row: JsonObject, names: readonly string[], fits: (value: unknown) => boolean): string | null {
  const exact = names.find((name) => Object.hasOwn(row, name) && fits(row[name]));
  if (exact !== undefined) return exact;
  const keys = Object.keys(row);
  for (const name of names) {
    const key = keys.find((each) => each.toLowerCase() === name && fits(row[each]));
    if (key !== undefined) return key;
  }
  return null;
}

/** Text that says something, or a number. */
export function isWritten(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}
