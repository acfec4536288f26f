/**
 * Checkpoints: checkpoints/step-000500/ is a Hugging Face folder (float32, so the model file holds the master weights)
 * with the trainer's state beside it: trainer.safetensors has AdamW's moments, trainer.json the rest and the size and
 * SHA-256 of every file. A folder appears whole or not at all; what a disk or a hand has broken since is told by the hashes.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { systemCode, withFileErrors } from '../../system/fileErrors.ts';
import { temporaryName } from '../../system/wholeFile.ts';
import type { DecoderModel } from '../model/contract.ts';
import { saveDecoder } from '../model/folder.ts';
import { readAdapterWeights, saveAdapter } from '../model/peft.ts';
import { openWeights } from '../model/weightFiles.ts';
import type { tf } from '../tf.ts';
import { openSafetensors, writeSafetensors } from '../model/safetensors.ts';
import type { Moments } from './optimizer.ts';

const STATE_FILE = 'trainer.json';
const MOMENTS_FILE = 'trainer.safetensors';

const value = z.number().nullable();
const count = z.int().min(0);

const trainerState = z.object({
  stage: count,
  stageName: z.string(),
  /** Optimiser steps and supervised tokens over the whole run. */
  step: count,
  tokens: count,
  /** Steps of this stage: the place in the schedule, and AdamW's t unless `updates` says another. */
  stageStep: count,
  /** AdamW's t, where a step of the stage is not one update. */
  updates: count.optional(),
  sampler: z.object({ epoch: count, position: count }),
  earlyStop: z.object({ best: value, waited: count }).nullable(),
  /** The best checkpoint by `checkpoint.best`, and the validation that made it so. */
  best: z.object({ name: z.string(), values: z.record(z.string(), value) }).nullable(),
  /** The last validation, for the gate. */
  validation: z.record(z.string(), value),
  /** Why the stage ended, once it has. */
  finished: z.enum(['steps', 'epochs', 'early-stop']).nullable(),
  /** Of float16. */
  lossScale: z.object({ scale: z.number(), steady: count }).optional(),
  /** The checkpoint that the stage started from; null: the student's own first weights. Missing in older ones. */
  parent: z.string().nullable().optional(),
});

const fileEntry = z.object({ name: z.string(), bytes: count, sha256: z.string() });
const stateFile = z.object({
  format: z.literal(1),
  state: trainerState,
  files: z.array(fileEntry),
  /** SHA-256 of this file's own state and files as JSON. */
  sha256: z.string(),
});

export type TrainerState = Readonly<z.output<typeof trainerState>>;

export interface FoundCheckpoint {
  readonly name: string;
  /** The Hugging Face folder that the student is loaded from. */
  readonly folder: string;
  readonly state: TrainerState;
}

export interface BrokenCheckpoint {
  readonly name: string;
  readonly detail: string;
}

