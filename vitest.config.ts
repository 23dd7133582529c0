import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const bridgeFile = (name: string) => fileURLToPath(new URL(`./sip-bridge/src/${name}.ts`, import.meta.url));

/** On two cores vitest would take one: much of a test is waiting. */
const WORKERS = Math.max(2, availableParallelism() - 1);
const SCENARIOS = ['test/scenario/**/*.test.ts', 'sip-bridge/test/scenario/**/*.test.ts'];
const ALONE = ['test/scenario/alone/**/*.test.ts', 'sip-bridge/test/scenario/alone/**/*.test.ts'];
const scenario = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 20_000 } } };

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@hearken\/sip-bridge$/, replacement: bridgeFile('index') },
      { find: /^@hearken\/sip-bridge\/stop$/, replacement: bridgeFile('stop-when-asked') },
    ],
  },
  test: {
    // A worker keeps its modules from file to file: loading them anew for each took a quarter of the time. What a module remembers must not matter to the next file.
    isolate: false,
    // Unit tests run side by side, then scenarios, which start real processes on real ports, then, one at a time, those that want the machine for themselves: how many calls it
    // bears, what it still understands on a bad line.
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
          maxWorkers: WORKERS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...scenario,
          name: 'scenario',
          include: SCENARIOS,
          exclude: ALONE,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...scenario,
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
