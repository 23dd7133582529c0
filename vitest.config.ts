import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const bridgeFile = (name: string) => fileURLToPath(new URL(`./sip-bridge/src/${name}.ts`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@hearken\/sip-bridge$/, replacement: bridgeFile('index') },
      { find: /^@hearken\/sip-bridge\/stop$/, replacement: bridgeFile('stop-when-asked') },
    ],
  },
  test: {
    // Two projects: unit tests run side by side; scenarios start real processes on real ports, one file at a time.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/conformance/**/*.test.ts', 'sip-bridge/test/unit/**/*.test.ts'],
          // Limits end a test that hangs. They are no measure of speed: a build machine may stand still for seconds, and run beside others.
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: { timeout: 20_000 } },
          // On two cores vitest would take one: much of a test is waiting.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'scenario',
          include: ['test/scenario/**/*.test.ts', 'sip-bridge/test/scenario/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 20_000 } },
        },
      },
    ],
  },
});