/** step 500 → step-000500. */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}`;
}

/** Names of the checkpoints of a run, the last one first. A folder that is missing has none. */
export async function listCheckpoints(checkpoints: string): Promise<string[]> {
  const names = await readdir(checkpoints).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  const step = (name: string): number => Number(name.slice('step-'.length));
  return names.filter((name) => /^step-\d+$/.test(name)).sort((a, b) => step(b) - step(a));
}

/** What training needs besides the student's weights. */
export interface TrainerTensors {
  readonly moments: ReadonlyMap<string, Moments>;
  /** Weights that are trained but are not the student's: projections. */
  readonly more: ReadonlyMap<string, tf.Variable>;
}

/** Writes a checkpoint whole, replacing one of the same name. The tokenizer's files are copied from `tokenizerFolder`. */
export async function writeCheckpoint(
  checkpoints: string, state: TrainerState, student: DecoderModel, trainer: TrainerTensors, tokenizerFolder: string | undefined,
): Promise<FoundCheckpoint> {
  const name = checkpointName(state.step);
  const folder = path.join(checkpoints, name);
  // A broken one of that name was passed over when the run was resumed, and is in the way now.
  if (!('state' in (await readCheckpoint(folder)))) await discard(folder);
  const rest = {
    tokenizerFolder,
    more: async (temporary: string) => {
      await writeTrainer(path.join(temporary, MOMENTS_FILE), trainer);
      const files = await describeFiles(temporary);
      // In the schema's order, as it is read back: the digest is one of the text.
      const ordered = trainerState.parse(state);
      const content = { format: 1, state: ordered, files, sha256: digest({ state: ordered, files }) };
      await writeFile(path.join(temporary, STATE_FILE), `${JSON.stringify(content, null, 2)}\n`);
    },
  };
  if (student.adapter === null) await saveDecoder(student, folder, rest);
  else await saveAdapter(student, folder, { ...rest, base: besideOr(student.adapter.base, checkpoints) });
  return { name, folder, state };
}

/**
 * The last checkpoint that is whole, or null, and the broken ones that were passed over on the way to it (to be told as
 * `checkpoint-broken` warnings).
 */
export async function findCheckpoint(checkpoints: string): Promise<{ readonly found: FoundCheckpoint | null; readonly broken: readonly BrokenCheckpoint[] }> {
  const broken: BrokenCheckpoint[] = [];
  for (const name of await listCheckpoints(checkpoints)) {
    const checked = await readCheckpoint(path.join(checkpoints, name));
    if ('state' in checked) return { found: checked, broken };
    broken.push(checked);
  }
  return { found: null, broken };
}

/** Reads a checkpoint's state after checking every file of it; says what is broken otherwise. */
async function readCheckpoint(folder: string): Promise<FoundCheckpoint | BrokenCheckpoint> {
  const name = path.basename(folder);
  let text: string;
  try {
    text = await readFile(path.join(folder, STATE_FILE), 'utf8');
  } catch (error) {
    return { name, detail: `${STATE_FILE}: ${systemCode(error) ?? String(error)}` };
  }
  const parsed = stateFile.safeParse(jsonOrNull(text));
  if (!parsed.success) return { name, detail: `${STATE_FILE} is malformed` };
  const { state, files, sha256 } = parsed.data;
  if (digest({ state, files }) !== sha256) return { name, detail: `${STATE_FILE} was changed` };
  for (const file of files) {
    const detail = await brokenFile(folder, file);
    if (detail !== null) return { name, detail };
  }
  return { name, folder, state };
}

/** How a checkpoint of an adapter names its base: by its place beside it, so that a run can be moved, or else absolutely. */
function besideOr(base: string, checkpoints: string): string {
  const absolute = path.resolve(base);
  return path.dirname(absolute) === path.resolve(checkpoints) ? `../${path.basename(absolute)}` : absolute;
}

/** The student's weights of a checkpoint by their names; of one with an adapter the adapter's. */
export async function* readStudent(folder: string, student: DecoderModel): AsyncGenerator<readonly [string, Float32Array]> {
  if (student.adapter !== null) {
    yield* await readAdapterWeights(folder, student);
    return;
  }
  const files = await openWeights(folder);
  try {
    for (const [name, { shape }] of student.weights) yield [name, await files.floats(name, shape)];
  } finally {
    await files.close();
  }
}

/** AdamW's moments of a checkpoint, by the weights' names. */
export async function readMoments(folder: string, names: Iterable<string>): Promise<Map<string, Moments>> {
  const file = await openSafetensors(path.join(folder, MOMENTS_FILE));
  try {
    const moments = new Map<string, Moments>();
    for (const name of names) moments.set(name, { m: await file.floats(`m.${name}`), v: await file.floats(`v.${name}`) });
    return moments;
  } finally {
    await file.close();
  }
}

/** The weights of a checkpoint that are not the student's, by their names. */
export async function readTensors(folder: string, names: Iterable<string>): Promise<ReadonlyMap<string, Float32Array>> {
  const file = await openSafetensors(path.join(folder, MOMENTS_FILE));
  try {
    const tensors = new Map<string, Float32Array>();
    for (const name of names) tensors.set(name, await file.floats(`w.${name}`));
    return tensors;
  } finally {
    await file.close();
  }
}

/**
 * Removes the stage's checkpoints but the last `keepLast` and `best`; those of other stages stay. Answers the names
 * removed.
 */
export async function pruneCheckpoints(checkpoints: string, stage: number, keepLast: number, best: string | null): Promise<string[]> {
  const removed: string[] = [];
  let kept = 0;
  for (const name of await listCheckpoints(checkpoints)) {
    const folder = path.join(checkpoints, name);
    if ((await stageOf(folder)) !== stage) continue;
    kept++;
    if (kept <= keepLast || name === best) continue;
    await discard(folder);
    removed.push(name);
  }
  return removed;
}

/** Removes a folder if it is there. It is renamed first: half of it is never met under its name. */
async function discard(folder: string): Promise<void> {
  await withFileErrors(folder, async () => {
    const temporary = temporaryName(folder);
    try {
      await rename(folder, temporary);
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return;
      throw error;
    }
    await rm(temporary, { recursive: true, force: true });
  });
}

async function stageOf(folder: string): Promise<number | null> {
  const text = await readFile(path.join(folder, STATE_FILE), 'utf8').catch(() => '');
  const parsed = stateFile.safeParse(jsonOrNull(text));
  return parsed.success ? parsed.data.state.stage : null;
}

async function writeTrainer(file: string, { moments, more }: TrainerTensors): Promise<void> {
  const tensors = new Map<string, Float32Array>();
  for (const [name, { m, v }] of moments) tensors.set(`m.${name}`, m).set(`v.${name}`, v);
  for (const [name, variable] of more) tensors.set(`w.${name}`, (await variable.data()) as Float32Array);
  const layout = [...tensors].map(([name, { length }]) => ({ name, shape: [length] }));
  await writeSafetensors(file, layout, async (name) => tensors.get(name) ?? new Float32Array());
}

async function describeFiles(folder: string): Promise<z.output<typeof fileEntry>[]> {
  const names = (await readdir(folder)).sort();
  return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(path.join(folder, name))).size, sha256: await digestOfFile(path.join(folder, name)) })));
}

async function brokenFile(folder: string, { name, bytes, sha256 }: z.output<typeof fileEntry>): Promise<string | null> {
  const file = path.join(folder, name);
  try {
    const { size } = await stat(file);
    if (size !== bytes) return `${name} has ${size} bytes instead of ${bytes}`;
    return (await digestOfFile(file)) === sha256 ? null : `${name} was changed`;
  } catch (error) {
    return `${name}: ${systemCode(error) ?? String(error)}`;
  }
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function digest(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
