/**
 * `npm run bench -- teacher [--json] [--rows 10000] [--kills 24] [--pairs 5] [--seed 1]`: the collect stage, as users run it,
 * against a service that misbehaves and counts.
 *
 * 1. Speed: a collect run against a bare closed loop of requests that knows the service's capacity, on the same rows, with
 *    the same misbehaviours, alternating. The service's own clock says from when to when it answered.
 * 2. Truth: 10,000 rows under a cap that ends the run early; then, under higher ones, the engine killed with SIGKILL over and
 *    over at random moments and resumed. The service's own count says what was answered twice and what was billed.
 *
 * `npm run bench -- teacher serve '{"port":9000,…}'` starts the service alone: see test/harness/teacherServer.ts.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Random } from '../src/engine/model/random.ts';
import { createRunFolder } from '../src/runs/folder.ts';
import { readRecipe } from '../src/shared/recipeText.ts';
import { answerTo, startTeacherServer, type Asked, type Counts, type TeacherServerOptions } from '../test/harness/teacherServer.ts';
import { startTeacherProcess, type TeacherProcess } from '../test/harness/teacherProcess.ts';

const ENGINE = path.resolve('dist/engine.js');
/** Below the recipe's concurrency: the client has to find it. */
const CAPACITY = 48;
const CONCURRENCY = 64;
const MAX_TOKENS = 256;
const TIMEOUT_SECONDS = 2;
const PRICES = { currency: 'USD', input: 1, output: 4 };
/** Share of requests with each fault: one in twenty has one. */
const RATES: TeacherServerOptions['rates'] = {
  '429': 0.004, '500': 0.006, '503': 0.004, hang: 0.0005, 'hang-mid': 0.0005, drip: 0.001, 'cut-before': 0.003, cut: 0.004, 'cut-after': 0.002, 'cut-end': 0.002,
  unfinished: 0.003, malformed: 0.003, 'bad-utf8': 0.002, 'error-in-stream': 0.002, duplicates: 0.002, 'doubled-end': 0.002, huge: 0.0005, html: 0.001,
  'usage-absent': 0.002, 'usage-negative': 0.002, 'usage-absurd': 0.002, 'usage-zero': 0.001, 'usage-text': 0.001,
};
const SERVICE: TeacherServerOptions = { seed: 1, rates: RATES, capacity: CAPACITY, retryAfterMs: 100, latencyMs: 60, tokenMs: 5, dripMs: 20 };
/** An answer that ended longer before a kill was read, whatever its connection was used for since. */
const IN_FLIGHT_MS = 2_000;
/** Caps of the first two phases, as shares of what all rows cost: the first without a kill, so that it is met closely. */
const CAPPED_SHARES = [0.2, 0.7] as const;
/** Share of the rows whose time counts: one hanging request at the end of a short run would else be a sixth of it, on either side. */
const PUNCTUAL = 0.99;
/** Rows of one side of a pair: long enough that finding the capacity and the last stragglers are a small part. */
const PAIR_ROWS = 3000;
/** More lives than this mean that a run never gets on. */
const LIVES_MOST = 400;

interface Row { readonly prompt: string; readonly gold: string }

function rowsOf(count: number, salt: number): Row[] {
  return Array.from({ length: count }, (_, i) => ({ prompt: `Question ${String(salt)}-${String(i)}: what is ${String(i)} + ${String(i % 97 + salt)}?`, gold: String(i + i % 97 + salt) }));
}

