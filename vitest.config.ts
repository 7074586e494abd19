import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 30_000 } },
    // A browser or a VS Code that did not start in time on a busy CI machine gets a second chance.
    retry: process.env['CI'] ? 1 : 0,
    fileParallelism: true,
    maxWorkers: 2,
  },
});
