/** The model folders that a recipe names, each read once for all checks: configuration, tokenizer and vocabulary, no weights. */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { comparedTeachers, otherTeachers, type Recipe } from '../../shared/recipe.ts';
import { resolvePath } from '../data/paths.ts';
import { configFromSizes } from '../model/config.ts';
import { cutConfig } from '../model/slim.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { readConfig } from '../model/folder.ts';
import { loadTokenizer, readJson, type Tokenizer } from '../model/tokenizer.ts';
import { tokenizerOf } from '../stages/models.ts';

export class Folders {
  readonly #configs: Map<string, Promise<DecoderConfig | DistillError>>;
  readonly #tokenizers: Map<string, Promise<Tokenizer | DistillError>>;
  readonly #vocabularies: Map<string, Promise<ReadonlyMap<number, string>>>;

  /** `known`: of another recipe of the same project, whose folders are not read again. */
  constructor(private readonly recipe: Recipe, private readonly base: string, known?: Folders) {
    this.#configs = known === undefined ? new Map() : known.#configs;
    this.#tokenizers = known === undefined ? new Map() : known.#tokenizers;
    this.#vocabularies = known === undefined ? new Map() : known.#vocabularies;
  }

  of(recipe: Recipe): Folders {
    return new Folders(recipe, this.base, this);
  }

  /** The folder of a local teacher; null for others. Throws DistillError `path-escapes`. */
  teacherFolder(name: string): string | null {
    const teacher = this.recipe.teachers[name];
    return teacher?.type === 'local' ? resolvePath(this.base, teacher.model) : null;
  }

  /** Where the student's tokenizer lies. Throws DistillError `recipe-no-tokenizer`, `path-escapes`. */
  tokenizerFolder(): string {
    return resolvePath(this.base, tokenizerOf(this.recipe));
  }

  config(folder: string): Promise<DecoderConfig | DistillError> {
    return once(this.#configs, folder, () => caught(readConfig(folder)));
  }

  tokenizer(folder: string): Promise<Tokenizer | DistillError> {
    return once(this.#tokenizers, folder, () => caught(loadTokenizer(folder)));
  }

  /** Token of each id, as tokenizer.json writes it. Throws DistillError `model-file-…`. */
  vocabulary(folder: string): Promise<ReadonlyMap<number, string>> {
    return once(this.#vocabularies, folder, () => readVocabulary(folder));
  }

  /** Null where it can't be read: the check of the models says why. */
  async teacher(name: string): Promise<{ readonly folder: string; readonly config: DecoderConfig | null; readonly tokenizer: Tokenizer | null } | null> {
    const folder = this.teacherFolder(name);
    return folder === null ? null : { folder, config: orNull(await this.config(folder)), tokenizer: orNull(await this.tokenizer(folder)) };
  }

  async studentTokenizer(): Promise<Tokenizer | null> {
    return orNull(await this.tokenizer(this.tokenizerFolder()));
  }

  /** Sizes of the student as training starts with it; null where they can't be told. */
  async studentConfig(): Promise<DecoderConfig | null> {
    const { student } = this.recipe;
    if ('model' in student) return orNull(await this.config(resolvePath(this.base, student.model)));
    if ('fromTeacher' in student) {
      const folder = this.teacherFolder(student.fromTeacher);
      const teacher = folder === null ? null : orNull(await this.config(folder));
      return teacher === null ? null : cutConfig(teacher, student);
    }
    const tokenizer = await this.studentTokenizer();
    return tokenizer === null ? null : configFromSizes(student.new, tokenizer);
  }
}

export function orNull<T>(value: T | DistillError): T | null {
  return value instanceof DistillError ? null : value;
}

function once<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const before = known.get(key) ?? make();
  known.set(key, before);
  return before;
}

async function caught<T>(work: Promise<T>): Promise<T | DistillError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DistillError) return error;
    throw error;
  }
}

/** tokenizer.json has its tokens as { token: id } (BPE, WordPiece) or as a list (Unigram), and some more beside them. */
async function readVocabulary(folder: string): Promise<ReadonlyMap<number, string>> {
  const json = await readJson(path.join(folder, 'tokenizer.json')) ?? {};
  const vocabulary = (json['model'] as { readonly vocab?: unknown } | undefined)?.vocab;
  const tokens = new Map<number, string>();
  if (Array.isArray(vocabulary)) vocabulary.forEach((entry: unknown, id) => tokens.set(id, String(Array.isArray(entry) ? entry[0] : entry)));
  else for (const [token, id] of Object.entries(vocabulary ?? {})) tokens.set(Number(id), token);
  const added = json['added_tokens'];
  for (const entry of Array.isArray(added) ? added as readonly { readonly id?: unknown; readonly content?: unknown }[] : []) {
    if (typeof entry.id === 'number' && typeof entry.content === 'string') tokens.set(entry.id, entry.content);
  }
  return tokens;
}

/** Teachers of another vocabulary, and the stages that learn from them on pieces of text. */
export function otherVocabularies({ stages, teachers }: Recipe): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  for (const [index, stage] of stages.entries()) {
    for (const name of stage.type === 'train' ? otherTeachers(stage) : []) if (teachers[name]?.type === 'local') found.set(name, [...(found.get(name) ?? []), index]);
  }
  return found;
}

/** Whether a teacher is to score what the student itself writes: pieces of text won't do there. */
export function scoresOwnWriting({ stages }: Recipe, name: string): boolean {
  return stages.some((stage) => stage.type === 'train' && (stage.onPolicy?.share ?? 0) > 0 && comparedTeachers(stage).includes(name));
}

/** Teachers that read the student's ids, and the stages where they do: to score them, or to answer prompts in an evaluation. */
export function readingTeachers({ stages, teachers }: Recipe): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, readonly number[]>();
  for (const [index, stage] of stages.entries()) {
    const names = stage.type === 'train' ? [...comparedTeachers(stage), ...(stage.trains === undefined ? [] : [stage.trains])] : stage.type === 'evaluate' && typeof stage.teacher === 'string' ? [stage.teacher] : [];
    for (const name of names) if (teachers[name]?.type === 'local') found.set(name, [...(found.get(name) ?? []), index]);
  }
  return found;
}
