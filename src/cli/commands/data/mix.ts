/** distill data mix: several files become one, by weights or temperature, in an order, with held-out sides beside. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { Argument, InvalidArgumentError, Option } from 'commander';
import { mixRecords, sideFile } from '../../../engine/data/mix/mix.ts';
import { SIDES } from '../../../engine/data/mix/split.ts';
import { readRecords } from '../../../engine/data/formats/read.ts';
import { recordWriter, type RecordWriter } from '../../../engine/data/formats/write.ts';
import type { MixReport } from '../../../shared/mixReport.ts';
import { percent } from '../../../shared/numbers.ts';
import { DATA_FORMATS, mix as mixSchema, type DataFormat, type MixRecipe } from '../../../shared/recipeCollect.ts';
import type { DataRecord } from '../../../shared/record.ts';
import type { DataTools } from '../../dataProgram.ts';
import type { ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import { table, type Terminal } from '../../terminal.ts';
import { brokenTeller, checkOutput, liveLine, positiveOf, seedOf, shareOf, untilInterrupted } from './making.ts';

interface MixOptions {
  readonly out: string;
  readonly by: MixRecipe['by'];
  readonly weights?: Readonly<Record<string, number>>;
  readonly temperature: number;
  readonly rows?: number;
  readonly order: MixRecipe['order'];
  readonly validation: number;
  readonly test: number;
  readonly seed: number;
  readonly format: DataFormat;
  readonly onBroken: 'refuse' | 'skip';
  readonly force?: true;
  readonly json?: true;
}

export function registerMix({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  const share = shareOf(terminal);
  // maths=2,logic=1: the last = of each parts name and weight, so that a file's name may hold one.
  const weights = (value: string): Readonly<Record<string, number>> => Object.fromEntries(value.split(',').map((part) => {
    const [at, weight] = [part.lastIndexOf('='), Number(part.slice(part.lastIndexOf('=') + 1))];
    if (at < 0 || part.endsWith('=') || !(weight >= 0 && weight < Infinity)) throw new InvalidArgumentError(say('badChoice', value, 'maths=2,logic=1'));
    return [part.slice(0, at).trim(), weight];
  }));
  command('mix', say('mix')).addArgument(new Argument('<files...>', say('mixFiles')))
    .requiredOption('-o, --out <file>', say('mixOut')).addOption(new Option('--by <what>', say('mixBy')).choices(['task', 'difficulty', 'source', 'language']).default('task'))
    .addOption(new Option('--weights <list>', say('mixWeights')).argParser(weights)).addOption(new Option('--temperature <value>', say('mixTemperature')).argParser(positiveOf(terminal)).default(1))
    .addOption(new Option('-n, --rows <count>', say('mixRows')).argParser(whole)).addOption(new Option('--order <which>', say('mixOrder')).choices(['shuffled', 'curriculum', 'as-is']).default('shuffled'))
    .addOption(new Option('--validation <share>', say('mixValidation')).argParser(share).default(0)).addOption(new Option('--test <share>', say('mixTest')).argParser(share).default(0))
    .addOption(new Option('--seed <number>', say('makingSeed')).argParser(seedOf(terminal)).default(0))
    .addOption(new Option('--format <format>', say('cleanFormat')).choices(DATA_FORMATS).default('auto')).addOption(new Option('--on-broken <what>', say('cleanOnBroken')).choices(['refuse', 'skip']).default('refuse'))
    .option('--force', say('convertForce')).addOption(json())
    .action(async (files: readonly string[], options: MixOptions) => { done(await mix(terminal, files, options)); });
}

async function mix(terminal: Terminal, files: readonly string[], options: MixOptions): Promise<ExitCode> {
  const { say } = terminal;
  for (const file of files) if (!existsSync(file)) throw new Refusal(say('noFile', file));
  const { by, temperature, order, validation, test, seed, rows, weights } = options;
  const recipe = mixSchema.parse({ by, temperature, order, validation, test, seed, ...(rows === undefined ? {} : { rows }), ...(weights === undefined ? {} : { weights }) });
  const sides = SIDES.filter((side) => side === 'train' || recipe[side] > 0);
  for (const side of sides) checkOutput(terminal, path.resolve(sideFile(options.out, side)), files, options.force === true);
  return untilInterrupted(terminal, options.out, async (signal) => {
    const live = liveLine(terminal);
    const broken = brokenTeller(terminal);
    const read = async function* (): AsyncGenerator<DataRecord> {
      let count = 0;
      for (const file of files) {
        for await (const record of readRecords({ file, format: options.format }, { base: process.cwd(), onBroken: options.onBroken, signal, onBrokenRow: broken.told })) {
          yield record;
          count += 1;
          await live(() => say('mixLive', count));
        }
      }
    };
    const mixed = await mixRecords(read(), recipe, { folder: path.dirname(path.resolve(options.out)), signal });
    const writers: RecordWriter[] = [];
    try {
      // All sides are whole before the first of them has its name.
      for (const side of sides) {
        const writer = await recordWriter(path.resolve(sideFile(options.out, side)));
        writers.push(writer);
        for await (const record of mixed.records(side)) {
          await writer.write(record);
          await live(() => say('mixWriting', side));
        }
      }
      for (const writer of writers) await writer.close();
    } catch (error) {
      for (const writer of writers) await writer.abandon();
      throw error;
    } finally {
      await mixed.remove();
    }
    broken.end();
    if (options.json === true) terminal.print(JSON.stringify({ files: Object.fromEntries(sides.map((side) => [side, path.resolve(sideFile(options.out, side))])), rows: mixed.rows, ...mixed.report }, null, 2));
    else {
      tell(terminal, mixed.report);
      for (const side of sides) terminal.print(say('makingDone', mixed.rows[side], sideFile(options.out, side)));
    }
  });
}

function tell(terminal: Terminal, { by, groups, withoutDifficulty, split }: MixReport): void {
  const { say, paint } = terminal;
  const rows = groups.map(({ name, available, wanted, taken, repeated }) => [name === '' ? '–' : name, String(available), percent(wanted), repeated === 0 ? String(taken) : `${String(taken)} + ${String(repeated)}`]);
  const [head = '', ...rest] = table([[by, say('mixColumnThere'), say('mixColumnShare'), say('mixColumnTaken')], ...rows]).split('\n');
  terminal.print([paint('bold', head), ...rest].join('\n'));
  if (groups.some(({ repeated }) => repeated > 0)) terminal.note(say('mixRepeated'));
  if (withoutDifficulty > 0) terminal.note(say('mixWithoutDifficulty', withoutDifficulty));
  if (split === null) return;
  const { sides, clusters, largestCluster, worstStratum } = split;
  terminal.print(say('mixSplit', SIDES.map((side) => `${side} ${String(sides[side].rows)} (${percent(sides[side].share)})`).join(', '), clusters, largestCluster));
  if (worstStratum !== null) terminal.print(say('mixWorst', worstStratum.name === '' ? '–' : worstStratum.name, worstStratum.side, worstStratum.rows, Number(worstStratum.wanted.toFixed(1))));
}
