/** distill check: the recipe, then everything it names, read the way the engine reads it; all that is wrong is told at once. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dataFileProblems, prepareData } from '../../engine/data/prepare.ts';
import { resolvePath } from '../../engine/data/paths.ts';
import type { DecoderConfig } from '../../engine/model/contract.ts';
import { checkWeights, readConfig } from '../../engine/model/folder.ts';
import { loadTokenizer } from '../../engine/model/tokenizer.ts';
import { scoringTeachers, tokenizerOf } from '../../engine/stages/models.ts';
import { DistillError, sentence } from '../../shared/messages.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { loadRecipe } from '../project.ts';
import type { Terminal } from '../terminal.ts';

type Sizes = Pick<DecoderConfig, 'layers' | 'hiddenSize' | 'vocabSize' | 'maxPositions'>;

export async function check(terminal: Terminal, where: string, options: { readonly recipeOnly: boolean; readonly set: readonly string[] }): Promise<ExitCode> {
  const { say } = terminal;
  const { file, project, recipe } = loadRecipe(terminal, where, options.set);
  const shown = path.relative(process.cwd(), file) || file;
  if (options.recipeOnly) {
    terminal.print(say('checkFine', shown));
    return EXIT.fine;
  }
  const findings = new Findings(terminal);
  await checkModels(terminal, recipe, project, findings);
  await checkData(terminal, recipe, project, findings);
  if (findings.count === 0) {
    terminal.print(say('checkAllFine', shown));
    return EXIT.fine;
  }
  terminal.note(findings.count === 1 ? say('checkFileProblem', shown) : say('checkFileProblems', findings.count, shown));
  return EXIT.usage;
}

/** What is wrong, told as it is found: one sentence for each, however many places lead to it. */
class Findings {
  readonly #told = new Set<string>();

  constructor(private readonly terminal: Terminal) {}

  get count(): number {
    return this.#told.size;
  }

  add({ code, data }: DistillError): void {
    const text = sentence(code, data, this.terminal.language);
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.terminal.note(this.terminal.paint('red', text));
  }

  /** What `work` gives, or null where it found something wrong. */
  async of<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof DistillError)) throw error;
      this.add(error);
      return null;
    }
  }
}

async function checkModels(terminal: Terminal, recipe: Recipe, project: string, findings: Findings): Promise<void> {
  const { student, teachers, stages, data: { maxLength } } = recipe;
  const model = (written: string): Promise<DecoderConfig | null> => findings.of(async () => {
    const folder = resolvePath(project, written);
    const config = await readConfig(folder);
    await findings.of(() => checkWeights(folder, config));
    return config;
  });
  const configs = new Map<string, DecoderConfig>();
  for (const [name, teacher] of Object.entries(teachers)) {
    const config = teacher.type === 'local' ? await model(teacher.model) : null;
    if (config === null) continue;
    configs.set(name, config);
    terminal.print(modelText(terminal, config, name));
  }
  const own = await studentSizes(student, configs, model, findings);
  if (own !== null) terminal.print(modelText(terminal, own, null));
  if (!stages.some(({ type }) => type === 'train')) return;
  const readers = [own, ...scoringTeachers(recipe).map((name) => configs.get(name))];
  const positions = Math.min(...readers.map((each) => each?.maxPositions ?? Infinity));
  if (maxLength > positions) findings.add(new DistillError('recipe-longer-than-model', { path: 'data.maxLength', longest: maxLength, positions }));
}

/** The student's sizes where a folder tells them; a new one's stand in the recipe and were checked with it. */
async function studentSizes(student: Recipe['student'], teachers: ReadonlyMap<string, DecoderConfig>, model: (written: string) => Promise<DecoderConfig | null>, findings: Findings): Promise<Sizes | null> {
  if ('model' in student) return model(student.model);
  if ('new' in student) return null;
  const teacher = teachers.get(student.fromTeacher);
  if (teacher === undefined) return null;
  for (const layer of student.layers) if (layer >= teacher.layers) findings.add(new DistillError('layers-not-in-teacher', { layer, last: teacher.layers - 1 }));
  return { ...teacher, layers: student.layers.length };
}

async function checkData(terminal: Terminal, recipe: Recipe, project: string, findings: Findings): Promise<void> {
  const { say, language } = terminal;
  const tokenizer = await findings.of(async () => {
    const folder = resolvePath(project, tokenizerOf(recipe));
    // Said of the model already, in the same words.
    if (!existsSync(folder)) throw new DistillError('model-folder-missing', { folder });
    return loadTokenizer(folder);
  });
  const prepared = tokenizer === null ? null : await findings.of(() => prepareData({
    recipe, base: project, tokenizer,
    onProgress: async (done, total) => {
      terminal.live(`${say('workEncoding')} ${String(done)}/${String(total)}`);
      await new Promise((resolve) => setImmediate(resolve));
    },
    onWarning: (code, data) => { terminal.note(terminal.paint('yellow', sentence(code, data, language))); },
  }));
  if (prepared !== null) terminal.print(say('checkData', prepared.train.length, prepared.validation.length, prepared.evaluation.length));
  // It stopped at the first mistake; the other files may have theirs.
  else for (const problem of await dataFileProblems({ recipe, base: project })) findings.add(problem);
}

function modelText({ say }: Terminal, { layers, hiddenSize, vocabSize, maxPositions }: Sizes, teacher: string | null): string {
  return teacher === null ? say('checkStudent', layers, hiddenSize, vocabSize, maxPositions) : say('checkTeacher', layers, hiddenSize, vocabSize, maxPositions, teacher);
}