async function newRun(folder: string, server: TeacherProcess, rows: readonly Row[], { name, money }: { readonly name: string; readonly money?: number }): Promise<{ readonly run: string; readonly to: string }> {
  await writeFile(path.join(folder, `${name}.questions.jsonl`), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const to = `${name}.jsonl`;
  const read = readRecipe(JSON.stringify({
    format: 1, name,
    teachers: {
      [name]: {
        type: 'api', baseUrl: server.url, model: 'tiny-r1', concurrency: CONCURRENCY, prices: PRICES,
        ...(money === undefined ? {} : { budget: { money } }), timeouts: { firstTokenSeconds: TIMEOUT_SECONDS, silenceSeconds: TIMEOUT_SECONDS }, retries: 8,
      },
    },
    student: { new: { hidden_size: 32, intermediate_size: 64, num_hidden_layers: 1, num_attention_heads: 4 }, tokenizer: path.resolve('examples/arithmetic/tokenizer') },
    data: { train: to, validation: 0.1 },
    stages: [{ type: 'collect', from: `${name}.questions.jsonl`, ask: { teacher: name, sampling: { maxTokens: MAX_TOKENS, seed: 0 } }, to }],
  }));
  if (read.recipe === undefined) throw new Error(JSON.stringify(read.problems));
  const run = await createRunFolder(folder, { format: 1, createdAt: Date.now(), recipePath: path.join(folder, 'distill.json'), base: folder, recipe: read.recipe, parent: null, queue: false, versions: {} });
  return { run, to: path.join(folder, to) };
}

interface Life { readonly code: number | null; readonly killedAt: number | null }

/** One life of the engine; killed when `until` resolves before it ends. */
async function live(run: string, until: ((signal: AbortSignal) => Promise<void>) | null): Promise<Life> {
  const engine = spawn(process.execPath, [ENGINE, run], { stdio: ['ignore', 'ignore', 'pipe'] });
  const printed: Buffer[] = [];
  engine.stderr.on('data', (bytes: Buffer) => printed.push(bytes));
  const over = new AbortController();
  let killedAt: number | null = null;
  void until?.(over.signal).then(() => {
    if (over.signal.aborted) return;
    killedAt = Date.now();
    engine.kill('SIGKILL');
  });
  const code = await new Promise<number | null>((resolve) => { engine.on('close', resolve); });
  over.abort();
  await writeFile(path.join(run, 'engine.log'), Buffer.concat(printed), { flag: 'a' });
  return { code, killedAt: code === null ? killedAt : null };
}

interface Rate {
  /** Until the last answer. */
  readonly whole: number;
  /** Until PUNCTUAL of the answers were there. */
  readonly punctual: number;
}

/** Rows a second since the service began its first answer: finding the capacity is part of it. */
function rateOf({ asked }: Counts): Rate {
  const times = asked.flatMap(({ times: each }) => each);
  const begun = Math.min(...times.map(({ from }) => from));
  const ends = times.map(({ to }) => to).sort((a, b) => a - b);
  const until = (share: number): number => {
    const rows = Math.ceil(ends.length * share);
    return rows / ((ends[rows - 1] ?? NaN) - begun) * 1000;
  };
  return { whole: until(1), punctual: until(PUNCTUAL) };
}

/** As many requests at once as the service takes, each tried again at once, nothing parsed but whether it ended whole. */
async function bareLoop(server: TeacherProcess, rows: readonly Row[]): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CAPACITY });
  const attempt = (prompt: string): Promise<boolean> => new Promise((resolve) => {
    const body = JSON.stringify({ model: 'tiny-r1', messages: [{ role: 'user', content: prompt }], stream: true, stream_options: { include_usage: true }, max_tokens: MAX_TOKENS, seed: 0 });
    const request = http.request(`${server.url}/chat/completions`, { method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } });
    const timer = setTimeout(() => { request.destroy(); }, TIMEOUT_SECONDS * 1000);
    const end = (whole: boolean): void => {
      clearTimeout(timer);
      resolve(whole);
    };
    request.on('error', () => { end(false); });
    request.on('response', (response) => {
      let [tail, size] = ['', 0];
      response.on('data', (bytes: Buffer) => {
        timer.refresh();
        size += bytes.length;
        tail = bytes.toString('latin1').slice(-400);
        if (size > 100_000) request.destroy();
      });
      response.on('error', () => { end(false); });
      response.on('close', () => { end(response.statusCode === 200 && (tail.includes('[DONE]') || tail.includes('"finish_reason":"stop"'))); });
    });
    request.end(body);
  });
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let row = rows[next++]; row !== undefined; row = rows[next++]) while (!(await attempt(row.prompt)));
  };
  await Promise.all(Array.from({ length: CAPACITY }, worker));
  agent.destroy();
}

async function measureShare(folder: string, server: TeacherProcess, pairs: number): Promise<Speed> {
  const [service, client]: [Rate[], Rate[]] = [[], []];
  for (let pair = 0; pair <= pairs; pair += 1) {
    // The first pair warms everything up and is not counted.
    const rows = rowsOf(pair === 0 ? PAIR_ROWS / 4 : PAIR_ROWS, 1000 + pair);
    const sides = [
      async () => {
        await bareLoop(server, rows);
        service.push(rateOf(await server.counts()));
      },
      async () => {
        const { run } = await newRun(folder, server, rows, { name: `pair-${String(pair)}` });
        const { code } = await live(run, null);
        if (code !== 0) throw new Error(`the run ended with ${String(code)}: ${await readFile(path.join(run, 'engine.log'), 'utf8')}`);
        client.push(rateOf(await server.counts()));
      },
    ];
    // Who goes first changes, so that neither always has the cooler machine.
    for (const side of pair % 2 === 0 ? sides : sides.toReversed()) {
      await server.reset();
      await side();
    }
  }
  service.shift();
  client.shift();
  const shares = (of: keyof Rate): number[] => client.map((each, i) => each[of] / (service[i]?.[of] ?? NaN));
  return { service: service.map(({ punctual }) => punctual), client: client.map(({ punctual }) => punctual), shares: shares('punctual'), sharesWhole: shares('whole') };
}

