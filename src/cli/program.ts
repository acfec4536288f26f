/** The command line's grammar: commands, arguments, options and their help, in the person's language. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DistillError, sentence } from '../shared/messages.ts';
import { check } from './commands/check.ts';
import { diff, DIFF_FILTERS, type DiffFilter } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { init, TEMPLATES, type TemplateName } from './commands/init.ts';
import { list, log, show } from './commands/list.ts';
import { resume, run, stop } from './commands/run.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { workbenchVersion } from './programs.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command that `argv` (without node and script) asks for and answers the exit code. Never throws. */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  let code: ExitCode = EXIT.fine;
  const program = grammar(terminal, (result) => { code = result; });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    if (error instanceof Refusal) {
      terminal.note(error.message);
      return error.exit;
    }
    if (error instanceof DistillError) terminal.note(sentence(error.code, error.data, terminal.language));
    else terminal.note(terminal.say('unexpected', error instanceof Error ? error.stack ?? error.message : String(error)));
    return EXIT.failed;
  }
}

function grammar(terminal: Terminal, done: (code: ExitCode) => void): Command {
  const { say } = terminal;
  const program = new Command('distill')
    .description(say('about'))
    .version(workbenchVersion(), '-V, --version', say('optionVersion'))
    .helpOption('-h, --help', say('optionHelp'))
    .helpCommand(false)
    .addOption(new Option('--lang <language>', say('optionLang')))
    .addHelpText('after', `\n${say('exitCodes')}`)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeErr: (text) => { terminal.note(text.trimEnd()); } });
  const command = (name: string, about: string): Command => program.command(name).description(about).helpOption('-h, --help', say('optionHelp'))
    // Accepted after the command as well; it was looked at before anything was parsed.
    .addOption(new Option('--lang <language>', say('optionLang')).hideHelp());
  const aRun = (): Argument => new Argument('[run]', say('argumentRun'));
  const project = (): Argument => new Argument('[project]', say('argumentProject')).default('.');
  const json = (about = say('optionJson')): Option => new Option('--json', about).default(false);
  const sets = (): Option => new Option('--set <path=value>', say('runSet')).default([] as string[]).argParser((value: string, before: string[]) => [...before, value]);
  const whole = (value: string): number => {
    if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError(say('badChoice', value, '1, 2, 3 …'));
    return Number(value);
  };

  command('init', say('init')).addArgument(new Argument('[folder]', say('initFolder')).default('.'))
    .addOption(new Option('-t, --template <name>', say('initTemplate')).choices(TEMPLATES).default('arithmetic'))
    .option('-m, --model <folder>', say('initModel')).option('-d, --data <file>', say('initData')).option('-n, --name <name>', say('initName'))
    .action(async (folder: string, options: { template: TemplateName; model?: string; data?: string; name?: string }) => {
      done(await init(terminal, folder, { template: options.template, model: options.model ?? null, data: options.data ?? null, name: options.name ?? null }));
    });
  command('check', say('check')).addArgument(project()).option('--recipe-only', say('checkRecipeOnly'), false).addOption(sets())
    .action(async (where: string, options: { recipeOnly: boolean; set: string[] }) => { done(await check(terminal, where, options)); });
  command('run', say('run')).addArgument(project()).addOption(sets()).option('--detach', say('runDetach'), false).option('--no-queue', say('runNoQueue')).addOption(json(say('runJson')))
    .action(async (where: string, options: { set: string[]; detach: boolean; queue: boolean; json: boolean }) => { done(await run(terminal, where, options)); });
  command('resume', say('resume')).addArgument(aRun()).option('--detach', say('runDetach'), false).addOption(json(say('runJson')))
    .action(async (name: string | undefined, options: { detach: boolean; json: boolean }) => { done(await resume(terminal, name, options)); });
  command('stop', say('stop')).addArgument(aRun()).option('--now', say('stopNow'), false)
    .action(async (name: string | undefined, options: { now: boolean }) => { done(await stop(terminal, name, options)); });
  command('list', say('list')).addArgument(project()).addOption(json())
    .action(async (where: string, options: { json: boolean }) => { done(await list(terminal, where, options)); });
  command('show', say('show')).addArgument(aRun()).addOption(json())
    .action(async (name: string | undefined, options: { json: boolean }) => { done(await show(terminal, name, options)); });
  command('log', say('log')).addArgument(aRun()).addOption(new Option('-n, --lines <count>', say('logLines')).argParser(whole))
    .action(async (name: string | undefined, options: { lines?: number }) => { done(await log(terminal, name, { lines: options.lines ?? null })); });
  command('diff', say('diff')).addArgument(new Argument('[run]', say('argumentRun'))).addArgument(new Argument('[example]', say('diffExample')))
    .addOption(new Option('--filter <which>', say('diffFilter')).choices(DIFF_FILTERS)).option('--teacher <file>', say('diffTeacher')).option('--student <file>', say('diffStudent'))
    .addOption(new Option('--width <columns>', say('diffWidth')).argParser(whole)).addOption(json())
    .action(async (name: string | undefined, example: string | undefined, options: { filter?: DiffFilter; teacher?: string; student?: string; width?: number; json: boolean }) => {
      const words = [name, example].filter((word) => word !== undefined);
      done(await diff(terminal, words, { filter: options.filter ?? null, teacher: options.teacher ?? null, student: options.student ?? null, width: options.width ?? null, json: options.json }));
    });
  command('doctor', say('doctor')).addOption(json())
    .action(async (options: { json: boolean }) => { done(await doctor(terminal, options)); });
  return program;
}
