// npm start: opens the workbench on examples/arithmetic, in the person's own VS Code or (-- --browser [--port N]) in a browser.
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { opensDesktop } from './lib/machine.mjs';
import { browserVscode, bundles, dependencies } from './lib/prepare.mjs';
import { at, main, root, run, step, WayOut, which } from './lib/steps.mjs';

const LONGEST_HOME = 60;
const example = at('examples/arithmetic');

/** The `code` command of a VS Code on this desktop; null where there is none. */
async function desktopCode() {
  for (const name of ['code', 'code-insiders', 'codium']) {
    const found = await which(name);
    if (found && opensDesktop({ platform: process.platform, env: process.env, file: await realpath(found) })) return found;
  }
  return null;
}

function options() {
  try {
    const { values } = parseArgs({ options: { browser: { type: 'boolean', default: false }, port: { type: 'string' } } });
    if (values.port !== undefined && !/^[1-9]\d{0,4}$/.test(values.port)) throw new Error(`--port ${values.port} is not a port`);
    return { browser: values.browser || values.port !== undefined, port: values.port === undefined ? undefined : Number(values.port) };
  } catch (error) {
    throw new WayOut(`${error.message}\nnpm start [-- --browser [--port N]]`);
  }
}

/** The packed extension in the browser's VS Code: that one loads an unpacked folder only in its test mode, without notifications. */
async function installExtension(home) {
  const { installVsix } = await import('./lib/vscodeServer.mjs');
  const vsix = path.join(home, 'distill-workbench.vsix');
  const installed = path.join(home, 'extension-installed');
  if (existsSync(installed) && statSync(installed).mtimeMs >= (statSync(at('dist/.built'), { throwIfNoEntry: false })?.mtimeMs ?? Infinity)) return;
  await step('Packing and installing the extension', '10 s', async () => {
    await mkdir(home, { recursive: true });
    await run(process.execPath, [at('scripts/package.mjs'), vsix], { log: path.join(home, 'package.log') });
    await installVsix(vsix, home);
    await writeFile(installed, '');
  });
}

/** What the browser's VS Code looks like the first time; the person's own changes stay. */
const FIRST_SETTINGS = { 'workbench.startupEditor': 'none', 'chat.disableAIFeatures': true, 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'telemetry.telemetryLevel': 'off' };

async function writeFirstSettings(home) {
  const file = path.join(home, 'u/User/settings.json');
  if (existsSync(file)) return;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(FIRST_SETTINGS, null, 2)}\n`);
}

async function inBrowser(port) {
  const { startServer } = await import('./lib/vscodeServer.mjs');
  await browserVscode();
  const token = randomBytes(16).toString('hex');
  const beside = at('.vscode-test/home');
  const home = beside.length <= LONGEST_HOME ? beside : path.join(os.tmpdir(), `distill-workbench-${os.userInfo().uid}`);
  await installExtension(home);
  await writeFirstSettings(home);
  const server = await step('Starting VS Code', '2 s', () => startServer({ home, port, token, trust: true, keepHome: true }));
  const url = `${server.url}/?${new URLSearchParams({ tkn: token, folder: example })}`;
  process.stdout.write(`\nThe workbench is open at\n\n  ${url}\n\nChoose Distill (the flask) in the activity bar, trust the folder with Manage Trust, and press Run.\nCtrl-C closes VS Code; a training that runs goes on.\n`);
  await new Promise((resolve) => { for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, resolve); });
  await server.stop();
}

await main(async () => {
  const { browser, port } = options();
  await dependencies();
  await bundles();
  const code = browser ? null : await desktopCode();
  if (code === null) return inBrowser(port);
  await step(`Opening ${path.basename(code)}`, '', () => run(code, ['--new-window', `--extensionDevelopmentPath=${root}`, example]));
  process.stdout.write('\nChoose Distill in the activity bar, and press Run. (npm start -- --browser opens it in a browser instead.)\n');
});
