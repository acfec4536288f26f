/** A Hugging Face model folder, read and written whole. */
import { access, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { writeWholeFolder } from '../../system/wholeFile.ts';
import type { Backend } from '../backend/contract.ts';
import { parseConfig, writeConfig } from './config.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { decoderFromAsync, readFloats, weightShapes } from './decoder.ts';
import { isQuantised, quantiseRows } from './fakeQuantise.ts';
import { openWeights, scaleOf, writeWeights } from './weightFiles.ts';
import type { FloatDtype } from './safetensors.ts';
import { readJson } from './tokenizer.ts';

/** What goes with the weights when a model is saved: the tokenizer's files and how to generate. */
const COMPANIONS = [
  'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'tokenizer.model',
  'vocab.json', 'merges.txt', 'chat_template.jinja', 'generation_config.json',
];

/** Throws DistillError `model-folder-missing`, `model-file-missing`, `model-file-malformed`, `config-…`. */
export async function readConfig(folder: string): Promise<DecoderConfig> {
  const file = path.join(folder, 'config.json');
  const json = await readJson(file);
  if (json === null) {
    const there = await access(folder).then(() => true, () => false);
    throw there ? new DistillError('model-file-missing', { file }) : new DistillError('model-folder-missing', { folder });
  }
  return parseConfig(json, file);
}

/**
 * Reads config.json and the weights (float32, float16 or bfloat16, in one file or in shards) onto the backend, as float32.
 * Throws the errors of readConfig, and `model-pickle-only`, `tensor-missing`, `tensor-shape`, `tensor-dtype`, `tensor-truncated`.
 */
export async function loadDecoder(folder: string, backend: Backend): Promise<DecoderModel> {
  const config = await readConfig(folder);
  const files = await openWeights(folder, config);
  try {
    return await decoderFromAsync(config, backend, (name, shape) => files.floats(name, shape));
  } finally {
    await files.close();
  }
}

/** Whether a folder's weights are those that its config calls for, from the files' headers and sizes alone. Throws the errors of loadDecoder. */
export async function checkWeights(folder: string, config: DecoderConfig): Promise<void> {
  const files = await openWeights(folder, config);
  try {
    for (const [name, shape] of weightShapes(config)) await files.check(name, shape);
  } finally {
    await files.close();
  }
}

export interface SaveOptions {
  /** Default float32, which loses nothing. int8: projections as int8 with a scale for each row (compressed-tensors), the rest float32. */
  readonly dtype?: FloatDtype | 'int8';
  /** A model folder whose tokenizer files and generation_config.json are copied. */
  readonly tokenizerFolder?: string | undefined;
  /** Files go on to be written into the folder before it appears (trainer state). */
  readonly more?: (temporaryFolder: string) => Promise<void>;
}

/**
 * Writes a folder that Transformers reads; it appears as a whole or not at all, in a parent that is made if need be. A
 * folder of that name is replaced when it is empty or has nothing but a model's files; any other is left alone
 * (DistillError `model-folder-exists`). Also throws the errors of withFileErrors.
 */
export async function saveDecoder(model: DecoderModel, folder: string, options: SaveOptions = {}): Promise<void> {
  await refuseForeignFolder(folder);
  await withFileErrors(folder, () => mkdir(path.dirname(path.resolve(folder)), { recursive: true }));
  const dtype = options.dtype ?? 'float32';
  await writeWholeFolder(folder, async (temporary) => {
    await writeFile(path.join(temporary, 'config.json'), writeConfig(model.config, dtype));
    if (dtype === 'int8') await writeInt8(temporary, model);
    else await writeWeights(temporary, [...model.weights].map(([name, weight]) => ({ name, shape: weight.shape })), (name) => readFloats(model.weights.get(name)!), { dtype });
    if (options.tokenizerFolder !== undefined) await copyCompanions(options.tokenizerFolder, temporary);
    await options.more?.(temporary);
  });
}

async function writeInt8(folder: string, { weights }: DecoderModel): Promise<void> {
  const layout = [...weights].flatMap(([name, { shape }]) => isQuantised(name)
    ? [{ name, shape, int8: true }, { name: scaleOf(name), shape: [shape[0] ?? 0, 1] }]
    : [{ name, shape }]);
  // A weight and its scale are asked for apart, one after the other or not: each is small work beside reading it.
  const rowsOf = async (name: string): Promise<ReturnType<typeof quantiseRows>> => {
    const weight = weights.get(name)!;
    return quantiseRows(await readFloats(weight), weight.shape[0] ?? 0);
  };
  await writeWeights(folder, layout, async (name) => {
    if (weights.has(name)) return isQuantised(name) ? (await rowsOf(name)).values : readFloats(weights.get(name)!);
    return (await rowsOf(name.slice(0, -scaleOf('').length))).scales;
  }, { dtype: 'float32' });
}

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
const MODEL_FILE = /\.(safetensors|jinja)$|^(config|generation_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|trainer|model\.safetensors\.index)\.json$|^(merges\.txt|tokenizer\.model)$/;

async function refuseForeignFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown): string[] => {
    if (systemCode(error) === 'ENOENT') return [];
    if (systemCode(error) === 'ENOTDIR') throw new DistillError('model-folder-exists', { folder });
    throw error;
  });
  if (names.length > 0 && !(names.includes('config.json') && names.every((name) => MODEL_FILE.test(name)))) throw new DistillError('model-folder-exists', { folder });
}
