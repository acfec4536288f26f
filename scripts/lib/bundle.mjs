// How the project's code is bundled: shared by the build and by the benches, so that benches measure what users run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { at, root } from './steps.mjs';

/** Native packages are never bundled: they are looked for where the person has them. */
export const nativePackages = ['@tensorflow/tfjs-node', '@tensorflow/tfjs-node-gpu', 'webgpu'];

export const common = { bundle: true, logLevel: 'warning', absWorkingDir: root, legalComments: 'none' };

/** Programs for Node 20 and for VS Code's host: CommonJS, because VS Code loads extensions so. */
export const forNode = {
  ...common, platform: 'node', target: 'node20', format: 'cjs', mainFields: ['module', 'main'], keepNames: true,
  // ES modules that are bundled to CommonJS still ask where they are.
  define: { 'import.meta.url': '__importMetaUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: "const __importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
};

export const forBrowser = { ...common, platform: 'browser', target: 'es2022', format: 'iife' };

/** The licences of every package that ended up in the bundles (from esbuild's metafiles), as one text. */
export function thirdPartyNotices(metafiles) {
  const packages = new Set();
  for (const { inputs } of metafiles) {
    for (const input of Object.keys(inputs)) {
      const found = /^(?:.*node_modules\/)((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found) packages.add(input.slice(0, input.lastIndexOf('node_modules/')) + 'node_modules/' + found[1]);
    }
  }
  const parts = ['Distill Workbench contains the following packages, each under its own licence.'];
  for (const folder of [...packages].sort()) {
    const manifest = JSON.parse(readFileSync(at(folder, 'package.json'), 'utf8'));
    const file = readdirSync(at(folder)).find((name) => /^(licen[sc]e|copying)/i.test(name));
    parts.push(`${manifest.name} ${manifest.version} (${typeof manifest.license === 'string' ? manifest.license : 'see below'})\n${manifest.homepage ?? ''}\n\n${file ? readFileSync(path.join(at(folder), file), 'utf8').trim() : `Licence: ${manifest.license ?? 'see its repository'}`}`);
  }
  return `${parts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}
