/** The linter holds the walls between the rooms: a forbidden import is an error, an allowed one is not. */
import path from 'node:path';
import { ESLint } from 'eslint';
import { expect, test } from 'vitest';

const repository = path.resolve(import.meta.dirname, '../..');
// Only the walls are asked: no types are needed, so an import that does not exist will do.
const linter = new ESLint({ cwd: repository, overrideConfig: { languageOptions: { parserOptions: { projectService: false } } }, ruleFilter: ({ ruleId }) => ruleId === 'no-restricted-imports' });

async function complaints(file: string, specifier: string): Promise<readonly string[]> {
  const [result] = await linter.lintText(`import { x } from '${specifier}';\nexport const y = x;\n`, { filePath: path.join(repository, file) });
  return (result?.messages ?? []).map(({ message }) => message);
}

test.each([
  ['src/shared/recipe.ts', 'node:fs'], ['src/shared/recipe.ts', '../system/lockFile.ts'], ['src/system/lockFile.ts', '../runs/store.ts'],
  ['src/engine/main.ts', '../runs/store.ts'], ['src/engine/train/step.ts', '../../ui/log.ts'], ['src/engine/main.ts', 'vscode'],
  ['src/runs/store.ts', '../engine/main.ts'], ['src/runs/store.ts', 'vscode'], ['src/ui/tree/nodes.ts', '../../engine/journal.ts'],
  ['src/extension.ts', './engine/main.ts'], ['src/cli.ts', './ui/log.ts'], ['src/cli/text.ts', '../extension.ts'],
  ['webview/metrics/main.ts', '../../src/runs/store.ts'], ['webview/metrics/main.ts', 'node:path'], ['webview/metrics/main.ts', 'vscode'],
])('%s may not import %s', async (file, specifier) => {
  expect(await complaints(file, specifier)).toHaveLength(1);
});

test.each([
  ['src/shared/recipe.ts', 'zod'], ['src/system/lockFile.ts', 'node:fs'], ['src/engine/train/step.ts', '../model/contract.ts'],
  ['src/runs/store.ts', '../system/lockFile.ts'], ['src/ui/tree/nodes.ts', 'vscode'], ['src/cli/text.ts', '../engine/doctor.ts'],
  ['webview/metrics/main.ts', '../../src/shared/panel.ts'],
])('%s may import %s', async (file, specifier) => {
  expect(await complaints(file, specifier)).toEqual([]);
});
