/** A project that distils any reasoning traces into any Llama-, Qwen2- or Qwen3-family folder: what `distill init` writes. */
import { FIELD_NAMES } from '../../shared/fieldNames.ts';
import type { FieldSource } from '../../shared/recipeParts.ts';
import type { Language } from '../../shared/messages.ts';

/** What was found out about the model and the data. */
export interface TracesFacts {
  readonly name: string;
  /** As they are to stand in the recipe: relative to it, or absolute. */
  readonly model: string;
  readonly data: string;
  readonly hasChatTemplate: boolean;
  readonly maxPositions: number;
  readonly fields: GuessedFields;
}

export interface GuessedFields {
  readonly prompt: FieldSource | null;
  readonly think: FieldSource | null;
  readonly answer: FieldSource | null;
  readonly gold: FieldSource | null;
}

/** A worked solution is what the student is to learn as its reasoning. */
const THINKS = [...FIELD_NAMES.think, ...FIELD_NAMES.solution];
const GOLDS = [...FIELD_NAMES.gold, 'final_answer'];
/** GSM8K's way of ending a worked solution. */
const GSM8K_MARK = '#### ';

/** Longer rows than this are seldom worth their memory on one machine; a person raises it knowingly. */
const LONGEST = 1024;

/** Guesses from a data set's first row which field holds what; null where nothing fits. */
export function guessFields(row: Readonly<Record<string, unknown>>): GuessedFields {
  const has = (names: readonly string[], but: readonly (FieldSource | null)[] = []): string | null => names.find((name) => (typeof row[name] === 'string' || typeof row[name] === 'number') && !but.includes(name)) ?? null;
  const prompt = has(FIELD_NAMES.prompt);
  const answer = has(FIELD_NAMES.answer);
  if (answer !== null && String(row[answer]).includes(`\n${GSM8K_MARK}`) && has(THINKS) === null) {
    return { prompt, think: { field: answer, before: `\n${GSM8K_MARK}` }, answer: { field: answer, after: GSM8K_MARK }, gold: { field: answer, after: GSM8K_MARK } };
  }
  return { prompt, think: has(THINKS), answer, gold: has(GOLDS, [answer]) };
}

/** distill.json with comments in the person's language. */
export function tracesRecipe({ name, model, data, hasChatTemplate, maxPositions, fields }: TracesFacts, language: Language): string {
  const text = (en: string, zh: string): string => language === 'zh-cn' ? zh : en;
  const named = Object.entries({ prompt: 'prompt', think: 'think', answer: 'answer', gold: 'gold' } as const)
    .flatMap(([key, standard]) => {
      const source = fields[key as keyof GuessedFields];
      return source === null || source === standard ? [] : [`      ${JSON.stringify(key)}: ${JSON.stringify(source)}`];
    });
  const template = hasChatTemplate ? '"chat"' : '{\n      "prompt": "Question: {prompt}\\nAnswer:",\n      "completion": " {think}\\n#### {answer}"\n    }';
  return `{
  // ${text('The traces are learnt as they are (sequence-level distillation): no teacher model is needed.', '直接学习推理轨迹（序列级蒸馏）：不需要教师模型。')}
  "format": 1,
  "name": ${JSON.stringify(name)},
  "student": { "model": ${JSON.stringify(model)} },
  "data": {
    "train": ${JSON.stringify(data)},
    // ${text('A tenth of the prompts is held out to watch the loss, another to evaluate on; one prompt is never on both sides.', '留出十分之一的问题用于观察损失，另留十分之一用于评估；同一问题不会同时出现在两侧。')}
    "validation": 0.1,
    "test": 0.1,${named.length === 0 ? '' : `\n    "fields": {\n${named.join(',\n')}\n    },`}
    // ${hasChatTemplate ? text('The model’s own chat template.', '使用模型自带的对话模板。') : text('The model has no chat template: these two texts take its place.', '该模型没有对话模板，用这两段文本代替。')}
    "template": ${template},
    // ${text('Longer rows are cut where a step of their reasoning ends; the share of such rows is printed.', '更长的行在推理步骤结束处截断，并显示其占比。')}
    "maxLength": ${String(Math.min(maxPositions, LONGEST))},
    "tooLong": "cut"
  },
  "stages": [
    {
      "type": "train",
      "name": "learn",
      "objective": "sequence",
      "optimizer": { "learningRate": 0.001 },
      "schedule": { "kind": "cosine", "warmupSteps": 20 },
      "batch": { "size": 8 },
      "limits": { "steps": 400 },
      "validate": { "every": 50, "rows": 64 },
      "checkpoint": { "every": 100 }
    },
    { "type": "evaluate", "teacher": null },
    { "type": "export", "to": "student" }
  ],
  "evaluate": { "rows": 50, "maxNewTokens": 200 }
}
`;
}

export function tracesReadme({ name, model, data }: TracesFacts, language: Language): string {
  if (language === 'zh-cn') {
    return `# ${name}

把 \`${data}\` 中的推理轨迹蒸馏到 \`${model}\`。

\`\`\`
distill check .     # 检查配方，并显示被截断的行的比例
distill run .       # 训练、评估、导出到 student/
distill resume      # 中途停止后，从最近的检查点继续
\`\`\`

配方的每个键在编辑器中悬停即可查看说明。若模型很小（例如只有几十万参数），它能学会轨迹的格式，却学不会推理：验证损失下降说明训练有效，准确率才说明推理能力。
`;
  }
  return `# ${name}

Distils the reasoning traces in \`${data}\` into \`${model}\`.

\`\`\`
distill check .     # checks the recipe and tells the share of rows that are cut
distill run .       # trains, evaluates, exports to student/
distill resume      # after a stop, goes on from the last checkpoint
\`\`\`

Hover over any key of distill.json to read what it does. A very small model (some hundred thousand parameters) learns the
form of the traces, not how to reason: a falling validation loss shows that training works, only the accuracy shows reasoning.
`;
}
