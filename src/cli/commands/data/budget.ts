/** distill data budget: what each teacher of a project has cost, and what of it is only feared. */
import path from 'node:path';
import { parse } from 'jsonc-parser';
import { keyFor, placeOf, takeKeys } from '../../../engine/teacher/keys.ts';
import { Ledger, readLedger } from '../../../engine/teacher/ledger.ts';
import { fromNanos } from '../../../engine/teacher/prices.ts';
import { readKeys } from '../../../engine/teacher/cache.ts';
import { TEACHER_FILES, teacherFolder } from '../../../engine/teacher/folder.ts';
import { moneyText, tokensText } from '../../../shared/money.ts';
import { readRecipe } from '../../../shared/recipeText.ts';
import { apiTeacher, type ApiTeacher } from '../../../shared/recipeTeacher.ts';
import type { DataTools } from '../../dataProgram.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { findRecipe, loadRecipe } from '../../project.ts';
import { Refusal } from '../../refusal.ts';
import { table, type Terminal } from '../../terminal.ts';

export function registerBudget({ terminal, command, project, json, done }: DataTools): void {
  const { say } = terminal;
  command('budget', say('budget')).addArgument(project()).option('--forgive <teacher>', say('budgetForgive')).addOption(json())
    .action(async (where: string, options: { forgive?: string; json?: true }) => { done(await budget(terminal, where, options)); });
}

async function budget(terminal: Terminal, where: string, options: { readonly forgive?: string; readonly json?: true }): Promise<ExitCode> {
  const { say } = terminal;
  const { teachers, project } = teachersAt(terminal, where);
  const keys = takeKeys(process.env);
  if (options.forgive !== undefined) await forgive(terminal, project, teachers, options.forgive);
  const rows = teachers.map(([name, teacher]) => {
    const folder = teacherFolder(project, name);
    const totals = readLedger({ name, folder, prices: teacher.prices ?? null });
    const place = placeOf(name, teacher);
    const money = (nanos: number): number | null => teacher.prices === undefined ? null : fromNanos(nanos);
    return {
      teacher: name, model: teacher.model, origin: place.origin, variable: place.variable, needsKey: place.needsKey, hasKey: keyFor(place, keys) !== null,
      answers: readKeys(path.join(folder, TEACHER_FILES.answers)).size, currency: teacher.prices?.currency ?? null,
      money: money(totals.spentNanos), tokens: totals.spentTokens, inFlightMoney: money(totals.reservedNanos), inFlightTokens: totals.reservedTokens,
      lostRequests: totals.lostRequests, lostMoney: money(totals.lostNanos), lostTokens: totals.lostTokens,
      moneyCap: teacher.budget?.money ?? null, tokenCap: teacher.budget?.tokens ?? null,
    };
  });
  if (options.json === true) {
    terminal.print(JSON.stringify(rows, null, 2));
    return EXIT.fine;
  }
  if (rows.length === 0) {
    terminal.print(say('budgetNone'));
    return EXIT.fine;
  }
  const spent = (money: number | null, tokens: number, currency: string | null): string => money === null ? say('spendTokens', tokensText(tokens)) : `${moneyText(money, currency)}, ${say('spendTokens', tokensText(tokens))}`;
  terminal.print(table([
    [say('teacher'), say('budgetAnswers'), say('budgetSpent'), say('budgetLost'), say('budgetCap'), say('budgetKey')],
    ...rows.map((row) => [
      `${row.teacher} (${row.origin})`, tokensText(row.answers), spent(row.money, row.tokens, row.currency),
      row.lostRequests === 0 ? '–' : `${String(row.lostRequests)} (${spent(row.lostMoney, row.lostTokens, row.currency)})`,
      [...(row.moneyCap === null ? [] : [moneyText(row.moneyCap, row.currency)]), ...(row.tokenCap === null ? [] : [say('spendTokens', tokensText(row.tokenCap))])].join(', ') || '–',
      row.hasKey ? say('budgetKeySet') : row.needsKey ? say('budgetKeyMissing', row.variable ?? '') : '–',
    ]),
  ]));
  return EXIT.fine;
}

/** What was spent is told whatever else is wrong with a recipe: only its services have to be readable. Throws Refusal, with every mistake. */
function teachersAt(terminal: Terminal, where: string): { readonly project: string; readonly teachers: readonly (readonly [string, ApiTeacher])[] } {
  const { file, text } = findRecipe(terminal, where);
  const written = (parse(text, [], { allowTrailingComma: true }) as { readonly teachers?: Readonly<Record<string, unknown>> } | undefined)?.teachers;
  if (readRecipe(text).recipe === undefined && typeof written === 'object') {
    const services = Object.entries(written).filter(([, value]) => (value as { readonly type?: unknown } | null)?.type === 'api').map(([name, value]) => [name, apiTeacher.safeParse(value)] as const);
    const read = services.flatMap(([name, { data }]) => (data === undefined ? [] : [[name, data] as const]));
    if (services.length > 0 && read.length === services.length) return { project: path.dirname(file), teachers: read };
  }
  const { recipe, project } = loadRecipe(terminal, where);
  return { project, teachers: Object.entries(recipe.teachers).filter((entry): entry is [string, ApiTeacher] => entry[1].type === 'api') };
}

async function forgive({ say, note }: Terminal, project: string, teachers: readonly (readonly [string, ApiTeacher])[], name: string): Promise<void> {
  const teacher = teachers.find(([other]) => other === name)?.[1];
  if (teacher === undefined) throw new Refusal(say('budgetNoTeacher', name, teachers.map(([other]) => other).join(', ') || '–'));
  const ledger = await Ledger.open({ name, folder: teacherFolder(project, name), prices: teacher.prices ?? null, about: 'distill data budget' });
  try {
    note(say('budgetForgiven', ledger.forgive(), name));
  } finally {
    await ledger.close();
  }
}
