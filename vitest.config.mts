import { defineConfig } from 'vitest/config';

export default defineConfig({
  // TensorFlow.js's packages carry ES modules that Node itself can't import (no "type", no file endings): Vite reads them.
  resolve: { mainFields: ['module', 'main'] },
  test: {
    server: { deps: { inline: [/@tensorflow\/tfjs-(core|backend)/] } },
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { extends: true, test: { name: 'engine', include: ['test/engine/**/*.test.ts'] } },
      // A real VS Code for each file, one file at a time: two cores hold no more.
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 240_000, hookTimeout: 120_000, fileParallelism: false } },
    ],
  },
});
