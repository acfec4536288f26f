import tseslint from 'typescript-eslint';

/** The walls between the rooms (docs/architecture.md): what may not be imported from where. */
const WALLS = [
  ['shared', ['src/shared/**'], ['system', 'engine', 'runs', 'ui', 'cli', 'webview', 'extension']],
  ['system', ['src/system/**'], ['engine', 'runs', 'ui', 'cli', 'webview', 'extension']],
  ['engine', ['src/engine/**'], ['runs', 'ui', 'cli', 'webview', 'extension']],
  ['runs', ['src/runs/**'], ['engine', 'ui', 'cli', 'webview', 'extension']],
  ['ui', ['src/ui/**', 'src/extension.ts'], ['engine', 'cli', 'webview']],
  ['cli', ['src/cli/**', 'src/cli.ts'], ['ui', 'webview', 'extension']],
  ['webview', ['webview/**'], ['system', 'engine', 'runs', 'ui', 'cli', 'extension']],
];
/** Rooms without Node: shared also runs in the webview, and the webview is a browser. */
const WITHOUT_NODE = new Set(['shared', 'webview']);
const NODE = '^(node:.*|fs|path|os|child_process|worker_threads)$';

const wallOf = ([room, files, forbidden]) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', {
      paths: room === 'ui' ? [] : [{ name: 'vscode', message: 'only ui imports vscode: docs/architecture.md' }],
      patterns: [
        { regex: `^\\.{1,2}/(\\.\\./)*(src/)?(${forbidden.join('|')})(/|\\.ts$)`, message: `${room} may not import this room: docs/architecture.md` },
        ...(WITHOUT_NODE.has(room) ? [{ regex: NODE, message: `${room} knows no Node: docs/architecture.md` }] : []),
      ],
    }],
  },
});

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.vscode-test/**', '.peers/**', 'src/engine/backend/wasm/assembly/**', '**/*.d.mts'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } }],
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
  ...WALLS.map(wallOf),
  { files: ['src/cli.ts', 'src/cli/**', 'bench/**', 'test/**', 'webview/**'], rules: { 'no-console': 'off' } },
  { files: ['*.config.mts', '**/*.mjs'], extends: [tseslint.configs.disableTypeChecked], rules: { 'no-restricted-exports': 'off', '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-misused-promises': 'off', '@typescript-eslint/switch-exhaustiveness-check': 'off' } },
);
