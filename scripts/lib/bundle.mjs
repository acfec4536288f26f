// How the project's code is bundled: shared by the build and by the benches, so that benches measure what users run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { at, root } from './steps.mjs';

/** What holds machine code is never bundled: Node looks for it beside the bundle and above (koffi's builds are copied there when the extension is packed). */
export const nativePackages = ['webgpu', '@koromix/*'];

/**
 * The JavaScript of tfjs-node is bundled, on the engine's own copy of TensorFlow.js: it asks for the union package, of which
 * it uses nothing but the core. Its class is compiled to a function, which can't extend a class of today, so it is given a
 * function with the same prototype. Its messages for TensorBoard (and Protocol Buffers with them) are left out.
 */
const tfjsNodeOnCore = {
  name: 'tfjs-node-on-core',
  setup(build) {
    const tfjsNode = /[\\/]@tensorflow[\\/]tfjs-node-gpu[\\/]/;
    const instead = {
      '@tensorflow/tfjs': "export * from '@tensorflow/tfjs-core'; import { KernelBackend as Today } from '@tensorflow/tfjs-core'; export function KernelBackend() {} KernelBackend.prototype = Today.prototype;",
      './proto/api_pb': 'module.exports = {};',
    };
    build.onResolve({ filter: /^(@tensorflow\/tfjs|\.\/proto\/api_pb)$/ }, ({ path: name, importer }) => (tfjsNode.test(importer) ? { path: name, namespace: 'for-tfjs-node' } : null));
    build.onLoad({ filter: /.*/, namespace: 'for-tfjs-node' }, ({ path: name }) => ({ contents: instead[name], resolveDir: root, loader: 'js' }));
  },
};

export const common = { bundle: true, logLevel: 'warning', absWorkingDir: root, legalComments: 'none', plugins: [tfjsNodeOnCore] };

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
