import { EXIT, type ExitCode } from './exit.ts';

/** Ends a command with a sentence (in the person's language already) and an exit code. */
export class Refusal extends Error {
  constructor(message: string, readonly exit: ExitCode = EXIT.usage) {
    super(message);
    this.name = 'Refusal';
  }
}
