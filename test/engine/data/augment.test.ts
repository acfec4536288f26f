import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { augmentRecords, AugmentCounts, type AugmentContext } from '../../../src/engine/data/augment/augment.ts';
import { otherNumbers } from '../../../src/engine/data/augment/numbers.ts';
import { protectedParts } from '../../../src/engine/data/augment/protectedTokens.ts';
import { recombined } from '../../../src/engine/data/augment/recombination.ts';
import { withSynonyms } from '../../../src/engine/data/augment/synonyms.ts';
import { CHINESE_GROUPS } from '../../../src/engine/data/augment/synonymsChinese.ts';
import { ENGLISH_GROUPS } from '../../../src/engine/data/augment/synonymsEnglish.ts';
import { Draw } from '../../../src/engine/data/draw.ts';
import { readRecords } from '../../../src/engine/data/formats/read.ts';
import { synthesise } from '../../../src/engine/data/synthesise/synthesise.ts';
import { openTeacherClient } from '../../../src/engine/teacher/client.ts';
import type { Answered, Asker } from '../../../src/engine/teacher/contract.ts';
import { AUGMENT_REASONS, type AugmentReport } from '../../../src/shared/augmentReport.ts';
import { DistillError } from '../../../src/shared/messages.ts';
import { augmentation, AUGMENTATIONS, type Augmentation } from '../../../src/shared/recipeCollect.ts';
import { NO_PROVENANCE, type DataRecord } from '../../../src/shared/record.ts';
import { teacherAt } from '../teacher/setup.ts';

const fixture = path.resolve(import.meta.dirname, '../../fixtures/gsm8k/rows.jsonl');
const realData = path.resolve(process.env['DISTILL_TEST_DATA'] ?? path.resolve(import.meta.dirname, '../../../../shared/data'), 'gsm8k/train.jsonl');

function row(prompt: string, think = '', gold = '1', more: Partial<DataRecord> = {}): DataRecord {
  return { format: 1, id: 'parent', prompt, think, answer: gold, gold, provenance: NO_PROVENANCE, ...more };
}

async function* stream(rows: Iterable<DataRecord>): AsyncGenerator<DataRecord> {
  for (const each of rows) yield await Promise.resolve(each);
}

const nobody: AugmentContext['asker'] = () => Promise.reject(new Error('nobody is asked'));

async function augmented(rows: Iterable<DataRecord> | AsyncIterable<DataRecord>, kinds: readonly Partial<Augmentation>[], context: Partial<AugmentContext> = {}): Promise<{ readonly rows: DataRecord[]; readonly made: DataRecord[]; readonly report: AugmentReport }> {
  const counts = new AugmentCounts();
  const all: DataRecord[] = [];
  const records = Symbol.asyncIterator in rows ? rows : stream(rows);
  for await (const each of augmentRecords(records, kinds.map((kind) => augmentation.parse(kind)), { asker: nobody, ...context }, counts)) all.push(each);
  return { rows: all, made: all.filter(({ provenance }) => provenance.transformations.at(-1)?.name.startsWith('augment/') === true), report: counts.report() };
}

/** The chain's arithmetic by JavaScript's own numbers, apart from everything that made it. */
function annotated(think: string): readonly { readonly left: string; readonly right: number }[] {
  return [...think.matchAll(/<<([^=]+)=([^>]+)>>/g)].map(([, left = '', right = '']) => ({ left: left.replaceAll(',', ''), right: Number(right.replaceAll(/[,$]/g, '')) }));
}

function evaluate(text: string): number {
  const tokens = text.match(/\d*\.?\d+|[-+*/()%]/g) ?? [];
  let at = 0;
  const primary = (): number => {
    const token = tokens[at++] ?? '';
    let value: number;
    if (token === '(') {
      value = sum();
      at += 1;
    } else value = token === '-' ? -primary() : Number(token);
    if (tokens[at] === '%') {
      at += 1;
      value /= 100;
    }
    return value;
  };
  const product = (): number => {
    let value = primary();
    while (tokens[at] === '*' || tokens[at] === '/') value = tokens[at++] === '*' ? value * primary() : value / primary();
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value = tokens[at++] === '+' ? value + product() : value - product();
    return value;
  };
  return sum();
}

