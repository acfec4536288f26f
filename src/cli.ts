/** `distill`: the second front door to the same engine and the same run folders. */
import { runProgram } from './cli/program.ts';
import { openTerminal } from './cli/terminal.ts';
import { commandOf, languageOf, sayIn } from './cli/text.ts';

const argv = process.argv.slice(2);
const language = languageOf(argv, process.env);
// A reader that closes the pipe (head, less) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { process.exit(error.code === 'EPIPE' ? 0 : 1); });
void runProgram(argv, openTerminal(language, sayIn(language, commandOf(process.env)))).then((code) => {
  process.exitCode = code;
});
