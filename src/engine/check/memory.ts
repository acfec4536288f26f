/** Memory: whether student, teachers and what a step holds fit at once on the backend that a run would take. */
import type { BackendName } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import type { Finding, Fix } from '../../shared/preflight.ts';
import { asksTeacher, weighs, type TrainStage } from '../../shared/recipe.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { layerPairs } from '../train/layerMap.ts';
import { totalSteps } from '../train/schedule.ts';
import { STORED_BYTES_MOST } from '../train/softTargets.ts';
import { PASSES_WORTH_STORING } from '../train/trainer.ts';
import { bytesText, finding, fixOf, setFix, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';
import { generationMemory, total, trainingMemory, type Inside, type MemoryPart, type StepShape } from './memoryModel.ts';
import { parametersOf } from './models.ts';
import type { ScannedRows } from './scan.ts';

const GIB = 2 ** 30;
/** Where WebAssembly's addresses end. */
const WASM_HEAP = 4 * GIB;
/** Node, the library and its threads, before the first tensor. */
const ENGINE_BYTES = 0.25 * GIB;
/** The estimate's own error, and a heap's holes: above this share of what there is it may run out. */
const COMFORTABLE = 0.8;
/** A fix that cuts rows shorter than this mends nothing. */
const SHORTEST_LENGTH = 64;

interface Room {
  readonly backend: BackendName;
  /** Bytes; null where nobody knows (a GPU's). */
  readonly limit: number | null;
}

export async function checkMemory(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders } = context;
  const student = await folders.studentConfig();
  const room = await roomOf(context);
  if (student === null || room === null) return [];
  const rows = await context.rows();
  // Data that can't be read say nothing of lengths; those that a stage will write count as long as they may be.
  if (rows === null && !recipe.stages.some(({ type }) => type === 'collect')) return [];
  const findings: Finding[] = [];
  // A teacher stays loaded once a stage has asked it; a student made of its layers loads it from the start.
  const loaded = new Map<string, DecoderConfig>();
  const load = async (name: string | null | undefined): Promise<DecoderConfig | null> => {
    const config = name === null || name === undefined ? null : (await folders.teacher(name))?.config ?? null;
    if (config !== null && typeof name === 'string') loaded.set(name, config);
    return config;
  };
  const readers = readingTeachers(recipe);
  if ('fromTeacher' in recipe.student) await load(recipe.student.fromTeacher);
  const held = (): number => [...loaded.values()].reduce((sum, config) => sum + parametersOf(config), 0);
  for (const [index, stage] of recipe.stages.entries()) {
    if (stage.type === 'train') {
      // Several teachers are asked one after the other: the largest pass counts.
      const asked = await Promise.all([...readers].filter(([, stages]) => stages.includes(index)).map(([name]) => load(name)));
      const teacher = asked.reduce<DecoderConfig | null>((largest, each) => (each !== null && (largest === null || parametersOf(each) > parametersOf(largest)) ? each : largest), null);
      const parts = (shape: StepShape): readonly MemoryPart[] => trainingMemory(student, teacher, held(), shape, teacher === null ? null : insideOf(stage, teacher, student));
      findings.push(ofTraining(context, stage, index, room, rows, student, parts));
    } else if (stage.type === 'evaluate') {
      const teacher = await load(stage.teacher);
      const prompt = Math.max(1, ...rows?.evaluation.promptTokens ?? [recipe.data.maxLength / 2]);
      const larger = teacher !== null && parametersOf(teacher) > parametersOf(student) ? teacher : student;
      const parts = (batch: number): readonly MemoryPart[] => generationMemory(larger, held() + parametersOf(student), { batch, prompt, length: Math.min(larger.maxPositions, prompt + recipe.evaluate.maxNewTokens) });
      const batch = Math.min(recipe.evaluate.batch, rows?.evaluation.prompts ?? Infinity);
      const smaller = room.limit === null ? null : halved(batch, (each) => fits(parts(each), room.limit ?? 0));
      const fix = smaller === null ? null : setFix(context.text, ['evaluate', 'batch'], 'evaluate.batch', smaller);
      findings.push(judged(stage.name, room, parts(batch), { path: ['evaluate', 'batch'], fix, way: smaller === null ? '@way-models' : '@way-batch' }));
    }
  }
  return findings;
}

function ofTraining({ recipe: { data }, text, machine }: CheckContext, stage: TrainStage, index: number, room: Room, rows: ScannedRows | null, student: DecoderConfig, parts: (shape: StepShape) => readonly MemoryPart[]): Finding {
  const { size, accumulate } = stage.batch;
  const shape = (batch: number, limit: number): StepShape => stepShape(rows, batch, limit, Math.ceil((size * accumulate) / batch), student.vocabSize);
  const path = ['stages', index, 'batch'];
  const needed = parts(shape(size, data.maxLength));
  const stored = asksTeacher(stage) ? storedTargets(stage, rows, data.maxLength, student.vocabSize) : 0;
  // Stored targets lie in main memory, whatever the backend.
  const limit = room.limit === null ? null : Math.min(room.limit, machine.freeMemory() - stored);
  const shown = { backend: room.backend, limit, stored };
  if (limit === null || fits(needed, limit)) return judged(stage.name, shown, needed, { path, fix: null, way: '@nothing' });
  const smaller = halved(size, (batch) => fits(parts(shape(batch, data.maxLength)), limit));
  if (smaller !== null) {
    const next = { size: smaller, accumulate: Math.ceil((size * accumulate) / smaller) };
    return judged(stage.name, shown, needed, { path, fix: fixOf(text, 'smaller-batch', next, [{ path: [...path, 'size'], value: next.size }, { path: [...path, 'accumulate'], value: next.accumulate }]), way: '@way-batch' });
  }
  const shorter = halved(data.maxLength, (length) => fits(parts(shape(1, length)), limit));
  const fix = shorter !== null && shorter >= SHORTEST_LENGTH && (rows === null || rows.leaves(shorter))
    ? fixOf(text, 'set', { path: 'data.maxLength', value: shorter }, [{ path: ['data', 'maxLength'], value: shorter }, { path: [...path, 'size'], value: 1 }, { path: [...path, 'accumulate'], value: size * accumulate }])
    : null;
  return judged(stage.name, shown, needed, { path, fix, way: fix === null ? '@way-models' : '@way-length' });
}

