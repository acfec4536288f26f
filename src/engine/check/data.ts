/** Data files: there, readable to their last row, with enough to validate on and reference answers to evaluate with. */
import { takesSteps } from '../../shared/events.ts';
import { DistillError } from '../../shared/messages.ts';
import type { Finding } from '../../shared/preflight.ts';
import type { PathPart } from '../../shared/recipePaths.ts';
import { resolvePath } from '../data/paths.ts';
import { finding, refusalOf, type CheckContext } from './contract.ts';
import type { Scan } from './scan.ts';

export async function checkData(context: CheckContext, scan: Scan | null): Promise<readonly Finding[]> {
  const { recipe } = context;
  if (scan === null) return [];
  if (scan.type === 'collected') return [finding('data', 'pass', 'data-collected', { file: scan.file, stage: scan.stage }, { path: ['data', 'train'] })];
  if (scan.type === 'problems') return scan.problems.map((problem) => refusalOf('data', problem, { path: pathOf(context, problem) }));
  const { rows, evaluation, repeated } = scan.rows;
  const findings: Finding[] = [];
  if (rows.train === 0) findings.push(refusalOf('data', new DistillError('data-all-held-out', { heldOut: scan.rows.heldOut }), { path: ['data', 'train'] }));
  else findings.push(finding('data', 'pass', 'data-fine', { train: rows.train, validation: rows.validation, evaluation: Math.min(evaluation.prompts, recipe.evaluate.rows) }));
  const trains = recipe.stages.some(({ type }) => takesSteps(type));
  if (trains && rows.validation === 0 && recipe.data.validation !== 0) findings.push(finding('data', 'warning', 'data-no-validation', {}, { path: ['data', 'validation'] }));
  const evaluates = recipe.stages.findIndex(({ type }) => type === 'evaluate');
  if (evaluates >= 0) {
    const path = ['data', recipe.evaluate.split];
    if (evaluation.prompts === 0) findings.push(finding('data', 'refusal', 'data-no-evaluation', {}, { path }));
    else if (evaluation.withoutGold === evaluation.prompts) findings.push(finding('data', 'warning', 'evaluation-without-gold', { examples: evaluation.prompts }, { path: ['data', 'fields'] }));
    else if (evaluation.withoutGold > 0) findings.push(finding('data', 'warning', 'data-gold-some', { missing: evaluation.withoutGold, prompts: evaluation.prompts }, { path }));
  }
  if (repeated > 0) findings.push(finding('data', 'pass', 'data-repeated', { repeated, rows: rows.train }));
  return findings;
}

/** The place in the recipe that names the file of an error. */
function pathOf({ recipe: { data }, base }: CheckContext, { data: { file } }: DistillError): readonly PathPart[] {
  for (const key of ['train', 'validation', 'test'] as const) {
    const value = data[key];
    if (Array.isArray(value)) {
      const index = value.findIndex((each) => resolvePath(base, each) === file);
      if (index >= 0) return ['data', key, index];
    } else if (typeof value === 'string' && resolvePath(base, value) === file) {
      return ['data', key];
    }
  }
  return ['data'];
}
