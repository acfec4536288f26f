/**
 * `npm run bench -- data [--json] [--rows N] [--pairs N] [--seed N] [--install-peers]`: long traces cleaned and deduplicated by
 * `distill data clean` against the same job in Python (bench/data/datasketch_job.py), both as their users start them, from
 * process start to the last line on disk, taking turns. Recall and precision of both are of the same planted duplicates.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { exactSimilarity, makeRows, readRows, realDataFolder, THRESHOLD, type Planted } from './data/rows.ts';

const repository = path.resolve(import.meta.dirname, '../..');
const peerFolder = path.join(repository, '.peers/data');
const peerPython = process.platform === 'win32' ? path.join(peerFolder, 'Scripts/python.exe') : path.join(peerFolder, 'bin/python');
const GOALS = { ratioToDatasketch: 5, recall: 0.95, precision: 0.95 };

const { values: options } = parseArgs({ options: {
  json: { type: 'boolean', default: false }, rows: { type: 'string', default: '100000' }, pairs: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' },
  'install-peers': { type: 'boolean', default: false },
} });
const say = (line: string): void => { process.stdout.write(`${line}\n`); };

/** The Python that has the peer, or why there is none. */
function findPeer(): { readonly python: string; readonly versions: string } | { readonly absent: string } {
  if (options['install-peers'] && !existsSync(peerPython)) {
    execFileSync('python3', ['-m', 'venv', peerFolder], { stdio: 'inherit' });
    execFileSync(peerPython, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--require-hashes', '-r', path.join(repository, 'bench/data/requirements.txt')], { stdio: 'inherit' });
  }
  let reason = '';
  for (const python of [process.env['DISTILL_PYTHON'], peerPython, 'python3']) {
    if (python === undefined) continue;
    try {
      const versions = execFileSync(python, ['-c', 'import sys, datasketch, jieba, xxhash; print(f"datasketch {datasketch.__version__}, jieba {jieba.__version__}, Python {sys.version.split()[0]}")'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
      return { python, versions };
    } catch (error) {
      reason = error instanceof Error ? error.message.trim().split('\n').at(-1) ?? '' : String(error);
    }
  }
  return { absent: reason };
}

interface Turn {
  readonly seconds: number;
  /** Of the process itself, its threads included, its children not; null where the system doesn't tell. */
  readonly peakMiB: number | null;
}

const POLL_MS = 100;

async function timed(command: string, args: readonly string[]): Promise<Turn> {
  const started = performance.now();
  const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd: os.tmpdir() });
  let peak: number | null = null;
  const poll = setInterval(() => {
    try {
      const [, kilobytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8')) ?? [];
      if (kilobytes !== undefined) peak = Number(kilobytes) / 1024;
    } catch {
      // Not Linux, or it has just ended.
    }
  }, POLL_MS);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${String(code)}`);
    return { seconds: (performance.now() - started) / 1000, peakMiB: peak };
  } finally {
    clearInterval(poll);
  }
}

interface Removal {
  readonly row: number;
  readonly of: number;
}

/** Rows that were taken as duplicates, from either side file. */
async function removals(file: string): Promise<readonly Removal[]> {
  const found: Removal[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const value = JSON.parse(line) as { readonly kind?: string; readonly row: number; readonly ofRow?: number; readonly rule?: string; readonly detail?: { readonly ofRow?: number } };
    if (value.kind === 'changed') continue;
    const of = value.ofRow ?? value.detail?.ofRow;
    if (of === undefined) throw new Error(`row ${String(value.row)} was taken by ${value.rule ?? '?'}: the bench plants nothing for that rule`);
    found.push({ row: value.row, of });
  }
  return found;
}

interface Quality {
  readonly recall: number;
  readonly precision: number;
  readonly removed: number;
}

/** Recall: pairs of at least the threshold of which one went. Precision: rows that went which are as similar as that to the row named. */
async function judged(planted: Planted, taken: readonly Removal[], clean: string): Promise<Quality> {
  const gone = new Set(taken.map(({ row }) => row));
  const similar = planted.pairs.filter(([, , similarity]) => similarity >= THRESHOLD);
  const found = similar.filter(([copy, original]) => gone.has(copy) || gone.has(original));
  const known = new Map(planted.pairs.flatMap(([copy, original, similarity]) => [[`${String(copy)} ${String(original)}`, similarity], [`${String(original)} ${String(copy)}`, similarity]] as const));
  const unknown = taken.filter(({ row, of }) => !known.has(`${String(row)} ${String(of)}`));
  const texts = await readRows(clean, new Set(unknown.flatMap(({ row, of }) => [row, of])));
  const right = taken.filter(({ row, of }) => {
    const [a, b] = [texts.get(row), texts.get(of)];
    return (known.get(`${String(row)} ${String(of)}`) ?? (a === undefined || b === undefined ? 0 : exactSimilarity(a, b))) >= THRESHOLD;
  });
  return { recall: found.length / similar.length, precision: right.length / taken.length, removed: taken.length };
}

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);
const median = (values: readonly number[]): number => {
  const all = sorted(values);
  return ((all[Math.floor((all.length - 1) / 2)] ?? Number.NaN) + (all[Math.ceil((all.length - 1) / 2)] ?? Number.NaN)) / 2;
};
const noise = (values: readonly number[]): number => ((sorted(values).at(-1) ?? 0) - (sorted(values)[0] ?? 0)) / 2 / median(values);

const data = realDataFolder(repository);
if (data === null) {
  say('The rows are made of real traces, which are not there: name their folder in DISTILL_TEST_DATA (it has r1-gsm8k, r1-distill-pair, gsm8k and cmath).');
  if (options.json) say(JSON.stringify({ ratioToDatasketch: null, recall: null, precision: null, rows: null }));
  process.exit(1);
}
const peer = findPeer();
const [count, pairs, seed] = [Number(options.rows), Number(options.pairs), Number(options.seed)];
const folder = await mkdtemp(path.join(os.tmpdir(), 'distill-bench-data-'));
try {
  const rows = path.join(folder, 'rows.jsonl');
  process.stderr.write(`making ${String(count)} rows …\n`);
  const planted = await makeRows(data, rows, count, seed);
  const [ours, theirs] = [path.join(folder, 'ours.jsonl'), path.join(folder, 'theirs.jsonl')];
  const runOurs = (): Promise<Turn> => timed(process.execPath, [path.join(repository, 'dist/cli.js'), 'data', 'clean', rows, '--out', ours, '--similarity', String(THRESHOLD), '--force']);
  const runTheirs = (python: string): Promise<Turn> => timed(python, [path.join(repository, 'bench/data/datasketch_job.py'), rows, theirs, path.join(folder, 'theirs.removed.jsonl'), String(THRESHOLD)]);
  const [own, other]: [Turn[], Turn[]] = [[], []];
  for (let pair = 0; pair < pairs; pair++) {
    process.stderr.write(`pair ${String(pair + 1)} of ${String(pairs)}: distill …`);
    own.push(await runOurs());
    process.stderr.write(` ${(own.at(-1)?.seconds ?? 0).toFixed(1)} s${'python' in peer ? '; datasketch …' : '\n'}`);
    if (!('python' in peer)) continue;
    other.push(await runTheirs(peer.python));
    process.stderr.write(` ${(other.at(-1)?.seconds ?? 0).toFixed(1)} s\n`);
  }
  const quality = await judged(planted, await removals(path.join(folder, 'ours.removed.jsonl')), rows);
  const peerQuality = 'python' in peer ? await judged(planted, await removals(path.join(folder, 'theirs.removed.jsonl')), rows) : null;
  const ratio = 'python' in peer ? median(own.map(({ seconds }, pair) => (other[pair]?.seconds ?? Number.NaN) / seconds)) : null;
  const megabytes = planted.characters / 1e6;
  say(`${String(count)} rows, ${megabytes.toFixed(0)} million characters, half English, half Chinese; ${String(planted.pairs.length)} planted pairs, ${String(planted.pairs.filter(([, , similarity]) => similarity >= THRESHOLD).length)} of them at ${String(THRESHOLD)} or above`);
  say('                 median s    noise   rows/s   peak MiB   removed   recall  precision');
  const line = (name: string, turns: readonly Turn[], { recall, precision, removed }: Quality): void => {
    const seconds = turns.map((turn) => turn.seconds);
    const peak = turns.map(({ peakMiB }) => peakMiB ?? Number.NaN);
    say([name.padEnd(15), median(seconds).toFixed(1).padStart(9), `±${(noise(seconds) * 100).toFixed(0)}%`.padStart(8), (count / median(seconds)).toFixed(0).padStart(8), Math.max(...peak).toFixed(0).padStart(10), String(removed).padStart(9), recall.toFixed(4).padStart(8), precision.toFixed(4).padStart(10)].join(' '));
  };
  line('distill', own, quality);
  if (peerQuality !== null) line('datasketch', other, peerQuality);
  if ('python' in peer) say(`datasketch: ${peer.versions}, a pool of ${String(os.availableParallelism())} processes; its peak is that of the first of them`);
  else say(`datasketch: not measured (${peer.absent}); npm run bench -- data --install-peers puts it into ${path.relative(repository, peerFolder)}, or name a Python that has datasketch, jieba and xxhash in DISTILL_PYTHON`);
  say(`ratioToDatasketch: ${ratio === null ? 'not measured' : `${ratio.toFixed(2)}×`} (goal ≥ ${String(GOALS.ratioToDatasketch)}); recall ${quality.recall.toFixed(4)} (goal ≥ ${String(GOALS.recall)}); precision ${quality.precision.toFixed(4)} (goal ≥ ${String(GOALS.precision)})`);
  if (options.json) {
    say(JSON.stringify({
      ratioToDatasketch: ratio, recall: quality.recall, precision: quality.precision, rows: count, pairs,
      seconds: own.map(({ seconds }) => seconds), peerSeconds: other.map(({ seconds }) => seconds), peakMiB: Math.max(...own.map(({ peakMiB }) => peakMiB ?? Number.NaN)),
      peerRecall: peerQuality?.recall ?? null, peerPrecision: peerQuality?.precision ?? null, peer: 'python' in peer ? peer.versions : null, seed, characters: planted.characters,
      machine: `${os.cpus()[0]?.model.trim() ?? ''}, ${String(os.availableParallelism())} cores`, node: process.version,
    }));
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
