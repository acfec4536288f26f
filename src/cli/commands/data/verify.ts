/** distill data verify: the verdict on every row of a file, with its reason; written beside where asked. */
import { existsSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Option } from 'commander';
import { inOrder } from '../../../engine/collect/inOrder.ts';
import { readRecords, sourceFiles, type ReadSource } from '../../../engine/data/formats/read.ts';
import { recordWriter, type RecordWriter } from '../../../engine/data/formats/write.ts';
import { hasConsent, openSandbox, type Sandbox } from '../../../engine/verify/sandbox.ts';
import { isKept, verifyRecord } from '../../../engine/verify/verify.ts';
import type { Verdict } from '../../../shared/events.ts';
import { sentence } from '../../../shared/messages.ts';
import { duration, percent } from '../../../shared/numbers.ts';
import { DATA_FORMATS, verify as verifySchema, type DataFormat, type VerifyRecipe } from '../../../shared/recipeCollect.ts';
import { fields as fieldsSchema } from '../../../shared/recipeParts.ts';
import { transformed, type DataRecord, type RecordVerdict } from '../../../shared/record.ts';
import { verdictSentence } from '../../../shared/verdicts.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import { clipped, table, type Style, type Terminal } from '../../terminal.ts';
import { fieldsOption } from './fieldsOption.ts';

interface VerifyOptions {
  readonly out?: string;
  readonly format: DataFormat;
  readonly fields?: NonNullable<ReadSource['fields']>;
  readonly goldField?: string;
  readonly answerField?: string;
  readonly thinkField?: string;
  readonly promptField?: string;
  readonly keep: VerifyRecipe['keep'];
  readonly allowCode?: true;
  readonly trace: boolean;
  readonly onBroken: 'refuse' | 'skip';
  readonly limit?: number;
  readonly force?: true;
  readonly json?: true;
}

/** Examples of each reason: enough to see what it means. */
const EXAMPLES = 3;
/** Broken rows that are told one by one. */
const TOLD = 10;
const LIVE_MS = 200;
const SHOWN = 60;
const COLOURS: Readonly<Record<Verdict, Style>> = { right: 'green', wrong: 'red', unknown: 'yellow' };

export function registerVerify({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  command('verify', say('verify')).argument('<file>', say('verifyFile'))
    .option('-o, --out <file>', say('verifyOut')).addOption(new Option('--keep <which>', say('verifyKeep')).choices(['right', 'not-wrong', 'all']).default('all'))
    .option('--gold-field <name>', say('verifyGoldField')).option('--answer-field <name>', say('verifyAnswerField')).option('--think-field <name>', say('verifyThinkField')).option('--prompt-field <name>', say('verifyPromptField'))
    .addOption(new Option('--fields <json>', say('verifyFields')).argParser(fieldsOption)).addOption(new Option('--format <format>', say('cleanFormat')).choices(DATA_FORMATS).default('auto'))
    .option('--allow-code', say('verifyAllowCode')).option('--no-trace', say('verifyNoTrace'))
    .addOption(new Option('--on-broken <what>', say('cleanOnBroken')).choices(['refuse', 'skip']).default('refuse')).addOption(new Option('--limit <rows>', say('verifyLimit')).argParser(whole))
    .option('--force', say('verifyForce')).addOption(json())
    .action(async (file: string, options: VerifyOptions) => { done(await verify(terminal, file, options)); });
}

async function verify(terminal: Terminal, file: string, options: VerifyOptions): Promise<ExitCode> {
  const { say } = terminal;
  const out = options.out === undefined ? null : path.resolve(options.out);
  if (out !== null) refuseOutput(terminal, file, out, options.force === true);
  const recipe = verifySchema.parse({ code: options.allowCode === true || hasConsent() ? 'sandbox' : 'never', trace: options.trace, keep: options.keep });
  const aborter = new AbortController();
  const onSignal = (): void => { aborter.abort(new Refusal(out === null ? say('verifyStopped') : say('verifyStoppedOut', out), EXIT.stopped)); };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    // Proven before the first row is read: a missing wall is told at once, not row by row.
    const sandbox = recipe.code === 'sandbox' ? await openSandbox() : null;
    const tally = await verifyFile(terminal, { file, out, recipe, sandbox, signal: aborter.signal }, options);
    if (options.json === true) terminal.print(JSON.stringify({ ...tally.summary(), out }, null, 2));
    else printTally(terminal, tally, out);
    return EXIT.fine;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
    terminal.live('');
  }
}