describe('other numbers', () => {
  test('go through question, trace and answer alike', () => {
    const natalia = row('Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many clips did Natalia sell altogether in April and May?', 'Natalia sold 48/2 = <<48/2=24>>24 clips in May.\nNatalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.', '72');
    const result = otherNumbers(natalia, new Draw(1, 'x'));
    if (typeof result === 'string') throw new Error(result);
    const n = Number(/to (\d+) of/.exec(result.prompt)?.[1]);
    expect(n).not.toBe(48);
    expect(n % 2).toBe(0);
    expect(result.prompt).toBe(natalia.prompt.replace('48', String(n)));
    expect(result.think).toBe(`Natalia sold ${n}/2 = <<${n}/2=${n / 2}>>${n / 2} clips in May.\nNatalia sold ${n}+${n / 2} = <<${n}+${n / 2}=${n * 1.5}>>${n * 1.5} clips altogether in April and May.`);
    expect([result.gold, result.answer]).toEqual([String(n * 1.5), String(n * 1.5)]);
  });

  test('are found for plain chains in Chinese, too, and keep thousands separators and money', () => {
    const zh = otherNumbers(row('一箱苹果重 15 千克，商店运来 24 箱，一共重多少千克？', '15 × 24 = 360（千克）。', '360', { language: 'zh' }), new Draw(3, 'x'));
    if (typeof zh === 'string') throw new Error(zh);
    const [a, b] = (/重 (\d+) 千克，商店运来 (\d+) 箱/.exec(zh.prompt) ?? []).slice(1).map(Number) as [number, number];
    expect([zh.think, zh.gold]).toEqual([`${a} × ${b} = ${a * b}（千克）。`, String(a * b)]);
    const money = otherNumbers(row('A house costs $80,000 and a car costs $12,500. What do they cost?', 'They cost $80,000 + $12,500 = $<<80000+12500=92500>>92,500.', '92,500'), new Draw(4, 'x'));
    if (typeof money === 'string') throw new Error(money);
    expect(money.prompt).toMatch(/^A house costs \$\d{2,3},\d{3} and a car costs \$\d{1,2},\d{3}\./);
    expect(money.gold).toMatch(/^\d{2,3},\d{3}$/);
  });

  test.each([
    ['ambiguous-number', 'Ann has 5 apples and buys 5 pears and 10 plums. How many pieces?', '5+5 = <<5+5=10>>10, and 10+10 = <<10+10=20>>20.', '20'],
    ['step-not-true', 'Ann shares 10 apples among 3 children. How many each?', '10/3 = <<10/3=3.33>>3.33', '3.33'],
    ['unexplained-number', 'A car drives at 50 km/h. How far in the trip?', '50*17 = <<50*17=850>>850', '850'],
    ['unused-number', 'There are 50 pupils, 20 boys and 30 girls. How many pupils are not boys?', '50-20 = <<50-20=30>>30', '30'],
    ['no-chain', 'Ann has 5 apples and 4 pears. How many pieces?', 'She has 5+4 = <<5+4=9>>9 pieces.', '8'],
    ['no-reference', 'Ann has 5 apples and 4 pears. How many pieces?', 'She has 5+4 = <<5+4=9>>9 pieces.', ''],
    ['reference-not-number', 'Ann has 5 apples and 4 pears. How many pieces?', 'She has 5+4 = <<5+4=9>>9 pieces.', 'nine'],
    ['reference-not-number', 'How much is 5 divided by 4?', '5 / 4 is 5/4.', '5/4'],
    ['nothing-to-change', 'In 2012 Ann turned from 1st to 3rd. How many places?', '3-1 = <<3-1=2>>2', '2'],
  ])('are not tried where it is %s', (reason, prompt, think, gold) => {
    expect(otherNumbers(row(prompt, think, gold), new Draw(1, 'x'))).toBe(reason);
  });

  test('keep what was whole, positive, in order and possible', async () => {
    const { made } = await augmented(readRecords({ file: fixture, format: 'auto' }, { base: '/', onBroken: 'refuse' }), [{ kind: 'numbers', copies: 5 }]);
    expect(made.length).toBeGreaterThan(40);
    for (const { think, gold, prompt, answer } of made) {
      const steps = annotated(think);
      for (const { left, right } of steps) {
        expect(evaluate(left), `${prompt}\n${left}`).toBeCloseTo(right, 9);
        expect(right).toBeGreaterThan(0);
      }
      expect(Number(String(gold).replaceAll(',', '')), prompt).toBeCloseTo(steps.at(-1)?.right ?? NaN, 9);
      expect(answer).toBe(gold);
      for (const [, hours] of prompt.matchAll(/(\d+) hours a day/g)) expect(Number(hours)).toBeLessThanOrEqual(24);
      for (const [, percent] of prompt.matchAll(/(\d+)%/g)) expect(Number(percent)).toBeLessThanOrEqual(100);
    }
  });

  test('on our own traces: every equation of the new trace holds', async () => {
    const rows = [...synthesise({ kinds: ['word-problems', 'arithmetic', 'unit-conversion'], rows: 300, difficulty: [1, 3], languages: ['en', 'zh'], seed: 2 })];
    const { report } = await augmented(rows, [{ kind: 'numbers' }]);
    expect(report.kinds[0]?.tried).toBe(300);
    expect((report.kinds[0]?.kept ?? 0) + Object.values(report.kinds[0]?.dropped ?? {}).reduce((sum, each) => sum + each, 0)).toBe(300);
  });
});

