/**
 * `npm run bench -- verify [--json]`: which answers the verifier takes and which it doesn't. Reference answers of GSM8K, MATH-500
 * and CMATH against themselves and other writings of them (must be accepted) and against near answers of another value (must
 * not), options of LogiQA in English and Chinese, HumanEval's own solutions and wrong ones in the sandbox, and 400 real answers
 * of DeepSeek-R1 against labels read by hand. The variants are made by bench/verify/, by string work on the digits and on the
 * notation, without the verifier.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { compareAnswers, loadComparer } from '../src/engine/verify/compare.ts';
import { verifyCode } from '../src/engine/verify/codeTests.ts';
import { openSandbox } from '../src/engine/verify/sandbox.ts';
import { latexVariants, wrongLatex } from './verify/latexVariants.ts';
import { humanEvalRecords } from './verify/humanEval.ts';
import { readPlain, sameDigits, sentences, withUnits, writings, wrongNumbers } from './verify/numberVariants.ts';
import { logiqaItems, wordings } from './verify/options.ts';

interface SetResult {
  readonly name: string;
  readonly answers: number;
  readonly variants: number;
  readonly goldAccepted: number | null;
  readonly wrongs: number;
  readonly wrongAccepted: number | null;
  readonly microseconds: number;
}

/** `--show` names every miss; `--without-code` leaves HumanEval out. */
const { json, show, 'without-code': withoutCode } = parseArgs({ options: { json: { type: 'boolean', default: false }, show: { type: 'boolean', default: false }, 'without-code': { type: 'boolean', default: false } } }).values;
const data = path.resolve(process.env['DISTILL_TEST_DATA'] ?? '../shared/data');
const jsonl = (file: string): readonly Record<string, unknown>[] => readFileSync(path.join(data, file), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

interface Case {
  readonly gold: string;
  readonly same: readonly string[];
  readonly wrong: readonly string[];
}

/** All cases of a set; `show` names the misses. */
function measure(name: string, cases: readonly Case[]): SetResult {
  let [accepted, variants, wrongAccepted, wrongs] = [0, 0, 0, 0];
  const begin = performance.now();
  for (const { gold, same, wrong } of cases) {
    for (const text of same) {
      const { verdict, reason } = compareAnswers(text, gold);
      variants += 1;
      if (verdict === 'right') accepted += 1;
      else if (show) process.stdout.write(`${name}: ${JSON.stringify(text)} for ${JSON.stringify(gold)} is ${reason}\n`);
    }
    for (const text of wrong) {
      const { verdict, reason } = compareAnswers(text, gold);
      wrongs += 1;
      if (verdict !== 'right') continue;
      wrongAccepted += 1;
      if (show) process.stdout.write(`${name}: ${JSON.stringify(text)} for ${JSON.stringify(gold)} is taken: ${reason}\n`);
    }
  }
  const microseconds = (performance.now() - begin) * 1000 / Math.max(1, variants + wrongs);
  return { name, answers: cases.length, variants, goldAccepted: variants === 0 ? null : accepted / variants, wrongs, wrongAccepted: wrongs === 0 ? null : wrongAccepted / wrongs, microseconds };
}

/** The nearest answers of other values on either side, of a list of references. */
function neighbours(golds: readonly string[], index: number, isSame: (a: string, b: string) => boolean): readonly string[] {
  const found: string[] = [];
  for (let step = 1; found.length < 2 && step < 12; step++) {
    for (const other of [golds[index - step], golds[index + step]]) if (other !== undefined && found.length < 2 && !isSame(other, golds[index] ?? '')) found.push(other);
  }
  return found;
}

function numberCases(golds: readonly string[]): readonly Case[] {
  return golds.flatMap((gold, index) => {
    const number = readPlain(gold);
    if (number === null) return [];
    const others = neighbours(golds, index, sameDigits).filter((other) => readPlain(other) !== null);
    return [{ gold, same: [...writings(number), ...sentences(number), ...withUnits(number)], wrong: [...wrongNumbers(number), ...others, ...others.map((other) => `\\boxed{${other}}`), ...others.map((other) => `The answer is ${other} apples.`)] }];
  });
}

/** a/b and n% of CMATH. */
function shareCases(golds: readonly string[]): readonly Case[] {
  return golds.flatMap((gold) => {
    const [, top, bottom] = /^(\d+)\/(\d+)$/.exec(gold) ?? [];
    if (top !== undefined && bottom !== undefined) {
      const [a, b] = [Number(top), Number(bottom)];
      const decimal = Number.isInteger(a / b * 1e4) ? [String(a / b), `${String(Number((a / b * 100).toFixed(2)))}%`, `百分之${String(Number((a / b * 100).toFixed(2)))}`] : [];
      const mixed = a > b && a % b !== 0 ? [`${String(Math.floor(a / b))} ${String(a % b)}/${bottom}`, `${String(Math.floor(a / b))}\\frac{${String(a % b)}}{${bottom}}`, `${String(Math.floor(a / b))}又${bottom}分之${String(a % b)}`] : [];
      return [{
        gold, same: [gold, `\\frac{${top}}{${bottom}}`, `\\boxed{\\dfrac{${top}}{${bottom}}}`, `${bottom}分之${top}`, `${String(a * 2)}/${String(b * 2)}`, `答案是${top}/${bottom}`, `${top} / ${bottom}`, `${top}÷${bottom}`, `${top}/${bottom}米`, ...decimal, ...mixed],
        wrong: [...(a === b ? [] : [`${bottom}/${top}`]), `${String(a + 1)}/${bottom}`, `${top}/${String(b + 1)}`, `-${gold}`, `${bottom}分之${String(a + 1)}`, top === '0' ? '1' : `${top}${bottom}`],
      }];
    }
    const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(gold) ?? [];
    if (percent === undefined) return [];
    return [{
      gold, same: [gold, `${percent}\\%`, `百分之${percent}`, `${String(Number(percent) / 100)}`, `\\boxed{${percent}\\%}`, `${percent} percent`, `答案：${percent}％`, percent],
      wrong: [`${String(Number(percent) + 1)}%`, `-${gold}`, `${percent}0%`, `百分之${String(Number(percent) + 1)}`, String(Number(percent) / 10)],
    }];
  });
}

/** As it is written, without spaces and the name before it. */
function value(answer: string): string {
  return answer.replaceAll(/\s/g, '').replace(/^[a-z]=/, '');
}

function latexCases(golds: readonly string[]): readonly Case[] {
  return golds.map((gold, index) => ({
    gold, same: latexVariants(gold).map(([, text]) => text),
    wrong: [...wrongLatex(gold).map(([, text]) => text), ...neighbours(golds, index, (a, b) => value(a) === value(b) || Number(a) === Number(b))],
  }));
}

const sets: SetResult[] = [];
const missing: string[] = [];
const need = (file: string): boolean => {
  const there = existsSync(path.join(data, file));
  if (!there) missing.push(file);
  return there;
};

await loadComparer();
process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`);
if (need('gsm8k/test.jsonl')) {
  const golds = jsonl('gsm8k/test.jsonl').map(({ answer }) => String(answer).split('####').at(-1)?.trim() ?? '');
  sets.push(measure('GSM8K test', numberCases(golds)));
}
if (need('math500/test.jsonl')) {
  const golds = jsonl('math500/test.jsonl').map(({ answer }) => String(answer));
  sets.push(measure('MATH-500', latexCases(golds)));
  sets.push(measure('MATH-500 numbers', numberCases(golds)));
}
if (need('cmath/cmath_dev.jsonl')) {
  const golds = jsonl('cmath/cmath_dev.jsonl').map(({ golden }) => String(golden));
  sets.push(measure('CMATH', [...numberCases(golds), ...shareCases(golds)]));
}
for (const language of ['en', 'zh'] as const) {
  if (!need(`logiqa-eval/${language}.txt`)) continue;
  const items = logiqaItems(readFileSync(path.join(data, 'logiqa-eval', `${language}.txt`), 'utf8'));
  let [accepted, variants, taken, wrongs] = [0, 0, 0, 0];
  const begin = performance.now();
  for (const { gold, options } of items) {
    for (const letter of ['A', 'B', 'C', 'D']) {
      for (const text of wordings(letter, options, language)) {
        const { verdict, reason } = compareAnswers(text, gold, { options });
        if (letter === gold) variants += 1;
        else wrongs += 1;
        if (verdict === 'right' && letter === gold) accepted += 1;
        if (verdict === 'right' && letter !== gold) taken += 1;
        // The set has no licence: of its texts nothing is shown.
        if (show && (verdict === 'right') !== (letter === gold)) process.stdout.write(`LogiQA ${language}: a wording of ${String(text.length)} characters for ${letter}, reference ${gold}: ${reason}\n`);
      }
    }
  }
  sets.push({ name: `LogiQA ${language}`, answers: items.length, variants, goldAccepted: accepted / variants, wrongs, wrongAccepted: taken / wrongs, microseconds: (performance.now() - begin) * 1000 / (variants + wrongs) });
}

const solutions: { readonly name: string; readonly texts: number; readonly found: number }[] = [];
function solution(name: string, rows: readonly { readonly text: string; readonly gold: string; readonly question: string }[]): void {
  const found = rows.filter(({ text, gold, question }) => compareAnswers(text, gold, { question }).verdict === 'right').length;
  solutions.push({ name, texts: rows.length, found });
}
// Whole solutions that people wrote: the rules of extraction were made on other texts.
if (need('math500/test.jsonl')) solution('MATH-500, in a box', jsonl('math500/test.jsonl').map(({ solution: text, answer, problem }) => ({ text: String(text), gold: String(answer), question: String(problem) })));
if (need('gsm8k/test.jsonl')) {
  solution('GSM8K test, the mark taken away', jsonl('gsm8k/test.jsonl').map(({ question, answer }) => {
    const [text = '', gold = ''] = String(answer).replaceAll(/<<[^<>]*>>/g, '').split('####');
    return { text: text.trim(), gold: gold.trim(), question: String(question) };
  }));
}

const code = await codeResults();
const r1 = r1Results();
const print = (value: number | null): string => value === null ? '–' : `${(value * 100).toFixed(2)}%`;
process.stdout.write(`${'set'.padEnd(20)}${'answers'.padStart(8)}${'writings'.padStart(10)}${'accepted'.padStart(10)}${'wrong ones'.padStart(12)}${'accepted'.padStart(10)}${'µs each'.padStart(9)}\n`);
for (const set of sets) process.stdout.write(`${set.name.padEnd(20)}${String(set.answers).padStart(8)}${String(set.variants).padStart(10)}${print(set.goldAccepted).padStart(10)}${String(set.wrongs).padStart(12)}${print(set.wrongAccepted).padStart(10)}${set.microseconds.toFixed(0).padStart(9)}\n`);
for (const { name, texts, found } of solutions) process.stdout.write(`final answers found in solutions (${name}): ${String(found)} of ${String(texts)}\n`);
if (code !== null) process.stdout.write(typeof code === 'string' ? `HumanEval: not run, ${code}\n` : `HumanEval in the sandbox (${code.how}): ${String(code.passed)} of ${String(code.solutions)} own solutions pass, ${String(code.wrongPassed)} of ${String(code.wrong)} wrong ones do; ${code.millisecondsEach.toFixed(0)} ms each\n`);
if (r1 !== null) process.stdout.write(`R1 answers read by hand: ${String(r1.met)} of ${String(r1.rows)} verdicts met (${String(r1.wrong)} of them wrong, ${String(r1.undecided)} undecided)\n`);
for (const file of missing) process.stdout.write(`left out: ${file} is not in ${data}\n`);
const shares = (pick: (set: SetResult) => number | null): number[] => sets.map(pick).filter((value) => value !== null);
if (json) {
  process.stdout.write(`${JSON.stringify({
    goldAccepted: sets.length === 0 ? null : Math.min(...shares(({ goldAccepted }) => goldAccepted)), wrongAccepted: sets.length === 0 ? null : Math.max(...shares(({ wrongAccepted }) => wrongAccepted)),
    r1Agreement: r1 === null ? null : r1.met / r1.rows, sets, solutions, code, r1, missing,
  })}\n`);
}

function r1Results(): { readonly rows: number; readonly met: number; readonly wrong: number; readonly undecided: number } | null {
  if (!need('r1-gsm8k/en.jsonl')) return null;
  const labels = (JSON.parse(readFileSync('test/fixtures/verify/r1-gsm8k.json', 'utf8')) as { readonly rows: readonly { readonly file: string; readonly index: number; readonly sha256: string; readonly label: 'right' | 'wrong' | 'undecided' }[] }).rows;
  const files = new Map(['en', 'zh'].map((file) => [file, readFileSync(path.join(data, 'r1-gsm8k', `${file}.jsonl`), 'utf8').trimEnd().split('\n')] as const));
  let met = 0;
  for (const { file, index, sha256, label } of labels) {
    const line = files.get(file)?.[index] ?? '';
    if (createHash('sha256').update(line).digest('hex').slice(0, 16) !== sha256) throw new Error(`r1-gsm8k/${file}.jsonl, row ${String(index)}: not the row that was labelled`);
    const { question, answer, gold } = JSON.parse(line) as { readonly question: string; readonly answer: string; readonly gold: string | number };
    const { verdict } = compareAnswers(answer, String(gold), { question });
    if (verdict === (label === 'undecided' ? 'unknown' : label)) met += 1;
    else if (show) process.stdout.write(`r1-gsm8k ${file} ${String(index)}: ${verdict}, read as ${label}\n`);
  }
  return { rows: labels.length, met, wrong: labels.filter(({ label }) => label === 'wrong').length, undecided: labels.filter(({ label }) => label === 'undecided').length };
}

async function codeResults(): Promise<{ readonly how: string; readonly solutions: number; readonly passed: number; readonly wrong: number; readonly wrongPassed: number; readonly millisecondsEach: number } | string | null> {
  if (withoutCode || !need('humaneval/HumanEval.jsonl.gz')) return null;
  const sandbox = await openSandbox().catch((error: unknown) => error instanceof Error ? error.message : String(error));
  if (typeof sandbox === 'string') return sandbox;
  const items = humanEvalRecords(gunzipSync(readFileSync(path.join(data, 'humaneval/HumanEval.jsonl.gz'))).toString('utf8'));
  let [passed, wrongPassed, wrong] = [0, 0, 0];
  const begin = performance.now();
  const recipe = { answers: true, code: 'sandbox', trace: false, keep: 'all' } as const;
  for (const { record, wrongs } of items) {
    if (await verifyCode(record, recipe, { sandbox }) === 'tests-passed') passed += 1;
    else if (show) process.stdout.write(`HumanEval ${record.id}: its own solution fails\n`);
    for (const answer of wrongs) {
      wrong += 1;
      if (await verifyCode({ ...record, answer }, recipe, { sandbox }) !== 'tests-passed') continue;
      wrongPassed += 1;
      if (show) process.stdout.write(`HumanEval ${record.id} passes with:\n${answer}\n`);
    }
  }
  return { how: sandbox.how, solutions: items.length, passed, wrong, wrongPassed, millisecondsEach: (performance.now() - begin) / (items.length + wrong) };
}
