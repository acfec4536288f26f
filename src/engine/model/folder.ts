/** A Hugging Face model folder, read and written whole. */
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { writeWholeFolder } from '../../system/wholeFile.ts';
import type { Backend } from '../backend/contract.ts';
import { parseConfig, writeConfig } from './config.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { decoderFromAsync, weightShapes } from './decoder.ts';
import { isQuantised, quantiseRows } from './fakeQuantise.ts';
import { digestOfWeights, mergedFloats } from './lora.ts';
import { copyCompanions, refuseForeignFolder } from './modelFiles.ts';
import { checkAdapter, isAdapterFolder, loadAdapter, readAdapterConfig } from './peft.ts';
import { openWeights, scaleOf, writeWeights } from './weightFiles.ts';
import type { FloatDtype } from './safetensors.ts';
import { readJson } from './tokenizer.ts';

/** Throws DistillError `model-folder-missing`, `model-file-missing`, `model-file-malformed`, `config-…`. */
export async function readConfig(folder: string): Promise<DecoderConfig> {
  if (await isAdapterFolder(folder)) return readConfig(await writtenBase(folder));
  const file = path.join(folder, 'config.json');
  const json = await readJson(file);
  if (json === null) {
    const there = await access(folder).then(() => true, () => false);
    throw there ? new DistillError('model-file-missing', { file }) : new DistillError('model-folder-missing', { folder });
  }
  return parseConfig(json, file);
}

/**
 * Reads config.json and the weights (float32, float16 or bfloat16, in one file or in shards) onto the backend, as float32; of a
 * checkpoint of adapters those of its base, with the adapter beside them. `adapter`: a folder in PEFT's layout that is put beside them.
 * Throws the errors of readConfig, and `model-pickle-only`, `tensor-missing`, `tensor-shape`, `tensor-dtype`, `tensor-truncated`, `adapter-…`.
 */
export async function loadDecoder(folder: string, backend: Backend, adapter?: string): Promise<DecoderModel> {
  if (adapter === undefined && await isAdapterFolder(folder)) return loadDecoder(await writtenBase(folder), backend, folder);
  const config = await readConfig(folder);
  const files = await openWeights(folder, config);
  let model: DecoderModel;
  try {
    model = await decoderFromAsync(config, backend, (name, shape) => files.floats(name, shape));
  } finally {
    await files.close();
  }
  if (adapter === undefined) return model;
  try {
    const { baseDigest: written } = await readAdapterConfig(adapter);
    const baseDigest = await digestOfWeights(model);
    if (written !== '' && written !== baseDigest) throw new DistillError('adapter-base-changed', { folder: adapter, base: folder });
    return await loadAdapter(model, adapter, { base: folder, baseDigest });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Whether a folder's weights are those that its config calls for, from the files' headers and sizes alone. Throws the errors of loadDecoder. */
export async function checkWeights(folder: string, config: DecoderConfig, adapter?: string): Promise<void> {
  if (adapter === undefined && await isAdapterFolder(folder)) return checkWeights(await writtenBase(folder), config, folder);
  const files = await openWeights(folder, config);
  try {
    for (const [name, shape] of weightShapes(config)) await files.check(name, shape);
  } finally {
    await files.close();
  }
  if (adapter !== undefined) await checkAdapter(adapter, config);
}

/** What our own checkpoints of adapters name: the base beside them. */
const OWN_BASE = /^\.\.\/(base-\d+)$/;

/**
 * The base of an adapter's folder that stands for a model by itself. Only one that lies beside it is followed: a folder that came
 * from somebody else can't read elsewhere. Throws DistillError `adapter-needs-base`.
 */
async function writtenBase(folder: string): Promise<string> {
  const { base } = await readAdapterConfig(folder);
  const [, name] = OWN_BASE.exec(base) ?? [];
  if (name === undefined) throw new DistillError('adapter-needs-base', { folder, base: base === '' ? '?' : base });
  return path.join(path.dirname(path.resolve(folder)), name);
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
 * Writes a folder that Transformers reads, an adapter merged into its weights; it appears as a whole or not at all, in a parent that is made if need be. A
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
    else await writeWeights(temporary, [...model.weights].map(([name, weight]) => ({ name, shape: weight.shape })), (name) => mergedFloats(model, name), { dtype });
    if (options.tokenizerFolder !== undefined) await copyCompanions(options.tokenizerFolder, temporary);
    await options.more?.(temporary);
  });
}

async function writeInt8(folder: string, model: DecoderModel): Promise<void> {
  const { weights } = model;
  const layout = [...weights].flatMap(([name, { shape }]) => isQuantised(name)
    ? [{ name, shape, int8: true }, { name: scaleOf(name), shape: [shape[0] ?? 0, 1] }]
    : [{ name, shape }]);
  // A weight and its scale are asked for apart, one after the other or not: each is small work beside reading it.
  const rowsOf = async (name: string): Promise<ReturnType<typeof quantiseRows>> => {
    const weight = weights.get(name)!;
    return quantiseRows(await mergedFloats(model, name), weight.shape[0] ?? 0);
  };
  await writeWeights(folder, layout, async (name) => {
    if (weights.has(name)) return isQuantised(name) ? (await rowsOf(name)).values : mergedFloats(model, name);
    return (await rowsOf(name.slice(0, -scaleOf('').length))).scales;
  }, { dtype: 'float32' });
}
