/** What every check of the pre-flight has at hand, and what it answers. */
import type { BackendAttempt, BackendName, MessageData } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import { editedRecipe, type CheckLevel, type CheckName, type Evidence, type Finding, type FindingCode, type Fix, type RecipeEdit } from '../../shared/preflight.ts';
import type { FixCode } from '../../shared/preflightText.ts';
import type { Recipe } from '../../shared/recipe.ts';
import type { PathPart } from '../../shared/recipePaths.ts';
import { readRecipe } from '../../shared/recipeText.ts';
import type { Folders } from './folders.ts';
import type { ScannedRows } from './scan.ts';

/** What this machine has; tests say something else. */
export interface Machine {
  /** Bytes of main memory that a new process can have. */
  freeMemory(): number;
  /** Bytes free on the disk that holds a path. */
  freeDisk(path: string): Promise<number>;
  /** Opens and checks one backend, in a process of its own. */
  attempt(backend: BackendName): Promise<BackendAttempt>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface CheckContext {
  readonly recipe: Recipe;
  /** The recipe as it is written: fixes are tried on it. */
  readonly text: string;
  /** The folder that the recipe's paths are relative to. */
  readonly base: string;
  /** Whether services may be asked. */
  readonly online: boolean;
  /** Before a launch: leaves out what the engine finds itself at once (backends), and looks at fewer rows. */
  readonly quick: boolean;
  readonly signal: AbortSignal;
  readonly folders: Folders;
  readonly machine: Machine;
  /** The data's rows; null where they can't be read or are not there yet. Read once. */
  rows(): Promise<ScannedRows | null>;
  /** The backend that a run would take; null where none opens or it is not asked for. */
  backend(): Promise<BackendAttempt | null>;
}

/** One check: everything that it compares, each as a finding. */
export type Check = (context: CheckContext) => readonly Finding[] | Promise<readonly Finding[]>;

export interface FindingOptions {
  readonly subject?: string | null;
  readonly path?: readonly PathPart[] | null;
  readonly evidence?: Evidence | null;
  readonly fix?: Fix | null;
  readonly estimated?: boolean;
}

export function finding(check: CheckName, level: CheckLevel, code: FindingCode, data: MessageData = {}, options: FindingOptions = {}): Finding {
  const { subject = null, path = null, evidence = null, fix = null, estimated = false } = options;
  return { check, level, subject, code, data, path, evidence, fix, estimated };
}

/** An error with a code as a refusal. Throws what has none. */
export function refusalOf(check: CheckName, error: unknown, options: FindingOptions = {}): Finding {
  if (!(error instanceof DistillError)) throw error;
  return finding(check, 'refusal', error.code, error.data, options);
}

/** A fix, where the recipe that it leaves is right; otherwise null. */
export function fixOf(text: string, label: FixCode, data: MessageData, edits: readonly RecipeEdit[]): Fix | null {
  try {
    return readRecipe(editedRecipe(text, edits)).problems === undefined ? { label, data, edits } : null;
  } catch {
    // The text has no place for it (a value stands where an object is needed).
    return null;
  }
}

/** "Set data.maxLength to 512". */
export function setFix(text: string, path: readonly PathPart[], shown: string, value: string | number | readonly number[] | readonly string[]): Fix | null {
  return fixOf(text, 'set', { path: shown, value: typeof value === 'string' ? value : JSON.stringify(value) }, [{ path, value }]);
}

/** 0.0123 → "1.2%"; what is not nothing is not shown as nothing. */
export function percent(share: number): string {
  if (share === 0) return '0%';
  if (share < 0.001) return '<0.1%';
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;
}

/** 1,234,567 → "1.2M". */
export function countText(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)}B`;
  if (count >= 1e6) return `${(count / 1e6).toFixed(1)}M`;
  return count >= 1e4 ? `${Math.round(count / 1e3)}k` : String(count);
}

const MIB = 2 ** 20;

/** "571 MiB", "4.0 GiB". */
export function bytesText(bytes: number): string {
  const mib = bytes / MIB;
  return mib >= 1000 ? `${(mib / 1024).toFixed(1)} GiB` : `${mib >= 10 ? Math.round(mib).toString() : mib.toFixed(1)} MiB`;
}
