/** Positions: what is trained on and what is generated has to fit into every model that reads it. */
import { takesSteps } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import { scoringTeachers } from '../stages/models.ts';
import { finding, refusalOf, setFix, type CheckContext } from './contract.ts';

/** Fewer tokens than this are no answer. */
const SHORTEST_ANSWER = 16;

/** Positions of the shortest model that reads training rows; Infinity where none can be told. */
export async function trainingPositions({ recipe, folders }: CheckContext): Promise<number> {
  const teachers = await Promise.all(scoringTeachers(recipe).map(async (name) => (await folders.teacher(name))?.config?.maxPositions ?? Infinity));
  return Math.min((await folders.studentConfig())?.maxPositions ?? Infinity, ...teachers);
}

export async function checkPositions(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, text } = context;
  const findings: Finding[] = [];
  if (recipe.stages.some(({ type }) => takesSteps(type))) {
    const positions = await trainingPositions(context);
    const longest = recipe.data.maxLength;
    const path = ['data', 'maxLength'];
    if (longest > positions) {
      const rows = await context.rows();
      // Where nothing to train on would be left, shorter rows are no way out; nor are they seen before they are collected.
      const fix = rows === null || rows.leaves(positions) ? setFix(text, path, 'data.maxLength', positions) : null;
      findings.push(refusalOf('positions', longerThanModel(longest, positions), { path, fix }));
    } else if (Number.isFinite(positions)) {
      findings.push(finding('positions', 'pass', 'positions-fine', { longest, positions }, { path }));
    }
  }
  return [...findings, ...await checkEvaluation(context)];
}

/** What a run throws at its start as well. */
export function longerThanModel(longest: number, positions: number): DistillError {
  return new DistillError('recipe-longer-than-model', { path: 'data.maxLength', longest, positions });
}

async function checkEvaluation(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders, text } = context;
  const stages = recipe.stages.filter((stage) => stage.type === 'evaluate');
  const rows = stages.length === 0 ? null : await context.rows();
  if (rows === null) return [];
  const models = [
    { subject: null, positions: (await folders.studentConfig())?.maxPositions ?? Infinity },
    ...await Promise.all([...new Set(stages.flatMap(({ teacher }) => teacher ?? []))].map(async (name) => ({ subject: name, positions: (await folders.teacher(name))?.config?.maxPositions ?? Infinity }))),
  ];
  const { promptTokens } = rows.evaluation;
  const longest = Math.max(0, ...promptTokens);
  const wanted = recipe.evaluate.maxNewTokens;
  const path = ['evaluate', 'maxNewTokens'];
  return models.flatMap(({ subject, positions }): readonly Finding[] => {
    if (longest > positions) return [refusalOf('positions', new DistillError('sequence-too-long', { length: longest, limit: positions }), { subject, path: ['data', recipe.evaluate.split] })];
    const short = promptTokens.filter((tokens) => tokens + wanted > positions).length;
    if (short === 0) return [];
    const left = positions - longest;
    const fix = left >= SHORTEST_ANSWER ? setFix(text, path, 'evaluate.maxNewTokens', left) : null;
    return [finding('positions', 'warning', 'positions-evaluate', { count: short, prompts: promptTokens.length, wanted, positions, left, model: subject === null ? '@the-student' : '@the-teacher' }, { subject, path, fix })];
  });
}
