/** Memory: whether student, teachers and what a step holds fit at once on the backend that a run would take. */
import type { BackendName } from '../../shared/events.ts';
import type { Finding, Fix, RecipeEdit } from '../../shared/preflight.ts';
import type { TrainStage } from '../../shared/recipe.ts';
import { PROJECTIONS } from '../../shared/recipeAdapter.ts';
import { pathText, type PathPart } from '../../shared/recipePaths.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { bytesText, finding, fixOf, setFix, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';
import type { Computed } from './memoryCosts.ts';
import { generationMemory, total, trainingMemory, type MemoryPart } from './memoryModel.ts';
import { stepPlan, storedTargets, type StageModels } from './memoryPlan.ts';
import { reinforcementMemory } from './memoryReinforce.ts';
import { parametersOf } from './models.ts';
import type { ScannedRows } from './scan.ts';

const GIB = 2 ** 30;
/** Where WebAssembly's addresses end. */
const WASM_HEAP = 4 * GIB;
/** The estimate's own error, and a heap's holes: above this share of what there is it may run out. */
const COMFORTABLE = 0.8;
/** A fix that cuts rows shorter than this mends nothing. */
const SHORTEST_LENGTH = 64;
/** The adapter whose figure is shown beside the ways to need less. */
const SHOWN_RANK = 8;

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
      findings.push(ofTraining(context, stage, index, room, rows, { student, teacher, held: [...loaded.values()] }));
    } else if (stage.type === 'reinforce') {
      const parts = (size: number): readonly MemoryPart[] => reinforcementMemory(student, [...loaded.values()], stage, rows?.sample.map(({ promptTokens }) => promptTokens) ?? [], size, computedAs(room.backend, { compile: 'off' }));
      const path = ['stages', index, 'batch', 'size'];
      const smaller = room.limit === null ? null : halved(stage.batch.size, (each) => fits(parts(each), room.limit ?? 0));
      findings.push(judged(stage.name, room, parts(stage.batch.size), { path, fix: smaller === null ? null : setFix(context.text, path, pathText(path), smaller), way: smaller === null ? '@way-models' : '@way-batch' }));
    } else if (stage.type === 'evaluate') {
      const teacher = await load(stage.teacher);
      const prompt = Math.max(1, ...rows?.evaluation.promptTokens ?? [recipe.data.maxLength / 2]);
      const larger = teacher !== null && parametersOf(teacher) > parametersOf(student) ? teacher : student;
      const parts = (batch: number): readonly MemoryPart[] => generationMemory(larger, held() + parametersOf(student), { batch, prompt, length: Math.min(larger.maxPositions, prompt + recipe.evaluate.maxNewTokens) }, computedAs(room.backend, { compile: 'auto' }));
      const batch = Math.min(recipe.evaluate.batch, rows?.evaluation.prompts ?? Infinity);
      const smaller = room.limit === null ? null : halved(batch, (each) => fits(parts(each), room.limit ?? 0));
      const fix = smaller === null ? null : setFix(context.text, ['evaluate', 'batch'], 'evaluate.batch', smaller);
      findings.push(judged(stage.name, room, parts(batch), { path: ['evaluate', 'batch'], fix, way: smaller === null ? '@way-models' : '@way-batch' }));
    }
  }
  return findings;
}

function ofTraining({ recipe: { data }, text, machine }: CheckContext, stage: TrainStage, index: number, room: Room, rows: ScannedRows | null, models: StageModels): Finding {
  const lengths = rows === null ? null : { sample: rows.sample, train: rows.rows.train, validation: rows.rows.validation };
  const computed = computedAs(room.backend, stage);
  const parts = (changed: TrainStage, longest = data.maxLength): readonly MemoryPart[] => trainingMemory(stepPlan(models, changed, lengths, longest, computed === 'whole' ? 'coarse' : 'fine'), computed);
  const path = ['stages', index];
  const needed = parts(stage);
  const stored = storedTargets(stage, lengths, data.maxLength, models.student.vocabSize);
  // Stored targets lie in main memory, whatever the backend.
  const limit = room.limit === null ? null : Math.min(room.limit, machine.freeMemory() - stored);
  const shown = { backend: room.backend, limit, stored };
  if (limit === null || fits(needed, limit)) return judged(stage.name, shown, needed, { path: [...path, 'batch'], fix: null, way: '@nothing' });
  const options = [...smallerSteps(stage, path, (changed) => parts(changed), limit, text), ...shorterRows(stage, path, data.maxLength, (changed, longest) => parts(changed, longest), limit, text, rows)];
  const [first] = options.filter(({ parts: own }) => fits(own, limit));
  return judged(stage.name, shown, needed, { path: [...path, 'batch'], fix: first?.fix ?? null, way: first?.way ?? '@way-models', options });
}

/** A way to need less: what is changed, and what is then needed. */
interface Option {
  /** A word of preflightText.ts, and what fills its braces. */
  readonly way: string;
  readonly what: string;
  readonly parts: readonly MemoryPart[];
  readonly fix: Fix | null;
}

