/**
 * `npm run bench -- diff [--json]`: milliseconds to split, align and render to documents two traces of 4,000 and of 32,000
 * tokens, beside a plain diff of their words (Myers 1986), which knows no steps, in the same run, taking turns.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Trace } from '../src/shared/trace.ts';
import { compareTraces } from '../src/shared/traceComparison.ts';
import { renderDocuments } from '../src/shared/traceDocument.ts';
import { pairRecordings, parseTraceRows } from '../src/shared/traceImport.ts';

/** Of reasoning in English with a vocabulary like Qwen's a little less: so the traces are rather too long than too short. */
const CHARACTERS_PER_TOKEN = 4;
const SIZES = { ms4k: 4_000, ms32k: 32_000 } as const;
/** Until the compiler has settled: the short pair takes 20 rounds to get there. */
const WARM_UP = 20;
const ROUNDS = 15;
/** The plain diff of 32,000 tokens takes seconds: it has as many turns as fit, at least one. */
const BASELINE_BUDGET_MS = 10_000;

interface Source {
  readonly name: string;
  readonly teacher: readonly string[];
  readonly student: readonly string[];
}

/** Real outputs of R1-Distill-32B and -1.5B on the same tasks, where they are; else the project's own pairs, over and over. */
function source(): Source {
  const data = path.resolve(process.env['DISTILL_TEST_DATA'] ?? '../shared/data', 'r1-distill-pair');
  if (existsSync(data)) {
    const rows = (file: string): ReturnType<typeof parseTraceRows> => parseTraceRows(readFileSync(path.join(data, file), 'utf8'), file);
    const pairs = pairRecordings(rows('qwen-32b.json'), rows('qwen-1.5b.json'), { teacher: 'qwen-32b.json', student: 'qwen-1.5b.json' });
    return { name: 'R1-Distill-Qwen-32B and -1.5B', teacher: pairs.map(({ teacher }) => teacher.think), student: pairs.map(({ student }) => student.think) };
  }
  const pairs = JSON.parse(readFileSync('test/fixtures/traces/pairs.json', 'utf8')) as readonly { readonly teacher: Trace; readonly student: Trace }[];
  return { name: 'the pairs of test/fixtures/traces, repeated', teacher: pairs.map(({ teacher }) => teacher.think), student: pairs.map(({ student }) => student.think) };
}

/** The traces of several examples after each other: as long as one long one, and as little alike. */
function ofLength(texts: readonly string[], tokens: number): string {
  const characters = tokens * CHARACTERS_PER_TOKEN;
  let text = '';
  for (let i = 0; text.length < characters; i++) text += `${texts[i % texts.length] ?? ''}\n\n`;
  return text.slice(0, characters);
}

function traceOf(think: string, role: Trace['role'], tokens: number): Trace {
  return {
    format: 1, id: role, example: 'bench', role, stage: 0, step: 0, prompt: '', think, answer: '', gold: null, verdict: 'unknown', tokens, finish: 'end', model: role,
    sampling: { temperature: 0, topP: 1, seed: 0 },
  };
}

/** Insertions and deletions between two rows of words: the greedy algorithm of Myers (1986), without keeping the way. */
function wordDistance(a: readonly string[], b: readonly string[]): number {
  const ids = new Map<string, number>();
  const numbered = (words: readonly string[]): Int32Array => Int32Array.from(words, (word) => ids.get(word) ?? (ids.set(word, ids.size), ids.size - 1));
  const [x, y] = [numbered(a), numbered(b)];
  const most = x.length + y.length;
  const reach = new Int32Array(2 * most + 2);
  for (let d = 0; d <= most; d++) {
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach[most + k - 1] as number) < (reach[most + k + 1] as number));
      let i = down ? (reach[most + k + 1] as number) : (reach[most + k - 1] as number) + 1;
      while (i < x.length && i - k < y.length && x[i] === y[i - k]) i += 1;
      reach[most + k] = i;
      if (i >= x.length && i - k >= y.length) return d;
    }
  }
  return most;
}

function timed(work: () => void): number {
  const begin = performance.now();
  work();
  return performance.now() - begin;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((p, q) => p - q);
  return sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN;
}

const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values;
const { name, teacher, student } = source();
const result: Record<string, number | string> = { source: name };
process.stdout.write(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}; ${name}\n`);
process.stdout.write('tokens a side   steps        split, align, render   noise   words alone (Myers)\n');
for (const [key, tokens] of Object.entries(SIZES)) {
  const texts = [ofLength(teacher, tokens), ofLength(student, tokens)] as const;
  const ours = (): void => {
    renderDocuments(compareTraces(traceOf(texts[0], 'teacher', tokens), traceOf(texts[1], 'student', tokens)), 'en');
  };
  const peer = (): void => {
    wordDistance(texts[0].split(/\s+/), texts[1].split(/\s+/));
  };
  for (let i = 0; i < WARM_UP; i++) ours();
  const own: number[] = [];
  const words: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(timed(ours));
    if (words.reduce((sum, each) => sum + each, 0) < BASELINE_BUDGET_MS) words.push(timed(peer));
  }
  const typical = quantile(own, 0.5);
  const noise = (quantile(own, 0.75) - quantile(own, 0.25)) / 2 / typical;
  const section = compareTraces(traceOf(texts[0], 'teacher', tokens), traceOf(texts[1], 'student', tokens)).sections[0];
  const { teacherSteps = 0, studentSteps = 0 } = section?.alignment.summary ?? {};
  result[key] = Number(typical.toFixed(1));
  result[`${key}Noise`] = Number(noise.toFixed(3));
  result[`${key}WordDiff`] = Number(quantile(words, 0.5).toFixed(1));
  process.stdout.write(`${String(tokens).padStart(13)}   ${`${teacherSteps} / ${studentSteps}`.padEnd(12)} ${`${typical.toFixed(1)} ms`.padStart(21)} ${`±${(noise * 100).toFixed(0)}%`.padStart(7)} ${`${quantile(words, 0.5).toFixed(1)} ms`.padStart(21)}\n`);
}
if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
