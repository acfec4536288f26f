import { defineConfig } from 'vitest/config';

const engineTests = ['test/engine/**/*.test.ts'];

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
      { extends: true, test: { name: 'engine', include: engineTests } },
    ],
  },
});
