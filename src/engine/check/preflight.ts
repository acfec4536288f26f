/** The pre-flight: every check over a recipe, in order, told as it goes. It loads no weights, and asks nobody unless told to. */
import path from 'node:path';
import type { BackendAttempt } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import { CHECKS, type CheckName, type Finding, type PreflightReport } from '../../shared/preflight.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { readRecipe } from '../../shared/recipeText.ts';
import { checkApiTeachers } from './api.ts';
import { backendFindings, tryBackends } from './backend.ts';
import { checkChatTemplate } from './chatTemplate.ts';
import { checkCollect } from './collect.ts';
import { finding, refusalOf, type Check, type CheckContext, type Machine } from './contract.ts';
import { checkData } from './data.ts';
import { checkDisk } from './disk.ts';
import { checkEndToken } from './endToken.ts';
import { Folders } from './folders.ts';
import { checkHeldOut } from './heldOut.ts';
import { checkLength } from './length.ts';
import { checkMemory } from './memory.ts';
import { checkModels } from './models.ts';
import { checkPositions } from './positions.ts';
import { scanRows, type Scan } from './scan.ts';
import { checkSpecialTokens } from './specialTokens.ts';
import { checkStudent } from './student.ts';
import { checkSweep } from './sweep.ts';
import { checkThinkMarks } from './thinkMarks.ts';
import { checkTokens } from './tokens.ts';
import { checkTraining } from './training.ts';
import { checkVocabulary } from './vocabulary.ts';

export interface PreflightOptions {
  /** The recipe's file, absolute; its folder is what its paths are relative to. */
  readonly file: string;
  readonly text: string;
  readonly online?: boolean;
  /** As before a launch: no backend is tried, fewer rows are looked at. */
  readonly quick?: boolean;
  readonly signal: AbortSignal;
  readonly machine: Machine;
  readonly onProgress?: (check: CheckName, done: number, total: number) => void;
}

/** Never throws for what is wrong with a project: that is the report. Throws the signal's reason when it is cancelled. */
export async function preflight(options: PreflightOptions): Promise<PreflightReport> {
  const { file, text } = options;
  const { recipe, problems } = readRecipe(text);
  if (recipe === undefined) {
    // Their places are the editor's own diagnostics.
    const findings = problems.map(({ code, data }) => finding('recipe', 'refusal', code, data));
    return { format: 1, recipe: file, name: '', findings };
  }
  const findings = [finding('recipe', 'pass', 'recipe-fine'), ...await findingsOf(recipe, options)];
  return { format: 1, recipe: file, name: recipe.name, findings: inOrder(withoutDoubles(findings)) };
}

async function findingsOf(recipe: Recipe, options: PreflightOptions): Promise<readonly Finding[]> {
  const { text, signal, machine, online = false, quick = false, onProgress = () => undefined } = options;
  const base = path.dirname(options.file);
  const folders = new Folders(recipe, base);
  let current: CheckName = 'models';
  let scan: Promise<Scan | null> | null = null;
  let attempts: Promise<readonly BackendAttempt[]> | null = null;
  const troubles: Finding[] = [];
  const scanned = (): Promise<Scan | null> => {
    scan ??= (async () => {
      const tokenizer = await folders.studentTokenizer();
      if (tokenizer === null) return null;
      try {
        return await scanRows({ recipe, base, tokenizer, quick, signal, progress: (done, total) => { onProgress(current, done, total); } });
      } catch (error) {
        // A tokenizer without end, a chat template that fails: their own checks say so where they can.
        if (!(error instanceof DistillError)) throw error;
        if (!/^chat-template|^tokenizer-without-end/.test(error.code)) troubles.push(refusalOf('data', error, { path: ['data'] }));
        return null;
      }
    })();
    return scan;
  };
  const tried = (): Promise<readonly BackendAttempt[]> => {
    attempts ??= quick ? Promise.resolve([]) : tryBackends(recipe, machine);
    return attempts;
  };
  const context: CheckContext = {
    recipe, text, base, online, quick, signal, folders, machine,
    rows: async () => {
      const found = await scanned();
      return found?.type === 'rows' ? found.rows : null;
    },
    backend: async () => (await tried()).find(({ outcome }) => outcome === 'taken') ?? null,
  };
  const checks: Readonly<Record<Exclude<CheckName, 'recipe'>, Check>> = {
    models: checkModels, student: checkStudent, vocabulary: checkVocabulary, tokens: checkTokens, special: checkSpecialTokens, template: checkChatTemplate,
    think: checkThinkMarks, end: checkEndToken, data: async (own) => [...await checkData(own, await scanned()), ...troubles], 'held-out': checkHeldOut, length: checkLength,
    positions: checkPositions, training: checkTraining, memory: checkMemory, disk: checkDisk, backend: async () => backendFindings(await tried()),
    api: checkApiTeachers, collect: checkCollect,
  };
  const findings: Finding[] = [];
  for (const [index, name] of CHECKS.entries()) {
    if (name === 'recipe') continue;
    signal.throwIfAborted();
    current = name;
    onProgress(name, index, CHECKS.length);
    try {
      findings.push(...await checks[name](context));
    } catch (error) {
      signal.throwIfAborted();
      // What a check could not foresee (no tokenizer to take, a path that leaves the project) is a finding of its own; a
      // check that fails by itself must not hide what the others found.
      findings.push(error instanceof DistillError ? refusalOf(name, error) : finding(name, 'warning', 'check-failed', { detail: error instanceof Error ? error.message : String(error) }));
    }
  }
  return [...findings, ...await checkSweep(context, { models: checkModels, student: checkStudent, vocabulary: checkVocabulary, positions: checkPositions })];
}

/** One thing may stop several checks; it is told once, by the first. */
function withoutDoubles(findings: readonly Finding[]): readonly Finding[] {
  const told = new Set<string>();
  return findings.filter(({ level, code, data }) => {
    const key = JSON.stringify([code, data]);
    if (level !== 'refusal') return true;
    const first = !told.has(key);
    told.add(key);
    return first;
  });
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => CHECKS.indexOf(a.check) - CHECKS.indexOf(b.check));
}
