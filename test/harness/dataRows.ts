/** Rows of data as a teacher would give them, made by arithmetic: every field is known from the row's number. */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { NO_PROVENANCE, type DataRecord } from '../../src/shared/record.ts';

/** Row `n` (0-based); think has about `thinkBytes` bytes. */
export function dataRow(n: number, thinkBytes = 120): DataRecord {
  const [a, b] = [n % 97, n % 89];
  const right = n % 5 !== 0;
  const chinese = n % 7 === 3;
  const step = chinese ? `先算 ${a} 加 ${b}，得到 ${a + b}。` : `First add ${a} and ${b}, which gives ${a + b}. `;
  const prompt = chinese ? `第 ${n} 题：小明有 ${a} 个苹果，又买了 ${b} 个，一共有几个？` : `Question ${n}: Ann has ${a} apples and buys ${b} more. How many has she now?`;
  return {
    format: 1, id: n.toString(16).padStart(16, '0'), prompt, think: step.repeat(Math.max(1, Math.round(thinkBytes / step.length))),
    answer: String(right ? a + b : a + b + 1), gold: String(a + b), task: n % 3 === 0 ? 'logic' : 'maths', language: chinese ? 'zh' : 'en', difficulty: 1 + n % 5,
    provenance: {
      ...NO_PROVENANCE, source: { file: 'questions.jsonl', format: 'jsonl', row: n + 1 }, teacher: { name: n % 2 === 0 ? 'r1' : 'qwq', model: 'model', service: 'vllm' },
      sampling: { temperature: 0.6, topP: 0.95, maxTokens: 4096, sample: 0 }, tokens: { input: 40, cachedInput: 0, output: 100 + n % 1000, reasoning: 80 + n % 1000 },
      cost: { amount: (1 + n % 4) / 1000, currency: 'USD' }, finish: n % 50 === 0 ? 'length' : 'end',
      verdict: {
        verdict: right ? 'right' : 'wrong', reason: right ? 'equal-number' : 'different-number', by: 'answer', found: String(right ? a + b : a + b + 1), expected: String(a + b),
        findings: n % 50 === 0 ? ['truncated', 'repetition'] : n % 20 === 0 ? ['repetition'] : [],
      },
      transformations: [{ name: 'clean/unicode' }],
    },
  };
}

/** Writes `rows` rows. */
export async function writeDataRows(file: string, rows: number, { thinkBytes = 120, from = 0, flags = 'w' }: { readonly thinkBytes?: number; readonly from?: number; readonly flags?: 'w' | 'a' } = {}): Promise<void> {
  const stream = createWriteStream(file, { flags });
  for (let n = from; n < from + rows;) {
    const piece: string[] = [];
    for (const end = Math.min(from + rows, n + 1000); n < end; n++) piece.push(`${JSON.stringify(dataRow(n, thinkBytes))}\n`);
    if (!stream.write(piece.join(''))) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
}
