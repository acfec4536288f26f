/** The student beside its teachers: which layers it takes, how much smaller it is, and what its parameters are spent on. */
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import { weighs } from '../../shared/recipe.ts';
import type { DecoderConfig } from '../model/contract.ts';
import { weightShapes } from '../model/decoder.ts';
import { frozenWeights } from '../model/freeze.ts';
import { layerPairs } from '../train/layerMap.ts';
import { countText, finding, percent, refusalOf, setFix, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';
import { adapterParameters } from './memoryModel.ts';
import { parametersOf } from './models.ts';

/** DistilBERT's vocabulary takes a third of it; from here on a model is hardly more than its vocabulary. */
const MOST_EMBEDDING = 0.8;

export async function checkStudent(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders } = context;
  const layers = await checkLayers(context);
  const config = await folders.studentConfig();
  if (config === null || layers.some(({ level }) => level === 'refusal')) return layers;
  const findings = [...layers, ...await checkPairs(context, config), ...checkFrozen(context, config)];
  const own = parametersOf(config);
  for (const name of readingTeachers(recipe).keys()) {
    const teacher = (await folders.teacher(name))?.config ?? null;
    if (teacher === null) continue;
    const theirs = parametersOf(teacher);
    const data = { teacher: name, student: countText(own), parameters: countText(theirs), share: percent(own / theirs) };
    findings.push(own < theirs
      ? finding('student', 'pass', 'student-share', data, { subject: name })
      : finding('student', 'warning', 'student-not-smaller', data, { subject: name, path: ['student'] }));
  }
  const embedding = config.vocabSize * config.hiddenSize * (config.tiedHead ? 1 : 2);
  if (embedding / own > MOST_EMBEDDING) {
    findings.push(finding('student', 'warning', 'student-mostly-embedding', { share: percent(embedding / own), student: countText(own), vocabulary: config.vocabSize, width: config.hiddenSize }, { path: ['student'] }));
  }
  return findings;
}

/** Stages that train a part of the student: how much of it; parts that a stage freezes are there, and something is left. */
function checkFrozen({ recipe: { stages } }: CheckContext, student: DecoderConfig): readonly Finding[] {
  return stages.flatMap((stage, index) => {
    if (stage.type !== 'train' && stage.type !== 'reinforce') return [];
    const own = parametersOf(student);
    const trains = (trained: number): Finding => finding('student', 'pass', 'student-trained', { stage: stage.name, trained: countText(trained), student: countText(own), share: percent(trained / own) }, { path: ['stages', index] });
    if (stage.lora !== undefined) return [trains(adapterParameters(student, stage.lora))];
    if (stage.freeze === undefined) return [];
    try {
      const frozen = frozenWeights(student, stage.freeze);
      return [trains([...weightShapes(student)].reduce((sum, [name, shape]) => sum + (frozen.has(name) ? 0 : shape.reduce((a, b) => a * b, 1)), 0))];
    } catch (error) {
      return [refusalOf('student', error, { path: ['stages', index, 'freeze'] })];
    }
  });
}

/** Layers of both that a stage matches by name; beyond the last one there is none. */
async function checkPairs({ recipe: { stages }, folders }: CheckContext, student: DecoderConfig): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [index, stage] of stages.entries()) {
    if (stage.type !== 'train' || stage.teacher === undefined) continue;
    const teacher = (await folders.teacher(stage.teacher))?.config ?? null;
    if (teacher === null) continue;
    for (const key of ['hidden', 'attention'] as const) {
      if (!weighs(stage, key)) continue;
      try {
        layerPairs(stage[key].layers, teacher.layers, student.layers, key === 'hidden' && stage.hidden.embeddings);
      } catch (error) {
        findings.push(refusalOf('student', error, { subject: stage.teacher, path: ['stages', index, key, 'layers'] }));
      }
    }
  }
  return findings;
}

async function checkLayers({ recipe: { student }, folders, text }: CheckContext): Promise<readonly Finding[]> {
  if (!('fromTeacher' in student)) return [];
  const teacher = (await folders.teacher(student.fromTeacher))?.config ?? null;
  if (teacher === null) return [];
  const { intermediate_size: inner, num_key_value_heads: kvHeads, num_attention_heads: heads } = student;
  const keptKv = kvHeads ?? teacher.kvHeads;
  const mostHeads = keptKv * (teacher.heads / teacher.kvHeads);
  const wide = [['intermediate_size', inner, teacher.intermediateSize], ['num_key_value_heads', kvHeads, teacher.kvHeads], ['num_attention_heads', heads, mostHeads]] as const;
  const tooWide = wide.flatMap(([what, wanted, have]) => wanted === undefined || wanted <= have ? []
    : [refusalOf('student', new DistillError('slim-too-wide', { what, wanted, have }), { subject: student.fromTeacher, path: ['student', what], fix: setFix(text, ['student', what], `student.${what}`, have) })]);
  if (tooWide.length > 0) return tooWide;
  if (heads !== undefined && heads % keptKv !== 0) {
    const fix = setFix(text, ['student', 'num_attention_heads'], 'student.num_attention_heads', Math.max(keptKv, heads - (heads % keptKv)));
    return [refusalOf('student', new DistillError('slim-heads', { wanted: heads, kv: keptKv, most: mostHeads }), { subject: student.fromTeacher, path: ['student', 'num_attention_heads'], fix })];
  }
  const path = ['student', 'layers'];
  if ('keep' in student.layers) {
    if (student.layers.keep <= teacher.layers) return [];
    const error = new DistillError('slim-too-wide', { what: 'layers', wanted: student.layers.keep, have: teacher.layers });
    return [refusalOf('student', error, { subject: student.fromTeacher, path: [...path, 'keep'], fix: setFix(text, [...path, 'keep'], 'student.layers.keep', teacher.layers) })];
  }
  const { layers } = student;
  const beyond = layers.filter((layer) => layer >= teacher.layers);
  if (beyond.length > 0) {
    const within = layers.filter((layer) => layer < teacher.layers);
    const fix = within.length === 0 ? null : setFix(text, path, 'student.layers', within);
    return beyond.map((layer) => refusalOf('student', new DistillError('layers-not-in-teacher', { layer, last: teacher.layers - 1 }), { subject: student.fromTeacher, path, fix }));
  }
  const sorted = [...layers].sort((a, b) => a - b);
  if (sorted.every((layer, index) => layer === layers[index])) return [];
  return [finding('student', 'warning', 'student-layers-order', { layers: layers.join(', ') }, { subject: student.fromTeacher, path, fix: setFix(text, path, 'student.layers', sorted) })];
}
