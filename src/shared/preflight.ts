/**
 * What the pre-flight *Check Project* finds before anything is launched: one finding for each thing that was compared, as a
 * code with data (preflightText.ts makes the sentence), what it was seen in, and the change of the recipe that mends it.
 */
import { applyEdits, findNodeAtLocation, modify, parseTree } from 'jsonc-parser';
import type { MessageData } from './events.ts';
import type { ErrorCode, WarningCode } from './messages.ts';
import type { PathPart } from './recipePaths.ts';
import type { EvidenceLabel, FixCode, PreflightCode } from './preflightText.ts';

/** In the order in which they are made and shown. */
export const CHECKS = [
  'recipe', 'models', 'student', 'vocabulary', 'tokens', 'special', 'template', 'think', 'end', 'data', 'held-out', 'length',
  'positions', 'training', 'memory', 'disk', 'backend', 'api', 'collect',
] as const;
export type CheckName = (typeof CHECKS)[number];

/** A refusal can't work; a warning works, and rarely as one wants. */
export type CheckLevel = 'pass' | 'warning' | 'refusal';

/** What was seen: a small table; columns are labels of preflightText.ts, cells are shown as they are. */
export interface Evidence {
  readonly columns: readonly EvidenceLabel[];
  readonly rows: readonly (readonly string[])[];
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One change of a recipe's text; without a value the key goes. */
export interface RecipeEdit {
  readonly path: readonly PathPart[];
  readonly value?: Json;
}

/** A change of the recipe that mends a finding; it leaves a recipe that is right. */
export interface Fix {
  readonly label: FixCode;
  readonly data: MessageData;
  readonly edits: readonly RecipeEdit[];
}

export type FindingCode = PreflightCode | ErrorCode | WarningCode;

export interface Finding {
  readonly check: CheckName;
  readonly level: CheckLevel;
  /** Name of the teacher, or the setting of the sweep, that it is about; null: the student, the data or the project. */
  readonly subject: string | null;
  readonly code: FindingCode;
  readonly data: MessageData;
  /** The place in the recipe that it is about. */
  readonly path: readonly PathPart[] | null;
  readonly evidence: Evidence | null;
  readonly fix: Fix | null;
  /** A refusal that rests on an estimate (memory, disk): a person may know better. */
  readonly estimated: boolean;
}

export interface PreflightReport {
  readonly format: 1;
  /** The recipe's file, absolute. */
  readonly recipe: string;
  /** The project's name; empty where the recipe can't be read. */
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** What `engine.js --check` prints, one JSON object a line; the report comes last. */
export type PreflightLine =
  | { readonly kind: 'progress'; readonly check: CheckName; readonly done: number; readonly total: number }
  | { readonly kind: 'report'; readonly report: PreflightReport };

/** Of a setting of the recipe's sweep: it stands in the sweep's way, not in that of one run of the recipe as it is. */
export function isOfSweep({ path }: Pick<Finding, 'path'>): boolean {
  return path?.[0] === 'sweep';
}

export function countOf({ findings }: PreflightReport, level: CheckLevel): number {
  return findings.filter((each) => each.level === level).length;
}

/** The recipe's text with edits made one after the other; comments stay. */
export function editedRecipe(text: string, edits: readonly RecipeEdit[]): string {
  return edits.reduce((changed, { path, value }) => applyEdits(changed, modify(changed, [...path], value, { formattingOptions: { insertSpaces: true, tabSize: 2 } })), text);
}

/** Where in the text a path stands, or the nearest thing around it that is there; in UTF-16 units. */
export function placeInRecipe(text: string, path: readonly PathPart[]): { readonly offset: number; readonly length: number } {
  const root = parseTree(text, [], { allowTrailingComma: true });
  for (let length = path.length; root !== undefined && length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node === undefined) continue;
    // A whole object underlined hides what it is about: its key says it.
    const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    const spot = (length < path.length || node.type === 'object' || node.type === 'array') && key !== undefined ? key : node;
    return { offset: spot.offset, length: node.type === 'object' && key === undefined ? 1 : spot.length };
  }
  return { offset: root?.offset ?? 0, length: 1 };
}
