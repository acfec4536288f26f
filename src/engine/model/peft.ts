/**
 * Adapters on disk, in the layout of the PEFT library: adapter_config.json and adapter_model.safetensors, whose tensors are named
 * `base_model.model.` + the projection + `.lora_A.weight`. PEFT loads what is written here and the other way round.
 */
import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { PROJECTIONS, type LoraSettings } from '../../shared/recipeAdapter.ts';
import { withFileErrors } from '../../system/fileErrors.ts';
import { writeWholeFolder } from '../../system/wholeFile.ts';
import type { DecoderConfig, DecoderModel } from './contract.ts';
import { readFloats } from './decoder.ts';
import { adapterNames, adapterWeights, targetsOf, withAdapter, type Base } from './lora.ts';
import { copyCompanions, refuseForeignFolder } from './modelFiles.ts';
import { openSafetensors, writeSafetensors, type FloatDtype, type SafetensorsFile } from './safetensors.ts';
import { readJson } from './tokenizer.ts';

export const ADAPTER_CONFIG = 'adapter_config.json';
const ADAPTER_WEIGHTS = 'adapter_model.safetensors';
const PREFIX = 'base_model.model.';
/** In the file's metadata: which weights the adapter was made for. */
const BASE_DIGEST = 'base_sha256';

export interface AdapterFile {
  readonly settings: LoraSettings;
  /** As it is written: a folder, or a name on the hub. */
  readonly base: string;
  /** Empty where the file doesn't say. */
  readonly baseDigest: string;
}

/** Whether a folder holds an adapter and no model. */
export async function isAdapterFolder(folder: string): Promise<boolean> {
  const there = (name: string): Promise<boolean> => access(path.join(folder, name)).then(() => true, () => false);
  return await there(ADAPTER_CONFIG) && !(await there('config.json'));
}

/** What kind of adapter a folder has, without its values. Throws DistillError `adapter-missing`, `adapter-unsupported`, `model-file-…`. */
export async function readAdapterConfig(folder: string): Promise<AdapterFile> {
  const file = path.join(folder, ADAPTER_CONFIG);
  const fields = await readJson(file);
  if (fields === null) throw new DistillError('adapter-missing', { folder });
  const refuse = (field: string, allowed: string): DistillError => new DistillError('adapter-unsupported', { file, field, value: JSON.stringify(fields[field]) ?? 'missing', allowed });
  const only = (field: string, allowed: readonly unknown[]): void => {
    const value = fields[field] ?? null;
    if (value !== null && !allowed.includes(value)) throw refuse(field, allowed.map((each) => JSON.stringify(each)).join(', '));
  };
  const empty = (field: string): void => {
    const value = fields[field] ?? null;
    if (value !== null && Object.keys(value).length > 0) throw refuse(field, 'none');
  };
  only('peft_type', ['LORA']);
  only('bias', ['none']);
  for (const field of ['use_dora', 'fan_in_fan_out', 'lora_bias', 'use_qalora', 'use_bdlora', 'alora_invocation_tokens', 'trainable_token_indices']) only(field, [false]);
  for (const field of ['modules_to_save', 'rank_pattern', 'alpha_pattern', 'layer_replication', 'target_parameters', 'arrow_config', 'kasa_config', 'monteclora_config', 'velora_config']) empty(field);
  const positive = (field: string, fallback?: number): number => {
    const value = fields[field] ?? fallback;
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) throw refuse(field, 'a number above 0');
    return value;
  };
  const rank = positive('r');
  if (!Number.isInteger(rank)) throw refuse('r', 'a whole number');
  const weights = await openSafetensors(path.join(folder, ADAPTER_WEIGHTS));
  try {
    const found = new Set([...weights.tensors.keys()].map((name) => projectionOf(name, weights.path).split('.').at(-1)));
    return {
      settings: { rank, alpha: positive('lora_alpha', 8), rslora: fields['use_rslora'] === true, targets: PROJECTIONS.filter((name) => found.has(name)) },
      base: typeof fields['base_model_name_or_path'] === 'string' ? fields['base_model_name_or_path'] : '',
      baseDigest: weights.metadata[BASE_DIGEST] ?? '',
    };
  } finally {
    await weights.close();
  }
}

/**
 * The model with the adapter of a folder beside its weights, which are shared. Throws the errors of readAdapterConfig, and DistillError
 * `tensor-missing`, `tensor-shape`, `tensor-dtype`, `tensor-truncated`.
 */
export async function loadAdapter(model: DecoderModel, folder: string, base: Base): Promise<DecoderModel> {
  const { settings } = await readAdapterConfig(folder);
  const values = await readPairs(folder, model.config, settings);
  return withAdapter(model, settings, base, (projection) => values.get(projection)!, (projection) => values.has(projection));
}

/** Whether a folder's adapter fits a model, from the headers alone. Throws what loadAdapter throws. */
export async function checkAdapter(folder: string, config: DecoderConfig): Promise<void> {
  const { settings } = await readAdapterConfig(folder);
  const weights = await openSafetensors(path.join(folder, ADAPTER_WEIGHTS));
  try {
    checkedPairs(weights, config, settings);
  } finally {
    await weights.close();
  }
}

