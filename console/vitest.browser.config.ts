import { defineConfig } from 'vitest/config';

// The whole program and a real browser: start-up and a first picture may take long on a small machine.
export default defineConfig({
  test: { include: ['tests/**/*.spec.ts'], environment: 'node', testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false },
});