function refuseOutput({ say }: Terminal, file: string, out: string, force: boolean): void {
  if (!existsSync(path.dirname(out))) throw new Refusal(say('noFolder', path.dirname(out)));
  if (!existsSync(out)) return;
  if (existsSync(file) && realpathSync(file) === realpathSync(out)) throw new Refusal(say('verifySame', out));
  if (!force) throw new Refusal(say('convertExists', out));
}

interface Job {
  readonly file: string;
  readonly out: string | null;
  readonly recipe: VerifyRecipe;
  readonly sandbox: Sandbox | null;
  readonly signal: AbortSignal;
}

async function verifyFile(terminal: Terminal, { file, out, recipe, sandbox, signal }: Job, options: VerifyOptions): Promise<Tally> {
  const source: ReadSource = { file: path.resolve(file), format: options.format, written: file, fields: fieldsOf(options), limit: options.limit };
  const tally = new Tally();
  const progress = progressOf(terminal, await sizeOf(file), tally);
  await sourceFiles(source, { base: process.cwd(), signal });
  const writer: RecordWriter | null = out === null ? null : await recordWriter(out);
  const tools = { signal, ...(sandbox === null ? {} : { sandbox }) };
  try {
    const records = readRecords(source, {
      base: process.cwd(), onBroken: options.onBroken, signal, onBytes: progress.bytes,
      onBrokenRow: ({ code, data }) => {
        tally.broken += 1;
        if (tally.broken <= TOLD) terminal.note(terminal.paint('yellow', sentence(code, data, terminal.language)));
      },
    });
    // Programs in sandboxes take a core each; comparing answers is over at once.
    const atOnce = sandbox === null ? 1 : availableParallelism();
    for await (const { record, verdict } of inOrder(records, { atOnce, ahead: 2 * atOnce }, async (each) => ({ record: each, verdict: await verifyRecord(each, recipe, tools) }))) {
      const kept = isKept(verdict, options.keep);
      tally.add(record, verdict, kept);
      progress.row();
      if (kept) await writer?.write(verified(record, verdict));
    }
    await writer?.close();
    return tally;
  } catch (error) {
    await writer?.abandon();
    throw error;
  }
}

function verified(record: DataRecord, verdict: RecordVerdict): DataRecord {
  const next = transformed(record, {}, { name: 'verify', detail: { verdict: verdict.verdict, reason: verdict.reason } });
  return { ...next, provenance: { ...next.provenance, verdict } };
}

function fieldsOf({ fields, goldField, answerField, thinkField, promptField }: VerifyOptions): ReadSource['fields'] {
  const named = { ...(goldField === undefined ? {} : { gold: goldField }), ...(answerField === undefined ? {} : { answer: answerField }), ...(thinkField === undefined ? {} : { think: thinkField }), ...(promptField === undefined ? {} : { prompt: promptField }) };
  return Object.keys(named).length === 0 ? fields : fieldsSchema.parse({ ...fields, ...named });
}

interface Example {
  readonly row: number;
  readonly found: string | null;
  readonly expected: string | null;
  /** The task of a row of code: there, `found` is what failed. */
  readonly task?: string;
}

class Tally {
  rows = 0;
  kept = 0;
  broken = 0;
  readonly begun = Date.now();
  readonly reasons = new Map<string, { readonly verdict: Verdict; count: number; readonly examples: Example[] }>();
  readonly findings = new Map<string, { count: number; readonly rows: number[] }>();

  add({ id, tests, provenance }: DataRecord, { verdict, reason, found, expected, findings }: RecordVerdict, kept: boolean): void {
    this.rows += 1;
    if (kept) this.kept += 1;
    const row = provenance.source?.row ?? this.rows;
    const entry = this.reasons.get(reason) ?? { verdict, count: 0, examples: [] };
    entry.count += 1;
    if (entry.examples.length < EXAMPLES) entry.examples.push({ row, found, expected, ...(tests === undefined ? {} : { task: taskOf(id, tests.entry) }) });
    this.reasons.set(reason, entry);
    for (const finding of findings) {
      const seen = this.findings.get(finding) ?? { count: 0, rows: [] };
      seen.count += 1;
      if (seen.rows.length < EXAMPLES) seen.rows.push(row);
      this.findings.set(finding, seen);
    }
  }