describe('recombination', () => {
  test('orders facts with names anew, the question stays last', () => {
    const result = recombined(row('Adam has 7 goats. Lucy has 4 goats. Omar owns 9 sheep. How many goats do Adam and Lucy have?'), new Draw(1, 'x'));
    if (typeof result === 'string') throw new Error(result);
    expect(result.prompt).not.toMatch(/^Adam has 7 goats\. Lucy has 4/);
    expect(result.prompt.split(/(?<=\.) /).slice(0, 3).sort()).toEqual(['Adam has 7 goats.', 'Lucy has 4 goats.', 'Omar owns 9 sheep.']);
    expect(result.prompt).toMatch(/How many goats do Adam and Lucy have\?$/);
  });

  test.each([
    'Adam has 7 goats. He buys 3 more. How many has he?', 'Adam has 7 goats. Then Lucy has 4. How many goats are there?', 'Adam had 7 goats. Adam sold 3 goats. How many goats has Adam?',
    'Adam has 7 goats. Lucy has 200. How many more has Lucy?', 'Adam has 7 goats. Lucy has 4 goats. The other has 5. How many goats are there?', 'Adam has 7 goats. How many goats has Adam?',
  ])('leaves alone what may depend on its order: %s', (prompt) => {
    expect(recombined(row(prompt), new Draw(1, 'x'))).toBe('not-independent');
  });

  test('orders clues and statements of our puzzles anew, which keeps their one solution', async () => {
    const rows = [...synthesise({ kinds: ['ordering', 'knights-and-knaves'], rows: 60, difficulty: [2, 4], languages: ['en', 'zh'], seed: 2 })];
    const { made } = await augmented(rows, [{ kind: 'recombination' }]);
    expect(made.length).toBeGreaterThan(50);
    for (const each of made) {
      const parent = rows.find(({ id }) => id === each.provenance.transformations.at(-1)?.detail?.['parent']);
      expect(each.prompt.split('\n').sort()).toEqual(parent?.prompt.split('\n').sort());
      expect(each.gold).toBe(parent?.gold);
    }
  });
});

