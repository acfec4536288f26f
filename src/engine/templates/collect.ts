/** A project that asks a teacher for verified traces and learns from them: what `distill init --template collect` writes. */
import type { Language } from '../../shared/messages.ts';
import type { ServiceName } from '../../shared/recipeTeacher.ts';

export interface CollectFacts {
  readonly name: string;
  /** The student's folder and the questions' file, as they are to stand in the recipe. */
  readonly model: string;
  readonly data: string;
  readonly hasChatTemplate: boolean;
  readonly maxPositions: number;
  readonly service: ServiceName;
  /** The service's name of the teacher. */
  readonly teacher: string;
}

/** Longer rows than this are seldom worth their memory on one machine; a person raises it knowingly. */
const LONGEST = 1024;

/** distill.json with comments in the person's language. */
export function collectRecipe({ name, model, data, hasChatTemplate, maxPositions, service, teacher }: CollectFacts, language: Language): string {
  const text = (en: string, zh: string): string => language === 'zh-cn' ? zh : en;
  const template = hasChatTemplate ? '"chat"' : '{\n      "prompt": "Question: {prompt}\\nAnswer:",\n      "completion": " <think>{think}</think>{answer}"\n    }';
  return `{
  // ${text('A teacher is asked for reasoning, its answers are checked, and the student learns the right ones.', '向教师请求推理，核对其答案，学生学习其中正确的。')}
  "format": 1,
  "name": ${JSON.stringify(name)},
  "teachers": {
    "teacher": {
      "type": "api",
      "service": ${JSON.stringify(service)},
      "model": ${JSON.stringify(teacher)},
      // ${text('A hard cap over all runs of this project. With "prices" (per million tokens, as the provider publishes them) it can be "money".', '本项目所有运行共享的硬上限。填写 "prices"（每百万词元价格，按服务商公布）后也可用 "money" 限制费用。')}
      "budget": { "tokens": 2000000 }
    }
  },
  "student": { "model": ${JSON.stringify(model)} },
  "data": {
    // ${text('What the stage "collect" writes.', '由 "collect" 阶段写入。')}
    "train": "traces.jsonl",
    "validation": 0.1,
    "test": 0.1,
    "template": ${template},
    "maxLength": ${String(Math.min(maxPositions, LONGEST))}
  },
  "stages": [
    {
      "type": "collect",
      "from": ${JSON.stringify(data)},
      "clean": {},
      "ask": { "samples": 1, "sampling": { "temperature": 0.6, "maxTokens": 4096 } },
      // ${text('"right" where every question has its answer; "not-wrong" also keeps what can’t be judged.', '每题都有标准答案时用 "right"；"not-wrong" 也保留无法判断的行。')}
      "verify": { "keep": "not-wrong" },
      "to": "traces.jsonl"
    },
    {
      "type": "train",
      "objective": "sequence",
      "optimizer": { "learningRate": 0.001 },
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

export function collectReadme({ name, model, data, teacher }: CollectFacts, language: Language): string {
  if (language === 'zh-cn') {
    return `# ${name}

向 \`${teacher}\` 询问 \`${data}\` 中的问题，核对答案后蒸馏到 \`${model}\`。

\`\`\`
distill check .            # 检查一切，不产生费用
distill data estimate .    # 估算费用及其依据
distill data collect .     # 只采集；中断后再次运行即可，已得到的回答不会重复付费
distill run .              # 采集、训练、评估、导出到 student/
\`\`\`
`;
  }
  return `# ${name}

Asks \`${teacher}\` the questions in \`${data}\`, checks the answers, and distils the traces into \`${model}\`.

\`\`\`
distill check .            # everything that can be checked before it costs anything
distill data estimate .    # what it will cost, and what that is based on
distill data collect .     # collects only; run it again after a stop: no answer is paid twice
distill run .              # collects, trains, evaluates, exports to student/
\`\`\`
`;
}
