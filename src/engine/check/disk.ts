/** Disk: room for the checkpoints that a run keeps at once and for what it exports. */
import path from 'node:path';
import type { Finding } from '../../shared/preflight.ts';
import { bytesPerValue } from '../model/safetensors.ts';
import { bytesText, finding, setFix, type CheckContext } from './contract.ts';
import { parametersOf } from './models.ts';

/** Weights and AdamW's two moments, float32. */
const CHECKPOINT_BYTES_PER_PARAMETER = 12;
/** Of each stage the best one stays beside the last ones. */
const BEST = 1;
/** The one that is being written. */
const WRITTEN = 1;
/** Traces, events and the rest of the disk's users want some as well. */
const COMFORTABLE = 0.8;

export async function checkDisk({ recipe, base, folders, machine, text }: CheckContext): Promise<readonly Finding[]> {
  const student = await folders.studentConfig();
  if (student === null) return [];
  const parameters = parametersOf(student);
  // Of an int8 export what isn't a projection stays float32: that much at most.
  const needOf = (keep: (kept: number) => number): number => {
    const kept = recipe.stages.reduce((sum, stage) => sum + (stage.type === 'train' || stage.type === 'reinforce' ? keep(stage.checkpoint.keepLast) + BEST : 0), 0);
    const exported = recipe.stages.reduce((sum, stage) => sum + (stage.type === 'export' ? bytesPerValue(stage.dtype === 'int8' ? 'float32' : stage.dtype) * parameters : 0), 0);
    return (kept > 0 ? kept + WRITTEN : 0) * CHECKPOINT_BYTES_PER_PARAMETER * parameters + exported;
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
