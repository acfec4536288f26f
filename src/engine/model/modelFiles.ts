/** Which files a model's folder has, beside its weights and in their place. */
import { copyFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';

/** What goes with the weights when a model is saved: the tokenizer's files and how to generate. */
const COMPANIONS = [
  'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'tokenizer.model',
  'vocab.json', 'merges.txt', 'chat_template.jinja', 'generation_config.json',
];

/** Copies the tokenizer's files and generation_config.json, those that are there. */
export async function copyCompanions(from: string, to: string): Promise<void> {
  for (const name of COMPANIONS) {
    const target = path.join(to, name);
    await withFileErrors(target, () => copyFile(path.join(from, name), target)).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  }
}

/** Files of a model or a checkpoint. Anything else in a folder (a subfolder, a README) is somebody's. */
const MODEL_FILE = /\.(safetensors|jinja)$|^(config|adapter_config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|trainer|model\.safetensors\.index)\.json$|^(merges\.txt|tokenizer\.model)$/;

export async function refuseForeignFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    if (systemCode(error) === 'ENOTDIR') throw new DistillError('model-folder-exists', { folder });
    throw error;
  });
  if (names.length > 0 && !(names.some((name) => /^(adapter_)?config\.json$/.test(name)) && names.every((name) => MODEL_FILE.test(name)))) throw new DistillError('model-folder-exists', { folder });
}
