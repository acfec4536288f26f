/** Model folders: whole, of a family that the engine has, with the weights that their configuration calls for. */
import { existsSync } from 'node:fs';
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { PathPart } from '../../shared/recipePaths.ts';
import { resolvePath } from '../data/paths.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { weightShapes } from '../model/decoder.ts';
import { checkWeights } from '../model/folder.ts';
import { checkAdapter } from '../model/peft.ts';
import { countText, finding, refusalOf, type CheckContext } from './contract.ts';

export async function checkModels(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe: { teachers, student }, base } = context;
  const findings: Finding[] = [];
  const look = async (written: string, path: readonly PathPart[], subject: string | null): Promise<void> => {
    findings.push(...await ofFolder(context, resolvePath(base, written), path, subject));
  };
  const lookBeside = async (adapter: string | undefined, model: string, path: readonly PathPart[], subject: string | null): Promise<void> => {
    if (adapter !== undefined) findings.push(...await ofAdapter(context, resolvePath(base, adapter), resolvePath(base, model), path, subject));
  };
  for (const [name, teacher] of Object.entries(teachers)) {
    if (teacher.type !== 'local') continue;
    await look(teacher.model, ['teachers', name, 'model'], name);
    await lookBeside(teacher.adapter, teacher.model, ['teachers', name, 'adapter'], name);
  }
  if ('model' in student) {
    await look(student.model, ['student', 'model'], null);
    await lookBeside(student.adapter, student.model, ['student', 'adapter'], null);
  }
  if ('new' in student) findings.push(...await ofNewStudent(context));
  return findings;
}

async function ofFolder({ folders }: CheckContext, folder: string, path: readonly PathPart[], subject: string | null): Promise<readonly Finding[]> {
  const config = await folders.config(folder);
  if (config instanceof DistillError) return [refusalOf('models', config, { subject, path })];
  const found: Finding[] = [];
  try {
    await checkWeights(folder, config);
  } catch (error) {
    found.push(refusalOf('models', error, { subject, path }));
  }
  const tokenizer = await folders.tokenizer(folder);
  if (tokenizer instanceof DistillError) found.push(refusalOf('models', tokenizer, { subject, path }));
  return found.length > 0 ? found : [finding('models', 'pass', 'model-fine', sizesOf(config), { subject, path })];
}

/** Of a model that can't be read its own check says why. */
async function ofAdapter({ folders }: CheckContext, folder: string, model: string, path: readonly PathPart[], subject: string | null): Promise<readonly Finding[]> {
  const config = await folders.config(model);
  if (config instanceof DistillError) return [];
  try {
    await checkAdapter(folder, config);
    return [];
  } catch (error) {
    return [refusalOf('models', error, { subject, path })];
  }
}

async function ofNewStudent({ recipe: { student }, folders }: CheckContext): Promise<readonly Finding[]> {
  const path = ['student', 'tokenizer' in student && student.tokenizer !== undefined ? 'tokenizer' : 'new'];
  try {
    const folder = folders.tokenizerFolder();
    // Said of a teacher already, in the same words.
    if (!existsSync(folder)) throw new DistillError('model-folder-missing', { folder });
    const tokenizer = await folders.tokenizer(folder);
    if (tokenizer instanceof DistillError) return [refusalOf('models', tokenizer, { path })];
    const config = await folders.studentConfig();
    return config === null ? [] : [finding('models', 'pass', 'model-new', sizesOf(config), { path: ['student', 'new'] })];
  } catch (error) {
    return [refusalOf('models', error, { path })];
  }
}

function sizesOf(config: DecoderConfig): Readonly<Record<string, string | number>> {
  return { layers: config.layers, width: config.hiddenSize, vocabulary: config.vocabSize, positions: config.maxPositions, parameters: countText(parametersOf(config)) };
}

export function parametersOf(config: DecoderConfig): number {
  let sum = 0;
  for (const shape of weightShapes(config).values()) sum += shape.reduce((size, side) => size * side, 1);
  return sum;
}
