/** The command line's grammar: commands, arguments, options and their help, in the person's language. */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { DistillError, sentenceOutsideRun } from '../shared/messages.ts';
import { SERVICES, type ServiceName } from '../shared/recipeTeacher.ts';
import { check } from './commands/check.ts';
import { diff, DIFF_FILTERS, type DiffFilter } from './commands/diff.ts';
import { doctor } from './commands/doctor.ts';
import { init, TEMPLATES, type TemplateName } from './commands/init.ts';
import { list, log, show } from './commands/list.ts';
import { rows } from './commands/rows.ts';
import { targets } from './commands/targets.ts';
import { resume, run, stop } from './commands/run.ts';
import { setupTensorflow } from './commands/setup.ts';
import { registerData } from './dataProgram.ts';
import { sweep } from './commands/sweep.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { workbenchVersion } from './programs.ts';
import { Refusal } from './refusal.ts';
import type { Terminal } from './terminal.ts';
import { isKnownLanguage, LANGUAGES } from './text.ts';

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
    if (error instanceof DistillError) terminal.note(sentenceOutsideRun(error, terminal.language));
    else terminal.note(terminal.say('unexpected', error instanceof Error ? error.stack ?? error.message : String(error)));
    return EXIT.failed;
  }
}

/** Commander's own headings, in the person's language. */
function titles(say: Terminal['say']): { readonly styleTitle: (title: string) => string } {
  return {
    styleTitle: (title) => {
      switch (title) {
        case 'Usage:': return say('helpUsage');
        case 'Arguments:': return say('helpArguments');
        case 'Options:': return say('helpOptions');
        case 'Commands:': return say('helpCommands');
        default: return title;
      }
    },
  };
}