  count(verdict: Verdict): number {
    return [...this.reasons.values()].reduce((sum, each) => sum + (each.verdict === verdict ? each.count : 0), 0);
  }

  summary(): object {
    return {
      rows: this.rows, kept: this.kept, broken: this.broken, seconds: (Date.now() - this.begun) / 1000,
      verdicts: { right: this.count('right'), wrong: this.count('wrong'), unknown: this.count('unknown') },
      reasons: Object.fromEntries([...this.reasons].sort(([, a], [, b]) => b.count - a.count)), findings: Object.fromEntries(this.findings),
    };
  }
}

function printTally(terminal: Terminal, tally: Tally, out: string | null): void {
  const { say, paint, language } = terminal;
  const share = (count: number): string => tally.rows === 0 ? '–' : percent(count / tally.rows);
  for (const verdict of ['right', 'wrong', 'unknown'] as const) {
    const reasons = [...tally.reasons].filter(([, each]) => each.verdict === verdict).sort(([, a], [, b]) => b.count - a.count);
    const total = tally.count(verdict);
    terminal.print(paint(COLOURS[verdict], `${say(VERDICT_TEXT[verdict])}  ${String(total)}  ${share(total)}`));
    for (const [reason, { count, examples }] of reasons) {
      terminal.print(`  ${String(count).padStart(7)}  ${reason}  ${verdictSentence(reason, language)}`);
      for (const example of verdict === 'right' ? [] : examples) {
        terminal.print(paint('dim', clipped(`           ${exampleText(terminal, example)}`, terminal.columns)));
      }
    }
  }
  if (tally.findings.size > 0) {
    terminal.print(say('verifyFindings'));
    const rows = [...tally.findings].sort(([, a], [, b]) => b.count - a.count).map(([finding, { count, rows: where }]) => [`  ${finding}`, String(count), share(count), `${verdictSentence(finding, language)} ${paint('dim', say('verifyRows', where.join(', ')))}`]);
    terminal.print(table(rows));
  }
  if (tally.broken > 0) terminal.print(say('cleanBroken', tally.broken));
  terminal.print(say('verifyDone', tally.rows, duration(Date.now() - tally.begun)));
  if (out !== null) terminal.print(say('verifyWritten', tally.kept, out));
}

/** A dataset's own name of the task (HumanEval/0) with its function; of an id that is a hash, the function alone. */
function taskOf(id: string, entry: string | null): string {
  const named = !/^[0-9a-f]{16,}$/.test(id);
  return entry === null ? id : named ? `${id} ${entry}` : entry;
}

function exampleText({ say }: Terminal, { row, found, expected, task }: Example): string {
  if (task === undefined) return say('verifyExample', row, short(found), short(expected));
  return found === null ? say('verifyExampleTask', row, task) : say('verifyExampleCode', row, task, short(found));
}

const VERDICT_TEXT = { right: 'verdictRight', wrong: 'verdictWrong', unknown: 'verdictUnknown' } as const;

function short(text: string | null): string {
  if (text === null) return '–';
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
}

async function sizeOf(file: string): Promise<number | null> {
  const found = await stat(file).catch(() => null);
  return found?.isFile() === true ? found.size : null;
}

/** The live line: rows so far, what became of them, and the time that is left by the bytes that are read. */
function progressOf(terminal: Terminal, size: number | null, tally: Tally): { bytes(piece: Buffer): void; row(): void } {
  const { say } = terminal;
  let [read, drawn] = [0, 0];
  return {
    bytes(piece) {
      read += piece.length;
    },
    row() {
      if (Date.now() - drawn < LIVE_MS) return;
      drawn = Date.now();
      const share = size === null || size === 0 ? null : Math.min(1, read / size);
      const left = share === null || share < 0.02 || share === 1 ? '' : ` · ${percent(share)} · ${say('cleanLeft', duration((drawn - tally.begun) * (1 - share) / share))}`;
      terminal.live(`${say('verifyProgress', tally.rows, tally.count('right'), tally.count('wrong'), tally.count('unknown'))}${left}`);
    },
  };
}
