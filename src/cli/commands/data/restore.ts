/** distill data restore: what cleaning took comes back into the cleaned file. */
import { Argument, Option } from 'commander';
import { restoreRemoved, type Wanted } from '../../../engine/data/clean/restore.ts';
import { CLEAN_RULES, type CleanRule } from '../../../shared/cleanReport.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT } from '../../exit.ts';
import { Refusal } from '../../refusal.ts';

export function registerRestore({ terminal, command, json, done }: DataTools): void {
  const { say } = terminal;
  command('restore', say('restore')).addArgument(new Argument('<out>', say('restoreOut')))
    .addOption(new Option('--rule <rule>', say('restoreRule')).choices(CLEAN_RULES)).option('--id <id>', say('restoreId')).option('--all', say('restoreAll')).addOption(json())
    .action(async (out: string, { rule, id, all, json: asJson }: { rule?: CleanRule; id?: string; all?: true; json?: true }) => {
      const wanted: readonly Wanted[] = [...(rule === undefined ? [] : [{ rule }]), ...(id === undefined ? [] : [{ id }]), ...(all === undefined ? [] : ['all' as const])];
      const [first] = wanted;
      if (first === undefined || wanted.length > 1) throw new Refusal(say('restoreWhich'));
      const restored = await restoreRemoved(out, first);
      terminal.print(asJson === true ? JSON.stringify(restored) : say('restored', restored.rows, restored.texts, out, restored.left));
      done(EXIT.fine);
    });
}
