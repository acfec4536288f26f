// The machine code of koffi, which calls TensorFlow's library: the builds that the packed extension carries.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { at, run, step, WayOut } from './steps.mjs';

/** Where a published TensorFlow has a library of its own, and Windows, whose TensorFlow comes with a Python. 0.4 MB each, packed. */
export const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64'];

/** One package serves every system, so it holds the builds for all of them, and Node finds them beside the bundles. */
/** TensorFlow has no build for musl. */
const leftOut = /^musl_|\.lib$|^README/;

const target = at('dist/node_modules/@koromix');
const cache = at('.vscode-test/koffi');

/** Puts the builds beside the bundles. What this machine's npm left out is fetched from the registry and held against package-lock.json. */
export async function koffiBuilds() {
  const { packages } = JSON.parse(readFileSync(at('package-lock.json'), 'utf8'));
  await rm(target, { recursive: true, force: true });
  for (const platform of PLATFORMS) {
    const name = `@koromix/koffi-${platform}`;
    const { version, integrity } = packages[`node_modules/${name}`] ?? {};
    if (version === undefined) throw new WayOut(`package-lock.json does not know ${name}: npm install writes it anew.`);
    const installed = at('node_modules', name);
    const from = existsSync(installed) ? installed : await fetched(name, version, integrity);
    await cp(from, path.join(target, `koffi-${platform}`), { recursive: true, filter: (file) => !leftOut.test(path.basename(file)) });
  }
}

async function fetched(name, version, integrity) {
  const folder = path.join(cache, `${path.basename(name)}-${version}`);
  if (existsSync(folder)) return folder;
  await step(`Fetching ${name}`, '2 s', async () => {
    const temporary = `${folder}.${process.pid}`;
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    const log = at('.vscode-test/logs/koffi.log');
    await run('npm', ['pack', `${name}@${version}`, '--pack-destination', temporary, '--silent'], { log });
    const archive = path.join(temporary, (await readdir(temporary)).find((file) => file.endsWith('.tgz')));
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== integrity) throw new WayOut(`${name}@${version} is not what package-lock.json says: ${found}, expected ${integrity}.`);
    await run('tar', ['-xzf', archive, '-C', temporary], { log });
    await rename(path.join(temporary, 'package'), folder);
    await rm(temporary, { recursive: true, force: true });
  });
  return folder;
}