interface Speed {
  readonly service: readonly number[];
  readonly client: readonly number[];
  readonly shares: readonly number[];
  readonly sharesWhole: readonly number[];
}

interface Truth {
  readonly kills: number;
  readonly lives: number;
  readonly rowsTwice: number;
  readonly rowsLost: number;
  readonly rowsWrong: number;
  readonly inFlightAtKills: number;
  readonly capExceeded: number;
  readonly caps: readonly { readonly cap: number; readonly billed: number }[];
  readonly counts: Counts;
}

function money({ billed }: Counts): number {
  return (billed.input * PRICES.input + billed.output * PRICES.output) / 1e6;
}

async function measureTruth(folder: string, server: TeacherProcess, { rows: count, kills: wanted, seed }: { readonly rows: number; readonly kills: number; readonly seed: number }): Promise<Truth> {
  const rows = rowsOf(count, 7);
  const random = new Random(seed);
  // What a row costs, from the first row's prompt and answer, and a fifth for what is lost on the way.
  const sample = rows.slice(0, 50).map(({ prompt }) => (20 + prompt.length / 4) * PRICES.input + answerTo(prompt, 0, SERVICE).tokens * PRICES.output);
  const whole = sample.reduce((sum, each) => sum + each, 0) / sample.length * count / 1e6;
  // A killed engine's requests count at their worst case for good: the higher cap has room for all of them.
  const worst = ((MAX_TOKENS + 300) * PRICES.output) / 1e6;
  const caps = [...CAPPED_SHARES.map((share) => whole * share), whole * 3 + worst * CONCURRENCY * (wanted + 10) * 2];
  const killedAt: number[] = [];
  const seen: { cap: number; billed: number }[] = [];
  let [lives, capExceeded, to] = [0, 0, ''];
  await server.reset();
  for (const [phase, cap] of caps.entries()) {
    const goal = Math.ceil(wanted * phase / (caps.length - 1));
    const { run, to: file } = await newRun(folder, server, rows, { name: 'truth', money: cap });
    to = file;
    let life: Life = { code: null, killedAt: null };
    for (let lived = 0; life.code === null && lived < LIVES_MOST; lived += 1) {
      const answered = (await server.counts()).answered;
      const left = Math.max(1, count * (CAPPED_SHARES[phase] ?? 1) * (phase === 1 ? 0.6 : 1) - answered);
      // Spread over the rows that are left; sometimes at once, in the middle of the start.
      const after = random.uniform() < 0.15 ? -1 : random.uniform() * 2 * left / Math.max(1, goal - killedAt.length + 1);
      life = await live(run, killedAt.length >= goal ? null : (signal) => whenAnswered(server, after < 0 ? -1 : answered + after, random.uniform() * 800, signal));
      lives += 1;
      if (life.killedAt !== null) killedAt.push(life.killedAt);
      const billed = money(await server.counts());
      if (billed > cap) capExceeded += 1;
    }
    seen.push({ cap, billed: money(await server.counts()) });
    if (life.code !== 0 && phase === caps.length - 1) throw new Error(`the run ended with ${String(life.code)}: ${await readFile(path.join(run, 'engine.log'), 'utf8')}`);
  }
  const counts = await server.counts();
  const { twice, excused } = judge(counts.asked, killedAt);
  const output = (await readFile(to, 'utf8')).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { readonly prompt: string; readonly think: string; readonly answer: string });
  const found = new Map<string, number>();
  let rowsWrong = 0;
  for (const { prompt, think, answer } of output) {
    found.set(prompt, (found.get(prompt) ?? 0) + 1);
    const right = answerTo(prompt, 0, SERVICE);
    if (think !== right.think || answer !== right.answer) rowsWrong += 1;
  }
  return {
    kills: killedAt.length, lives, capExceeded, caps: seen, counts, rowsWrong, inFlightAtKills: excused,
    rowsLost: rows.filter(({ prompt }) => !found.has(prompt)).length,
    rowsTwice: twice + output.length - found.size,
  };
}

