/** Disk: room for the checkpoints that a run keeps at once and for what it exports. */
import path from 'node:path';
import type { Finding } from '../../shared/preflight.ts';
import type { TrainStage } from '../../shared/recipe.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { bytesPerValue } from '../model/safetensors.ts';
import { bytesText, finding, setFix, type CheckContext } from './contract.ts';
import { adapterParameters } from './memoryModel.ts';
import { parametersOf } from './models.ts';

const WEIGHT_BYTES = 4;
/** AdamW's two moments, float32. */
const MOMENT_BYTES = 8;
/** Of each stage the best one stays beside the last ones. */
const BEST = 1;
/** The one that is being written. */
const WRITTEN = 1;
/** Traces, events and the rest of the disk's users want some as well. */
const COMFORTABLE = 0.8;

/** All weights and the moments of those that are trained; of adapters these alone. */
function checkpointBytes(student: DecoderConfig, { lora }: Pick<TrainStage, 'lora'>): number {
  return (WEIGHT_BYTES + MOMENT_BYTES) * (lora === undefined ? parametersOf(student) : adapterParameters(student, lora));
}

export async function checkDisk({ recipe, base, folders, machine, text }: CheckContext): Promise<readonly Finding[]> {
  const student = await folders.studentConfig();
  if (student === null) return [];
  const parameters = parametersOf(student);
  // Of an int8 export what isn't a projection stays float32: that much at most.
  const needOf = (keep: (kept: number) => number): number => {
    const checkpoints = recipe.stages.flatMap((stage) => (stage.type !== 'train' && stage.type !== 'reinforce' ? [] : [{ count: keep(stage.checkpoint.keepLast) + BEST, bytes: checkpointBytes(student, stage) }]));
    const written = Math.max(0, ...checkpoints.map(({ bytes }) => bytes)) * WRITTEN;
    // What adapters lie beside is written once for each stage that begins one.
    const bases = recipe.stages.filter((stage) => (stage.type === 'train' || stage.type === 'reinforce') && stage.lora !== undefined).length * WEIGHT_BYTES * parameters;
    const exported = recipe.stages.reduce((sum, stage) => sum + (stage.type === 'export' ? bytesPerValue(stage.dtype === 'int8' ? 'float32' : stage.dtype) * parameters : 0), 0);
    return checkpoints.reduce((sum, { count, bytes }) => sum + count * bytes, written) + bases + exported;
  };
  const needed = needOf((kept) => kept);
  if (needed === 0) return [];
  const free = await machine.freeDisk(base);
  const data = { needed: bytesText(needed), free: bytesText(free), folder: path.join(base, '.distill') };
  const most = recipe.stages.findIndex((stage) => (stage.type === 'train' || stage.type === 'reinforce') && stage.checkpoint.keepLast > 1);
  const place = ['stages', most < 0 ? 0 : most, 'checkpoint', 'keepLast'];
  const fix = most >= 0 && needOf(() => 1) <= free * COMFORTABLE ? setFix(text, place, `stages[${String(most)}].checkpoint.keepLast`, 1) : null;
  if (needed > free) return [finding('disk', 'refusal', 'disk-too-much', data, { path: place, fix, estimated: true })];
  if (needed > free * COMFORTABLE) return [finding('disk', 'warning', 'disk-tight', data, { path: place, fix, estimated: true })];
  return [finding('disk', 'pass', 'disk-fine', data, { estimated: true })];
}
