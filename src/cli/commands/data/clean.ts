/** distill data clean: a file through the rules of a recipe's `clean`; what they take is kept beside the output. */
import { existsSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { Argument, Option } from 'commander';
import { cleanRecords, type CleanProgress } from '../../../engine/data/clean/clean.ts';
import type { Relevance } from '../../../engine/data/clean/relevance.ts';
import { removedFileOf, sideWriter, type SideWriter } from '../../../engine/data/clean/removed.ts';
import { readRecords } from '../../../engine/data/formats/read.ts';
import { recordWriter, type RecordFile } from '../../../engine/data/formats/write.ts';
import { loadTokenizer } from '../../../engine/model/tokenizer.ts';
import type { CleanReport } from '../../../shared/cleanReport.ts';
import { DistillError, sentence } from '../../../shared/messages.ts';
import { duration, percent } from '../../../shared/numbers.ts';
import { DATA_FORMATS, type CleanRecipe, type DataFormat } from '../../../shared/recipeCollect.ts';
import { withFileErrors } from '../../../system/fileErrors.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import { RULE_TEXT } from '../../ruleText.ts';
import { clipped, table, type Terminal } from '../../terminal.ts';
import { recipeOf, type CleanFlags } from './cleanFlags.ts';

interface CleanOptions extends CleanFlags {
  readonly out?: string;
  readonly tokenizer?: string;
  readonly format: DataFormat;
  readonly onBroken: 'refuse' | 'skip';
  readonly dryRun?: true;
  readonly force?: true;
  readonly json?: true;
}

export function registerClean({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  const several = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];
  command('clean', say('clean')).addArgument(new Argument('<file>', say('cleanFile')))
    .option('-o, --out <file>', say('cleanOut')).option('--config <json>', say('cleanConfig'))
    .option('--tokenizer <folder>', say('cleanTokenizer')).addOption(new Option('--min <tokens>', say('cleanMin')).argParser(whole)).addOption(new Option('--max <tokens>', say('cleanMax')).argParser(whole))
    .addOption(new Option('--against <file>', say('cleanAgainst')).argParser(several))
    .addOption(new Option('--duplicates <which>', say('cleanDuplicates')).choices(['keep', 'exact', 'near'])).addOption(new Option('--similarity <share>', say('cleanSimilarity')).argParser(Number)).option('--same-problem', say('cleanSameProblem'))
    .addOption(new Option('--secrets <what>', say('cleanSecrets')).choices(['keep', 'flag', 'remove']))
    .option('--pattern <expression>', say('cleanPattern')).option('--model <folder>', say('cleanModel')).addOption(new Option('--max-perplexity <value>', say('cleanMaxPerplexity')).argParser(Number))
    .option('--like <file>', say('cleanLike')).addOption(new Option('--min-similarity <cosine>', say('cleanMinSimilarity')).argParser(Number))
    .option('--no-unicode', say('cleanNoUnicode')).option('--no-control', say('cleanNoControl')).option('--no-html', say('cleanNoHtml')).option('--no-boilerplate', say('cleanNoBoilerplate'))
    .addOption(new Option('--format <format>', say('cleanFormat')).choices(DATA_FORMATS).default('auto')).addOption(new Option('--on-broken <what>', say('cleanOnBroken')).choices(['refuse', 'skip']).default('refuse'))
    .option('--dry-run', say('cleanDryRun')).option('--force', say('cleanForce')).addOption(json())
    .action(async (file: string, options: CleanOptions) => { done(await clean(terminal, file, options)); });
}

async function clean(terminal: Terminal, file: string, options: CleanOptions): Promise<ExitCode> {
  const { say } = terminal;
  const recipe = await recipeOf(terminal, options);
  const out = path.resolve(options.out ?? `${file.replace(/[\\/]+$/, '').replace(/\.\w+$/, '')}.clean.jsonl`);
  if (out === path.resolve(file)) throw new DistillError('clean-out-is-input', { file });
  if (options.dryRun !== true) checkOutputs(terminal, out, options.force === true);
  const stop = stopOnInterrupt();
  try {
    const { report, broken } = await cleanFile(terminal, { file, out, recipe, signal: stop.signal }, options);
    if (options.json === true) terminal.print(JSON.stringify({ ...report, out: options.dryRun === true ? null : out, removed: options.dryRun === true ? null : removedFileOf(out), broken }, null, 2));
    else printReport(terminal, report, options.dryRun === true ? null : out, broken);
    return EXIT.fine;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    terminal.note(say('cleanStopped', out));
    return EXIT.stopped;
  } finally {
    stop.dispose();
  }
}

/** The side file is the only copy of what an earlier cleaning took: it goes only where its rows are made anew with it. Throws Refusal. */
function checkOutputs({ say }: Terminal, out: string, force: boolean): void {
  const side = removedFileOf(out);
  const [outIsThere, sideIsThere] = [existsSync(out), existsSync(side)];
  if (outIsThere && statSync(out).isDirectory()) throw new Refusal(say('isFolder', out));
  if (outIsThere && !force) throw new Refusal(say('convertExists', out));
  if (sideIsThere && !outIsThere) throw new Refusal(say('cleanSideAlone', side, out));
}

interface Job {
  readonly file: string;
  readonly out: string;
  readonly recipe: CleanRecipe;
  readonly signal: AbortSignal;
}

/** Both files appear whole at the end, or neither. */
async function cleanFile(terminal: Terminal, { file, out, recipe, signal }: Job, options: CleanOptions): Promise<{ readonly report: CleanReport; readonly broken: number }> {
  const base = process.cwd();
  const tokenizer = options.tokenizer === undefined ? undefined : await loadTokenizer(path.resolve(options.tokenizer));
  const progress = progressOf(terminal, await sizeOf(file));
  let broken = 0;
  let report: CleanReport | null = null;
  let writer: RecordFile | null = null;
  let side: SideWriter | null = null;
  let relevance: { readonly judge: Relevance; close(): Promise<void> } | null = null;
  try {
    if (options.dryRun !== true) {
      await withFileErrors(path.dirname(out), () => mkdir(path.dirname(out), { recursive: true }));
      [writer, side] = [await recordWriter(out), await sideWriter(removedFileOf(out))];
    }
    relevance = await openModel(recipe, base);
    const records = readRecords({ file: path.resolve(file), format: options.format }, {
      base, onBroken: options.onBroken, signal, onBytes: progress.bytes,
      onBrokenRow: (error) => {
        broken += 1;
        terminal.note(sentence(error.code, error.data, terminal.language));
      },
    });
    const cleaned = cleanRecords(records, recipe, {
      base, tokenizer, signal, relevance: relevance?.judge, ...(options.dryRun === true ? {} : { scratch: path.dirname(out) }),
      removed: { write: (row) => side?.write(row) }, onProgress: progress.part, onReport: (done) => { report = done; },
    });
    for await (const record of cleaned) await writer?.write(record);
    // Whatever can fail fails before the first of the two is replaced.
    await writer?.flush();
    await side?.flush();
    await side?.close();
    await writer?.close();
  } catch (error) {
    await writer?.abandon();
    await side?.abandon();
    throw error;
  } finally {
    await relevance?.close();
    terminal.live('');
  }
  if (report === null) throw new Error('cleaning ended without a report');
  return { report, broken };
}

/** TensorFlow.js is loaded only where a rule needs it. */
async function openModel({ irrelevant }: CleanRecipe, base: string): Promise<{ readonly judge: Relevance; close(): Promise<void> } | null> {
  if (irrelevant?.maxPerplexity === undefined && irrelevant?.minSimilarity === undefined) return null;
  const [{ openBackend }, { openRelevance }] = await Promise.all([import('../../../engine/backend/open.ts'), import('../../../engine/data/clean/relevance.ts')]);
  const backend = await openBackend({ backend: 'auto', threads: null });
  try {
    const judge = await openRelevance(irrelevant, { base, backend });
    if (judge === null) throw new Error('a model that nothing asks for');
    return {
      judge,
      async close() {
        judge.dispose();
        await backend.dispose();
      },
    };
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

function stopOnInterrupt(): { readonly signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const stop = (): void => { controller.abort(); };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
    },
  };
}

async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}

