/** distill data augment: new rows from old ones, each checked to keep its answer; without a teacher's help, or with it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Argument, Option } from 'commander';
import { Askers } from '../../../engine/collect/askers.ts';
import { augmentTeacher } from '../../../engine/collect/teachersOf.ts';
import { augmentRecords, AugmentCounts } from '../../../engine/data/augment/augment.ts';
import { worstOfRewording } from '../../../engine/data/augment/reworded.ts';
import { readRecords } from '../../../engine/data/formats/read.ts';
import { recordWriter } from '../../../engine/data/formats/write.ts';
import { takeKeys } from '../../../engine/teacher/keys.ts';
import { fromNanos, worstNanos } from '../../../engine/teacher/prices.ts';
import { AUGMENT_REASONS, type AugmentReport } from '../../../shared/augmentReport.ts';
import { DistillError, sentence } from '../../../shared/messages.ts';
import { moneyText, tokensText } from '../../../shared/money.ts';
import { percent } from '../../../shared/numbers.ts';
import { augmentation as augmentationSchema, AUGMENTATIONS, DATA_FORMATS, type Augmentation, type DataFormat } from '../../../shared/recipeCollect.ts';
import type { ApiTeacher } from '../../../shared/recipeTeacher.ts';
import { spendText } from '../../collectText.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { loadRecipe } from '../../project.ts';
import { Refusal } from '../../refusal.ts';
import { table, type Terminal } from '../../terminal.ts';
import { brokenTeller, checkOutput, liveLine, seedOf, shareOf, untilInterrupted } from './making.ts';

interface AugmentOptions {
  readonly kind?: readonly Augmentation['kind'][];
  readonly out?: string;
  readonly copies: number;
  readonly share: number;
  readonly strength: number;
  readonly agreement: number;
  readonly project: string;
  readonly teacher?: string;
  readonly onlyNew?: true;
  readonly format: DataFormat;
  readonly onBroken: 'refuse' | 'skip';
  readonly limit?: number;
  readonly seed: number;
  readonly list?: true;
  readonly force?: true;
  readonly yes?: true;
  readonly json?: true;
}

export function registerAugment({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  const share = shareOf(terminal);
  command('augment', say('augment')).addArgument(new Argument('[file]', say('cleanFile')))
    .addOption(new Option('-k, --kind <kinds...>', say('augmentKind')).choices(AUGMENTATIONS)).option('-o, --out <file>', say('augmentOut'))
    .addOption(new Option('--copies <count>', say('augmentCopies')).argParser(whole).default(1)).addOption(new Option('--share <share>', say('augmentShare')).argParser(share).default(1))
    .addOption(new Option('--strength <share>', say('augmentStrength')).argParser(share).default(0.2)).addOption(new Option('--agreement <count>', say('augmentAgreement')).argParser(whole).default(3))
    .option('--project <folder>', say('augmentProject'), '.').option('--teacher <name>', say('augmentTeacher')).option('--only-new', say('augmentOnlyNew'))
    .addOption(new Option('--format <format>', say('cleanFormat')).choices(DATA_FORMATS).default('auto')).addOption(new Option('--on-broken <what>', say('cleanOnBroken')).choices(['refuse', 'skip']).default('refuse'))
    .addOption(new Option('--limit <rows>', say('verifyLimit')).argParser(whole)).addOption(new Option('--seed <number>', say('makingSeed')).argParser(seedOf(terminal)).default(0))
    .option('--yes', say('augmentYes')).option('--list', say('augmentList')).option('--force', say('convertForce')).addOption(json())
    .action(async (file: string | undefined, options: AugmentOptions) => { done(options.list === true ? list(terminal) : await augment(terminal, file, options)); });
}

async function augment(terminal: Terminal, file: string | undefined, options: AugmentOptions): Promise<ExitCode> {
  const { say } = terminal;
  if (file === undefined || options.kind === undefined) throw new Refusal(say('augmentMissing', AUGMENTATIONS.join(', ')));
  if (!existsSync(file)) throw new Refusal(say('noFile', file));
  const written = options.out ?? `${file.replace(/[\\/]+$/, '').replace(/\.\w+$/, '')}.augmented.jsonl`;
  const out = path.resolve(written);
  checkOutput(terminal, out, [file], options.force === true);
  const augmentations = options.kind.map((kind) => augmentationSchema.parse({ kind, copies: options.copies, share: options.share, strength: options.strength, agreement: options.agreement, ...(options.teacher === undefined ? {} : { teacher: options.teacher }) }));
  const counts = new AugmentCounts();
  const askers = augmentations.some(asksTeacher) ? askersOf(terminal, options, augmentations) : null;
  try {
    if (askers !== null && !await consents(terminal, file, options, augmentations.map((each) => ({ augmentation: each, teacher: askers.teacherOf(each) })))) return EXIT.stopped;
    return await untilInterrupted(terminal, written, async (signal) => {
      const live = liveLine(terminal);
      const broken = brokenTeller(terminal);
      const records = readRecords({ file: path.resolve(file), format: options.format, ...(options.limit === undefined ? {} : { limit: options.limit }) }, { base: process.cwd(), onBroken: options.onBroken, signal, onBrokenRow: broken.told });
      const writer = await recordWriter(out);
      let rows = 0;
      try {
        const context = {
          signal, seed: options.seed, asker: (each: Augmentation) => askers === null ? Promise.reject(new Error('a teacher that nobody opened')) : askers.open(each),
          onSpent: ({ code, data }: DistillError) => { terminal.note(terminal.paint('yellow', sentence(code, data, terminal.language))); },
        };
        for await (const record of augmentRecords(records, augmentations, context, counts)) {
          // What was just made ends with its augmentation; a row that came in may have one of an earlier time.
          const isNew = record.provenance.transformations.at(-1)?.detail?.['parent'] !== undefined && record.provenance.transformations.at(-1)?.name.startsWith('augment/') === true;
          if (options.onlyNew === true && !isNew) continue;
          await writer.write(record);
          rows += 1;
          await live(() => say('augmentLive', counts.read, counts.made));
        }
        await writer.close();
      } catch (error) {
        await writer.abandon();
        throw error;
      }
      broken.end();
      for (const spend of await askers?.spends() ?? []) terminal.note(say('augmentSpent', spend.teacher, spendText(say, spend)));
      const report = counts.report();
      if (options.json === true) terminal.print(JSON.stringify({ out, written: rows, ...report }, null, 2));
      else tell(terminal, written, rows, report);
    });
  } finally {
    await askers?.close();
  }
}

const asksTeacher = ({ kind }: Augmentation): boolean => kind === 'back-translation' || kind === 'rephrasing';

/**
 * Says what asking can cost at most, before anybody is asked. True where it costs nothing, --yes was given, or the person at
 * the terminal agrees. Throws Refusal where nobody can be asked.
 */
