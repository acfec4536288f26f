/** How long rows are in the student's own tokens, and what data.maxLength does to them. */
import { takesSteps } from '../../shared/events.ts';
import type { Finding, Fix, RecipeEdit } from '../../shared/preflight.ts';
import { finding, fixOf, percent, type CheckContext } from './contract.ts';
import { readingTeachers } from './folders.ts';
import { trainingPositions } from './positions.ts';

/** A share of cut rows that does no harm. */
const HARMLESS = 0.01;
/** Lengths are padded to multiples of eight anyway. */
const STEP = 8;
const EXAMPLES = 6;

export async function checkLength(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe: { data, stages } } = context;
  const rows = await context.rows();
  if (rows === null || rows.sample.length === 0 || !stages.some(({ type }) => takesSteps(type))) return [];
  const lengths = rows.sample.map(({ tokens }) => tokens).sort((a, b) => a - b);
  const limit = data.maxLength;
  const at = (share: number): number => lengths[Math.max(0, Math.ceil(share * lengths.length) - 1)] ?? 0;
  const cutAt = (length: number): number => lengths.filter((tokens) => tokens > length).length / lengths.length;
  const share = cutAt(limit);
  const p99 = at(1 - HARMLESS);
  const wanted = Math.ceil(p99 / STEP) * STEP;
  const possible = await longestPossible(context);
  const longest = Math.min(Math.ceil((lengths.at(-1) ?? 0) / STEP) * STEP, possible);
  const facts = { long: lengths.filter((tokens) => tokens > limit).length, share: percent(share), limit, median: at(0.5), p99, longest: lengths.at(-1) ?? 0, basis: rows.exact ? '@nothing' : '@sample', rows: lengths.length };
  const candidates = [...new Set([at(0.5), at(0.9), limit, wanted, lengths.at(-1) ?? 0])].sort((a, b) => a - b);
  const evidence = { columns: ['limit', 'share'] as const, rows: candidates.map((length) => [String(length), percent(cutAt(length))]) };
  const path = ['data', 'maxLength'];
  const raised = share > HARMLESS && Math.min(wanted, possible) > limit && rows.leaves(Math.min(wanted, possible)) ? lengthFix(context, Math.min(wanted, possible)) : null;

  const full = rows.sample.filter(({ promptTokens }) => promptTokens >= limit);
  const own = rows.sample.filter(({ split }) => split === 'train');
  if (!rows.anyLeft && own.length > 0 && data.tooLong !== 'refuse') {
    // The length for 99 % of all rows may still be too short for those that are trained on.
    const fix = raised ?? (longest > limit && rows.leaves(longest) ? lengthFix(context, longest) : null);
    return [finding('length', 'refusal', 'length-nothing-left', { rows: own.length, long: own.length, limit }, { path, evidence, fix, estimated: !rows.exact })];
  }

  const findings: Finding[] = [];
  if (share > 0 && data.tooLong === 'refuse') findings.push(finding('length', 'refusal', 'length-refused', facts, { path, evidence, fix: longest > limit && rows.leaves(longest) ? lengthFix(context, longest) : null }));
  else if (share <= HARMLESS) findings.push(finding('length', 'pass', 'length-fine', facts, { path, evidence }));
  else if (wanted > possible && raised === null) findings.push(finding('length', 'warning', 'length-beyond-model', { ...facts, positions: possible }, { path, evidence }));
  else findings.push(finding('length', 'warning', 'length-cut', facts, { path, evidence, fix: raised }));
  if (full.length > 0) {
    const examples = { columns: ['file', 'line', 'tokens'] as const, rows: full.slice(0, EXAMPLES).map(({ file, line, promptTokens }) => [file, String(line), String(promptTokens)]) };
    findings.push(finding('length', 'warning', 'length-prompts', { count: full.length, rows: lengths.length, limit }, { path, evidence: examples }));
  }
  return findings;
}

/** The longest rows that the models could read; a new student's positions are the recipe's to choose. */
async function longestPossible(context: CheckContext): Promise<number> {
  if (!('new' in context.recipe.student)) return trainingPositions(context);
  const teachers = await Promise.all([...readingTeachers(context.recipe).keys()].map(async (name) => (await context.folders.teacher(name))?.config?.maxPositions ?? Infinity));
  return Math.min(...teachers);
}

function lengthFix({ recipe: { student }, text }: CheckContext, length: number): Fix | null {
  const more: readonly RecipeEdit[] = 'new' in student && student.new.max_position_embeddings < length ? [{ path: ['student', 'new', 'max_position_embeddings'], value: length }] : [];
  return fixOf(text, 'set', { path: 'data.maxLength', value: length }, [{ path: ['data', 'maxLength'], value: length }, ...more]);
}
