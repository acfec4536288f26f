/** What a recipe's fields must be to each other. Works on the recipe as written, tolerant of what is wrong elsewhere. */
import { didYouMean } from './didYouMean.ts';
import { batchProblems } from './recipeCrossChecksBatch.ts';
import { collectProblems, teacherProblems } from './recipeCrossChecksCollect.ts';
import { asksOwnTeacher, lossProblems, otherTeacherPaths, writtenWeight } from './recipeCrossChecksTraining.ts';
import { gateProblems } from './recipeCrossChecksGates.ts';
import { sweepProblems } from './recipeCrossChecksSweep.ts';
import { adapterProblems } from './recipeCrossChecksStudent.ts';
import { onPolicyProblems } from './recipeCrossChecksOnPolicy.ts';
import { reinforceProblems } from './recipeCrossChecksReinforce.ts';
import { escapesFolder, keysOf, recipePaths, valueAt, type PathPart } from './recipePaths.ts';
import { shown } from './recipeStructure.ts';
import type { PlacelessProblem } from './recipeText.ts';

export function crossChecks(recipe: unknown): readonly PlacelessProblem[] {
  return [
    ...engineProblems(recipe), ...teacherProblems(recipe), ...pathProblems(recipe), ...studentProblems(recipe), ...adapterProblems(recipe), ...dataProblems(recipe), ...stageProblems(recipe), ...sweepProblems(recipe),
  ];
}

function engineProblems(recipe: unknown): readonly PlacelessProblem[] {
  const path = ['engine', 'kind'];
  return valueAt(recipe, path) === 'torch' ? [{ code: 'recipe-engine-torch', path, data: {}, allowed: ['tfjs'] }] : [];
}

function pathProblems(recipe: unknown): readonly PlacelessProblem[] {
  return recipePaths(recipe).filter(({ path }) => escapesFolder(path))
    .map(({ at, path }) => ({ code: 'recipe-path-escapes', path: at, data: { got: shown(path) } }));
}

function teacherNames(recipe: unknown, type?: 'local'): readonly string[] {
  const names = keysOf(valueAt(recipe, ['teachers']));
  return type === undefined ? names : names.filter((name) => valueAt(recipe, ['teachers', name, 'type']) === type);
}

/** A teacher that a field names: it must exist, and be a local one, since only those give logits and layers. */
function namedTeacherProblems(recipe: unknown, path: readonly PathPart[]): readonly PlacelessProblem[] {
  const name = valueAt(recipe, path);
  if (typeof name !== 'string') return [];
  const names = teacherNames(recipe);
  if (!names.includes(name)) {
    const nearest = didYouMean(name, names);
    return [{ code: 'recipe-teacher-unknown', path, data: { name, allowed: listed(nearest === null ? names : [nearest, ...names.filter((each) => each !== nearest)]) }, allowed: names }];
  }
  if (valueAt(recipe, ['teachers', name, 'type']) !== 'api') return [];
  return [{ code: 'recipe-teacher-no-logits', path, data: { name, allowed: listed(teacherNames(recipe, 'local')) }, allowed: teacherNames(recipe, 'local') }];
}

function studentProblems(recipe: unknown): readonly PlacelessProblem[] {
  const problems = [...namedTeacherProblems(recipe, ['student', 'fromTeacher'])];
  const sizes = (key: string): unknown => valueAt(recipe, ['student', 'new', key]);
  if (sizes('hidden_size') === undefined) return problems;
  const [width, heads, kv, given] = ['hidden_size', 'num_attention_heads', 'num_key_value_heads', 'head_dim'].map(sizes);
  const at = (key: string): readonly PathPart[] => ['student', 'new', key];
  if (typeof width === 'number' && typeof heads === 'number') {
    const headDim = typeof given === 'number' ? given : width / heads;
    if (!Number.isInteger(headDim)) problems.push({ code: 'recipe-heads', path: at('num_attention_heads'), data: { heads, width } });
    // Rotary positions turn pairs of numbers.
    else if (headDim % 2 !== 0) problems.push({ code: 'recipe-head-odd', path: at(given === undefined ? 'num_attention_heads' : 'head_dim'), data: { headDim } });
    if (typeof kv === 'number' && heads % kv !== 0) problems.push({ code: 'recipe-kv-heads', path: at('num_key_value_heads'), data: { kv, heads } });
  }
  if (valueAt(recipe, ['student', 'tokenizer']) === undefined && teacherNames(recipe, 'local').length === 0) {
    problems.push({ code: 'recipe-no-tokenizer', path: ['student', 'tokenizer'], data: {} });
  }
  const positions = sizes('max_position_embeddings') ?? 512;
  const longest = valueAt(recipe, ['data', 'maxLength']) ?? 512;
  if (typeof positions === 'number' && typeof longest === 'number' && longest > positions) {
    problems.push({ code: 'recipe-longer-than-model', path: ['data', 'maxLength'], data: { longest, positions } });
  }
  return problems;
}

