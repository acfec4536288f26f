/** Every check of the pre-flight, on real folders with one thing wrong: found with its level, its place and its fix. */
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { rowEncoder } from '../../../src/engine/data/encode.ts';
import { loadTokenizer } from '../../../src/engine/model/tokenizer.ts';
import { refuseOtherTokenizers } from '../../../src/engine/check/tokens.ts';
import { CHECKS, editedRecipe, placeInRecipe, type Finding } from '../../../src/shared/preflight.ts';
import { recipe as schema } from '../../../src/shared/recipe.ts';
import { readRecipe } from '../../../src/shared/recipeText.ts';
import { distillation, PLAIN, project, QWEN, SMALL, soundProject, STORIES, sums, type Project, type Report } from './project.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** The recipe after a finding's fix. */
function fixed(report: Report, finding: Finding | undefined): Record<string, unknown> {
  expect(finding?.fix, finding?.code).toBeTruthy();
  return JSON.parse(editedRecipe(report.text, finding?.fix?.edits ?? [])) as Record<string, unknown>;
}

describe('a project where nothing is wrong', () => {
  test('passes every check that concerns it, without a warning', async () => {
    const report = await soundProject().check(distillation());
    expect([report.codes('warning'), report.codes('refusal')]).toEqual([[], []]);
    const silent = CHECKS.filter((check) => report.of(check).length === 0);
    expect(silent).toEqual(['api', 'collect']);
  });

  test('the shipped example passes as well', async () => {
    const made = project();
    cpSync(path.join(root, 'examples/arithmetic'), made.folder, { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
    const report = await made.check(parsed(path.join(made.folder, 'distill.json')));
    expect([report.codes('warning'), report.codes('refusal')]).toEqual([[], []]);
  });
});

test('a recipe with mistakes is refused with them, and nothing it names is looked at', async () => {
  const report = await project().check({ ...distillation(), name: '' });
  expect(report.findings.map(({ check, level }) => [check, level])).toEqual([['recipe', 'refusal']]);
});

test('a check that fails by itself is told, and hides nothing that the others found', async () => {
  const report = await soundProject().check(distillation(), { machine: { freeDisk: () => Promise.reject(new Error('no such device')) } });
  expect(report.found('check-failed')).toMatchObject({ check: 'disk', level: 'warning', data: { detail: 'no such device' } });
  expect([report.of('backend').length, report.codes('refusal')]).toEqual([1, []]);
});

test('a check that is cancelled ends with the reason', async () => {
  const cancel = new AbortController();
  cancel.abort(new Error('enough'));
  await expect(soundProject().check(distillation(), { signal: cancel.signal })).rejects.toThrow('enough');
});

describe('models', () => {
  test('a folder that is not there, and a tokenizer that is damaged, are told once', async () => {
    const made = soundProject();
    rmSync(path.join(made.folder, 'big'), { recursive: true });
    expect((await made.check(distillation())).codes('refusal')).toEqual(['model-folder-missing']);
    made.copy(STORIES, 'big');
    writeFileSync(path.join(made.folder, 'big/tokenizer.json'), '{');
    expect((await made.check(distillation())).codes('refusal')).toEqual(['model-file-malformed']);
  });
});

describe('the student', () => {
  test('takes layers that the teacher does not have: refused, and the fix leaves those out', async () => {
    const report = await soundProject().check(distillation({ student: { fromTeacher: 'big', layers: [0, 9] } }));
    expect(fixed(report, report.found('layers-not-in-teacher'))['student']).toEqual({ fromTeacher: 'big', layers: [0] });
  });

  test('takes layers out of order: warned, and the fix sorts them', async () => {
    const report = await soundProject().check(distillation({ student: { fromTeacher: 'big', layers: [4, 0] } }));
    expect(fixed(report, report.found('student-layers-order'))['student']).toEqual({ fromTeacher: 'big', layers: [0, 4] });
  });

  test('matched with layers that one of them does not have: refused at the stage; matched with those it has, they count in the memory', async () => {
    const made = soundProject();
    const stage = (layers: unknown): object => ({ weights: { kl: 1, ce: 0, attention: 1 }, attention: { layers } });
    const beyond = (await made.check(distillation({ stage: stage([[7, 1]]) }))).found('layer-pair-unknown', 'big');
    expect([beyond?.level, beyond?.path]).toEqual(['refusal', ['stages', 0, 'attention', 'layers']]);
    const report = await made.check(distillation({ stage: stage('uniform') }));
    expect(report.found('memory-fine')?.evidence?.rows.map(([part]) => part)).toContain('@inside');
  });

  test('as large as its teacher: warned', async () => {
    const report = await soundProject().check(distillation({ student: { fromTeacher: 'big', layers: [0, 1, 2, 3, 4] } }));
    expect(report.found('student-not-smaller', 'big')?.level).toBe('warning');
  });

  test('hardly more than its vocabulary: warned', async () => {
    const sizes = { hidden_size: 32, intermediate_size: 32, num_hidden_layers: 1, num_attention_heads: 2 };
    const report = await soundProject().check(distillation({ student: { new: { ...sizes, hidden_size: 16, intermediate_size: 16 } } }));
    expect(report.found('student-mostly-embedding')?.level).toBe('warning');
  });
});

describe('teacher and student of different tokenizers', () => {
  /** A second teacher whose ids mean other tokens, and a third whose vocabulary is the same and whose merges are not. */
  function twoOthers(): Project {
    const made = soundProject();
    for (const name of ['swapped', 'unmerged']) made.copy(STORIES, name);
    made.change('swapped/tokenizer.json', (json) => {
      const { vocab } = json['model'] as { vocab: Record<string, number> };
      const [one, other] = Object.keys(vocab).slice(-2) as [string, string];
      [vocab[one], vocab[other]] = [vocab[other] ?? 0, vocab[one] ?? 0];
    });
    made.change('unmerged/tokenizer.json', (json) => { (json['model'] as { merges: unknown[] }).merges.length = 40; });
    return made;
  }
  const teachers = { big: { type: 'local', model: 'big' }, swapped: { type: 'local', model: 'swapped' }, unmerged: { type: 'local', model: 'unmerged' } };
  const stages = [{ type: 'train', name: 'a', teacher: 'swapped' }, { type: 'train', name: 'b', teacher: 'unmerged' }, { type: 'evaluate', teacher: 'unmerged' }].map((stage) => (stage.type === 'train' ? { ...stage, batch: { size: 4 }, limits: { steps: 40 }, validate: { every: 10 } } : stage));

  test('each teacher is refused with what differs', async () => {
    const report = await twoOthers().check(distillation({ teachers, stages }));
    const vocabulary = report.found('vocabulary-differs', 'swapped');
    expect(vocabulary?.data).toMatchObject({ differing: 2 });
    expect(vocabulary?.evidence?.rows).toHaveLength(2);
    expect(report.found('vocabulary-same', 'unmerged')?.level).toBe('pass');
    const tokens = report.found('tokens-differ', 'unmerged');
    expect(tokens?.level).toBe('refusal');
    expect(tokens?.evidence?.columns).toEqual(['text', 'student', 'teacher']);
    expect(tokens?.evidence?.rows.every(([, mine, theirs]) => mine !== theirs)).toBe(true);
  });

  test('the fix trains on the traces alone and evaluates without that teacher; the recipe stays right', async () => {
    const report = await twoOthers().check(distillation({ teachers, stages }));
    const changed = fixed(report, report.found('tokens-differ', 'unmerged'));
    expect(changed['stages']).toMatchObject([{ name: 'a', teacher: 'swapped' }, { name: 'b', objective: 'sequence' }, { type: 'evaluate', teacher: null }]);
    expect(readRecipe(JSON.stringify(changed)).problems).toBeUndefined();
  });

  test('a new student takes the tokenizer of its only teacher', async () => {
    const made = soundProject();
    made.copy(QWEN, 'other');
    const sizes = { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2 };
    const report = await made.check(distillation({ student: { new: sizes, tokenizer: 'other' } }));
    const changed = fixed(report, report.found('vocabulary-differs', 'big'));
    expect(changed['student']).toMatchObject({ tokenizer: 'big' });
    expect((await made.check(changed)).codes('refusal')).toEqual([]);
  });

  test('an engine that starts refuses all of them together', async () => {
    const made = twoOthers();
    const recipe = schema.parse(distillation({ teachers, stages }));
    const tokenizer = await loadTokenizer(path.join(made.folder, 'big'));
    await expect(refuseOtherTokenizers(recipe, made.folder, tokenizer, [])).rejects.toMatchObject({ code: 'tokenizers-differ-several', data: { teachers: '"swapped", "unmerged"' } });
    const one = schema.parse(distillation({ teachers, stages: stages.slice(1) }));
    await expect(refuseOtherTokenizers(one, made.folder, tokenizer, [])).rejects.toMatchObject({ code: 'tokenizers-differ', data: { teacher: 'unmerged' } });
    await expect(refuseOtherTokenizers(schema.parse(distillation()), made.folder, tokenizer, [])).resolves.toBeUndefined();
  });

  test('padded rows of a head are fine, tokens that a model has no row for are not', async () => {
    const padded = project();
    padded.copy(QWEN, 'big');
    padded.rows('train.jsonl', sums(40));
    // As in Qwen2.5, whose head has 271 rows more than its tokenizer has tokens.
    padded.change('big/tokenizer.json', (json) => { (json['added_tokens'] as unknown[]).pop(); });
    const plain = { prompt: '{prompt}', completion: '{answer}' };
    const heads = await padded.check(distillation({ student: { fromTeacher: 'big', layers: [0] }, data: { template: plain, maxLength: 64 }, evaluate: { maxNewTokens: 8 } }));
    expect(heads.found('vocabulary-same', 'big')?.data).toEqual({ tokens: 384, student: 385, rows: 385, common: 384 });
    expect(heads.of('vocabulary').map(({ level }) => level)).toEqual(['pass']);

    const made = soundProject();
    made.change('big/tokenizer.json', (json) => { (json['added_tokens'] as object[]).push({ id: 512, content: '<pad>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }); });
    const report = await made.check(distillation());
    expect(report.found('vocabulary-beyond-model')?.data).toEqual({ tokens: 513, rows: 512 });
    expect(report.codes('refusal')).toEqual([]);
    made.rows('train.jsonl', sums(40, () => ({ answer: 'x<pad>' })));
    expect((await made.check(distillation())).found('vocabulary-data-beyond-model')?.level).toBe('refusal');
  });

  test('a student that knows more tokens than its teacher: warned, with them', async () => {
    const made = soundProject();
    made.copy(STORIES, 'student');
    made.change('student/tokenizer.json', (json) => { (json['added_tokens'] as object[]).push({ id: 512, content: '<mine>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }); });
    const report = await made.check(distillation({ student: { model: 'student' } }));
    expect(report.found('vocabulary-extended', 'big')?.evidence?.rows).toEqual([['512', '<mine>']]);
  });

  test('other special tokens and another end: warned', async () => {
    const made = soundProject();
    made.copy(STORIES, 'student');
    for (const file of ['student/config.json', 'student/generation_config.json']) made.change(file, (json) => { json['eos_token_id'] = 5; });
    made.change('student/tokenizer_config.json', (json) => { Reflect.deleteProperty(json, 'eos_token'); });
    const report = await made.check(distillation({ student: { model: 'student' } }));
    expect(report.found('special-differ', 'big')?.evidence?.rows.find(([what]) => what === '@end')?.slice(1)).toEqual([expect.stringContaining('(5)'), expect.stringContaining('(2)')]);
    expect(report.found('end-other-than-teacher', 'big')?.level).toBe('warning');
  });

  test('characters that the student’s tokenizer does not know are named with what comes back', async () => {
    const made = project();
    made.copy(SMALL, 'small');
    made.rows('train.jsonl', sums(40));
    const sizes = { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2 };
    const report = await made.check(distillation({ teachers: {}, student: { new: sizes, tokenizer: 'small' }, stages: [{ type: 'train', objective: 'sequence', batch: { size: 4 }, limits: { steps: 40 }, validate: { every: 10 } }] }));
    expect(report.codes('refusal')).toEqual([]);
    expect(report.found('tokens-lossy')).toBeUndefined();
    made.rows('train.jsonl', sums(40, () => ({ answer: 'seven' })));
    const lossy = (await made.check(distillation({ teachers: {}, student: { new: sizes, tokenizer: 'small' }, stages: [{ type: 'train', objective: 'sequence' }] }))).found('tokens-lossy');
    expect(lossy?.evidence?.rows[0]).toEqual(['seven', expect.stringContaining('<unk>')]);
  });
});

describe('templates', () => {
  function ofQwen(): Project {
    const made = project();
    made.copy(QWEN, 'big');
    made.rows('train.jsonl', sums(40));
    return made;
  }
  const chat = (change: Parameters<typeof distillation>[0] = {}): object => distillation({ student: { fromTeacher: 'big', layers: [0] }, evaluate: { maxNewTokens: 8 }, ...change, data: { template: 'chat', maxLength: 64, ...change.data } });

  test('a chat template that opens the reasoning is shown as it renders', async () => {
    const report = await ofQwen().check(chat());
    const fine = report.found('template-fine');
    expect(fine?.data).toEqual({ opens: '@opens' });
    expect(fine?.evidence?.rows[0]?.[1]).toContain('<|im_start|>assistant\n<think>');
    // The reasoning of an earlier turn is dropped by this template, as by Qwen3's.
    expect(fine?.evidence?.rows[1]?.[1]).not.toContain('2 + 3 = 5');
    expect(report.codes('refusal')).toEqual([]);
  });

  test('a tokenizer without one can’t serve "chat": refused, and the fix writes a plain template', async () => {
    const report = await soundProject().check(distillation({ data: { template: 'chat' } }));
    const changed = fixed(report, report.found('chat-template-missing'));
    expect((changed['data'] as { template: object }).template).toMatchObject({ prompt: '{prompt}\n' });
    expect(report.codes('refusal')).toEqual(['chat-template-missing']);
  });

  test('a teacher that renders the prompt otherwise: warned with both; one that drops earlier reasoning where the student keeps it, too', async () => {
    const made = ofQwen();
    made.copy(QWEN, 'student');
    const recipe = chat({ student: { model: 'student' } });
    expect((await made.check(recipe)).found('template-same', 'big')?.level).toBe('pass');
    const file = path.join(made.folder, 'student/chat_template.jinja');
    const template = readFileSync(file, 'utf8');
    writeFileSync(file, template.replace('You are helpful.', 'You are terse.'));
    const other = (await made.check(recipe)).found('template-differs', 'big');
    expect(other?.evidence?.rows[0]?.slice(1)).toEqual([expect.stringContaining('terse'), expect.stringContaining('helpful')]);
    writeFileSync(file, template.replace("content.split('</think>')[-1] | trim", 'content'));
    expect((await made.check(recipe)).found('template-turns-differ', 'big')?.level).toBe('warning');
    rmSync(path.join(made.folder, 'big/chat_template.jinja'));
    expect((await made.check(recipe)).found('template-teacher-none', 'big')?.level).toBe('warning');
  });

  test('a plain template before a teacher that was trained on chats: warned, and the fix takes the chat template', async () => {
    const report = await ofQwen().check(chat({ data: { template: PLAIN } }));
    expect((fixed(report, report.found('template-teacher-chat', 'big'))['data'] as { template: unknown }).template).toBe('chat');
  });

  test('marks of reasoning that the tokenizer drops: refused', async () => {
    const made = ofQwen();
    expect((await made.check(chat())).found('think-survives')?.data).toMatchObject({ pieces: '@one-piece' });
    made.change('big/tokenizer.json', (json) => {
      for (const token of json['added_tokens'] as { content: string; special: boolean }[]) if (token.content.includes('think')) token.special = true;
    });
    const lost = (await made.check(chat())).found('think-lost');
    expect([lost?.level, lost?.data['back']]).toEqual(['refusal', expect.not.stringContaining('think')]);
  });

  test('reasoning that the template has no place for: warned, and the fix makes one', async () => {
    const report = await soundProject().check(distillation({ data: { template: { prompt: '{prompt}\n', completion: '{answer}' } } }));
    const changed = fixed(report, report.found('think-not-in-template'));
    expect((changed['data'] as { template: object }).template).toEqual({ prompt: '{prompt}\n', completion: '<think>{think}</think>{answer}' });
  });

  test('rows of which some have no reasoning: warned with their share', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, (index) => (index % 4 === 0 ? { think: '' } : {})));
    expect((await made.check(distillation())).found('think-some')?.data).toEqual({ share: '75%' });
  });

  test('a tokenizer without an end token is refused', async () => {
    const made = soundProject();
    for (const file of ['config.json', 'generation_config.json', 'tokenizer_config.json']) made.change(`big/${file}`, (json) => { for (const key of ['eos_token', 'eos_token_id']) Reflect.deleteProperty(json, key); });
    // Llama's own default is token 2: said to be none.
    made.change('big/config.json', (json) => { json['eos_token_id'] = null; });
    expect((await made.check(distillation())).codes('refusal')).toEqual(['tokenizer-without-end']);
  });

  test('an end token that generation_config.json does not name, and a turn that ends with none: warned', async () => {
    const made = ofQwen();
    expect((await made.check(chat())).found('end-supervised')?.data).toEqual({ token: '<|im_end|>', id: 382 });
    made.change('big/generation_config.json', (json) => { json['eos_token_id'] = 380; });
    const named = (await made.check(chat())).found('end-not-in-generation');
    expect(named?.data).toMatchObject({ id: 382, named: '<|endoftext|> (380)' });
    made.change('big/config.json', (json) => { json['eos_token_id'] = 380; });
    made.change('big/tokenizer_config.json', (json) => { json['eos_token'] = '<|endoftext|>'; });
    const turn = (await made.check(chat())).found('end-turn-other');
    expect(turn?.data).toMatchObject({ turn: '<|im_end|> (382)', token: '<|endoftext|>' });
  });
});

describe('data', () => {
  test('files that are missing or broken are named with their place in the recipe', async () => {
    const made = soundProject();
    appendFileSync(path.join(made.folder, 'train.jsonl'), '{"prompt":"x"}\n');
    const report = await made.check(distillation({ data: { validation: 'nowhere.jsonl' } }));
    expect(report.of('data').map(({ code, path: at }) => [code, at])).toEqual([['data-file-missing', ['data', 'validation']], ['data-row-field-missing', ['data', 'train']]]);
  });

  test('rows that other files hold out leave nothing to train on: refused, and the length limit is not blamed', async () => {
    const made = soundProject();
    made.rows('test.jsonl', sums(40));
    const report = await made.check(distillation({ data: { test: 'test.jsonl', validation: 0 }, stage: { checkpoint: {} } }));
    expect(report.codes('refusal')).toEqual(['data-all-held-out']);
  });

  test('no validation, no evaluation, no reference answers', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(1));
    expect((await made.check(distillation())).found('data-no-validation')?.level).toBe('warning');
    expect((await made.check(distillation())).found('data-no-evaluation')?.level).toBe('refusal');
    made.rows('train.jsonl', sums(40, () => ({ gold: '' })));
    expect((await made.check(distillation())).found('evaluation-without-gold')?.level).toBe('warning');
    made.rows('train.jsonl', sums(40, (index) => (index % 2 === 0 ? { gold: '' } : {})));
    expect((await made.check(distillation())).found('data-gold-some')?.level).toBe('warning');
  });

  test('prompts that stand on both sides: the same, in both held-out files, and nearly the same', async () => {
    const made = soundProject();
    made.rows('test.jsonl', sums(5));
    made.rows('validation.jsonl', sums(3));
    const files = { test: 'test.jsonl', validation: 'validation.jsonl' };
    const report = await made.check(distillation({ data: files }));
    expect(report.found('data-rows-held-out')?.data).toEqual({ heldOut: 5 });
    expect(report.found('held-out-both')?.data).toEqual({ shared: 3 });

    const story = (name: string): string => `${name} buys three dozen apples at the market on Monday morning, gives a third of them to the neighbours, bakes half of the rest into a large cake, and keeps the others for the children. How many apples do the children get in the end?`;
    made.rows('train.jsonl', [...sums(40), { prompt: `${story('Anna')}  Explain.`, answer: '12' }]);
    made.rows('test.jsonl', [{ prompt: story('Anna'), answer: '12' }, ...sums(60).slice(50)]);
    const near = (await made.check(distillation({ data: { ...files, maxLength: 256 } }))).found('held-out-near');
    expect(near?.data).toMatchObject({ near: 1 });
    expect(near?.evidence?.rows[0]?.[0]).toContain('Anna buys');
  });
});

describe('lengths', () => {
  const long = (tokens: number): object => ({ think: 'one two three '.repeat(tokens) });

  test('a share of rows that is cut: warned, and the fix takes the length that cuts at most 1 %', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, (index) => (index % 10 === 0 ? long(20) : {})));
    const report = await made.check(distillation());
    const cut = report.found('length-cut');
    expect(cut?.data).toMatchObject({ share: '10%', limit: 128 });
    const changed = fixed(report, cut);
    expect((await made.check(changed)).found('length-fine')?.data).toMatchObject({ share: '0%' });
  });

  test('the fix stays within the models’ positions, and says so where even those are too few', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, (index) => (index % 10 === 0 ? long(400) : {})));
    const report = await made.check(distillation());
    expect((fixed(report, report.found('length-cut'))['data'] as { maxLength: number }).maxLength).toBe(512);
    expect((await made.check(distillation({ data: { maxLength: 512 }, evaluate: { maxNewTokens: 16 } }))).found('length-beyond-model')?.fix).toBeNull();
  });

  test('a new student gets more positions along with the length', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, () => long(20)));
    const report = await made.check(distillation({ student: { new: { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 2, max_position_embeddings: 128 } } }));
    const changed = fixed(report, report.found('length-nothing-left'));
    const { student, data } = changed as { student: { new: { max_position_embeddings: number } }; data: { maxLength: number } };
    expect(student.new.max_position_embeddings).toBe(data.maxLength);
    expect(data.maxLength).toBeGreaterThan(128);
  });

  test('rows that are refused, and prompts that take the whole length', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, (index) => (index === 7 ? long(20) : {})));
    const refused = (await made.check(distillation({ data: { tooLong: 'refuse' } }))).found('length-refused');
    expect([refused?.level, refused?.data]).toEqual(['refusal', expect.objectContaining({ long: 1 })]);
    made.rows('train.jsonl', sums(40, (index) => (index === 7 ? { prompt: 'why '.repeat(200) } : {})));
    const prompts = (await made.check(distillation())).found('length-prompts');
    expect(prompts?.evidence?.rows).toEqual([[path.join(made.folder, 'train.jsonl'), '8', expect.any(String)]]);
    const nothing = (await made.check(distillation({ data: { maxLength: 4 } }))).found('length-nothing-left');
    expect(nothing?.level).toBe('refusal');
  });

  test('nothing left to train on is refused, also where only validation rows fit, or a cut finds no step that ends in time', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(20, () => long(20)));
    made.rows('validation.jsonl', sums(5).map((row, index) => ({ ...row, prompt: `How much is ${String(index)} and 1?` })));
    const recipe = (data: object): Promise<Report> => made.check(distillation({ data: { validation: 'validation.jsonl', ...data } }));
    const dropped = await recipe({ tooLong: 'drop' });
    expect(dropped.found('length-nothing-left')).toMatchObject({ level: 'refusal', estimated: false, data: { rows: 20, long: 20, limit: 128 } });
    expect((await made.check(fixed(dropped, dropped.found('length-nothing-left')))).codes('refusal')).toEqual([]);
    // One line of reasoning, so that there is no step to end at.
    made.rows('train.jsonl', sums(20, () => ({ think: 'one two three '.repeat(100).trim() })));
    expect((await recipe({})).found('length-nothing-left')?.level).toBe('refusal');
  });

  test('a fix leaves something to train on, or is not offered', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(20, () => long(300)));
    const longer = { data: { maxLength: 4096, tooLong: 'drop' } };
    expect((await made.check(distillation(longer))).found('recipe-longer-than-model')).toMatchObject({ level: 'refusal', fix: null });
    const memory = await made.check(distillation({ data: { maxLength: 512, tooLong: 'drop' }, stage: { batch: { size: 1 } } }), { machine: { freeMemory: () => 2 ** 20 } });
    expect(memory.found('memory-too-much')?.fix ?? null).toBeNull();
    made.rows('train.jsonl', sums(20));
    expect((await made.check(distillation(longer))).found('recipe-longer-than-model')?.fix).not.toBeNull();
  });

  test('more than the models’ positions: refused, fixed; answers that are cut in the evaluation: warned, fixed', async () => {
    const made = soundProject();
    const report = await made.check(distillation({ data: { maxLength: 600 }, evaluate: { maxNewTokens: 510 } }));
    expect((fixed(report, report.found('recipe-longer-than-model'))['data'] as { maxLength: number }).maxLength).toBe(512);
    const answers = report.found('positions-evaluate');
    expect(answers?.data).toMatchObject({ wanted: 510, positions: 512 });
    const changed = fixed(report, answers);
    expect((await made.check(changed)).found('positions-evaluate')).toBeUndefined();
  });
});

