/**
 * Vocabulary: an id means the same token in teacher and student, up to the narrower of the two. Heads have more rows than
 * there are tokens (Qwen2.5: 151,936 and 152,064 for 151,665); those are padding and are cut by training.
 */
import type { Finding, Fix, RecipeEdit } from '../../shared/preflight.ts';
import { otherTeachers } from '../../shared/recipe.ts';
import { finding, fixOf, refusalOf, type CheckContext } from './contract.ts';
import { otherTeacherFix, otherTokensWay } from './fixes.ts';
import { otherVocabularies, readingTeachers } from './folders.ts';
import { readsAlike, sameVocabulary } from './tokens.ts';

const EXAMPLES = 8;

export async function checkVocabulary(context: CheckContext): Promise<readonly Finding[]> {
  const { recipe, folders } = context;
  const tokenizer = await folders.studentTokenizer();
  if (tokenizer === null) return [];
  const own = await folders.vocabulary(tokenizer.folder);
  const student = await folders.studentConfig();
  const findings: Finding[] = [];
  const rows = await context.rows();
  const fits = (modelRows: number, subject: string | null): void => {
    const path = subject === null ? ['student'] : ['teachers', subject, 'model'];
    if (rows !== null && rows.largestId >= modelRows) findings.push(finding('vocabulary', 'refusal', 'vocabulary-data-beyond-model', { token: rows.largestId, rows: modelRows }, { subject, path }));
    else if (tokenizer.vocabSize > modelRows) findings.push(finding('vocabulary', 'warning', 'vocabulary-beyond-model', { tokens: tokenizer.vocabSize, rows: modelRows }, { subject, path }));
  };
  if (student !== null) fits(student.vocabSize, null);
  for (const name of readingTeachers(recipe).keys()) {
    const teacher = await folders.teacher(name);
    if (teacher === null || teacher.config === null || teacher.tokenizer === null) continue;
    const theirs = await folders.vocabulary(teacher.folder);
    const at = { subject: name, path: ['teachers', name, 'model'] };
    const different = [...own].filter(([id, token]) => theirs.has(id) && theirs.get(id) !== token).sort(([a], [b]) => a - b);
    const evidence = { columns: ['id', 'student', 'teacher'] as const, rows: different.slice(0, EXAMPLES).map(([id, token]) => [String(id), token, theirs.get(id) ?? '']) };
    const common = Math.min(tokenizer.vocabSize, teacher.tokenizer.vocabSize);
    if (different.length > 0) {
      findings.push(finding('vocabulary', 'refusal', 'vocabulary-differs', { teacher: name, differing: different.length, common, way: otherTokensWay(recipe, name) }, { ...at, evidence, fix: otherTeacherFix(context, name) }));
      continue;
    }
    const more = [...own].filter(([id]) => !theirs.has(id)).sort(([a], [b]) => a - b);
    fits(teacher.config.vocabSize, name);
    if (more.length > 0) {
      findings.push(finding('vocabulary', 'warning', 'vocabulary-extended', { teacher: name, more: more.length }, { ...at, evidence: { columns: ['id', 'student'], rows: more.slice(0, EXAMPLES).map(([id, token]) => [String(id), token]) } }));
      continue;
    }
    const heads = { student: student?.vocabSize ?? tokenizer.vocabSize, rows: teacher.config.vocabSize };
    findings.push(finding('vocabulary', 'pass', 'vocabulary-same', { tokens: own.size, ...heads, common: Math.min(tokenizer.vocabSize, heads.student, heads.rows) }, at));
  }
  for (const [name, stages] of otherVocabularies(recipe)) {
    const teacher = await folders.teacher(name);
    if (teacher === null || teacher.config === null || teacher.tokenizer === null) continue;
    const at = { subject: name, path: ['teachers', name, 'model'] };
    if (await readsAlike(folders, tokenizer, teacher.tokenizer, rows?.probes ?? [])) findings.push(refusalOf('vocabulary', sameVocabulary(name), { ...at, fix: klFix(context, name, stages) }));
    else findings.push(finding('vocabulary', 'pass', 'vocabulary-other', { teacher: name, tokens: teacher.tokenizer.vocabSize }, at));
  }
  return findings;
}

/** For stages that learn from this teacher alone. */
function klFix({ recipe, text }: CheckContext, name: string, stages: readonly number[]): Fix | null {
  const edits = stages.flatMap((index): readonly RecipeEdit[] => {
    const stage = recipe.stages[index];
    if (stage?.type !== 'train' || stage.teacher !== name || otherTeachers(stage).length !== 1 || typeof stage.weights.uld !== 'number') return [];
    const at = ['stages', index] as const;
    return [{ path: [...at, 'weights', 'kl'], value: stage.weights.uld }, { path: [...at, 'weights', 'uld'] }, { path: [...at, 'uld'] }];
  });
  return edits.length === 0 ? null : fixOf(text, 'kl-in-place-of-uld', { teacher: name }, edits);
}
