import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    reporters: ['default', './test/closing_line.ts'],
    testTimeout: 60_000,
    pool: 'forks',
  },
});