function dataProblems(recipe: unknown): readonly PlacelessProblem[] {
  const problems: PlacelessProblem[] = [];
  const [validation, test] = [valueAt(recipe, ['data', 'validation']) ?? 0.05, valueAt(recipe, ['data', 'test'])];
  const shares = [validation, test].filter((each) => typeof each === 'number');
  const held = shares.reduce((sum, each) => sum + each, 0);
  // A share that is no share has been reported by the schema.
  if (held >= 1 && shares.every((each) => each <= 1)) problems.push({ code: 'recipe-nothing-to-train', path: ['data', typeof test === 'number' ? 'test' : 'validation'], data: { held } });
  for (const [key, mark] of [['prompt', '{prompt}'], ['completion', '{answer}']] as const) {
    const path = ['data', 'template', key];
    const text = valueAt(recipe, path);
    if (typeof text === 'string' && !text.includes(mark)) problems.push({ code: 'recipe-template-mark', path, data: { mark } });
  }
  for (const name of keysOf(valueAt(recipe, ['data', 'fields']))) {
    const path = ['data', 'fields', name];
    if (valueAt(recipe, [...path, 'before']) !== undefined && valueAt(recipe, [...path, 'after']) !== undefined) {
      problems.push({ code: 'recipe-field-cut-twice', path, data: {} });
    }
  }
  if (valueAt(recipe, ['evaluate', 'split']) === 'test' && test === undefined) {
    problems.push({ code: 'recipe-no-test-split', path: ['evaluate', 'split'], data: {} });
  }
  return problems;
}

function stageProblems(recipe: unknown): readonly PlacelessProblem[] {
  const stages = valueAt(recipe, ['stages']);
  if (!Array.isArray(stages)) return [];
  const seen = new Set<unknown>();
  return stages.flatMap((stage: unknown, index) => {
    const type = valueAt(stage, ['type']);
    const name = valueAt(stage, ['name']) ?? type;
    const twice: PlacelessProblem[] = seen.has(name) && typeof name === 'string' ? [{ code: valueAt(stage, ['name']) === undefined ? 'recipe-stage-twice-unnamed' : 'recipe-stage-twice', path: ['stages', index, 'name'], data: { name } }] : [];
    seen.add(name);
    const own = type === 'train' ? [...trainProblems(recipe, index), ...onPolicyProblems(recipe, index)] : type === 'evaluate' ? evaluateProblems(recipe, index) : type === 'collect' ? collectProblems(recipe, index) : type === 'reinforce' ? reinforceProblems(recipe, index) : [];
    return [...twice, ...own, ...gateProblems(recipe, index)];
  });
}

/** Weights of terms that need a teacher's logits, states or attention. */
const TEACHER_WEIGHTS = ['kl', 'mse', 'hidden', 'attention', 'uld'];

function trainProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const at = (...rest: readonly PathPart[]): readonly PathPart[] => ['stages', index, ...rest];
  const read = (...rest: readonly PathPart[]): unknown => valueAt(recipe, at(...rest));
  const problems: PlacelessProblem[] = [];
  const sequence = read('objective') === 'sequence';
  if (sequence) {
    for (const key of ['teacher', 'teachers', 'alpha', 'targets']) if (read(key) !== undefined) problems.push({ code: 'recipe-sequence-has-no-teacher', path: at(key), data: { key }, atKey: true });
    for (const key of TEACHER_WEIGHTS) {
      if (writtenWeight(read('weights', key)) > 0) problems.push({ code: 'recipe-sequence-has-no-teacher', path: at('weights', key), data: { key: `weights.${key}` }, atKey: true });
    }
  } else if (Array.isArray(read('teachers'))) {
    const listedTeachers = read('teachers') as readonly unknown[];
    // A recipe with its defaults filled in names the first one as well.
    if (read('teacher') !== undefined && read('teacher') !== valueAt(listedTeachers[0], ['name'])) problems.push({ code: 'recipe-teacher-and-teachers', path: at('teacher'), data: {}, atKey: true });
    const names = listedTeachers.map((each) => valueAt(each, ['name']));
    for (const [place, name] of names.entries()) {
      if (typeof name === 'string' && names.indexOf(name) < place) problems.push({ code: 'recipe-teachers-twice', path: at('teachers', place, 'name'), data: { name } });
    }
    for (const place of listedTeachers.keys()) problems.push(...namedTeacherProblems(recipe, at('teachers', place, 'name')));
    for (const [key, set] of [['weights', writtenWeight(read('weights', 'mse')) > 0], ['targets', read('targets') !== undefined]] as const) {
      if (set) problems.push({ code: 'recipe-mixture-only-divergence', path: at(...(key === 'weights' ? ['weights', 'mse'] : ['targets'])), data: {}, atKey: true });
    }
  } else if (read('teacher') === undefined && asksOwnTeacher(recipe, index)) {
    const locals = teacherNames(recipe, 'local');
    if (locals.length === 0) problems.push({ code: 'recipe-teacher-missing', path: at('teacher'), data: { objective: String(read('objective') ?? 'forward-kl') } });
    else if (locals.length > 1) problems.push({ code: 'recipe-teacher-which', path: at('teacher'), data: { allowed: listed(locals) }, allowed: locals });
  } else {
    problems.push(...namedTeacherProblems(recipe, at('teacher')));
  }
  // What the schema fills in is no wish.
  if (read('teachers') === undefined) {
    for (const [key, usual] of [['combine', 'weights'], ['tau', 1]] as const) if (read(key) !== undefined && read(key) !== usual) problems.push({ code: 'recipe-combine-alone', path: at(key), data: { key }, atKey: true });
  }
  problems.push(...namedTeacherProblems(recipe, at('trains')));
  for (const path of otherTeacherPaths(recipe, index)) problems.push(...namedTeacherProblems(recipe, path));
  if (read('weights') !== undefined && read('alpha') !== undefined) problems.push({ code: 'recipe-weights-and-alpha', path: at('alpha'), data: {}, atKey: true });
  if (isObject(read('weights')) && writtenWeight(read('weights', 'ce')) === 0 && (sequence || TEACHER_WEIGHTS.every((key) => writtenWeight(read('weights', key)) === 0))) problems.push({ code: 'recipe-weights-zero', path: at('weights'), data: {} });
  if (read('targets') !== undefined && writtenWeight(read('weights', 'mse')) > 0) problems.push({ code: 'recipe-targets-no-mse', path: at('weights', 'mse'), data: {}, atKey: true });
  problems.push(...lossProblems(recipe, index), ...batchProblems(recipe, index));
  if (valueAt(recipe, ['data', 'validation']) === 0) {
    if (read('earlyStop') !== undefined) problems.push({ code: 'recipe-nothing-to-watch', path: at('earlyStop'), data: { key: 'earlyStop' }, atKey: true });
  }
  for (const [metric, kl] of [['gate', 'validation/kl'], ['earlyStop', 'validation/kl']] as const) {
    if (sequence && read(metric, 'metric') === kl) problems.push({ code: 'recipe-sequence-has-no-teacher', path: at(metric, 'metric'), data: { key: kl } });
  }
  return problems;
}

function evaluateProblems(recipe: unknown, index: number): readonly PlacelessProblem[] {
  const path = ['stages', index, 'teacher'];
  const problems = [...namedTeacherProblems(recipe, path)];
  const locals = teacherNames(recipe, 'local');
  if (valueAt(recipe, path) === undefined && locals.length > 1) problems.push({ code: 'recipe-teacher-which', path, data: { allowed: listed(locals) }, allowed: locals });
  if (valueAt(recipe, ['data', 'validation']) === 0 && valueAt(recipe, ['data', 'test']) === undefined) {
    problems.push({ code: 'recipe-nothing-to-evaluate', path: ['stages', index], data: {} });
  }
  return problems;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? '–' : names.map((name) => JSON.stringify(name)).join(', ');
}
