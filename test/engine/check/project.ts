/** Small projects of real folders, as they are and with one thing wrong, for the pre-flight. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Machine } from '../../../src/engine/check/contract.ts';
import { preflight } from '../../../src/engine/check/preflight.ts';
import type { CheckName, Finding, FindingCode, PreflightReport } from '../../../src/shared/preflight.ts';
import { temporaryFolder } from '../../fixtures/temporaryFolder.ts';

const models = path.resolve(import.meta.dirname, '../../fixtures/models');
/** A real Llama of 260,032 parameters, 512 tokens, 512 positions, no chat template. */
export const STORIES = path.join(models, 'stories260k');
/** A Qwen2 with a chat template that opens <think>; 385 tokens, 64 positions. */
export const QWEN = path.join(models, 'tiny-qwen2');
/** A tokenizer of 37 words and characters. */
export const SMALL = path.join(models, 'small-vocabulary');
export const PLAIN = { prompt: '{prompt}\n', completion: '<think>{think}</think>{answer}' };

const GIB = 2 ** 30;

export const machine: Machine = {
  freeMemory: () => 16 * GIB,
  freeDisk: () => Promise.resolve(1000 * GIB),
  attempt: (backend) => Promise.resolve({ backend, outcome: backend === 'wasm' ? 'taken' : 'unavailable', detail: backend === 'wasm' ? '2 threads, SIMD' : 'not installed' }),
  environment: {},
};

export interface Project {
  readonly folder: string;
  readonly file: string;
  copy(model: string, name: string): string;
  /** Changes a JSON file of the project. */
  change(file: string, change: (json: Record<string, unknown>) => void): void;
  rows(file: string, rows: readonly object[]): void;
  check(recipe: object, options?: { readonly machine?: Partial<Machine>; readonly online?: boolean; readonly quick?: boolean; readonly signal?: AbortSignal }): Promise<Report>;
}

export interface Report extends PreflightReport {
  /** The finding with a code; of a teacher where one is named. */
  found(code: FindingCode, subject?: string): Finding | undefined;
  codes(level: Finding['level']): readonly string[];
  of(check: CheckName): readonly Finding[];
  /** The recipe's text after a finding's fix. */
  readonly text: string;
}

export function project(): Project {
  const folder = temporaryFolder();
  const file = path.join(folder, 'distill.json');
  return {
    folder, file,
    copy: (model, name) => {
      cpSync(model, path.join(folder, name), { recursive: true });
      return name;
    },
    change: (name, change) => {
      const place = path.join(folder, name);
      const json = JSON.parse(readFileSync(place, 'utf8')) as Record<string, unknown>;
      change(json);
      writeFileSync(place, JSON.stringify(json));
    },
    rows: (name, rows) => {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    },
    check: async (recipe, options = {}) => {
      const text = JSON.stringify(recipe, null, 2);
      const report = await preflight({ file, text, signal: options.signal ?? new AbortController().signal, online: options.online ?? false, quick: options.quick ?? false, machine: { ...machine, ...options.machine } });
      return {
        ...report, text,
        found: (code, subject) => report.findings.find((each) => each.code === code && (subject === undefined || each.subject === subject)),
        codes: (level) => report.findings.filter((each) => each.level === level).map(({ code }) => code),
        of: (check) => report.findings.filter((each) => each.check === check),
      };
    },
  };
}

/** `count` little sums with their reasoning. */
export function sums(count: number, extra: (index: number) => object = () => ({})): readonly object[] {
  return Array.from({ length: count }, (_, index) => ({ prompt: `What is ${String(index)} + 1?`, think: `${String(index)} + 1 = ${String(index + 1)}`, answer: String(index + 1), ...extra(index) }));
}

/** A right recipe over stories260k: the student is made of some of its teacher's layers. */
export function distillation(change: { readonly data?: object; readonly stage?: object; readonly [key: string]: unknown } = {}): Record<string, unknown> {
  const { data, stage, ...rest } = change;
  return {
    format: 1, name: 'sums',
    teachers: { big: { type: 'local', model: 'big' } },
    student: { fromTeacher: 'big', layers: [0, 2, 4] },
    data: { train: 'train.jsonl', validation: 0.2, template: PLAIN, maxLength: 128, ...data },
    stages: [{ type: 'train', batch: { size: 4 }, limits: { steps: 40 }, validate: { every: 10 }, ...stage }, { type: 'evaluate' }],
    evaluate: { maxNewTokens: 32 },
    ...rest,
  };
}

/** A project where nothing is wrong. */
export function soundProject(): Project {
  const made = project();
  made.copy(STORIES, 'big');
  made.rows('train.jsonl', sums(40));
  return made;
}