/** The longest rows that may meet in one pass, cut to `limit`. */
function stepShape(rows: ScannedRows | null, batch: number, limit: number, accumulate: number, vocabulary: number): StepShape {
  const lengths = (rows?.sample ?? []).map(({ tokens, promptTokens }) => ({ tokens: Math.min(tokens, limit), kept: Math.max(0, Math.min(tokens, limit) - promptTokens) }));
  if (lengths.length === 0) return { batch, length: limit, kept: batch * limit, accumulate, vocabulary };
  const longest = lengths.sort((a, b) => b.tokens - a.tokens).slice(0, batch);
  const kept = longest.reduce((sum, row) => sum + row.kept, 0);
  return { batch, length: longest[0]?.tokens ?? limit, kept: Math.max(1, Math.ceil((kept * batch) / longest.length)), accumulate, vocabulary };
}

/** Pairs of layers that a stage matches; null where it matches none, or names some that there are not (its own check says so). */
function insideOf(stage: TrainStage, teacher: DecoderConfig, student: DecoderConfig): Inside | null {
  const { hidden, attention } = stage;
  if (!weighs(stage, 'hidden') && !weighs(stage, 'attention')) return null;
  try {
    return {
      hiddenPairs: weighs(stage, 'hidden') ? layerPairs(hidden.layers, teacher.layers, student.layers, hidden.embeddings).length : 0,
      attentionPairs: weighs(stage, 'attention') ? layerPairs(attention.layers, teacher.layers, student.layers, false).length : 0,
      loss: attention.loss,
    };
  } catch (error) {
    if (error instanceof DistillError) return null;
    throw error;
  }
}

/** Bytes of the teacher's logits that a stage keeps, by trainer.ts's own rule; 0 where it asks the teacher again. */
function storedTargets(stage: TrainStage, rows: ScannedRows | null, limit: number, vocabulary: number): number {
  if (rows === null || stage.targets !== undefined || rows.sample.length === 0) return 0;
  const { batch } = stage;
  const passes = (totalSteps(stage, rows.rows.train).steps * batch.size * batch.accumulate) / rows.rows.train;
  const kept = rows.sample.reduce((sum, { tokens, promptTokens }) => sum + Math.max(0, Math.min(tokens, limit) - promptTokens), 0) / rows.sample.length;
  const bytes = kept * (rows.rows.train + rows.rows.validation) * vocabulary * Float32Array.BYTES_PER_ELEMENT;
  return passes < PASSES_WORTH_STORING || bytes > STORED_BYTES_MOST ? 0 : bytes;
}

function fits(parts: readonly MemoryPart[], limit: number): boolean {
  return total(parts) + ENGINE_BYTES <= limit * COMFORTABLE;
}

/** The largest of n/2, n/4 … 1 that will do; null: none. */
function halved(from: number, willDo: (value: number) => boolean): number | null {
  for (let value = Math.floor(from / 2); value >= 1; value = Math.floor(value / 2)) if (willDo(value)) return value;
  return null;
}

function judged(stage: string, { backend, limit, stored = 0 }: Room & { readonly stored?: number }, parts: readonly MemoryPart[], { path, fix, way }: { readonly path: readonly (string | number)[]; readonly fix: Fix | null; readonly way: string }): Finding {
  const bytes = total(parts) + ENGINE_BYTES;
  const evidence = { columns: ['part', 'size'] as const, rows: [...parts.map(({ part, bytes: own }) => [`@${part}`, bytesText(own)]), ['@base', bytesText(ENGINE_BYTES)], ...(stored > 0 ? [['@stored', bytesText(stored)]] : [])] };
  const data = { stage, needed: bytesText(bytes), backend, limit: limit === null ? '?' : bytesText(limit), way };
  const options = { path, evidence, estimated: true };
  if (limit === null) return finding('memory', 'pass', 'memory-unknown', data, options);
  if (bytes > limit) return finding('memory', 'refusal', 'memory-too-much', data, { ...options, fix });
  if (bytes > limit * COMFORTABLE) return finding('memory', 'warning', 'memory-tight', data, { ...options, fix });
  return finding('memory', 'pass', 'memory-fine', data, options);
}

/** The memory of the backend that a run would take; null where none opens. */
async function roomOf(context: CheckContext): Promise<Room | null> {
  const { recipe: { engine }, quick, machine } = context;
  const backend = quick && engine.backend !== 'auto' ? engine.backend : (await context.backend())?.backend ?? null;
  // Before a launch nobody tries backends: an "auto" that turns out as WebAssembly refuses by itself.
  if (backend === null) return quick ? { backend: 'cpu', limit: machine.freeMemory() } : null;
  switch (backend) {
    case 'wasm': return { backend, limit: Math.min(WASM_HEAP, machine.freeMemory()) };
    case 'tensorflow': case 'cpu': return { backend, limit: machine.freeMemory() };
    case 'tensorflow-gpu': case 'webgpu': return { backend, limit: null };
  }
}