describe('training', () => {
  test('more rows in a batch than there are: the fix takes as many as there are', async () => {
    const report = await soundProject().check(distillation({ stage: { batch: { size: 64 } } }));
    const changed = fixed(report, report.found('training-batch-beyond-rows')) as { stages: { batch: { size: number } }[] };
    expect(changed.stages[0]?.batch.size).toBe(32);
  });

  test.each([
    [{ schedule: { warmupSteps: 90 } }, 'training-warmup', (stage: { schedule: { warmupSteps: number } }) => stage.schedule.warmupSteps, 4],
    [{ validate: { every: 100 } }, 'training-never-validates', (stage: { validate: { every: number } }) => stage.validate.every, 4],
  ] as const)('%j is warned of and fixed', async (stage, code, read, value) => {
    const report = await soundProject().check(distillation({ stage }));
    const changed = fixed(report, report.found(code)) as { stages: never[] };
    expect(read(changed.stages[0]!)).toBe(value);
  });

  test('rows that no step sees, an early stop that never comes, a gate that is never measured', async () => {
    const made = soundProject();
    expect((await made.check(distillation({ stage: { limits: { steps: 2 }, validate: { every: 1 } } }))).found('training-rows-unseen')?.data).toMatchObject({ share: '25%' });
    expect((await made.check(distillation({ stage: { earlyStop: { patience: 9 } } }))).found('training-never-stops-early')?.level).toBe('warning');
    made.rows('train.jsonl', sums(1));
    const gate = await made.check(distillation({ stage: { gate: { metric: 'validation/loss', max: 1 } } }));
    expect(gate.found('metric-not-measured')?.path).toEqual(['stages', 0, 'gate']);
  });
});

