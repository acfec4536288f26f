/** What the estimate says of a case, from the same parts as the pre-flight's. */
import type { Computed, Costs } from '../../src/engine/check/memoryCosts.ts';
import { total, trainingMemory } from '../../src/engine/check/memoryModel.ts';
import { stepPlan, storedTargets, type RowLengths } from '../../src/engine/check/memoryPlan.ts';
import type { BackendName } from '../../src/shared/events.ts';
import type { MemoryCase } from './cases.ts';

export function computedBy(backend: BackendName, { stage }: MemoryCase): Computed {
  return backend === 'wasm' ? 'wasm' : stage.compile === 'auto' ? 'whole' : 'eager';
}

export function estimateOf(each: MemoryCase, computed: Computed, costs?: Costs): number {
  const { student, teacher, stage, rows, validation, length, kept } = each;
  const lengths: RowLengths = { sample: Array.from({ length: rows }, () => ({ tokens: length + 1, promptTokens: length + 1 - kept })), train: rows, validation };
  const plan = stepPlan({ student, teacher, held: teacher === null ? [] : [teacher] }, stage, lengths, length + 1, computed === 'whole' ? 'coarse' : 'fine');
  return total(trainingMemory(plan, computed, costs)) + storedTargets(stage, lengths, length + 1, student.vocabSize);
}
