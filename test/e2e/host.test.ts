/** Runs test/host/*.test.ts inside VS Code's extension host and reports each of them here. */
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Editor, repository } from '../harness/workbench.ts';

const BUNDLE = path.join(repository, 'dist/test/host/index.js');
const RESULTS = path.join(repository, 'dist/test/host/results.json');
const ALL_WITHIN_MS = 200_000;

interface HostResult { readonly title: string; readonly error?: string }

let editor: Editor;
let scratch: string;

beforeAll(async () => {
  const folder = path.join(repository, 'test/host');
  const files = readdirSync(folder).filter((name) => name.endsWith('.test.ts')).sort();
  await build({
    entryPoints: [path.join(folder, 'index.ts')], outfile: BUNDLE, bundle: true, platform: 'node', target: 'node20', format: 'cjs',
    mainFields: ['module', 'main'], external: ['vscode', 'mocha'], sourcemap: 'inline', logLevel: 'error',
    plugins: [{
      name: 'host-tests',
      setup(bundler) {
        bundler.onResolve({ filter: /^virtual:host-tests$/ }, (args) => ({ path: args.path, namespace: 'host-tests' }));
        bundler.onLoad({ filter: /.*/, namespace: 'host-tests' }, () => ({
          contents: `export function register() {\n${files.map((name) => `  require(${JSON.stringify(`./${name}`)});`).join('\n')}\n}`,
          resolveDir: folder, loader: 'ts',
        }));
      },
    }],
  });
  scratch = await mkdtemp(path.join(os.tmpdir(), 'dh-'));
  await cp(path.join(repository, 'test/fixtures/workspace'), path.join(scratch, 'workspace'), { recursive: true });
  editor = await Editor.start({
    smokeTestDriver: true,
    env: { DISTILL_HOST_RESULTS: RESULTS, DISTILL_FIXTURES: path.join(repository, 'test/fixtures') },
  });
});

afterAll(async () => {
  await editor?.close();
  await rm(scratch, { recursive: true, force: true });
});

test('every host test passes', async () => {
  const window = await editor.open({ folder: path.join(scratch, 'workspace'), extensionTests: BUNDLE });
  const exit = new Promise<number>((resolve) => {
    void window.page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  });
  const log: string[] = [];
  await window.page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => log.push(args.map(String).join(' ')));
  await window.load();
  const code = await exit;
  const results = JSON.parse(readFileSync(RESULTS, 'utf8')) as HostResult[];
  for (const { title, error } of results) console.log(`${error === undefined ? '✓' : '✗'} ${title}${error === undefined ? '' : `\n${error}`}`);
  expect(results.filter(({ error }) => error !== undefined), log.slice(-20).join('\n')).toEqual([]);
  expect(results.length).toBeGreaterThan(0);
  expect(code).toBe(0);
}, ALL_WITHIN_MS);