/** The values of an adapter on disk, by the names of the model's trainable weights. */
export async function readAdapterWeights(folder: string, model: DecoderModel): Promise<ReadonlyMap<string, Float32Array>> {
  if (model.adapter === null) throw new Error('the model has no adapter');
  const values = await readPairs(folder, model.config, model.adapter.settings);
  return new Map([...values].flatMap(([projection, pair]) => [[adapterNames(projection).a, pair.a], [adapterNames(projection).b, pair.b]] as const));
}

export interface SaveAdapterOptions {
  readonly dtype?: FloatDtype;
  /** What the configuration names as the base; by default the folder that the adapter was made for. */
  readonly base?: string;
  /** A model folder whose tokenizer files are copied. */
  readonly tokenizerFolder?: string | undefined;
  /** Files go on to be written into the folder before it appears. */
  readonly more?: (temporaryFolder: string) => Promise<void>;
}

/** Writes the adapter alone, as a whole or not at all. Throws DistillError `model-folder-exists`, and the errors of withFileErrors. */
export async function saveAdapter(model: DecoderModel, folder: string, { dtype = 'float32', base, tokenizerFolder, more }: SaveAdapterOptions = {}): Promise<void> {
  const { adapter } = model;
  if (adapter === null) throw new Error('the model has no adapter');
  const { settings: { rank, alpha, rslora, targets } } = adapter;
  await refuseForeignFolder(folder);
  await withFileErrors(folder, () => mkdir(path.dirname(path.resolve(folder)), { recursive: true }));
  const config = {
    peft_type: 'LORA', task_type: 'CAUSAL_LM', base_model_name_or_path: base ?? adapter.base, r: rank, lora_alpha: alpha, target_modules: targets,
    lora_dropout: 0, bias: 'none', use_rslora: rslora, use_dora: false, fan_in_fan_out: false, inference_mode: true, init_lora_weights: true,
    modules_to_save: null, layers_to_transform: null, layers_pattern: null, rank_pattern: {}, alpha_pattern: {}, revision: null, auto_mapping: null,
  };
  const weights = adapterWeights(adapter);
  await writeWholeFolder(folder, async (temporary) => {
    await writeFile(path.join(temporary, ADAPTER_CONFIG), `${JSON.stringify(config, null, 2)}\n`);
    await writeSafetensors(
      path.join(temporary, ADAPTER_WEIGHTS), [...weights].map(([name, { shape }]) => ({ name: PREFIX + name, shape })), (name) => readFloats(weights.get(name.slice(PREFIX.length))!),
      { dtype, metadata: { [BASE_DIGEST]: adapter.baseDigest } },
    );
    if (tokenizerFolder !== undefined) await copyCompanions(tokenizerFolder, temporary);
    await more?.(temporary);
  });
}

interface Pair { readonly a: Float32Array; readonly b: Float32Array }

async function readPairs(folder: string, config: DecoderConfig, settings: LoraSettings): Promise<ReadonlyMap<string, Pair>> {
  const weights = await openSafetensors(path.join(folder, ADAPTER_WEIGHTS));
  try {
    const pairs = new Map<string, Pair>();
    for (const projection of checkedPairs(weights, config, settings)) {
      const { a, b } = adapterNames(projection);
      pairs.set(projection, { a: await weights.floats(PREFIX + a), b: await weights.floats(PREFIX + b) });
    }
    return pairs;
  } finally {
    await weights.close();
  }
}

/** The projections that a file has both matrices for, of the shapes that the model calls for. */
function checkedPairs(weights: SafetensorsFile, config: DecoderConfig, settings: LoraSettings): readonly string[] {
  const shapes = targetsOf(config, settings.targets);
  const projections = new Set<string>();
  for (const tensor of weights.tensors.keys()) {
    const projection = projectionOf(tensor, weights.path);
    if (!shapes.has(projection)) throw new DistillError('adapter-unsupported', { file: weights.path, field: tensor, value: 'there', allowed: [...shapes.keys()].slice(0, 2).join(', ') });
    projections.add(projection);
  }
  for (const projection of projections) {
    const [out, width] = shapes.get(projection)!;
    const { a, b } = adapterNames(projection);
    for (const [name, expected] of [[PREFIX + a, [settings.rank, width]], [PREFIX + b, [out, settings.rank]]] as const) {
      const info = weights.tensors.get(name);
      if (info === undefined) throw new DistillError('tensor-missing', { file: weights.path, tensor: name });
      if (info.shape.join() !== expected.join()) throw new DistillError('tensor-shape', { file: weights.path, tensor: name, found: `[${info.shape.join(', ')}]`, expected: `[${expected.join(', ')}]` });
    }
  }
  return [...projections];
}

/** Throws DistillError `adapter-unsupported` for a tensor that belongs to no projection of a block (embeddings, head, biases, DoRA's sizes). */
function projectionOf(tensor: string, file: string): string {
  const found = /^base_model\.model\.(model\.layers\.\d+\.(?:self_attn|mlp)\.\w+)\.lora_[AB]\.weight$/.exec(tensor);
  if (found?.[1] === undefined || !PROJECTIONS.some((name) => found[1]?.endsWith(`.${name}`))) {
    throw new DistillError('adapter-unsupported', { file, field: tensor, value: 'there', allowed: PROJECTIONS.join(', ') });
  }
  return found[1];
}
