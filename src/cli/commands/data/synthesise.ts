/** distill data synthesise: symbolic problems with their traces, each proved before it is written. */
import path from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { recordWriter } from '../../../engine/data/formats/write.ts';
import { Draw } from '../../../engine/data/draw.ts';
import { flawOf, newSynthesisReport, synthesise, type SynthesisReport } from '../../../engine/data/synthesise/synthesise.ts';
import { PROBLEM_KINDS } from '../../../engine/data/synthesise/table.ts';
import { Voice } from '../../../engine/data/synthesise/voice.ts';
import type { AnyKind, Tongue } from '../../../engine/data/synthesise/contract.ts';
import type { SynthesiseRecipe } from '../../../shared/recipeCollect.ts';
import { percent } from '../../../shared/numbers.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';
import { table, type Terminal } from '../../terminal.ts';
import { checkOutput, liveLine, seedOf, untilInterrupted } from './making.ts';

interface SynthesiseOptions {
  readonly kinds?: readonly string[];
  readonly rows: number;
  readonly difficulty: readonly [number, number];
  readonly language: readonly Tongue[];
  readonly seed: number;
  readonly list?: true;
  readonly force?: true;
  readonly json?: true;
}

/** Rows where nobody says how many. */
const ROWS = 1000;
/** Draws for an example of `--list`. */
const TRIES = 100;

export function registerSynthesise({ terminal, command, json, whole, done }: DataTools): void {
  const { say } = terminal;
  const words = (value: string): readonly string[] => value.split(',').map((word) => word.trim()).filter((word) => word !== '');
  const languages = (value: string): readonly Tongue[] => {
    const list = words(value);
    if (list.length === 0 || list.some((word) => word !== 'en' && word !== 'zh')) throw new InvalidArgumentError(say('badChoice', value, 'en, zh, en,zh'));
    return list as readonly Tongue[];
  };
  const difficulty = (value: string): readonly [number, number] => {
    const match = /^([1-5])(?:\s*[-–]\s*([1-5]))?$/.exec(value);
    if (match === null) throw new InvalidArgumentError(say('badChoice', value, '1 … 5, 2-4'));
    return [Number(match[1]), Number(match[2] ?? match[1])];
  };
  command('synthesise', say('synthesise')).alias('synthesize').argument('[out]', say('synthesiseOut'))
    .addOption(new Option('-k, --kinds <names>', say('synthesiseKinds')).argParser(words)).addOption(new Option('-n, --rows <count>', say('synthesiseRows')).argParser(whole).default(ROWS))
    .addOption(new Option('-d, --difficulty <from-to>', say('synthesiseDifficulty')).argParser(difficulty).default([1, 5], '1-5')).addOption(new Option('--language <languages>', say('synthesiseLanguage')).argParser(languages).default(['en'], 'en'))
    .addOption(new Option('--seed <number>', say('makingSeed')).argParser(seedOf(terminal)).default(0)).option('--list', say('synthesiseList')).option('--force', say('convertForce')).addOption(json())
    .action(async (out: string | undefined, options: SynthesiseOptions) => { done(options.list === true ? list(terminal, options) : await make(terminal, out, options)); });
}

async function make(terminal: Terminal, written: string | undefined, options: SynthesiseOptions): Promise<ExitCode> {
  const { say } = terminal;
  if (written === undefined) throw new Refusal(say('synthesiseNoOut'));
  const out = path.resolve(written);
  checkOutput(terminal, out, [], options.force === true);
  const recipe: SynthesiseRecipe = { rows: options.rows, difficulty: [...options.difficulty], languages: [...options.language], seed: options.seed, ...(options.kinds === undefined ? {} : { kinds: [...options.kinds] }) };
  const report = newSynthesisReport();
  return untilInterrupted(terminal, written, async (signal) => {
    const live = liveLine(terminal);
    const problems = synthesise(recipe, report);
    // Unknown kinds are refused before a file is begun.
    let next = problems.next();
    const writer = await recordWriter(out);
    let rows = 0;
    try {
      for (; next.done !== true; next = problems.next()) {
        await writer.write(next.value);
        rows += 1;
        await live(() => say('synthesiseLive', rows, options.rows));
        signal.throwIfAborted();
      }
      await writer.close();
    } catch (error) {
      await writer.abandon();
      throw error;
    }
    if (options.json === true) terminal.print(JSON.stringify({ out, rows, ...report }, null, 2));
    else tell(terminal, written, rows, options.rows, report);
  });
}

function tell(terminal: Terminal, out: string, rows: number, wanted: number, report: SynthesisReport): void {
  const { say, paint } = terminal;
  const lines = PROBLEM_KINDS.flatMap(({ name: kind }) => {
    const counts = report.kinds[kind];
    return counts === undefined ? [] : [[kind, counts] as const];
  }).map(([kind, { made, refusedAnswers, refusedTraces }]) => [kind, String(made), refusedAnswers + refusedTraces === 0 ? '0' : `${String(refusedAnswers + refusedTraces)} (${percent((refusedAnswers + refusedTraces) / (made + refusedAnswers + refusedTraces))})`]);
  const [head = '', ...rest] = table([[say('synthesiseColumnKind'), say('synthesiseColumnRows'), say('synthesiseColumnRefused')], ...lines]).split('\n');
  terminal.print([paint('bold', head), ...rest].join('\n'));
  if (rows < wanted) {
    const cells = report.exhausted.map(({ kind, difficulty, language }) => `${kind} ${String(difficulty)} ${language}`);
    terminal.note(paint('yellow', say('synthesiseExhausted', rows, wanted, cells.join(', '))));
  }
  terminal.print(say('makingDone', rows, out));
}

function list(terminal: Terminal, { kinds, language: [language = 'en'], json }: SynthesiseOptions): ExitCode {
  const chosen = PROBLEM_KINDS.filter(({ name }) => kinds?.includes(name) ?? true);
  const shown = chosen.map((kind) => ({ kind, example: exampleOf(kind, terminal.language === 'zh-cn' ? 'zh' : language) }));
  if (json === true) {
    terminal.print(JSON.stringify(shown.map(({ kind: { name, task, about, grows, proof }, example }) => ({ name, task, about: about[0], grows: grows[0], proof, example })), null, 2));
    return EXIT.fine;
  }
  const at = terminal.language === 'zh-cn' ? 1 : 0;
  for (const { kind, example } of shown) {
    terminal.print(`${terminal.paint('bold', kind.name)}  ${kind.about[at]}\n  ${terminal.paint('dim', `${terminal.say('synthesiseGrows')} ${kind.grows[at]}`)}\n  ${example.replaceAll('\n', '\n  ')}`);
  }
  return EXIT.fine;
}

/** A problem of the middle difficulty, the same every time. */
function exampleOf(kind: AnyKind, language: Tongue): string {
  const draw = new Draw(0, 'example', kind.name);
  const voice = new Voice(language, draw);
  for (let tries = 0; tries < TRIES; tries++) {
    const draft = kind.make(draw, 2, voice);
    if (draft !== null && flawOf(kind, draft) === null) return `${draft.prompt} → ${draft.gold}`;
  }
  return '';
}
