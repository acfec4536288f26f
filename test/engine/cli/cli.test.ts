import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commandOf, languageOf, sayIn } from '../../../src/cli/text.ts';
import { clipped, columnsOf, displayWidth, table } from '../../../src/cli/terminal.ts';
import { wrapped } from '../../../src/cli/commands/diff.ts';
import { guessFields } from '../../../src/engine/templates/traces.ts';
import { parseEvent, type RunEvent } from '../../../src/shared/events.ts';
import { watchForChange } from '../../../src/system/watchForChange.ts';
import { buildBundles, root, start, type Bundles, type Finished } from '../../fixtures/bundles.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const stories = path.join(root, 'test/fixtures/models/stories260k');
const gsm8k = path.join(root, 'test/fixtures/gsm8k/rows.jsonl');
const testData = path.resolve(root, process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
const r1 = ['en', 'zh'].map((language) => path.join(testData, `r1-gsm8k/${language}.jsonl`));

let bundles: Bundles;
beforeAll(async () => { bundles = await buildBundles(['engine', 'cli']); }, 120_000);
afterAll(() => bundles.remove());

const begin = (cwd: string, ...args: readonly string[]) => start(bundles.cli, args, { cwd, env: { DISTILL_STATE_FOLDER: path.join(cwd, '.state') } });
const distill = (cwd: string, ...args: readonly string[]): Promise<Finished> => begin(cwd, ...args).done;

function eventsOf(text: string): readonly RunEvent[] {
  return text.split('\n').flatMap((line) => {
    const parsed = parseEvent(line);
    return parsed.type === 'event' ? [parsed.event] : [];
  });
}

const validation = (events: readonly RunEvent[]): readonly number[] => events.flatMap((event) => event.kind === 'metric' && typeof event.values['validation/loss'] === 'number' ? [event.values['validation/loss']] : []);

describe('the language', () => {
  test.each([
    [['list', '--lang', 'zh-cn'], {}, 'zh-cn'], [['--lang=en'], { LANG: 'zh_CN.UTF-8' }, 'en'], [[], { LANG: 'zh_CN.UTF-8' }, 'zh-cn'],
    [[], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' }, 'en'], [[], { LANG: 'zh_TW.UTF-8' }, 'en'], [[], {}, 'en'],
  ] as const)('of %j in %j is %s', (argv, environment, language) => {
    expect(languageOf(argv, environment)).toBe(language);
  });
});

test('a command to type is the one that was typed: through npm in the repository', () => {
  expect(sayIn('en', commandOf({ npm_lifecycle_event: 'distill' }))('eventStopped', 'r')).toBe('Stopped. Go on with:  npm run distill -- resume r');
  expect(sayIn('zh-cn', commandOf({}))('eventStopped', 'r')).toBe('已停止。继续：distill resume r');
});

test('a terminal that does not know its width gets a usual one', () => {
  expect([columnsOf({ columns: 0 }), columnsOf({}), columnsOf({ columns: 72 })]).toEqual([100, 100, 72]);
});

describe('a table and a column', () => {
  test('count Chinese characters as two columns', () => {
    expect(displayWidth('状态 ok')).toBe(7);
    expect(clipped('状态正常', 5)).toBe('状态…');
    expect(table([['状态', 'x'], ['done', 'y']])).toBe('状态  x\ndone  y');
    for (const line of wrapped('一共有七十二个夹子，四月卖了四十八个 and 24 clips in May', 12)) expect(displayWidth(line)).toBeLessThanOrEqual(12);
    expect(wrapped('one two three', 7)).toEqual(['one two', 'three']);
  });
});

test.each([
  [{ question: 'q', answer: 'a\n#### 4' }, { prompt: 'question', think: { field: 'answer', before: '\n#### ' }, answer: { field: 'answer', after: '#### ' }, gold: { field: 'answer', after: '#### ' } }],
  [{ question: 'q', reasoning: 'r', answer: '4', gold: '4' }, { prompt: 'question', think: 'reasoning', answer: 'answer', gold: 'gold' }],
  [{ messages: [] }, { prompt: null, think: null, answer: null, gold: null }],
])('the fields of %j are guessed', (row, fields) => {
  expect(guessFields(row)).toEqual(fields);
});

describe('distill', () => {
  test('names every mistake of a recipe with its place, and exits with 2', async () => {
    const project = temporaryFolder();
    writeFileSync(path.join(project, 'distill.json'), '{\n  "format": 1, "name": "x", "student": { "model": "m" },\n  "data": { "train": "t.jsonl", "tooLong": "chop" },\n  "stages": [{ "type": "train" }]\n}\n');
    const english = await distill(project, 'check', '--recipe-only');
    expect(english.code).toBe(2);
    expect(english.stderr.split('\n')).toEqual([
      'distill.json:3:44: data.tooLong is "chop"; allowed: "cut", "drop", "refuse".',
      'distill.json:4:14: stages[0].teacher is missing: the objective forward-kl needs a local teacher. Add one to teachers, or set objective to "sequence".',
      '2 mistakes in distill.json.', '',
    ]);
    const chinese = await distill(project, 'check', '--recipe-only', '--lang', 'zh-cn');
    expect(chinese.stderr).toContain('data.tooLong 的值为 "chop"；允许的值');
    expect((await distill(project, 'run')).code).toBe(2);
    const corrected = await distill(project, 'check', '--recipe-only', '--set', 'data.tooLong=cut', '--set', 'stages[0].objective=sequence');
    expect([corrected.code, corrected.stdout]).toEqual([0, 'distill.json: the recipe is right.\n']);
    expect(existsSync(path.join(project, '.distill'))).toBe(false);
  });

  test('says in a sentence what is not there, and helps', async () => {
    const empty = temporaryFolder();
    expect(await distill(empty, 'run')).toMatchObject({ code: 2, stderr: 'There is no distill.json in .. Make one with: distill init\n' });
    expect(await distill(empty, 'show')).toMatchObject({ code: 2, stderr: 'There is no run here yet.\n' });
    expect((await distill(empty, 'lsit')).stderr).toContain('Did you mean list?');
    const help = await distill(empty, '--help', '--lang', 'zh-cn');
    expect(help.code).toBe(0);
    expect(help.stdout).toContain('退出码');
    expect(await distill(empty, 'init', '-t', 'traces')).toMatchObject({ code: 2, stderr: 'The templates "traces" and "collect" need --model FOLDER (the student) and --data FILE.\n' });
  });

  test('init writes a project that asks a teacher; its recipe is right, and what it will cost can be asked', async () => {
    const folder = temporaryFolder();
    writeFileSync(path.join(folder, 'questions.jsonl'), '{"question":"What is 2 + 3?","answer":"5"}\n{"question":"What is 7 - 3?","answer":"4"}\n');
    for (const lang of ['en', 'zh-cn']) {
      expect(await distill(folder, 'init', `made-${lang}`, '--lang', lang, '-t', 'collect', '-m', stories, '-d', 'questions.jsonl', '--service', 'ollama')).toMatchObject({ code: 0 });
      expect(await distill(folder, 'check', `made-${lang}`, '--recipe-only')).toMatchObject({ code: 0 });
      expect(await distill(folder, 'data', 'estimate', `made-${lang}`)).toMatchObject({ code: 0, stdout: expect.stringContaining('deepseek-r1:7b') as string });
    }
    expect(readFileSync(path.join(folder, 'made-zh-cn/distill.json'), 'utf8')).toContain('硬上限');
    expect(await distill(folder, 'init', 'a', '-t', 'collect', '-m', stories, '-d', 'questions.jsonl', '--service', 'lmstudio')).toMatchObject({ code: 2, stderr: 'Name the teacher as lmstudio calls it: --teacher NAME.\n' });
    expect(existsSync(path.join(folder, 'a'))).toBe(false);
    expect(await distill(folder, 'init', 'a', '--service', 'ollama')).toMatchObject({ code: 2, stderr: expect.stringContaining('belong to the template "collect"') as string });
  });

  test('check tells everything that is wrong with the models and the data, and that all is right only then', async () => {
    const project = temporaryFolder();
    cpSync(stories, path.join(project, 'teacher'), { recursive: true });
    truncateSync(path.join(project, 'teacher/model.safetensors'), 500_000);
    writeFileSync(path.join(project, 'train.jsonl'), '{"prompt":"q"}\n');
    mkdirSync(path.join(project, 'rows'));
    writeFileSync(path.join(project, 'distill.json'), JSON.stringify({
      format: 1, name: 'x', teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [0, 9] },
      data: { train: 'train.jsonl', validation: 'rows', template: { prompt: '{prompt}', completion: '{answer}' }, maxLength: 4096 }, stages: [{ type: 'train' }],
    }));
    const { code, stdout, stderr } = await distill(project, 'check');
    expect(code).toBe(2);
    expect(stdout).not.toContain('nothing stands in the way');
    const said = stderr.trim().split('\n');
    const refusals = said.filter((line) => line.startsWith('✗'));
    expect(refusals[0]).toMatch(/^✗ Models \(big\): .*model\.safetensors ends before its tensor .*: it should have \d+ bytes and has \d+/);
    expect(refusals[1]).toBe('✗ Student (big): Layer 9 is not in the teacher, whose layers are 0 to 4. Correct student.layers.');
    expect(refusals.slice(2, 4).sort().map((line) => /rows is a folder|line 1: the field "answer" is missing/.test(line))).toEqual([true, true]);
    expect(refusals[4]).toBe('✗ Positions: data.maxLength is 4096, longer than the model’s max_position_embeddings 512.');
    expect(refusals).toHaveLength(5);
    expect(said).toContain('    → Set data.maxLength to 512');
    expect(said.slice(-2)).toEqual(['distill.json can’t work: 5 problems.', '2 of it can be fixed here: distill check --fix']);
  });

  test('check --fix makes what it showed, keeps the comments, and is fine then; --json tells the same to a program', async () => {
    const project = temporaryFolder();
    cpSync(stories, path.join(project, 'teacher'), { recursive: true });
    writeFileSync(path.join(project, 'train.jsonl'), Array.from({ length: 40 }, (_, index) => `${JSON.stringify({ prompt: `What is ${String(index)}?`, think: 'x', answer: '4' })}\n`).join(''));
    const written = JSON.stringify({
      format: 1, name: 'x', teachers: { big: { type: 'local', model: 'teacher' } }, student: { fromTeacher: 'big', layers: [0, 9] },
      data: { train: 'train.jsonl', template: { prompt: '{prompt}', completion: '<think>{think}</think>{answer}' }, maxLength: 4096 },
      stages: [{ type: 'train', batch: { size: 4 }, limits: { steps: 20 }, validate: { every: 5 } }], engine: { backend: 'wasm' },
    }, null, 2).replace('"maxLength"', '// as long as R1 writes\n    "maxLength"');
    writeFileSync(path.join(project, 'distill.json'), written);
    const report = (text: string) => JSON.parse(text) as { readonly findings: readonly { readonly level: string; readonly code: string; readonly fix: object | null }[] };
    const before = await distill(project, 'check', '--json');
    expect([before.code, before.stderr]).toEqual([2, '']);
    expect(report(before.stdout).findings.filter(({ level }) => level === 'refusal').map(({ code }) => code)).toEqual(['layers-not-in-teacher', 'recipe-longer-than-model']);

    const mended = await distill(project, 'check', '--fix');
    expect([mended.code, mended.stderr.split('\n')]).toEqual([0, ['→ Set student.layers to [0]', '→ Set data.maxLength to 512', '']]);
    expect(mended.stdout).toContain('distill.json: nothing stands in the way of a run.');
    const text = readFileSync(path.join(project, 'distill.json'), 'utf8');
    expect(text).toContain('// as long as R1 writes\n    "maxLength": 512');
    expect((await distill(project, 'check', '--fix')).stderr).toBe('');
    expect(readFileSync(path.join(project, 'distill.json'), 'utf8')).toBe(text);

    writeFileSync(path.join(project, 'distill.json'), '{');
    const broken = await distill(project, 'check', '--json');
    expect([broken.code, report(broken.stdout).findings.map(({ code }) => code)]).toEqual([2, ['recipe-syntax']]);
    expect((await distill(project, 'check', '--fix', '--set', 'seed=1')).code).toBe(2);
  });

  test('init makes a folder of its own, names the project, and refuses what does not belong together', async () => {
    const folder = temporaryFolder();
    await cp(path.join(root, 'examples/arithmetic'), path.join(bundles.folder, 'examples/arithmetic'), { recursive: true, filter: (source) => path.basename(source) !== '.distill' });
    writeFileSync(path.join(folder, 'mine.txt'), 'mine');
    expect(await distill(folder, 'init', '-n', 'my sums')).toMatchObject({ code: 0, stdout: `Made ${path.join('arithmetic', 'distill.json')}.\n` });
    expect(readdirSync(folder).filter((name) => name !== '.state').sort()).toEqual(['arithmetic', 'mine.txt']);
    const written = readFileSync(path.join(folder, 'arithmetic/distill.json'), 'utf8');
    expect(written).toContain('"name": "my sums"');
    expect(written).toContain('// A teacher of 4 layers');
    expect(existsSync(path.join(folder, 'arithmetic/README.md'))).toBe(true);
    expect(await distill(folder, 'init')).toMatchObject({ code: 2, stderr: 'arithmetic is not empty. Choose another folder.\n' });
    expect(await distill(folder, 'init', '.')).toMatchObject({ code: 2, stderr: '. is not empty. Choose another folder.\n' });
    const mixed = await distill(folder, 'init', 'a', '-m', stories);
    expect([mixed.code, mixed.stderr]).toEqual([2, expect.stringContaining('--model and --data belong to the templates "traces" and "collect"')]);
    const noData = await distill(folder, 'init', 't', '-t', 'traces', '-m', stories, '-d', 'nowhere.jsonl');
    expect([noData.code, noData.stderr]).toEqual([2, expect.stringMatching(/^There is no file .*nowhere\.jsonl\.\n$/)]);
    const inFolder = await distill(folder, 'init', 't', '-t', 'traces', '-m', stories, '-d', 'arithmetic');
    expect([inFolder.code, inFolder.stderr]).toEqual([2, expect.stringMatching(/arithmetic is a folder that is not laid out as a dataset/)]);
    expect(existsSync(path.join(folder, 't'))).toBe(false);
  });

  test('says of wrong arguments what they should be, with exit code 2 and without a stack', async () => {
    const folder = temporaryFolder();
    expect(await distill(folder, 'diff', '--teacher', 'x.jsonl', '--student', 'y.jsonl')).toMatchObject({ code: 2, stderr: 'There is no file x.jsonl.\n' });
    expect(await distill(folder, 'diff', '--teacher', '.', '--student', '.')).toMatchObject({ code: 2, stderr: '. is a folder; a file is needed here.\n' });
    expect(await distill(folder, 'list', 'nowhere')).toMatchObject({ code: 2, stderr: 'There is no folder nowhere.\n' });
    expect(await distill(folder, 'check', 'nowhere')).toMatchObject({ code: 2, stderr: 'There is no folder nowhere.\n' });
    for (const words of [['--lang', 'fr', 'list'], ['list', '--lang', 'fr']]) {
      const { code, stderr } = await distill(folder, ...words);
      expect([code, stderr]).toEqual([2, expect.stringContaining('fr: allowed are en, zh-cn.')]);
    }
  });

  test('doctor tells of every backend, of node and of the machine', async () => {
    const { code, stdout } = await distill(temporaryFolder(), 'doctor', '--json');
    expect(code).toBe(0);
    const facts = JSON.parse(stdout) as { readonly backends: readonly { readonly backend: string; readonly outcome: string; readonly detail: string }[] };
    expect(facts.backends.map(({ backend }) => backend)).toEqual(['tensorflow-gpu', 'tensorflow', 'webgpu', 'wasm']);
    expect(facts.backends.at(-1)).toMatchObject({ outcome: 'taken' });
    for (const { detail } of facts.backends) expect(detail).not.toBe('');
  }, 120_000);

  test('compares two recordings side by side', async () => {
    const folder = temporaryFolder();
    const rows = (think: string) => `${JSON.stringify({ question: 'How much is 48 + 24?', think, answer: '72', gold: '72' })}\n`;
    writeFileSync(path.join(folder, 't.jsonl'), rows('There are 48 clips in April. In May 48 / 2 = 24. Together 48 + 24 = 72.'));
    writeFileSync(path.join(folder, 's.jsonl'), rows('There are 48 clips in April. Together 48 + 24 = 74.'));
    const { code, stdout } = await distill(folder, 'diff', '--teacher', 't.jsonl', '--student', 's.jsonl', '1', '--width', '100');
    expect(code).toBe(0);
    expect(stdout).toContain('How much is 48 + 24?');
    expect(stdout).toMatch(/48 clips in April\. +=  There are 48 clips in April\./);
    expect(stdout).toMatch(/48 \+ 24 = 72\. +≠ {2}Together 48 \+ 24 = 74\./);
    expect(await distill(folder, 'diff', '--teacher', 't.jsonl')).toMatchObject({ code: 2 });
  });
});

describe('a project of reasoning traces', () => {
  /** Some steps of the real 260,032-parameter Llama, small enough to run everywhere. */
  const STEPS = 24;
  const SHORT = ['--set', `stages[0].limits.steps=${String(STEPS)}`, '--set', 'stages[0].validate.every=8', '--set', 'stages[0].validate.rows=8', '--set', 'stages[0].batch.size=4', '--set', 'stages[0].checkpoint.every=8', '--set', 'data.maxLength=192', '--set', 'evaluate.rows=2', '--set', 'evaluate.maxNewTokens=8'];

  test('distils real GSM8K solutions into real weights: the loss falls, a stop in the middle costs nothing, everything can be read afterwards', async () => {
    const folder = temporaryFolder();
    expect(await distill(folder, 'init', 'gsm', '-t', 'traces', '-m', stories, '-d', gsm8k)).toMatchObject({ code: 0, stdout: `Made ${path.join('gsm', 'distill.json')}.\n` });
    const checked = await distill(folder, 'check', 'gsm');
    expect(checked.code).toBe(0);
    expect(checked.stdout).toMatch(/Data: 38 rows to train on, 5 to validate on, 5 prompts to evaluate on/);

    const run = begin(folder, 'run', 'gsm', '--json', ...SHORT);
    let seen = '';
    run.child.stdout?.on('data', (text: string) => {
      // One Ctrl-C, once some steps are done: a second would end it at once.
      const reached = (): boolean => seen.includes('"step":10,');
      const before = reached();
      seen += text;
      if (!before && reached()) run.child.kill('SIGINT');
    });
    const stopped = await run.done;
    expect(stopped.code).toBe(3);
    const before = eventsOf(stopped.stdout);
    expect(before.at(-1)).toMatchObject({ kind: 'ended', outcome: 'stopped' });
    const [warning] = before.filter((event) => event.kind === 'warning');
    expect(warning).toMatchObject({ code: 'data-rows-cut' });

    const resumed = await distill(folder, 'resume', '--json');
    expect(resumed.code).toBe(0);
    const after = eventsOf(resumed.stdout);
    expect(after[0]).toMatchObject({ kind: 'started', resumedFrom: { stage: 0 } });
    const losses = validation([...before, ...after]);
    expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0));
    expect(existsSync(path.join(folder, 'gsm/student/model.safetensors'))).toBe(true);

    const [listed] = JSON.parse((await distill(folder, 'list', '--json')).stdout) as readonly { readonly run: string; readonly status: string; readonly step: number }[];
    expect(listed).toMatchObject({ status: 'done', step: STEPS });
    expect((await distill(folder, 'show', 'gsm', '--lang', 'zh-cn')).stdout).toContain('已完成');
    const pairs = JSON.parse((await distill(folder, 'diff', '--json')).stdout) as readonly { readonly example: string; readonly teacher: string; readonly student: string }[];
    // The teacher's side is the data's own solution, which is right by definition.
    expect(pairs).toHaveLength(2);
    expect(pairs[0]?.teacher).toBe('right');
    expect((await distill(folder, 'diff', pairs[0]?.example ?? '')).stdout).toContain('rows.jsonl');
  }, 240_000);

  test('a run goes on without the terminal, and is stopped from another', async () => {
    const folder = temporaryFolder();
    await distill(folder, 'init', 'gsm', '-t', 'traces', '-m', stories, '-d', gsm8k);
    const { code, stdout } = await distill(folder, 'run', 'gsm', '--detach', '--json', ...SHORT, '--set', 'stages[0].limits.steps=100000');
    expect(code).toBe(0);
    const { folder: run } = JSON.parse(stdout) as { readonly folder: string };
    const change = watchForChange(path.join(run, 'events.jsonl'));
    while (!eventsOf(readFileSync(path.join(run, 'events.jsonl'), 'utf8')).some((event) => event.kind === 'metric' && event.step > 0)) await change.next();
    change.close();
    expect((await distill(folder, 'stop')).stdout).toContain('has stopped and saved');
    expect((await distill(folder, 'stop')).stdout).toContain('is not running');
    expect(existsSync(path.join(run, 'engine.lock'))).toBe(false);
  }, 120_000);

  test.skipIf(!r1.every(existsSync))('reads real DeepSeek-R1 answers in English and Chinese and tells what share was cut (needs r1-gsm8k of DISTILL_TEST_DATA)', async () => {
    const folder = temporaryFolder();
    mkdirSync(path.join(folder, 'p'));
    await distill(folder, 'init', 'p/r1', '-t', 'traces', '-m', stories, '-d', r1[0] ?? '');
    const both = `data.train=${JSON.stringify(r1)}`;
    const checked = await distill(folder, 'check', 'p/r1', '--set', both, '--set', 'data.template={"prompt":"{prompt}\\n","completion":"{think}\\n#### {answer}"}');
    expect(checked.code).toBe(0);
    // An R1 answer has 1,300 tokens and more of this tiny vocabulary, the model 512 positions.
    expect(checked.stderr).toMatch(/\d+ of \d+ rows \((9\d|100)%\) are longer than data\.maxLength 512/);
  }, 120_000);
});