describe('the machine', () => {
  const MIB = 2 ** 20;

  test('too little memory: refused as an estimate, with what takes it; the fix makes the same step in smaller passes and fits', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(40, () => ({ think: 'one two three '.repeat(10) })));
    const machine = { freeMemory: () => 200 * MIB };
    const recipe = distillation({ stage: { batch: { size: 32 } } });
    const report = await made.check(recipe, { machine });
    const memory = report.found('memory-too-much');
    expect([memory?.level, memory?.estimated, memory?.evidence?.rows.map(([part]) => part)]).toEqual(['refusal', true, expect.arrayContaining(['@weights', '@moments', '@activations', '@logits', '@teacher'])]);
    const { batch } = (fixed(report, memory) as { stages: { batch: { size: number; accumulate: number } }[] }).stages[0]!;
    expect(batch.size * batch.accumulate).toBe(32);
    expect((await made.check(fixed(report, memory), { machine })).found('memory-fine')?.data).toMatchObject({ stage: 'train' });
    expect((await made.check(recipe)).codes('refusal')).toEqual([]);
  });

  test('WebAssembly ends at 4 GiB however much memory the machine has; a GPU’s memory is not guessed', async () => {
    const made = soundProject();
    made.rows('train.jsonl', sums(300, () => ({ think: 'one two three '.repeat(60) })));
    const recipe = distillation({ data: { maxLength: 512 }, stage: { batch: { size: 64 } } });
    expect((await made.check(recipe)).found('memory-too-much')?.data).toMatchObject({ backend: 'wasm', limit: '4.0 GiB' });
    const native = { attempt: (backend: never) => Promise.resolve({ backend, outcome: 'taken', detail: 'GPU' } as const) };
    expect((await made.check(recipe, { machine: native })).found('memory-unknown')?.level).toBe('pass');
  });

  test('a disk too small for the checkpoints: refused, and one that fits fewer of them is fixed', async () => {
    const made = soundProject();
    const recipe = distillation({ stage: { checkpoint: { keepLast: 50 } } });
    const report = await made.check(recipe, { machine: { freeDisk: () => Promise.resolve(20 * MIB) } });
    const disk = report.found('disk-too-much');
    expect(disk?.estimated).toBe(true);
    expect((fixed(report, disk) as { stages: { checkpoint: { keepLast: number } }[] }).stages[0]?.checkpoint.keepLast).toBe(1);
  });

  test('no backend that works: refused with each one’s reason; before a launch none is tried', async () => {
    const none = { attempt: (backend: never) => Promise.resolve({ backend, outcome: 'unavailable', detail: `no ${String(backend)}` } as const) };
    const report = await soundProject().check(distillation(), { machine: none });
    expect(report.found('backend-none')?.data['detail']).toContain('webgpu: no webgpu');
    const never = { attempt: () => Promise.reject(new Error('a backend was tried')) };
    expect((await soundProject().check(distillation(), { machine: never, quick: true })).codes('refusal')).toEqual([]);
  });
});

