/** distill check: the recipe, then everything it names, read the way the engine reads it. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { prepareData } from '../../engine/data/prepare.ts';
import { readConfig } from '../../engine/model/folder.ts';
import { loadTokenizer } from '../../engine/model/tokenizer.ts';
import { resolvePath } from '../../engine/data/paths.ts';
import { tokenizerOf } from '../../engine/stages/models.ts';
import { sentence } from '../../shared/messages.ts';
import type { DecoderConfig } from '../../engine/model/contract.ts';
import type { Recipe } from '../../shared/recipe.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { loadRecipe } from '../project.ts';
import type { Terminal } from '../terminal.ts';

export async function check(terminal: Terminal, where: string, options: { readonly recipeOnly: boolean; readonly set: readonly string[] }): Promise<ExitCode> {
  const { say, language } = terminal;
  const { file, project, recipe } = loadRecipe(terminal, where, options.set);
  terminal.print(say('checkFine', path.relative(process.cwd(), file) || file));
  if (options.recipeOnly) return EXIT.fine;
  for (const [name, teacher] of Object.entries(recipe.teachers)) {
    if (teacher.type === 'local') terminal.print(modelText(terminal, await readConfig(resolvePath(project, teacher.model)), name));
  }
  const student = await studentConfig(recipe, project);
  if (student !== null) terminal.print(modelText(terminal, student, null));
  const tokenizer = await loadTokenizer(resolvePath(project, tokenizerOf(recipe)));
  const { train, validation, evaluation } = await prepareData({
    recipe, base: project, tokenizer,
    onProgress: async (done, total) => {
      terminal.live(`${say('workEncoding')} ${String(done)}/${String(total)}`);
      await new Promise((resolve) => setImmediate(resolve));
    },
    onWarning: (code, data) => { terminal.note(terminal.paint('yellow', sentence(code, data, language))); },
  });
  terminal.print(say('checkData', train.length, validation.length, evaluation.length));
  return EXIT.fine;
}

/** The student's sizes where a folder tells them; a new one's stand in the recipe. */
async function studentConfig({ student, teachers }: Recipe, project: string): Promise<Pick<DecoderConfig, 'layers' | 'hiddenSize' | 'vocabSize' | 'maxPositions'> | null> {
  if ('model' in student) return readConfig(resolvePath(project, student.model));
  if ('new' in student) return null;
  const teacher = teachers[student.fromTeacher];
  if (teacher?.type !== 'local' || !existsSync(resolvePath(project, teacher.model))) return null;
  return { ...(await readConfig(resolvePath(project, teacher.model))), layers: student.layers.length };
}

function modelText({ say }: Terminal, { layers, hiddenSize, vocabSize, maxPositions }: Pick<DecoderConfig, 'layers' | 'hiddenSize' | 'vocabSize' | 'maxPositions'>, teacher: string | null): string {
  return teacher === null ? say('checkStudent', layers, hiddenSize, vocabSize, maxPositions) : say('checkTeacher', layers, hiddenSize, vocabSize, maxPositions, teacher);
}