describe('synonyms', () => {
  test('change words and nothing that counts, measures, names or negates', () => {
    const prompt = 'The children did not buy 12 sweets for $3.50, said Mom Rich; they bought 2 kg of carrots and a bicycle before 3 hours were left.';
    const result = withSynonyms(row(prompt), 1, new Draw(1, 'x'));
    if (typeof result === 'string') throw new Error(result);
    expect(result.prompt).toBe('The kids did not buy 12 candy for $3.50, said Mom Rich; they purchased 2 kg of carrots and a bike before 3 hours were left.');
    expect(protectedParts(result.prompt)).toEqual(protectedParts(prompt));
  });

  test('fit articles and capitals', () => {
    const result = withSynonyms(row('Children saw a car, and an automobile is fast.'), 1, new Draw(1, 'x'));
    expect(typeof result === 'string' ? result : result.prompt).toMatch(/^Kids saw a car/);
    const article = withSynonyms(row('Ben drives a car to the city.'), 1, new Draw(1, 'x'));
    expect(typeof article === 'string' ? article : article.prompt).toBe('Ben drives an automobile to the city.');
  });

  test('work in Chinese by whole words', () => {
    const result = withSynonyms(row('妈妈买了 3 千克西红柿，一共花了 12 元，每千克多少元？'), 1, new Draw(1, 'x'));
    if (typeof result === 'string') throw new Error(result);
    expect(result.prompt).toBe('母亲买了 3 千克番茄，总共花了 12 元，每千克多少元？');
  });

  test.each([['code', 'Write `def f(x):` for the children', { task: 'code' }], ['nothing-to-change', 'Compute $2 + 2$ for x.', {}], ['other-language', 'Combien de pommes?', { language: 'fr' }]])('say %s', (reason, prompt, more) => {
    expect(withSynonyms(row(prompt.replace('Compute', 'Give'), '', '1', more), 1, new Draw(1, 'x'))).toBe(reason);
  });

  test('dictionaries hold no number, unit, relation or negation, and no word twice in a group', () => {
    for (const [groups, frame] of [[ENGLISH_GROUPS, (word: string) => `a ${word} b`], [CHINESE_GROUPS, (word: string) => word]] as const) {
      for (const group of groups) {
        expect(new Set(group).size).toBe(group.length);
        const [first = ''] = group;
        for (const word of group) expect(protectedParts(frame(word)), group.join()).toEqual(protectedParts(frame(first)));
      }
    }
  });
});

/** A teacher that answers from a function, and what it was asked. */
function scripted(answerOf: (question: string, sample: number) => string | DistillError): { readonly asker: Asker; readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    asker: {
      teacher: { name: 'r1', model: 'r1', service: 'vllm' },
      ask: (messages, _sampling, sample) => {
        const content = messages.at(-1)?.content ?? '';
        asked.push(content);
        const answer = answerOf(content, sample);
        return typeof answer === 'string' ? Promise.resolve({ think: '', answer, finish: 'end', promptHash: '', cost: null, fromCache: false } as Partial<Answered> as Answered) : Promise.reject(answer);
      },
    },
  };
}

const question = row('Tom has 3 apples and buys 4 pears. How many pieces of fruit has Tom?', '3 + 4 = 7', '7', { language: 'en' });
const rewording = 'There are 3 apples and, newly bought, 4 pears with Tom. What number of fruits does Tom have?';