test('every fix can be placed: a finding’s path is found in the text, or the nearest thing around it', () => {
  const text = JSON.stringify(distillation(), null, 2);
  const at = (...parts: (string | number)[]): string => {
    const { offset, length } = placeInRecipe(text, parts);
    return text.slice(offset, offset + length);
  };
  expect(at('data', 'maxLength')).toBe('128');
  expect(at('data', 'test')).toBe('"data"');
  expect(at('stages', 0, 'schedule', 'warmupSteps')).toBe('{');
  expect(at('nothing')).toBe('{');
});

test('the lengths that are told are those that training sees', async () => {
  const made = soundProject();
  made.rows('train.jsonl', sums(40));
  const tokenizer = await loadTokenizer(STORIES);
  const encoder = rowEncoder(tokenizer, schema.parse(distillation()).data);
  const lengths = sums(40).map((row, line) => {
    const { prompt, think, answer } = row as { prompt: string; think: string; answer: string };
    const encoded = encoder.encode({ file: 'x', line, prompt, messages: [{ role: 'user', content: prompt }], think, answer, gold: null });
    return encoded.type === 'row' ? encoded.row.ids.length : NaN;
  });
  expect((await made.check(distillation())).found('length-fine')?.data).toMatchObject({ longest: Math.max(...lengths) });
});

function parsed(file: string): object {
  return (readRecipe(readFileSync(file, 'utf8')).recipe === undefined ? {} : JSON.parse(readFileSync(file, 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''))) as object;
}
