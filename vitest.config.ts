import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Files that replace modules, or need the backend of TensorFlow.js that they set: others of the same process may set another. */
const replacing = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .map((path) => `test/${path.replaceAll('\\', '/')}`)
  .filter(
    (path) =>
      path.endsWith('.test.ts') &&
      /\b(vi\.(mock|resetModules)|setBackend)\(|loadEngine\('javascript'/.test(readFileSync(path, 'utf8')),
  );
const [slow, all] = ['test/**/*.slow.test.ts', 'test/**/*.test.ts'];

const shared = {
  setupFiles: ['test/each_file.ts'],
  // Slow machines and busy ones pass the tests too: a limit finds what hangs, and measures nothing.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: 'forks',
} as const;

export default defineConfig({
  test: {
    globalSetup: ['test/setup.ts'],
    reporters: ['default', './test/closing_line.ts'],
    // The default leaves one core idle, and with two cores half of the machine.
    maxWorkers: '100%',
    // Quick files share the modules of their process, but those few: most of a run would be the loading of modules.
    projects: [
      { test: { ...shared, name: 'quick', include: [all], exclude: [slow, ...replacing], isolate: false } },
      { test: { ...shared, name: 'quick, isolated', include: replacing, exclude: [slow] } },
      { test: { ...shared, name: 'slow', include: [slow] } },
    ],
    // A floor under what is reached (95 % of lines in November 2026). Tests that run `dist` do not count.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts', 'grammar/**/*.ts'],
      exclude: ['src/**/kernels/**'],
      reporter: ['text-summary', 'html'],
      thresholds: { statements: 92, branches: 87, functions: 93, lines: 93 },
    },
  },
});
