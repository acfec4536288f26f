/** The options of `distill data clean` as a recipe's `clean`: what --config says, then the flags over it. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { sentence } from '../../../shared/messages.ts';
import { clean as schema, type CleanRecipe } from '../../../shared/recipeCollect.ts';
import { pathText } from '../../../shared/recipePaths.ts';
import { structuralProblems } from '../../../shared/recipeStructure.ts';
import { Refusal } from '../../refusal.ts';
import type { Terminal } from '../../terminal.ts';

export interface CleanFlags {
  readonly config?: string;
  readonly min?: number;
  readonly max?: number;
  readonly against?: readonly string[];
  readonly duplicates?: string;
  readonly similarity?: number;
  readonly sameProblem?: true;
  readonly secrets?: string;
  readonly pattern?: string;
  readonly model?: string;
  readonly maxPerplexity?: number;
  readonly like?: string;
  readonly minSimilarity?: number;
  readonly unicode: boolean;
  readonly control: boolean;
  readonly html: boolean;
  readonly boilerplate: boolean;
}

type Json = Readonly<Record<string, unknown>>;

/** Throws Refusal naming each mistake. */
export async function recipeOf(terminal: Terminal, flags: CleanFlags): Promise<CleanRecipe> {
  const config = flags.config === undefined ? {} : await readConfig(terminal, flags.config);
  const inner = (name: string): Json => typeof config[name] === 'object' && config[name] !== null ? config[name] as Json : {};
  const given = (values: Json): Json => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const length = { ...inner('length'), ...given({ min: flags.min, max: flags.max }) };
  const irrelevant = { ...inner('irrelevant'), ...given({ pattern: flags.pattern, model: here(flags.model), maxPerplexity: flags.maxPerplexity, like: here(flags.like), minSimilarity: flags.minSimilarity }) };
  const written = {
    ...config,
    ...given({ contamination: flags.against?.map((file) => path.resolve(file)), duplicates: flags.duplicates, similarity: flags.similarity, sameProblem: flags.sameProblem, secrets: flags.secrets }),
    // Commander's --no-… are true where they aren't given.
    ...Object.fromEntries((['unicode', 'control', 'html', 'boilerplate'] as const).filter((rule) => !flags[rule]).map((rule) => [rule, false])),
    ...(Object.keys(length).length === 0 ? {} : { length }), ...(Object.keys(irrelevant).length === 0 ? {} : { irrelevant }),
  };
  const result = schema.safeParse(written);
  if (result.success) return result.data;
  // Where such options stand in a recipe, so that unknown ones are told what is known there.
  const place = ['stages', 0, 'clean'];
  const problems = structuralProblems({ stages: [{ type: 'collect', clean: written }] }, result.error.issues, place)
    .map(({ code, path: at, data }) => sentence(code, { path: pathText(at.slice(place.length - 1)), ...data }, terminal.language));
  throw new Refusal(problems.join('\n'));
}

/** A path on the command line may be anywhere; one of a recipe may not leave its folder. */
function here(written: string | undefined): string | undefined {
  return written === undefined ? undefined : path.resolve(written);
}

/** JSON itself, or a file of it: the `clean` of a recipe. */
async function readConfig(terminal: Terminal, written: string): Promise<Json> {
  const text = written.trimStart().startsWith('{') ? written : await readFile(written, 'utf8').catch(() => { throw new Refusal(terminal.say('cleanConfigMissing', written)); });
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined || typeof value !== 'object' || value === null || Array.isArray(value)) throw new Refusal(terminal.say('cleanConfigMalformed', written, error === undefined ? '' : printParseErrorCode(error.error)));
  return value as Json;
}
