/** distill data report: what a data file is as a whole, with small charts. */
import path from 'node:path';
import { Option } from 'commander';
import { openRowCounter } from '../../../engine/data/review/lengths.ts';
import { reportFile } from '../../../engine/data/review/reportFile.ts';
import { trainingOf } from '../../../runs/dataTraining.ts';
import type { Count, DataReport, LengthPart, VerdictCounts } from '../../../shared/dataReport.ts';
import { verdictSentence } from '../../../shared/verdicts.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { table, type Terminal } from '../../terminal.ts';

interface ReportCommandOptions {
  readonly tokenizer?: string;
  readonly maxLength?: number;
  readonly all?: true;
  readonly json?: true;
}

export function registerReport({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  command('report', say('dataReport')).argument('<file>', say('dataReportFile'))
    .option('--tokenizer <folder>', say('dataReportTokenizer'))
    .addOption(new Option('--max-length <tokens>', say('dataReportMaxLength')).argParser(whole))
    .option('--all', say('dataReportAll')).addOption(json())
    .action(async (file: string, options: ReportCommandOptions) => { done(await report(terminal, file, options)); });
}

async function report(terminal: Terminal, written: string, options: ReportCommandOptions): Promise<ExitCode> {
  const { say } = terminal;
  const file = path.resolve(written);
  const training = await trainingOf(file);
  const folder = options.tokenizer === undefined ? training?.tokenizer : path.resolve(options.tokenizer);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const result = await reportFile(file, {
      counter: folder === undefined ? null : await openRowCounter(folder, training?.template ?? 'chat'), limit: options.maxLength ?? training?.limit ?? null,
      all: options.all === true, signal: stop.signal,
      breathe: async (completed, total) => terminal.live(say('dataReportWorking', percent(completed, total))),
    });
    terminal.live('');
    terminal.print(options.json === true ? JSON.stringify(result, null, 2) : reportText(result, terminal));
    return EXIT.fine;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.stopped;
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
  }
}

const BAR = 30;
const PARTS = { row: 'dataReportRow', prompt: 'dataReportPrompt', think: 'dataReportThink', answer: 'dataReportAnswer' } as const satisfies Record<LengthPart['part'], string>;

const percent = (part: number, whole: number): string => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const count = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Eighths of a block, so that small shares are seen. */
function bar(share: number, width = BAR): string {
  const eighths = Math.round(Math.max(0, Math.min(1, share)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + (eighths % 8 === 0 ? '' : '▏▎▍▌▋▊▉'[eighths % 8 - 1] ?? '');
}

function reportText(report: DataReport, terminal: Terminal): string {
  const { say, paint, language } = terminal;
  const { lengths, duplicates, diversity, verdicts } = report;
  const heading = (words: string): string => `\n${paint('bold', words)}`;
  const unit = say(lengths.unit === 'tokens' ? 'dataReportTokens' : 'dataReportCharacters');
  const lines = [paint('bold', say('dataReportTitle', report.file, count(report.rows), count(report.removed), count(report.broken)))];
  lines.push(heading(say(lengths.counted < report.rows ? 'dataReportLengthsSample' : 'dataReportLengths', unit, count(lengths.counted))), table([
    ['', say('dataReportMean'), say('dataReportMedian'), '90 %', '99 %', say('dataReportMax')],
    ...lengths.parts.map(({ part, mean, median, p90, p99, max }) => [say(PARTS[part]), ...[mean, median, p90, p99, max].map(count)]),
  ]), ...histogramLines(lengths.parts[0], lengths.counted));
  if (lengths.limit !== null) lines.push(paint(lengths.cut > 0 ? 'yellow' : 'dim', say('dataReportCut', count(lengths.limit), count(lengths.cut), percent(lengths.cut, lengths.counted))));
  lines.push(heading(say('dataReportDuplicates')), say('dataReportExact', count(duplicates.exact), percent(duplicates.exact, report.rows)),
    duplicates.near === null ? say('dataReportNearNot') : say('dataReportNear', count(duplicates.near.rows), percent(duplicates.near.rows, duplicates.near.compared), duplicates.near.threshold));
  lines.push(heading(say('dataReportVerdicts')), verdictTable(verdicts.byTask, terminal), ...(verdicts.byDifficulty.length > 1 ? ['', verdictTable(verdicts.byDifficulty, terminal)] : []));
  lines.push(heading(say('dataReportDiversity', count(diversity.sampled))),
    say('dataReportDistinct', ...diversity.distinct.map((value) => (value === null ? '–' : value.toFixed(3)))),
    diversity.meanSimilarity === null ? say('dataReportNone') : say('dataReportSimilarity', percent(diversity.meanSimilarity, 1), percent(diversity.similarPairs ?? 0, 1)));
  const bars = (title: string, counts: readonly Count[], whole: number, name: (words: string) => string): void => {
    if (counts.length > 0) lines.push(heading(title), table(counts.map((each) => [name(each.name), bar(each.count / Math.max(1, whole)), count(each.count), percent(each.count, whole)])));
  };
  const plain = (words: string): string => (words === '' ? say('dataReportNone') : words);
  bars(say('dataReportLanguages'), report.languages, report.rows, plain);
  bars(say('dataReportAnswerLanguages'), report.answerLanguages, report.rows, plain);
  bars(say('dataReportFindings'), report.findings, report.rows, (code) => verdictSentence(code, language));
  bars(say('dataReportRules'), report.rules, report.removed, plain);
  bars(say('dataReportProvenance'), report.provenance, report.rows, plain);
  for (const { currency, amount, rows, keptRows, perKeptRow } of report.costs) {
    lines.push(heading(say('dataReportCost')), say('dataReportCostIs', `${Number(amount.toPrecision(6))} ${currency}`, count(rows), perKeptRow === null ? '–' : `${Number(perKeptRow.toPrecision(4))} ${currency}`, count(keptRows)));
  }
  const { accept, edit, reject, quarantine } = report.decisions;
  if (accept + edit + reject + quarantine > 0) lines.push(heading(say('dataReportDecisions')), say('dataReportDecided', count(accept), count(edit), count(reject), count(quarantine)));
  return lines.join('\n');
}

function histogramLines(part: LengthPart | undefined, counted: number): readonly string[] {
  if (part === undefined || part.histogram.length === 0) return [];
  const most = Math.max(...part.histogram.map((bin) => bin.count));
  return ['', table(part.histogram.map((bin) => [`${count(bin.from)} – ${count(bin.to - 1)}`, bar(bin.count / most), percent(bin.count, counted)]))];
}

function verdictTable(counts: readonly VerdictCounts[], { say }: Terminal): string {
  return table([
    ['', '', say('dataReportRight'), say('dataReportWrong'), say('dataReportUnknown'), say('dataReportUnverified')],
    ...counts.map(({ name, right, wrong, unknown, none }) => {
      const sum = right + wrong + unknown + none;
      return [name === '' ? say('dataReportNone') : name, bar(right / sum, BAR / 2), ...[right, wrong, unknown, none].map((value) => `${count(value)} (${percent(value, sum)})`)];
    }),
  ]);
}