/** The same training in less memory: fewer rows at once, activations computed again, both; then what trains something else. */
function smallerSteps(stage: TrainStage, path: readonly PathPart[], parts: (changed: TrainStage) => readonly MemoryPart[], limit: number, text: string): readonly Option[] {
  const { size, accumulate } = stage.batch;
  const fewer = (from: TrainStage): { readonly size: number; readonly accumulate: number } | null => {
    const found = halved(size, (batch) => fits(parts({ ...from, batch: { ...from.batch, size: batch, accumulate: Math.ceil((size * accumulate) / batch) } }), limit));
    return found === null ? null : { size: found, accumulate: Math.ceil((size * accumulate) / found) };
  };
  const edits = (batch: { readonly size: number; readonly accumulate: number }): readonly RecipeEdit[] => [{ path: [...path, 'batch', 'size'], value: batch.size }, { path: [...path, 'batch', 'accumulate'], value: batch.accumulate }];
  const options: Option[] = [];
  const plain = fewer(stage);
  if (plain !== null) {
    options.push({ way: '@way-batch', what: `batch.size ${String(plain.size)}, accumulate ${String(plain.accumulate)}`, parts: parts({ ...stage, batch: { ...stage.batch, ...plain } }), fix: fixOf(text, 'smaller-batch', plain, edits(plain)) });
  }
  if (!stage.gradientCheckpointing) {
    const again = { ...stage, gradientCheckpointing: true };
    const [place, shown] = [[...path, 'gradientCheckpointing'], `stages[${String(path[1])}].gradientCheckpointing`];
    options.push({ way: '@way-checkpointing', what: 'gradientCheckpointing', parts: parts(again), fix: fixOf(text, 'set', { path: shown, value: 'true' }, [{ path: place, value: true }]) });
    const both = plain === null ? fewer(again) : null;
    if (both !== null) {
      options.push({
        way: '@way-checkpointing', what: `gradientCheckpointing, batch.size ${String(both.size)}, accumulate ${String(both.accumulate)}`, parts: parts({ ...again, batch: { ...stage.batch, ...both } }),
        fix: fixOf(text, 'smaller-batch', both, [...edits(both), { path: place, value: true }]),
      });
    }
  }
  if (stage.lora === undefined && stage.freeze === undefined) {
    // Shown with its figure, never as a fix: it is another training.
    options.push({ way: '@way-models', what: `lora.rank ${String(SHOWN_RANK)}`, parts: parts({ ...stage, lora: { rank: SHOWN_RANK, alpha: 2 * SHOWN_RANK, rslora: false, targets: PROJECTIONS } }), fix: null });
  }
  return options;
}

function shorterRows(stage: TrainStage, path: readonly PathPart[], maxLength: number, parts: (changed: TrainStage, longest: number) => readonly MemoryPart[], limit: number, text: string, rows: ScannedRows | null): readonly Option[] {
  const { size, accumulate } = stage.batch;
  const single = { ...stage, batch: { ...stage.batch, size: 1, accumulate: size * accumulate } };
  const shorter = halved(maxLength, (length) => fits(parts(single, length), limit));
  if (shorter === null || shorter < SHORTEST_LENGTH || (rows !== null && !rows.leaves(shorter))) return [];
  const edits: readonly RecipeEdit[] = [{ path: ['data', 'maxLength'], value: shorter }, { path: [...path, 'batch', 'size'], value: 1 }, { path: [...path, 'batch', 'accumulate'], value: size * accumulate }];
  return [{ way: '@way-length', what: `data.maxLength ${String(shorter)}, batch.size 1`, parts: parts(single, shorter), fix: fixOf(text, 'set', { path: 'data.maxLength', value: shorter }, edits) }];
}

/** How a run computes the steps of a stage on a backend. */
function computedAs(backend: BackendName, { compile }: Pick<TrainStage, 'compile'>): Computed {
  return backend === 'tensorflow' || backend === 'tensorflow-gpu' ? (compile === 'auto' ? 'whole' : 'eager') : 'wasm';
}

function fits(parts: readonly MemoryPart[], limit: number): boolean {
  return total(parts) <= limit * COMFORTABLE;
}

/** The largest of n/2, n/4 … 1 that will do; null: none. */
function halved(from: number, willDo: (value: number) => boolean): number | null {
  for (let value = Math.floor(from / 2); value >= 1; value = Math.floor(value / 2)) if (willDo(value)) return value;
  return null;
}

function judged(stage: string, { backend, limit, stored = 0 }: Room & { readonly stored?: number }, parts: readonly MemoryPart[], { path, fix, way, options = [] }: { readonly path: readonly (string | number)[]; readonly fix: Fix | null; readonly way: string; readonly options?: readonly Option[] }): Finding {
  const bytes = total(parts);
  const evidence = { columns: ['part', 'size'] as const, rows: [...parts.map(({ part, bytes: own }) => [`@${part}`, bytesText(own)]), ...(stored > 0 ? [['@stored', bytesText(stored)]] : []), ...options.map(({ what, parts: own }) => [what, bytesText(total(own))])] };
  const data = { stage, needed: bytesText(bytes), backend, limit: limit === null ? '?' : bytesText(limit), way };
  const more = { path, evidence, estimated: true };
  if (limit === null) return finding('memory', 'pass', 'memory-unknown', data, more);
  if (bytes > limit) return finding('memory', 'refusal', 'memory-too-much', data, { ...more, fix });
  if (bytes > limit * COMFORTABLE) return finding('memory', 'warning', 'memory-tight', data, { ...more, fix });
  return finding('memory', 'pass', 'memory-fine', data, more);
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
