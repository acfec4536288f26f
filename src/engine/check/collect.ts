/** Collect stages: sources that can be read, and an output that something trains on. (What it may not overwrite is a rule of the recipe.) */
import { existsSync } from 'node:fs';
import { takesSteps } from '../../shared/events.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { CollectStage } from '../../shared/recipe.ts';
import { askedTeacher } from '../collect/teachersOf.ts';
import { readRecords } from '../data/formats/read.ts';
import { resolvePath } from '../data/paths.ts';
import { finding, fixOf, refusalOf, type CheckContext } from './contract.ts';
import { samplingFix } from './fixes.ts';

export async function checkCollect(context: CheckContext): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const [index, stage] of context.recipe.stages.entries()) {
    if (stage.type !== 'collect') continue;
    const own = [...await sourceFindings(context, stage, index), ...fileFindings(context, stage, index), ...outputFindings(context, stage, index)];
    findings.push(...own);
    if (!own.some(({ level }) => level === 'refusal')) findings.push(finding('collect', 'pass', 'collect-fine', { stage: stage.name, sources: stage.from.length, to: stage.to }, { path: ['stages', index] }));
  }
  return findings;
}

/** The first row of each source; what an earlier stage writes and the hub's datasets are not there yet. */
async function sourceFindings({ recipe, base, signal }: CheckContext, stage: CollectStage, index: number): Promise<readonly Finding[]> {
  const earlier = new Set(recipe.stages.slice(0, index).flatMap((each) => (each.type === 'collect' ? [resolvePath(base, each.to)] : [])));
  const findings: Finding[] = [];
  for (const source of stage.from) {
    if (source.file === undefined || (earlier.has(resolvePath(base, source.file)) && !existsSync(resolvePath(base, source.file)))) continue;
    try {
      for await (const record of readRecords({ ...source, limit: 1 }, { base, onBroken: stage.onBroken, signal })) if (record.prompt !== '') break;
    } catch (error) {
      signal.throwIfAborted();
      findings.push(refusalOf('collect', error, { path: ['stages', index, 'from'] }));
    }
  }
  return findings;
}

/** Other files that a stage reads on its way. */
function fileFindings({ base }: CheckContext, stage: CollectStage, index: number): readonly Finding[] {
  const named = [
    ...(stage.clean?.contamination ?? []).map((file) => ({ file, path: ['stages', index, 'clean', 'contamination'] })),
    ...[stage.clean?.irrelevant?.model, stage.clean?.irrelevant?.like].flatMap((file) => (file === undefined ? [] : [{ file, path: ['stages', index, 'clean', 'irrelevant'] }])),
  ];
  return named.filter(({ file }) => !existsSync(resolvePath(base, file))).map(({ file, path }) => finding('collect', 'refusal', 'collect-file-missing', { stage: stage.name, file }, { path }));
}

function outputFindings({ recipe, base, text }: CheckContext, stage: CollectStage, index: number): readonly Finding[] {
  const data = { stage: stage.name, to: stage.to };
  const path = ['stages', index, 'to'];
  const to = resolvePath(base, stage.to);
  const findings: Finding[] = [];
  const train = [recipe.data.train].flat();
  const trains = recipe.stages.some(({ type }) => takesSteps(type));
  const goesOn = recipe.stages.slice(index + 1).some((each) => each.type === 'collect' && each.from.some(({ file }) => file !== undefined && resolvePath(base, file) === to));
  const named = [...train, recipe.data.validation, recipe.data.test].some((file) => typeof file === 'string' && resolvePath(base, file) === to);
  if (trains && !named && !goesOn) {
    const fix = fixOf(text, 'add-to-train', { to: stage.to }, [{ path: ['data', 'train'], value: [...train, stage.to] }]);
    findings.push(finding('collect', 'warning', 'collect-unused', data, { path, fix }));
  }
  const tokens = stage.ask?.sampling.maxTokens;
  if (named && tokens !== undefined && tokens > recipe.data.maxLength) {
    const at = ['stages', index, 'ask', 'sampling', 'maxTokens'];
    const fix = samplingFix({ base, text }, askedTeacher(stage, recipe.teachers), at, `stages[${String(index)}].ask.sampling.maxTokens`, recipe.data.maxLength);
    findings.push(finding('collect', 'warning', 'collect-longer-than-student', { ...data, tokens, limit: recipe.data.maxLength }, { path: at, fix }));
  }
  return findings;
}
