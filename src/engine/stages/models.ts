/** The models of a recipe: the student as the recipe or a checkpoint makes it, teachers when a stage needs one. */
import { DistillError } from '../../shared/messages.ts';
import { comparedTeachers, type Recipe } from '../../shared/recipe.ts';
import type { Backend } from '../backend/contract.ts';
import { resolvePath } from '../data/paths.ts';
import { configFromSizes } from '../model/config.ts';
import type { DecoderModel } from '../model/contract.ts';
import { createDecoder, quantisedDecoder } from '../model/decoder.ts';
import { loadDecoder, readConfig } from '../model/folder.ts';
import type { CalibrationRow } from '../model/importance.ts';
import { cutStudent } from '../model/slim.ts';
import { loadTokenizer, type Tokenizer } from '../model/tokenizer.ts';

export class Models {
  readonly #teachers = new Map<string, Promise<DecoderModel>>();
  #student: DecoderModel | null = null;

  private constructor(
    private readonly recipe: Recipe,
    private readonly base: string,
    private readonly backend: Backend,
    /** Where the student's tokenizer lies; its files go with every student that is written. */
    readonly tokenizerFolder: string,
    readonly tokenizer: Tokenizer,
  ) {}

  /** Throws DistillError of the model room for folders that can't be read. */
  static async open(recipe: Recipe, base: string, backend: Backend): Promise<Models> {
    const folder = resolvePath(base, tokenizerOf(recipe));
    return new Models(recipe, base, backend, folder, await loadTokenizer(folder));
  }

  teacherFolder(name: string): string {
    const teacher = this.recipe.teachers[name];
    if (teacher?.type !== 'local') throw new DistillError('recipe-teacher-unknown', { path: 'teacher', name, allowed: Object.keys(this.recipe.teachers).join(', ') });
    return resolvePath(this.base, teacher.model);
  }

  /** Loaded once, kept for the whole run. */
  teacher(name: string): Promise<DecoderModel> {
    const folder = this.teacherFolder(name);
    const loading = this.#teachers.get(name) ?? loadDecoder(folder, this.backend);
    this.#teachers.set(name, loading);
    return loading;
  }

  /** The student as it is now; before the first call as the recipe says (cut by what does most on `rows`), or as `checkpoint` (a folder) holds it. */
  async student(checkpoint: string | null, rows: readonly CalibrationRow[] = []): Promise<DecoderModel> {
    this.#student ??= checkpoint === null ? await this.#newStudent(rows) : await loadDecoder(checkpoint, this.backend);
    return this.#student;
  }

  /** From now on the student computes as INT8. */
  async quantiseStudent(): Promise<DecoderModel> {
    this.#student = quantisedDecoder(await this.student(null));
    return this.#student;
  }

  /** Positions that the shortest of the models which read training rows has; known before anything is loaded. */
  async maxPositions(teachers: readonly string[]): Promise<number> {
    const { student } = this.recipe;
    const own = 'new' in student ? student.new.max_position_embeddings
      : (await readConfig('model' in student ? resolvePath(this.base, student.model) : this.teacherFolder(student.fromTeacher))).maxPositions;
    const others = await Promise.all(teachers.map(async (name) => (await readConfig(this.teacherFolder(name))).maxPositions));
    return Math.min(own, ...others);
  }

  dispose(): void {
    this.#student?.dispose();
    for (const teacher of this.#teachers.values()) void teacher.then((model) => { model.dispose(); }, () => undefined);
  }

  async #newStudent(rows: readonly CalibrationRow[]): Promise<DecoderModel> {
    const { student, seed } = this.recipe;
    if ('model' in student) return loadDecoder(resolvePath(this.base, student.model), this.backend);
    if ('fromTeacher' in student) return cutStudent(await this.teacher(student.fromTeacher), student, rows);
    return createDecoder(configFromSizes(student.new, this.tokenizer), seed, this.backend);
  }
}

/** The folder, as the recipe writes it, whose tokenizer the student has. */
export function tokenizerOf({ student, teachers }: Recipe): string {
  if ('model' in student) return student.model;
  const local = (name: string | undefined): string | undefined => {
    const teacher = name === undefined ? undefined : teachers[name];
    return teacher?.type === 'local' ? teacher.model : undefined;
  };
  const folder = 'fromTeacher' in student ? local(student.fromTeacher)
    : student.tokenizer ?? local(Object.keys(teachers).find((name) => teachers[name]?.type === 'local'));
  if (folder === undefined) throw new DistillError('recipe-no-tokenizer', { path: 'student.tokenizer' });
  return folder;
}

/** Teachers whose logits some stage needs. */
export function scoringTeachers(recipe: Recipe): readonly string[] {
  return [...new Set(recipe.stages.flatMap((stage) => stage.type === 'train' ? comparedTeachers(stage) : []))];
}
