/**
 * `npm run bench -- memory [--json] [--backend NAME] [--only TEXT] [--threads N]`: what the pre-flight says a training stage needs, and what
 * its process then holds at most, for stages that differ in sizes, lengths and methods, on each backend that opens. Every stage
 * is trained for a few steps in a process of its own, whose peak of resident memory the operating system tells.
 */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { BackendName } from '../src/shared/events.ts';
import { CASES } from './memory/cases.ts';
import { measureCase, type Measured } from './memory/child.ts';
import { computedBy, estimateOf } from './memory/plan.ts';

const BACKENDS: readonly BackendName[] = ['tensorflow', 'wasm'];
const MIB = 2 ** 20;

interface Row {
  readonly backend: BackendName;
  readonly name: string;
  readonly computed: string;
  readonly estimatedMiB: number;
  readonly measuredMiB: number;
  /** Of the measurement, by how much the estimate is above it. */
  readonly error: number;
}

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, backend: { type: 'string' }, only: { type: 'string', default: '' }, threads: { type: 'string' }, serve: { type: 'string' } } });
const threads = Number(options.threads ?? availableParallelism());

if (options.serve !== undefined) {
  const found = CASES.find(({ name }) => name === options.serve);
  if (found === undefined) throw new Error(`no case ${options.serve}`);
  process.stdout.write(`${JSON.stringify(await measureCase(found, options.backend as BackendName, threads))}\n`);
  process.exit(0);
}

function measured(name: string, backend: BackendName): Promise<Measured | string> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--serve', name, '--backend', backend, '--threads', String(threads)], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [told, complaint] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => { told += chunk.toString(); });
  child.stderr.on('data', (chunk: Buffer) => { complaint = (complaint + chunk.toString()).slice(-2000); });
  return new Promise((resolve) => {
    child.on('close', () => {
      const line = told.split('\n').find((each) => each.startsWith('{'));
      resolve(line === undefined ? complaint.trim().split('\n').find((each) => each.includes('Error')) ?? 'it ended without a word' : JSON.parse(line) as Measured);
    });
  });
}

const rows: Row[] = [];
const absent: string[] = [];
for (const backend of BACKENDS.filter((each) => options.backend === undefined || each === options.backend)) {
  for (const each of CASES.filter(({ name }) => name.includes(options.only))) {
    if (backend === 'wasm' && (each.stage.precision !== 'float32' || each.stage.compile === 'off')) continue;
    process.stderr.write(`\r${backend}: ${each.name}`.padEnd(80));
    const result = await measured(each.name, backend);
    if (typeof result === 'string') {
      absent.push(`${backend}, ${each.name}: ${result}`);
      continue;
    }
    const computed = computedBy(backend, each);
    const estimated = estimateOf(each, computed);
    rows.push({ backend, name: each.name, computed, estimatedMiB: Math.round(estimated / MIB), measuredMiB: Math.round(result.peak / MIB), error: estimated / result.peak - 1 });
  }
}
process.stderr.write('\r'.padEnd(80) + '\r');

if (options.json === true) {
  process.stdout.write(`${JSON.stringify({ threads, rows, absent }, null, 2)}\n`);
} else {
  const percent = (share: number): string => `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)}%`;
  for (const backend of BACKENDS) {
    const own = rows.filter((row) => row.backend === backend);
    if (own.length === 0) continue;
    process.stdout.write(`\n| ${backend} | estimated MiB | measured MiB | error |\n|---|---|---|---|\n`);
    for (const row of own) process.stdout.write(`| ${row.name} | ${String(row.estimatedMiB)} | ${String(row.measuredMiB)} | ${percent(row.error)} |\n`);
    const worst = own.reduce((most, row) => (Math.abs(row.error) > Math.abs(most.error) ? row : most));
    process.stdout.write(`\n${backend}: ${String(own.length)} stages, the largest error is ${percent(worst.error)} (${worst.name})\n`);
  }
  for (const each of absent) process.stdout.write(`not measured: ${each}\n`);
}
