/**
 * `npm run bench -- ui [--json] [--seconds N]`: how live the Metrics panel is, in a real VS Code: from an event appended
 * by another process to the point on the screen, what the extension host pays for it, and how soon a run of a million
 * values is open.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Editor, repository, type Workbench } from '../test/harness/workbench.ts';
import { cpuSeconds, extensionHostOf } from './ui/hostProcess.ts';
import { Recording, VALUES_PER_STEP } from './ui/recording.ts';

const EVENTS_PER_SECOND = 200;
const MILLION = 1_000_000;
/** Openings of the long run; the median counts. */
const OPENINGS = 5;
/** What the page and the just-in-time compilers need before figures are even. */
const WARM_UP_SECONDS = 5;
const LIVE_RUN = '2026-08-01-0900-live';

const { values: options } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '30' }, writer: { type: 'string' } } });

/** The writing process: one event every 5 ms; prints when each was in the file. */
async function write(project: string, seconds: number): Promise<void> {
  const recording = await Recording.create(project, { name: LIVE_RUN, totalSteps: EVENTS_PER_SECOND * seconds });
  await recording.start();
  const began = performance.now();
  const appended: [number, number][] = [];
  while (recording.step < EVENTS_PER_SECOND * seconds) {
    // Late timers are caught up with, so that the rate holds.
    while (recording.step < ((performance.now() - began) / 1000) * EVENTS_PER_SECOND) {
      await recording.next();
      appended.push([recording.step, Date.now()]);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await recording.end();
  process.stdout.write(JSON.stringify(appended));
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly events: number;
  readonly hostCpuShare: number;
  readonly hostCpuIdle: number;
}

async function measureLive(home: string, seconds: number): Promise<Latency> {
  const project = path.join(home, 'live');
  await mkdir(project, { recursive: true });
  const editor = await Editor.start();
  try {
    const writer = spawn(process.execPath, [fileURLToPath(import.meta.url), '--writer', project, '--seconds', String(seconds + WARM_UP_SECONDS)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const written = text(writer.stdout);
    // The folder has to hold a project when the window opens.
    await until(() => existsSync(path.join(project, 'distill.json')));
    const window = await (await editor.open({ folder: project })).load();
    await openMetrics(window);
    await watchDrawing(window);
    const host = extensionHostOf(editor.server.pid);
    await pause(WARM_UP_SECONDS * 1000);
    const [cpuBefore, timeBefore] = [cpuSeconds(host), performance.now()];
    const counted = await lastDrawn(window);
    const ended = new Promise<void>((resolve) => { writer.on('close', () => resolve()); });
    const appends = written.then((line) => JSON.parse(line) as [number, number][]);
    // The share is taken while events still come: up to the last second of the writer.
    await pause(Math.max(5, seconds - 12) * 1000);
    const hostCpuShare = (cpuSeconds(host) - cpuBefore) / ((performance.now() - timeBefore) / 1000);
    await ended;
    const all = await appends;
    const last = all.at(-1)?.[0] ?? 0;
    await window.webview().locator(`.card[data-group=loss] .plot[data-drawn-step="${last}"]`).waitFor();
    const drawn = await window.webview().locator('body').evaluate(() => (globalThis as unknown as { drawnAt: [number, number][] }).drawnAt);
    const latencies = latenciesOf(all.filter(([step]) => step > counted), drawn);
    const [idleCpu, idleTime] = [cpuSeconds(host), performance.now()];
    await pause(5000);
    const hostCpuIdle = (cpuSeconds(host) - idleCpu) / ((performance.now() - idleTime) / 1000);
    await window.close();
    return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99), events: latencies.length, hostCpuShare, hostCpuIdle };
  } finally {
    await editor.close();
  }
}

/** Notes when the page had drawn up to which step: reads what the chart says of itself, a frame after it was drawn. */
async function watchDrawing(window: Workbench): Promise<void> {
  await window.webview().locator('.card[data-group=loss] .plot').evaluate((plot) => {
    const drawnAt: [number, number][] = [];
    Object.assign(globalThis, { drawnAt });
    new MutationObserver(() => {
      const step = Number((plot as HTMLElement).dataset['drawnStep']);
      // The canvas reaches the screen with the next frame.
      requestAnimationFrame(() => drawnAt.push([step, Date.now()]));
    }).observe(plot, { attributes: true, attributeFilter: ['data-drawn-step'] });
  });
}

async function lastDrawn(window: Workbench): Promise<number> {
  return Number(await window.webview().locator('.card[data-group=loss] .plot').getAttribute('data-drawn-step'));
}

function latenciesOf(appended: readonly (readonly [number, number])[], drawn: readonly (readonly [number, number])[]): number[] {
  let next = 0;
  return appended.flatMap(([step, at]) => {
    while ((drawn[next]?.[0] ?? Infinity) < step) next += 1;
    const seen = drawn[next];
    return seen === undefined ? [] : [seen[1] - at];
  });
}

interface Opening {
  readonly milliseconds: readonly number[];
  readonly points: number;
  readonly activationMs: number | null;
}

async function measureOpening(home: string): Promise<Opening> {
  const project = path.join(home, 'long');
  await mkdir(project, { recursive: true });
  const steps = Math.ceil(MILLION / VALUES_PER_STEP);
  const startedAt = Date.UTC(2026, 6, 1);
  const recording = await Recording.create(project, { name: '2026-07-01-0900-long', totalSteps: steps });
  await recording.start(startedAt);
  await recording.steps(steps, startedAt);
  await recording.end(startedAt + steps * 400);
  const editor = await Editor.start();
  try {
    const window = await (await editor.open({ folder: project })).load();
    await window.openContainer();
    await window.treeRow('arithmetic').first().waitFor();
    const milliseconds: number[] = [];
    for (let opening = 0; opening <= OPENINGS; opening += 1) {
      const began = await openMetrics(window);
      await window.webview().locator(`.card[data-group=loss] .plot[data-drawn-step="${steps}"]`).waitFor();
      // The first one warms up: files, compilers, the worker.
      if (opening > 0) milliseconds.push(performance.now() - began);
      await window.page.keyboard.press('Control+F4');
      await window.command('View: Close All Editors');
      await window.page.locator('iframe.webview.ready').first().waitFor({ state: 'detached' });
    }
    await window.close();
    return { milliseconds, points: steps * VALUES_PER_STEP, activationMs: activationOf(editor.home) };
  } finally {
    await editor.close();
  }
}

/** Chooses the command in the palette; returns when it was chosen. */
async function openMetrics(window: Workbench): Promise<number> {
  const { page } = window;
  const row = page.locator('.quick-input-list .monaco-list-row').filter({ hasText: 'Open Metrics' }).first();
  await page.locator('.part.statusbar').click({ position: { x: 2, y: 2 } });
  for (let attempt = 0; ; attempt += 1) {
    await page.keyboard.press('F1');
    await page.locator('.quick-input-widget input.input').fill('>Distill: Open Metrics').catch(() => undefined);
    if (await row.waitFor({ timeout: 5000 }).then(() => true, () => false)) break;
    if (attempt > 10) throw new Error('the palette does not know Open Metrics');
  }
  const began = performance.now();
  await page.keyboard.press('Enter');
  await window.webview().locator('.card[data-group=loss] .plot[data-drawn-step]').waitFor();
  return began;
}

/** The extension writes how long its own part of the activation took. */
function activationOf(home: string): number | null {
  const logs = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((file) => /Distill\.log$/.test(file));
  const times = logs.flatMap((file) => [...readFileSync(path.join(home, file), 'utf8').matchAll(/activated in ([\d.]+) ms/g)].map((match) => Number(match[1])));
  return times.length === 0 ? null : quantile(times, 0.5);
}

function vsixMiB(): number | null {
  const [file] = readdirSync(repository).filter((name) => name.endsWith('.vsix'));
  return file === undefined ? null : statSync(path.join(repository, file)).size / 2 ** 20;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await pause(20);
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const part of stream) all += String(part);
  return all;
}

async function main(): Promise<void> {
  const seconds = Number(options.seconds);
  if (options.writer !== undefined) return write(options.writer, seconds);
  const home = await mkdtemp(path.join(os.tmpdir(), 'dw-bench-'));
  try {
    const opening = await measureOpening(home);
    const live = await measureLive(home, seconds);
    const openMillionPointsMs = quantile(opening.milliseconds, 0.5);
    const result = {
      eventToPixelP50Ms: Math.round(live.p50), eventToPixelP99Ms: Math.round(live.p99), hostCpuShare: Number(live.hostCpuShare.toFixed(4)),
      openMillionPointsMs: Math.round(openMillionPointsMs), activationMs: opening.activationMs, vsixMiB: vsixMiB(),
      events: live.events, eventsPerSecond: EVENTS_PER_SECOND, valuesPerEvent: VALUES_PER_STEP, hostCpuIdle: Number(live.hostCpuIdle.toFixed(4)),
      points: opening.points, openings: opening.milliseconds.map(Math.round), cores: os.availableParallelism(), load: os.loadavg().map((load) => Number(load.toFixed(2))),
    };
    const row = (name: string, value: string, goal: string): string => `${name.padEnd(44)} ${value.padStart(12)}   ${goal}\n`;
    process.stdout.write([
      row('', 'measured', 'goal'),
      row(`event to pixel, median (${EVENTS_PER_SECOND} events/s, n = ${live.events})`, `${result.eventToPixelP50Ms} ms`, ''),
      row('event to pixel, 99th percentile', `${result.eventToPixelP99Ms} ms`, '< 250 ms'),
      row('extension host, share of one core', `${(result.hostCpuShare * 100).toFixed(1)} %`, `≤ 5 % (idle: ${(result.hostCpuIdle * 100).toFixed(1)} %)`),
      row(`open ${opening.points.toLocaleString('en-US')} values (median of ${OPENINGS})`, `${result.openMillionPointsMs} ms`, `< 1000 ms (${result.openings.join(', ')})`),
      row('activation, own code', result.activationMs === null ? 'no log' : `${result.activationMs} ms`, '< 100 ms'),
      row('.vsix', result.vsixMiB === null ? 'not built' : `${result.vsixMiB.toFixed(1)} MiB`, '< 15 MiB'),
      `load of the machine over the last 1, 5, 15 minutes: ${result.load.join(', ')} on ${result.cores} cores\n`,
    ].join(''));
    if (options.json === true) process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

await main();
