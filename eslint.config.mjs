import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

/** The walls between the rooms (docs/architecture.md): who may not be imported from where. */
const zones = [
  ['shared', ['system', 'engine', 'runs', 'ui', 'cli']],
  ['system', ['engine', 'runs', 'ui', 'cli']],
  ['engine', ['runs', 'ui', 'cli']],
  ['runs', ['engine', 'ui', 'cli']],
  ['ui', ['engine', 'cli']],
].flatMap(([room, forbidden]) => forbidden.map((other) => ({
  target: `./src/${room}`, from: [`./src/${other}`, `./src/${other}.ts`], message: `${room} may not import ${other}: docs/architecture.md`,
})));
zones.push({ target: './webview', from: ['./src/engine', './src/runs', './src/ui', './src/system'], message: 'webview may import shared only' });
zones.push({ target: './src', from: ['./webview'], message: 'no room imports the webview' });

const node = ['node:*', 'fs', 'path', 'os', 'child_process'];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.vscode-test/**', '.peers/**', 'src/engine/backend/wasm/assembly/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'import-x/no-default-export': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-console': 'error',
    },
  },
  { files: ['src/shared/**'], rules: { 'no-restricted-imports': ['error', { patterns: [{ group: [...node, 'vscode'], message: 'shared imports nothing but the schema library' }] }] } },
  { files: ['src/{engine,runs,system}/**', 'src/cli/**', 'src/cli.ts'], rules: { 'no-restricted-imports': ['error', { paths: [{ name: 'vscode', message: 'only ui imports vscode' }] }] } },
  { files: ['webview/**'], rules: { 'no-restricted-imports': ['error', { patterns: [{ group: [...node, 'vscode'], message: 'the webview runs in a browser' }] }] } },
  { files: ['src/cli.ts', 'src/cli/**', 'bench/**', 'test/**', 'webview/**'], rules: { 'no-console': 'off' } },
  { files: ['*.config.mts', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked], rules: { 'import-x/no-default-export': 'off', '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-misused-promises': 'off', '@typescript-eslint/switch-exhaustiveness-check': 'off' } },
);
