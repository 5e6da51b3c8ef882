import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    setupFiles: ['test/equal_texts.ts'],
    reporters: ['default', './test/closing_line.ts'],
    // Slow machines and busy ones pass the tests too: a limit finds what hangs, and measures nothing.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // The default leaves one core idle, and with two cores half of the machine.
    maxWorkers: '100%',
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
