/** The models of a recipe: the student as the recipe or a checkpoint makes it, teachers when a stage needs one. */
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { comparedTeachers, otherTeachers, type Recipe, type TrainStage } from '../../shared/recipe.ts';
import type { Backend } from '../backend/contract.ts';
import type { OtherReader } from '../data/otherReading.ts';
import { resolvePath } from '../data/paths.ts';
import { configFromSizes } from '../model/config.ts';
import type { DecoderModel } from '../model/contract.ts';
import { createDecoder, quantisedDecoder, variantOf } from '../model/decoder.ts';
import { loadDecoder, readConfig, saveDecoder } from '../model/folder.ts';
import { withFrozen } from '../model/freeze.ts';
import type { CalibrationRow } from '../model/importance.ts';
import { digestOfWeights, merge, sameLora, withNewAdapter } from '../model/lora.ts';
import { isAdapterFolder, readAdapterConfig } from '../model/peft.ts';
import { cutStudent } from '../model/slim.ts';
import { loadTokenizer, type Tokenizer } from '../model/tokenizer.ts';

/** What a stage says of how the student is trained. */
export interface StudentStage {
  readonly quantise: TrainStage['quantise'];
  readonly lora: TrainStage['lora'] | undefined;
  readonly freeze: TrainStage['freeze'] | undefined;
}

export class Models {
  readonly #teachers = new Map<string, Promise<DecoderModel>>();
  /** Folders of teachers that a stage of this run has trained. */
  readonly #warmed = new Map<string, string>();
  #student: DecoderModel | null = null;
  /** The folder that has the student's own weights (without an adapter) bit for bit; null once they are nowhere else. */
  #origin: string | null = null;

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
    const warmed = this.#warmed.get(name);
    if (warmed !== undefined) return warmed;
    const teacher = this.recipe.teachers[name];
    if (teacher?.type !== 'local') throw new DistillError('recipe-teacher-unknown', { path: 'teacher', name, allowed: Object.keys(this.recipe.teachers).join(', ') });
    return resolvePath(this.base, teacher.model);
  }

  teacherTokenizer(name: string): Promise<Tokenizer> {
    return loadTokenizer(this.teacherFolder(name));
  }

  /** What reads rows in the tokens of a teacher of another vocabulary. */
  async otherReader(name: string): Promise<OtherReader> {
    return { name, tokenizer: await this.teacherTokenizer(name), maxPositions: (await readConfig(this.teacherFolder(name))).maxPositions };
  }

  /** From here on a teacher is what this folder holds; one that is loaded already is that. */
  useWarmed(name: string, folder: string): void {
    this.#warmed.set(name, folder);
  }

  /** A teacher that a stage trains in place: as it is, or as a checkpoint of that stage has it. */
  teacherToTrain(name: string, checkpoint: string | null): Promise<DecoderModel> {
    if (checkpoint !== null && !this.#teachers.has(name)) this.#teachers.set(name, loadDecoder(checkpoint, this.backend));
    return this.teacher(name);
  }

  /** Loaded once, kept for the whole run. */
  teacher(name: string): Promise<DecoderModel> {
    const folder = this.teacherFolder(name);
    const loading = this.#teachers.get(name) ?? this.#loadTeacher(name, folder);
    this.#teachers.set(name, loading);
    return loading;
  }

  /** The student as it is now; before the first call as the recipe says (cut by what does most on `rows`), or as `checkpoint` (a folder) holds it. */
  async student(checkpoint: string | null, rows: readonly CalibrationRow[] = []): Promise<DecoderModel> {
    this.#student ??= checkpoint === null ? await this.#newStudent(rows) : await this.#fromCheckpoint(checkpoint);
    return this.#student;
  }

  /**
   * The student as a stage trains it: as INT8, with the stage's adapter, with parts frozen. An adapter of another stage is merged into
   * the weights, unless the stage goes on with its like. What a new adapter is put beside is kept in a folder, once: the one that the
   * recipe names, or `base-…` in `checkpoints`. Throws DistillError `freeze-…`, and the errors of saveDecoder.
   */
  async studentFor(stage: StudentStage, { index, checkpoints }: { readonly index: number; readonly checkpoints: string }): Promise<DecoderModel> {
    let student = await this.student(null);
    const { lora, freeze } = stage;
    if (stage.quantise === 'int8' && !student.config.int8) {
      student = quantisedDecoder(student);
      this.#origin = null;
    }
    if (student.adapter !== null && (lora === undefined || !sameLora(student.adapter.settings, lora))) {
      student = merge(student).keep();
      this.#origin = null;
    }
    if (lora === undefined) {
      if (freeze !== undefined) student = withFrozen(student, freeze);
      else if (student.trainable !== student.weights) student = variantOf(student, { trainable: student.weights });
      this.#origin = null;
    } else if (student.adapter === null) {
      student = variantOf(student, { trainable: new Map() });
      const base = this.#origin ?? path.join(checkpoints, `base-${String(index)}`);
      if (this.#origin === null) await saveDecoder(student, base, { tokenizerFolder: this.tokenizerFolder });
      student = withNewAdapter(student, lora, this.recipe.seed, { base, baseDigest: await digestOfWeights(student) });
    }
    this.#student = student;
    return student;
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
    if ('model' in student) {
      this.#origin = resolvePath(this.base, student.model);
      return loadDecoder(this.#origin, this.backend, student.adapter === undefined ? undefined : resolvePath(this.base, student.adapter));
    }
    if ('fromTeacher' in student) return cutStudent(await this.teacher(student.fromTeacher), student, rows);
    return createDecoder(configFromSizes(student.new, this.tokenizer), seed, this.backend);
  }

  async #loadTeacher(name: string, folder: string): Promise<DecoderModel> {
    const teacher = this.recipe.teachers[name];
    const adapter = teacher?.type === 'local' && !this.#warmed.has(name) ? teacher.adapter : undefined;
    const model = await loadDecoder(folder, this.backend, adapter === undefined ? undefined : resolvePath(this.base, adapter));
    // Nobody trains it: merged it is faster.
    return model.adapter === null ? model : merge(model).keep();
  }

  /** A checkpoint of an adapter has its base beside it, or in the folder that the recipe starts from. */
  async #fromCheckpoint(folder: string): Promise<DecoderModel> {
    const { student } = this.recipe;
    if (!await isAdapterFolder(folder)) return loadDecoder(folder, this.backend);
    const { base } = await readAdapterConfig(folder);
    return 'model' in student && path.isAbsolute(base) ? loadDecoder(resolvePath(this.base, student.model), this.backend, folder) : loadDecoder(folder, this.backend);
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

/** Teachers of another vocabulary that some stage learns from. */
export function otherVocabularyTeachers({ stages }: Recipe): readonly string[] {
  return [...new Set(stages.flatMap((stage) => stage.type === 'train' ? otherTeachers(stage) : []))];
}

/** Teachers whose logits some stage needs. */
export function scoringTeachers(recipe: Recipe): readonly string[] {
  return [...new Set(recipe.stages.flatMap((stage) => stage.type === 'train' ? [...comparedTeachers(stage), ...(stage.trains === undefined ? [] : [stage.trains])] : []))];
}