async function consents(terminal: Terminal, file: string, options: AugmentOptions, asking: readonly { readonly augmentation: Augmentation; readonly teacher: PaidTeacher | null }[]): Promise<boolean> {
  const { say } = terminal;
  const sums = new Map<string, { readonly teacher: ApiTeacher; requests: number; tokens: number; nanos: number }>();
  for await (const record of readRecords({ file: path.resolve(file), format: options.format, ...(options.limit === undefined ? {} : { limit: options.limit }) }, { base: process.cwd(), onBroken: 'skip' })) {
    for (const { augmentation, teacher: paid } of asking) {
      const worst = paid === null ? null : worstOfRewording(record, augmentation);
      if (paid === null || worst === null) continue;
      const { name, teacher } = paid;
      const sum = sums.get(name) ?? { teacher, requests: 0, tokens: 0, nanos: 0 };
      sums.set(name, sum);
      sum.requests += worst.requests * augmentation.copies;
      for (const use of worst.uses) {
        sum.tokens += (use.input + use.output) * augmentation.copies;
        if (teacher.prices !== undefined) sum.nanos += worstNanos(use, teacher.prices) * augmentation.copies;
      }
    }
  }
  let costs = false;
  for (const [name, { teacher: { prices, budget }, requests, tokens, nanos }] of sums) {
    if (prices !== undefined && nanos === 0) continue;
    costs = true;
    const worst = prices === undefined ? say('spendTokens', tokensText(tokens)) : moneyText(fromNanos(nanos), prices.currency);
    const caps = [...(budget?.money === undefined ? [] : [moneyText(budget.money, prices?.currency ?? null)]), ...(budget?.tokens === undefined ? [] : [say('spendTokens', tokensText(budget.tokens))])];
    terminal.note(say('augmentCost', name, tokensText(requests), worst, caps.join(', ') || say('augmentNoCap')));
  }
  if (!costs || options.yes === true) return true;
  if (!terminal.interactive || !process.stdin.isTTY) throw new Refusal(say('augmentNeedsYes'));
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^\s*(y|yes|是)\s*$/i.test(await lines.question(`${say('augmentAsk')} `));
  } finally {
    lines.close();
  }
}

