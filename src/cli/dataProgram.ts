/** The grammar of `distill data …`: each subcommand stands in a file of its own below commands/data. */
import type { Argument, Command, Option } from 'commander';
import { registerAugment } from './commands/data/augment.ts';
import { registerClean } from './commands/data/clean.ts';
import { registerBudget } from './commands/data/budget.ts';
import { registerCollect } from './commands/data/collect.ts';
import { registerConvert } from './commands/data/convert.ts';
import { registerEstimate } from './commands/data/estimate.ts';
import { registerMix } from './commands/data/mix.ts';
import { registerReport } from './commands/data/report.ts';
import { registerRestore } from './commands/data/restore.ts';
import { registerShow } from './commands/data/show.ts';
import { registerSynthesise } from './commands/data/synthesise.ts';
import { registerVerify } from './commands/data/verify.ts';
import type { ExitCode } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** What a subcommand needs to describe itself and to end. */
export interface DataTools {
  readonly terminal: Terminal;
  /** A subcommand of `data`, titled and with --help and --lang like every other. */
  command(name: string, about: string): Command;
  project(): Argument;
  json(): Option;
  whole(value: string): number;
  done(code: ExitCode): void;
}

/** In the order in which a person meets them. */
const SUBCOMMANDS: readonly ((tools: DataTools) => void)[] = [registerEstimate, registerCollect, registerBudget, registerConvert, registerShow, registerVerify, registerClean, registerRestore, registerSynthesise, registerAugment, registerMix, registerReport];

export function registerData(tools: DataTools): void {
  for (const register of SUBCOMMANDS) register(tools);
}
