/** The weights of a model folder: model.safetensors, or shards with model.safetensors.index.json. */
import { access, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DistillError } from '../../shared/messages.ts';
import { isQuantised, widenRows } from './fakeQuantise.ts';
import { bytesPerValue, FLOATS, openSafetensors, writeSafetensors } from './safetensors.ts';
import type { FloatDtype, SafetensorsFile, TensorLayout } from './safetensors.ts';
import { readJson } from './tokenizer.ts';

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
/** Transformers' own default: files of at most 5 GB. */
const MAX_SHARD_BYTES = 5_000_000_000;

export interface WeightFiles {
  /** A weight as float32. Throws DistillError `tensor-missing`, `tensor-shape`, `tensor-dtype`, `tensor-truncated`. */
  floats(name: string, shape: readonly number[]): Promise<Float32Array>;
  /** Whether a weight could be read, from the header alone. Throws what `floats` throws. */
  check(name: string, shape: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

/** Throws DistillError `model-file-missing`, `model-file-malformed`, `model-pickle-only`, `tensor-truncated`. `int8`: weights may be int8 with a scale for each row. */
export async function openWeights(folder: string, { int8 = false }: { readonly int8?: boolean } = {}): Promise<WeightFiles> {
  const index = path.join(folder, INDEX);
  const single = path.join(folder, SINGLE);
  const open = new Map<string, SafetensorsFile>();
  const close = async (): Promise<void> => {
    for (const file of open.values()) await file.close();
  };
  /** Name of the file that has the tensor. */
  let fileOf: (tensor: string) => string;
  const exists = await access(single).then(() => true, () => false);
  const json = exists ? null : await readJson(index);
  if (json === null) {
    if (!exists) await refusePickle(folder);
    fileOf = () => SINGLE;
  } else {
    const map = json['weight_map'];
    if (typeof map !== 'object' || map === null) throw new DistillError('model-file-malformed', { file: index, detail: 'it has no weight_map' });
    fileOf = (tensor) => {
      const name = (map as Readonly<Record<string, unknown>>)[tensor];
      if (name === undefined) throw new DistillError('tensor-missing', { file: index, tensor });
      // A path out of the folder is no file of this model.
      if (typeof name !== 'string' || path.basename(name) !== name) throw new DistillError('model-file-malformed', { file: index, detail: `the file of ${tensor} is ${JSON.stringify(name)}` });
      return name;
    };
  }
  const fileFor = async (tensor: string): Promise<SafetensorsFile> => {
    const name = fileOf(tensor);
    const known = open.get(name);
    if (known !== undefined) return known;
    const file = await openSafetensors(path.join(folder, name));
    open.set(name, file);
    return file;
  };
  const checkedFile = async (name: string, shape: readonly number[]): Promise<SafetensorsFile> => {
    const file = await fileFor(name);
    const info = file.tensors.get(name);
    if (info === undefined) throw new DistillError('tensor-missing', { file: file.path, tensor: name });
    if (info.shape.length !== shape.length || info.shape.some((side, i) => side !== shape[i])) {
      throw new DistillError('tensor-shape', { file: file.path, tensor: name, found: `[${info.shape.join(', ')}]`, expected: `[${shape.join(', ')}]` });
    }
    if (int8 && info.dtype === 'I8' && isQuantised(name)) return file;
    if (!FLOATS.includes(info.dtype)) throw new DistillError('tensor-dtype', { file: file.path, tensor: name, found: info.dtype, allowed: FLOATS.join(', ') });
    return file;
  };
  return {
    floats: async (name, shape) => {
      const file = await checkedFile(name, shape);
      if (file.tensors.get(name)?.dtype !== 'I8') return file.floats(name);
      const scale = scaleOf(name);
      return widenRows({ values: Int8Array.from(await file.integers(name)), scales: await (await checkedFile(scale, [shape[0] ?? 0, 1])).floats(scale) });
    },
    check: async (name, shape) => {
      const file = await checkedFile(name, shape);
      if (file.tensors.get(name)?.dtype === 'I8') await checkedFile(scaleOf(name), [shape[0] ?? 0, 1]);
    },
    close,
  };
}

/** As compressed-tensors names it. */
export function scaleOf(weight: string): string {
  return `${weight}_scale`;
}

/** Only reached when there is no safetensors file. */
async function refusePickle(folder: string): Promise<void> {
  const pickle = (await readdir(folder).catch(() => [])).find((name) => /^pytorch_model.*\.bin$/.test(name) || /\.(pt|pth|ckpt)$/.test(name));
  if (pickle !== undefined) throw new DistillError('model-pickle-only', { file: path.join(folder, pickle), folder });
}

/** Writes model.safetensors, or shards and their index when it would be larger than `maxShardBytes`. */
export async function writeWeights(
  folder: string,
  layout: readonly TensorLayout[],
  read: (name: string) => Promise<Float32Array | Int8Array>,
  options: { readonly dtype: FloatDtype; readonly maxShardBytes?: number },
): Promise<void> {
  const limit = options.maxShardBytes ?? MAX_SHARD_BYTES;
  const bytesOf = ({ shape, int8 }: TensorLayout): number => shape.reduce((size, side) => size * side, int8 === true ? 1 : bytesPerValue(options.dtype));
  const shards: TensorLayout[][] = [[]];
  let filled = 0;
  for (const tensor of layout) {
    const bytes = bytesOf(tensor);
    if (filled > 0 && filled + bytes > limit) {
      shards.push([]);
      filled = 0;
    }
    shards.at(-1)!.push(tensor);
    filled += bytes;
  }
  if (shards.length === 1) {
    await writeSafetensors(path.join(folder, SINGLE), layout, read, options);
    return;
  }
  const number = (n: number): string => String(n).padStart(5, '0');
  const weightMap: Record<string, string> = {};
  for (const [i, shard] of shards.entries()) {
    const name = `model-${number(i + 1)}-of-${number(shards.length)}.safetensors`;
    for (const tensor of shard) weightMap[tensor.name] = name;
    await writeSafetensors(path.join(folder, name), shard, read, options);
  }
  const total = layout.reduce((sum, tensor) => sum + bytesOf(tensor), 0);
  await writeFile(path.join(folder, INDEX), `${JSON.stringify({ metadata: { total_size: total }, weight_map: weightMap }, null, 2)}\n`);
}