/** Resolves some time after the service has given so many answers; -1: only after that time. */
async function whenAnswered(server: TeacherProcess, answers: number, milliseconds: number, signal: AbortSignal): Promise<void> {
  while (answers >= 0 && !signal.aborted && (await server.answered()) < answers) await new Promise((resolve) => { setTimeout(resolve, 20); });
  await new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}

/**
 * Answers beyond the first of each row, less those that were in flight when the engine was killed: still being written, or
 * written to a connection over which the engine had not asked anything since, so that it may not have read them.
 */
function judge(asked: readonly Asked[], killedAt: readonly number[]): { readonly twice: number; readonly excused: number } {
  let [twice, excused] = [0, 0];
  for (const { times } of asked) {
    for (const { from, to, next } of times.toSorted((a, b) => a.to - b.to).slice(0, -1)) {
      const kill = killedAt.find((at) => at >= from);
      if (kill !== undefined && next === null && to >= kill - IN_FLIGHT_MS) excused += 1;
      else twice += 1;
    }
  }
  return { twice, excused };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] ?? NaN : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

async function main(): Promise<void> {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, rows: { type: 'string', default: '10000' }, kills: { type: 'string', default: '24' }, pairs: { type: 'string', default: '5' }, seed: { type: 'string', default: '1' } },
  });
  if (positionals[0] === 'serve') {
    const { port } = await startTeacherServer(JSON.parse(positionals[1] ?? '{}') as TeacherServerOptions);
    console.log(JSON.stringify({ port }));
    return;
  }
  const [rows, kills, pairs, seed] = [Number(options.rows), Number(options.kills), Number(options.pairs), Number(options.seed)];
  const folder = await mkdtemp(path.join(tmpdir(), 'distill-teacher-'));
  const server = await startTeacherProcess(SERVICE, folder, process.cwd());
  const began = performance.now();
  try {
    const share = pairs === 0 ? null : await measureShare(folder, server, pairs);
    const truth = await measureTruth(folder, server, { rows, kills, seed });
    const result = {
      shareOfServer: share === null ? null : median(share.shares), rows, rowsTwice: truth.rowsTwice, rowsLost: truth.rowsLost, capExceeded: truth.capExceeded, kills: truth.kills,
      rowsWrong: truth.rowsWrong, inFlightAtKills: truth.inFlightAtKills, lives: truth.lives, caps: truth.caps, shares: share?.shares ?? [], shareOfServerToTheLast: share === null ? null : median(share.sharesWhole),
      serviceRowsPerSecond: share === null ? null : median(share.service), clientRowsPerSecond: share === null ? null : median(share.client), pairRows: PAIR_ROWS,
      requests: truth.counts.requests, mostAtOnce: truth.counts.mostAtOnce, misbehaved: truth.counts.misbehaved,
      seconds: Math.round((performance.now() - began) / 1000), seed, machine: { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    };
    const cents = (amount: number): string => `${amount.toFixed(4)} ${PRICES.currency}`;
    console.log([
      ...(share === null ? [] : [
        `What the service can give   ${median(share.service).toFixed(1)} rows/s (bare loop at its capacity of ${String(CAPACITY)}, until ${String(PUNCTUAL * 100)}% were answered, median of ${String(pairs)})`,
        `What collect takes of it    ${median(share.client).toFixed(1)} rows/s: ${(median(share.shares) * 100).toFixed(1)}% (pairs: ${share.shares.map((each) => (each * 100).toFixed(1)).join(', ')}; to the very last row ${(median(share.sharesWhole) * 100).toFixed(1)}%)`,
      ]),
      `Rows                        ${String(rows)}, of which twice ${String(truth.rowsTwice)}, lost ${String(truth.rowsLost)}, wrong ${String(truth.rowsWrong)}`,
      `Engine killed               ${String(truth.kills)} times in ${String(truth.lives)} lives; ${String(truth.inFlightAtKills)} answers in flight at a kill were asked again (${String(CONCURRENCY)} at most each time)`,
      ...truth.caps.map(({ cap, billed }) => `Cap ${cents(cap)}, billed ${cents(billed)}`),
      `Faults of the service       ${Object.entries(truth.counts.misbehaved).map(([name, times]) => `${name} ${String(times)}`).join(', ')}`,
    ].join('\n'));
    if (options.json) console.log(JSON.stringify(result));
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

await main();