/** The live line: rows so far, and the time that is left by the bytes that are read. */
function progressOf(terminal: Terminal, size: number | null): { bytes(piece: Buffer): void; part(progress: CleanProgress): void } {
  const { say } = terminal;
  const started = Date.now();
  let read = 0;
  return {
    bytes(piece) {
      read += piece.length;
    },
    part({ part, done, total }) {
      if (part === 'compare') terminal.live(say('cleanComparing', done, total ?? '?'));
      else if (part === 'write') terminal.live(say('cleanWriting', done, total ?? '?'));
      else {
        const share = size === null || size === 0 ? null : Math.min(1, read / size);
        const left = share === null || share < 0.02 ? '' : ` · ${percent(share)} · ${say('cleanLeft', duration((Date.now() - started) * (1 - share) / share))}`;
        terminal.live(`${say('cleanRows', done)}${left}`);
      }
    },
  };
}

/** Examples under each rule of the table; --json has more. */
const EXAMPLES = 2;
const PAIRS = 5;

function printReport(terminal: Terminal, report: CleanReport, out: string | null, broken: number): void {
  const { say, paint } = terminal;
  const rows: string[][] = [[say('cleanRule'), say('cleanChanged'), say('cleanFlagged'), say('cleanRemoved')]];
  for (const { rule, changed, flagged, removed } of report.rules) rows.push([`${rule}  ${say(RULE_TEXT[rule])}`, ...[changed, flagged, removed].map((count) => count === 0 ? '' : String(count))]);
  if (report.rules.length > 0) {
    terminal.print(table(rows));
    for (const { rule, examples } of report.rules) {
      for (const { row, text, detail } of examples.slice(0, EXAMPLES)) {
        const why = Object.entries(detail).map(([name, value]) => `${name} ${typeof value === 'number' ? String(Number(value.toFixed(3))) : value}`).join(', ');
        terminal.print(paint('dim', clipped(`  ${rule} · ${say('cleanRow', row + 1)}${why === '' ? '' : ` (${why})`}: ${text}`, terminal.columns)));
      }
    }
    for (const { row, file, evaluationRow, by, share } of report.contamination.slice(0, PAIRS)) terminal.print(say('cleanPair', row + 1, file, evaluationRow, percent(share), by));
    if (report.contamination.length > PAIRS) terminal.print(say('cleanMorePairs', report.contamination.length - PAIRS));
  }
  if (broken > 0) terminal.print(say('cleanBroken', broken));
  terminal.print(say('cleanKept', report.kept, report.rows, duration(report.seconds * 1000)));
  if (out === null) terminal.print(say('cleanDry'));
  else terminal.print(say('cleanWritten', out, removedFileOf(out)));
}