interface PaidTeacher {
  readonly name: string;
  readonly teacher: ApiTeacher;
}

interface AugmentAskers {
  /** The service that an augmentation asks; null where it asks none. */
  teacherOf(each: Augmentation): PaidTeacher | null;
  open(each: Augmentation): ReturnType<Askers['asker']>;
  spends(): ReturnType<Askers['spends']>;
  close(): Promise<void>;
}

/** The teachers of a project's recipe, with its cache and budget. */
function askersOf(terminal: Terminal, { project }: AugmentOptions, augmentations: readonly Augmentation[]): AugmentAskers {
  const { recipe, project: base } = loadRecipe(terminal, project);
  const nameOf = (each: Augmentation): string => {
    const name = augmentTeacher({}, each, recipe.teachers);
    if (name === null || recipe.teachers[name] === undefined) throw new Refusal(terminal.say('augmentNoTeacher', name ?? '', Object.keys(recipe.teachers).join(', ') || '–'));
    return name;
  };
  for (const each of augmentations) if (asksTeacher(each)) nameOf(each);
  const askers = new Askers({
    recipe, base, keys: takeKeys(process.env), about: 'distill data augment', backend: () => Promise.reject(new DistillError('estimate-local', { teacher: '' })),
    onWarning: (code, data) => { terminal.note(terminal.paint('yellow', sentence(code, data, terminal.language))); },
  });
  const teacherOf: AugmentAskers['teacherOf'] = (each) => {
    const name = asksTeacher(each) ? nameOf(each) : null;
    const teacher = name === null ? undefined : recipe.teachers[name];
    return name === null || teacher?.type !== 'api' ? null : { name, teacher };
  };
  return { teacherOf, open: (each) => askers.asker(nameOf(each)), spends: () => askers.spends(), close: () => askers.close() };
}

function tell(terminal: Terminal, out: string, rows: number, report: AugmentReport): void {
  const { say, paint, language } = terminal;
  const at = language === 'zh-cn' ? 1 : 0;
  for (const { kind, tried, kept, dropped } of report.kinds) {
    terminal.print(paint('bold', say('augmentKept', kind, kept, tried, percent(tried === 0 ? 0 : kept / tried))));
    const reasons = Object.entries(dropped).sort(([, a], [, b]) => b - a).map(([reason, count]) => ['', String(count), AUGMENT_REASONS[reason as keyof typeof AUGMENT_REASONS][at]]);
    if (reasons.length > 0) terminal.print(table(reasons));
  }
  terminal.print(say('makingDone', rows, out));
}

function list(terminal: Terminal): ExitCode {
  const { say } = terminal;
  for (const kind of AUGMENTATIONS) terminal.print(`${terminal.paint('bold', kind)}  ${say(`augmentAbout.${kind}`)}\n  ${say(`augmentExample.${kind}`)}`);
  return EXIT.fine;
}
