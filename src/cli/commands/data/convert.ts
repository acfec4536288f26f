/** distill data convert: a file, dataset folder or hub dataset of any known format, written in another one. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { Option } from 'commander';
import { conversionWriter, formatOfName, WRITTEN_FORMATS, type WrittenFormat } from '../../../engine/data/formats/convert.ts';
import { readPlaced, sourceFiles, type ReadSource } from '../../../engine/data/formats/read.ts';
import { readReview, reviewedRecord } from '../../../engine/data/review/reviewFile.ts';
import { Review } from '../../../engine/data/trainingRows.ts';
import { sentence } from '../../../shared/messages.ts';
import type { DataRecord } from '../../../shared/record.ts';
import { DATA_FORMATS, source as sourceSchema, type DataFormat } from '../../../shared/recipeCollect.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import type { Terminal } from '../../terminal.ts';
import { fieldsOption } from './fieldsOption.ts';

interface ConvertOptions {
  readonly from?: DataFormat;
  readonly to?: WrittenFormat;
  readonly fields?: NonNullable<ReadSource['fields']>;
  readonly onBroken: 'refuse' | 'skip';
  readonly split?: string;
  readonly limit?: number;
  readonly reviewed?: true;
  readonly force?: true;
}

/** Rows between two looks at the clock, and how often the line is drawn anew. */
const LIVE_ROWS = 200;
const LIVE_MS = 200;
/** Broken rows that are told one by one. */
const TOLD = 10;

export function registerConvert({ terminal, command, whole, done }: DataTools): void {
  const { say } = terminal;
  command('convert', say('convert')).argument('<in>', say('convertIn')).argument('<out>', say('convertOut'))
    .addOption(new Option('--from <format>', say('convertFrom')).choices(DATA_FORMATS))
    .addOption(new Option('--to <format>', say('convertTo')).choices(WRITTEN_FORMATS))
    .addOption(new Option('--fields <json>', say('convertFields')).argParser(fieldsOption))
    .addOption(new Option('--on-broken <what>', say('convertOnBroken')).choices(['refuse', 'skip']).default('refuse'))
    .option('--split <name>', say('convertSplit'))
    .addOption(new Option('--limit <rows>', say('convertLimit')).argParser(whole))
    .option('--reviewed', say('convertReviewed'))
    .option('--force', say('convertForce'))
    .action(async (input: string, output: string, options: ConvertOptions) => { done(await convert(terminal, input, output, options)); });
}

async function convert(terminal: Terminal, input: string, output: string, options: ConvertOptions): Promise<ExitCode> {
  const { say } = terminal;
  const format = options.to ?? formatOfName(output);
  if (format === null) throw new Refusal(say('convertNoFormat', output, WRITTEN_FORMATS.join(', ')));
  const source = sourceOf(terminal, input, options);
  if (existsSync(output)) {
    if (statSync(output).isDirectory()) throw new Refusal(say('isFolder', output));
    if (existsSync(input) && realpathSync(input) === realpathSync(output)) throw new Refusal(say('convertSame', output));
    if (options.force !== true) throw new Refusal(say('convertExists', output));
  }
  if (!existsSync(path.dirname(path.resolve(output)))) throw new Refusal(say('noFolder', path.dirname(output)));
  const base = process.cwd();
  const aborter = new AbortController();
  const onSignal = (): void => { aborter.abort(new Refusal(say('convertStopped', output), EXIT.stopped)); };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    // Recognised before the output is begun: nothing is left behind by a wrong name.
    const onDownload = (file: string, now: number, total: number): void => { terminal.live(say('convertDownload', file, (now / 2 ** 20).toFixed(1), (total / 2 ** 20).toFixed(1))); };
    await sourceFiles(source, { base, signal: aborter.signal, onDownload });
    const writer = await conversionWriter(path.resolve(output), format);
    let [rows, broken, left, drawn] = [0, 0, 0, 0];
    const reviews = new Map<string, Review>();
    try {
      const placed = readPlaced(source, {
        base, onBroken: options.onBroken, signal: aborter.signal,
        onFile: ({ written, container }) => { terminal.note(say('convertFound', written, container)); },
        onBrokenRow: ({ code, data }) => {
          broken += 1;
          if (broken <= TOLD) terminal.note(terminal.paint('yellow', sentence(code, data, terminal.language)));
        },
      });
      for await (const { record: read, file, usualId } of placed) {
        let record: DataRecord | null = read;
        if (options.reviewed === true) {
          const review = reviews.get(file.file) ?? new Review(await readReview(file.file));
          reviews.set(file.file, review);
          record = reviewedRecord(read, review.decisionOn(read.id, usualId));
        }
        if (record === null) {
          left += 1;
          continue;
        }
        await writer.write(record);
        rows += 1;
        if (rows % LIVE_ROWS === 0 && performance.now() - drawn > LIVE_MS) {
          drawn = performance.now();
          terminal.live(say('convertLive', rows));
          // Signals are heard between two pieces of work only.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
      await writer.close();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    if (broken > TOLD) terminal.note(terminal.paint('yellow', say('convertMoreBroken', broken - TOLD)));
    if (left > 0) terminal.note(say('convertLeft', left));
    terminal.print(broken === 0 ? say('convertDone', rows, output, format) : say('convertDoneBroken', rows, output, format, broken));
    return EXIT.fine;
  } finally {
    process.removeListener('SIGINT', onSignal);
    process.removeListener('SIGTERM', onSignal);
  }
}

/** `hub:OWNER/NAME[@REVISION]` names a dataset of the hub; everything else is a path, absolute or from here. */
function sourceOf({ say }: Terminal, input: string, options: ConvertOptions): ReadSource {
  const common = { format: options.from ?? 'auto', fields: options.fields, limit: options.limit } as const;
  if (!input.startsWith('hub:')) {
    if (!existsSync(input)) throw new Refusal(say('noFile', input));
    return { ...common, file: path.resolve(input), written: input, split: options.split };
  }
  const [dataset = '', revision = 'main'] = input.slice('hub:'.length).split('@');
  const { success, data } = sourceSchema.shape.hub.safeParse({ dataset, revision, ...(options.split === undefined ? {} : { split: options.split }) });
  if (!success || data === undefined) throw new Refusal(say('convertHub', input));
  return { ...common, hub: data };
}