describe('rewording by a teacher', () => {
  test('keeps a question whose every solution is the old answer', async () => {
    const teacher = scripted((content, sample) => content.startsWith('Rephrase') ? rewording : `${'so '.repeat(sample)}\\boxed{7}`);
    const { made, report } = await augmented([question], [{ kind: 'rephrasing', agreement: 4 }], { asker: () => Promise.resolve(teacher.asker) });
    expect(made).toMatchObject([{ prompt: rewording, think: '3 + 4 = 7', answer: '7', gold: '7', provenance: { transformations: [{ name: 'augment/rephrasing', detail: { parent: 'parent', teacher: 'r1', agreement: 4 } }] } }]);
    expect(made[0]?.id).not.toBe('parent');
    expect(teacher.asked.filter((content) => content.startsWith(rewording))).toHaveLength(4);
    expect(report.kinds).toEqual([{ kind: 'rephrasing', tried: 1, kept: 1, dropped: {} }]);
  });

  test('goes by way of the other language for a back-translation', async () => {
    const chinese = '汤姆有3个苹果，又买了4个梨。汤姆有多少个水果？';
    const teacher = scripted((content) => content.includes('into Simplified Chinese') ? chinese : content.includes('into English') ? rewording : '\\boxed{7}');
    const { made } = await augmented([question], [{ kind: 'back-translation' }], { asker: () => Promise.resolve(teacher.asker) });
    expect(made.map(({ prompt }) => prompt)).toEqual([rewording]);
    expect(teacher.asked[1]).toContain(chinese);
  });

  test.each([
    ['disagreed', rewording, (sample: number) => sample === 2 ? '\\boxed{8}' : '\\boxed{7}'], ['protected-changed', rewording.replace('4', '5'), () => '\\boxed{7}'],
    ['wrong-language', '汤姆有3个苹果，又买了4个梨，请问汤姆现在总共拥有多少个水果呢？请仔细计算并回答这个问题。', () => '\\boxed{7}'], ['length', '3 + 4 pieces?', () => '\\boxed{7}'], ['same-as-before', question.prompt, () => '\\boxed{7}'],
  ] as const)('drops what %s', async (reason, reply, solution) => {
    const teacher = scripted((content, sample) => content.startsWith('Rephrase') ? reply : solution(sample));
    const { made, report } = await augmented([question], [{ kind: 'rephrasing' }], { asker: () => Promise.resolve(teacher.asker) });
    expect(made).toEqual([]);
    expect(report.kinds[0]?.dropped).toEqual({ [reason]: 1 });
  });

  test('loses no row when the budget is spent or one question fails; a key that is refused ends it', async () => {
    const failing = (code: 'budget-spent' | 'teacher-failing' | 'teacher-key-refused'): Asker => scripted(() => new DistillError(code as never, {} as never)).asker;
    const spent: string[] = [];
    const budget = await augmented([question, { ...question, id: 'b' }], [{ kind: 'rephrasing' }], { atOnce: 1, asker: () => Promise.resolve(failing('budget-spent')), onSpent: ({ code }) => { spent.push(code); } });
    expect(budget.rows.map(({ id }) => id)).toEqual(['parent', 'b']);
    expect([spent, budget.report.kinds[0]?.dropped]).toEqual([['budget-spent'], { 'budget-spent': 2 }]);
    const failed = await augmented([question], [{ kind: 'rephrasing' }], { asker: () => Promise.resolve(failing('teacher-failing')) });
    expect([failed.rows.length, failed.report.kinds[0]?.dropped]).toEqual([1, { 'teacher-failed': 1 }]);
    await expect(augmented([question], [{ kind: 'rephrasing' }], { asker: () => Promise.resolve(failing('teacher-key-refused')) })).rejects.toBeInstanceOf(DistillError);
  });

  test('over HTTP, through the real client', async () => {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => { body += part; }).on('end', () => {
        const { messages } = JSON.parse(body) as { readonly messages: readonly { readonly content: string }[] };
        const content = messages.at(-1)?.content.startsWith('Rephrase') === true ? `**Rephrased problem:** ${rewording}` : 'It is \\boxed{7}.';
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ id: 'x', model: 'tiny', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content } }], usage: { prompt_tokens: 50, completion_tokens: 30 } }));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const client = openTeacherClient(teacherAt(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`), { name: 'r1', key: null });
    onTestFinished(async () => {
      await client.close();
      await new Promise((resolve) => { server.close(resolve); });
    });
    const asker: Asker = {
      teacher: client,
      ask: async (messages, sampling, sampleIndex, options) => ({ ...await client.complete({ messages, sampling, sampleIndex }, options ?? {}), promptHash: '', cost: null, fromCache: false }),
    };
    const { made } = await augmented([question], [{ kind: 'rephrasing' }], { asker: () => Promise.resolve(asker) });
    expect(made.map(({ prompt }) => prompt)).toEqual([rewording]);
  });
});

describe('augmenting', () => {
  test('puts new rows behind their own, the same ones for the same seed whatever stands before them', async () => {
    const rows = [...synthesise({ rows: 60, difficulty: [1, 5], languages: ['en', 'zh'], seed: 4 })];
    const kinds = [{ kind: 'numbers' as const, copies: 2 }, { kind: 'recombination' as const }, { kind: 'synonyms' as const, strength: 1 }];
    const first = await augmented(rows, kinds);
    const again = await augmented([...rows].reverse(), kinds);
    const byId = (a: DataRecord, b: DataRecord): number => a.id < b.id ? -1 : 1;
    expect([...again.rows].sort(byId)).toEqual([...first.rows].sort(byId));
    let parent = '';
    for (const each of first.rows) {
      const of = each.provenance.transformations.at(-1)?.detail?.['parent'];
      if (of === undefined) parent = each.id;
      else expect(of).toBe(parent);
    }
    expect(first.report.rows).toEqual({ read: 60, made: first.made.length });
  });

  test('takes the share of rows that it is told, and never makes one question twice', async () => {
    const rows = [...synthesise({ kinds: ['ordering'], rows: 200, difficulty: [1, 1], languages: ['en'], seed: 4 })];
    const { made, report } = await augmented(rows, [{ kind: 'recombination', share: 0.3, copies: 10 }]);
    const tried = (report.kinds[0]?.tried ?? 0) / 10;
    expect(tried).toBeGreaterThan(35);
    expect(tried).toBeLessThan(85);
    expect(report.kinds[0]?.dropped['same-as-before']).toBeGreaterThan(0);
    expect(new Set(made.map(({ prompt, provenance }) => `${prompt}${String(provenance.transformations.at(-1)?.detail?.['parent'])}`)).size).toBe(made.length);
  });

  test('changes the question within a conversation, and leaves other conversations alone', async () => {
    const messages = [{ role: 'system', content: 'Think.' }, { role: 'user', content: 'Q: The children bought 3 pens.' }];
    const { made } = await augmented([row('The children bought 3 pens.', '', '3', { messages })], [{ kind: 'synonyms', strength: 1 }]);
    expect(made[0]?.messages).toEqual([messages[0], { role: 'user', content: 'Q: The kids purchased 3 pens.' }]);
    const { report } = await augmented([row('The children bought 3 pens.', '', '3', { messages: [...messages, { role: 'assistant', content: 'And?' }] })], [{ kind: 'synonyms' }]);
    expect(report.kinds[0]?.dropped).toEqual({ conversation: 1 });
  });

  test('a stop is heard', async () => {
    const stop = new AbortController();
    stop.abort();
    await expect(augmented([question], [{ kind: 'synonyms' }], { signal: stop.signal })).rejects.toThrow();
  });

  test('every reason and every kind has its words', () => {
    for (const words of Object.values(AUGMENT_REASONS)) expect(words.every((word) => word.length > 2)).toBe(true);
    expect(AUGMENTATIONS).toHaveLength(5);
  });

  test.skipIf(!existsSync(realData))('rows of GSM8K (left out where DISTILL_TEST_DATA is absent): two in five get other numbers, every chain recomputed by other means', async () => {
    const { made, report } = await augmented(readRecords({ file: realData, format: 'auto', limit: 800 }, { base: '/', onBroken: 'refuse' }), [{ kind: 'numbers' }]);
    expect(report.kinds[0]?.kept).toBeGreaterThan(270);
    for (const { think, gold, prompt } of made) {
      const steps = annotated(think);
      // A few rows have no annotations.
      if (steps.length === 0) continue;
      for (const { left, right } of steps) expect(evaluate(left), `${prompt}\n${left}`).toBeCloseTo(right, 8);
      expect(Number(String(gold).replaceAll(',', '')), prompt).toBeCloseTo(steps.at(-1)?.right ?? NaN, 8);
    }
  });
});