function grammar(terminal: Terminal, done: (code: ExitCode) => void): Command {
  const { say } = terminal;
  const lang = (): Option => new Option('--lang <language>', say('optionLang')).argParser((value: string) => {
    if (!isKnownLanguage(value)) throw new InvalidArgumentError(say('badChoice', value, LANGUAGES.join(', ')));
    return value;
  });
  const program = new Command('distill')
    .description(say('about'))
    .version(workbenchVersion(), '-V, --version', say('optionVersion'))
    .helpOption('-h, --help', say('optionHelp'))
    .helpCommand(false)
    .addOption(lang())
    .addHelpText('after', `\n${say('exitCodes')}`)
    .showSuggestionAfterError()
    .configureHelp(titles(say))
    .exitOverride()
    .configureOutput({ writeErr: (text) => { terminal.note(text.trimEnd()); } });
  const commandOf = (parent: Command) => (name: string, about: string): Command => parent.command(name).configureHelp(titles(say)).description(about).helpOption('-h, --help', say('optionHelp'))
    // Accepted after the command as well; it was looked at before anything was parsed.
    .addOption(lang().hideHelp());
  const command = commandOf(program);
  const aRun = (): Argument => new Argument('[run]', say('argumentRun'));
  const project = (): Argument => new Argument('[project]', say('argumentProject')).default('.');
  const json = (about = say('optionJson')): Option => new Option('--json', about);
  const sets = (): Option => new Option('--set <path=value>', say('runSet')).argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
  const whole = (value: string): number => {
    if (!/^[1-9]\d*$/.test(value)) throw new InvalidArgumentError(say('badChoice', value, '1, 2, 3 …'));
    return Number(value);
  };

  command('init', say('init')).addArgument(new Argument('[folder]', say('initFolder')))
    .addOption(new Option('-t, --template <name>', say('initTemplate')).choices(TEMPLATES).default('arithmetic'))
    .option('-m, --model <folder>', say('initModel')).option('-d, --data <file>', say('initData')).option('-n, --name <name>', say('initName'))
    .addOption(new Option('--service <name>', say('initService')).choices(SERVICES)).option('--teacher <model>', say('initTeacher'))
    .action(async (folder: string | undefined, options: { template: TemplateName; model?: string; data?: string; name?: string; service?: ServiceName; teacher?: string }) => {
      const { template, model = null, data = null, name = null, service = null, teacher = null } = options;
      done(await init(terminal, folder, { template, model, data, name, service, teacher }));
    });
  command('check', say('check')).addArgument(project()).option('--recipe-only', say('checkRecipeOnly')).addOption(sets()).addOption(json())
    .addOption(new Option('--fix', say('checkFix')).conflicts(['set', 'recipeOnly'])).option('--online', say('checkOnline'))
    .action(async (where: string, options: { recipeOnly?: true; set?: string[]; json?: true; fix?: true; online?: true }) => {
      done(await check(terminal, where, { recipeOnly: options.recipeOnly === true, set: options.set ?? [], json: options.json === true, fix: options.fix === true, online: options.online === true }));
    });
  command('run', say('run')).addArgument(project()).addOption(sets()).option('--detach', say('runDetach')).option('--no-queue', say('runNoQueue')).option('--no-check', say('runNoCheck')).addOption(json(say('runJson')))
    .action(async (where: string, options: { set?: string[]; detach?: true; queue: boolean; check: boolean; json?: true }) => {
      done(await run(terminal, where, { set: options.set ?? [], detach: options.detach === true, queue: options.queue, check: options.check, json: options.json === true }));
    });
  const places = (value: string): readonly number[] => value.split(',').map((part) => whole(part.trim()));
  command('sweep', say('sweep')).addArgument(project()).addOption(new Option('--only <places>', say('sweepOnly')).argParser(places)).option('--dry-run', say('sweepDry'))
    .addOption(new Option('--resume [sweep]', say('sweepResume')).conflicts(['dryRun', 'show', 'stop'])).addOption(new Option('--show [sweep]', say('sweepShow')).conflicts(['dryRun', 'stop']))
    .addOption(new Option('--stop [sweep]', say('sweepStop')).conflicts(['dryRun'])).option('--no-queue', say('runNoQueue')).option('--no-check', say('runNoCheck')).addOption(json())
    .action(async (where: string, options: { only?: readonly number[]; dryRun?: true; resume?: string | true; show?: string | true; stop?: string | true; queue: boolean; check: boolean; json?: true }) => {
      const named = (value: string | true | undefined): string | null => (value === undefined ? null : value === true ? '' : value);
      const { only = null, queue, check: looks } = options;
      done(await sweep(terminal, where, { only, dryRun: options.dryRun === true, resume: named(options.resume), show: named(options.show), stop: named(options.stop), queue, check: looks, json: options.json === true }));
    });
  command('resume', say('resume')).addArgument(aRun()).option('--detach', say('runDetach')).option('--no-queue', say('runNoQueue')).addOption(json(say('runJson')))
    .action(async (name: string | undefined, options: { detach?: true; queue: boolean; json?: true }) => {
      done(await resume(terminal, name, { detach: options.detach === true, queue: options.queue, json: options.json === true }));
    });
  command('stop', say('stop')).addArgument(aRun()).option('--now', say('stopNow'))
    .action(async (name: string | undefined, options: { now?: true }) => { done(await stop(terminal, name, { now: options.now === true })); });
  command('list', say('list')).addArgument(project()).addOption(json())
    .action(async (where: string, options: { json?: true }) => { done(await list(terminal, where, { json: options.json === true })); });
  command('show', say('show')).addArgument(aRun()).addOption(json())
    .action(async (name: string | undefined, options: { json?: true }) => { done(await show(terminal, name, { json: options.json === true })); });
  command('rows', say('rows')).addArgument(aRun()).addOption(new Option('-s, --step <step>', say('rowsStep')).argParser(whole))
    .addOption(new Option('--row <place>', say('rowsRow')).conflicts(['step'])).addOption(new Option('-n, --top <count>', say('rowsTop')).argParser(whole)).addOption(json())
    .action(async (name: string | undefined, options: { step?: number; row?: string; top?: number; json?: true }) => {
      done(await rows(terminal, name, { step: options.step ?? null, row: options.row ?? null, top: options.top ?? null, json: options.json === true }));
    });
  command('targets', say('targets')).addArgument(new Argument('[where]', say('targetsWhere')).default('.')).addOption(json())
    .action(async (where: string, options: { json?: true }) => { done(await targets(terminal, where, { json: options.json === true })); });
  command('log', say('log')).addArgument(aRun()).addOption(new Option('-n, --lines <count>', say('logLines')).argParser(whole))
    .action(async (name: string | undefined, options: { lines?: number }) => { done(await log(terminal, name, { lines: options.lines ?? null })); });
  command('diff', say('diff')).addArgument(new Argument('[run]', say('argumentRun'))).addArgument(new Argument('[example]', say('diffExample')))
    .addOption(new Option('--filter <which>', say('diffFilter')).choices(DIFF_FILTERS)).option('--teacher <file>', say('diffTeacher')).option('--student <file>', say('diffStudent'))
    .addOption(new Option('--width <columns>', say('diffWidth')).argParser(whole)).addOption(json())
    .action(async (name: string | undefined, example: string | undefined, options: { filter?: DiffFilter; teacher?: string; student?: string; width?: number; json?: true }) => {
      const words = [name, example].filter((word) => word !== undefined);
      done(await diff(terminal, words, { filter: options.filter ?? null, teacher: options.teacher ?? null, student: options.student ?? null, width: options.width ?? null, json: options.json === true }));
    });
  command('doctor', say('doctor')).addOption(json())
    .action(async (options: { json?: true }) => { done(await doctor(terminal, { json: options.json === true })); });
  command('setup', say('setup')).addArgument(new Argument('<what>', say('setupWhat')).choices(['tensorflow']))
    .option('--gpu', say('setupGpu')).option('-y, --yes', say('setupYes')).option('--index <address>', say('setupIndex'))
    .addOption(new Option('--library <folder>', say('setupLibrary')).conflicts(['gpu', 'index', 'remove', 'offer']))
    .addOption(new Option('--remove', say('setupRemove')).conflicts(['gpu', 'index', 'offer'])).option('--offer', say('setupOffered')).addOption(json(say('setupJson')))
    .action(async (_: string, options: { gpu?: true; yes?: true; index?: string; library?: string; remove?: true; offer?: true; json?: true }) => {
      const { gpu = false, yes = false, index = null, library = null, remove = false, offer = false } = options;
      done(await setupTensorflow(terminal, { gpu, yes, index, library, remove, offer, json: options.json === true }));
    });
  const data = command('data', say('data')).helpCommand(false);
  registerData({ terminal, command: commandOf(data), project, json, whole, done });
  return program;
}
