#!/usr/bin/env node
// `npx hearken …` in a clone: sets up what is missing (once), then runs the built command line.
import { ensureReady } from '../scripts/bootstrap.mjs';

await ensureReady({ quiet: true });
const { run } = await import('../dist/cli/main.js');
await run(process.argv.slice(2));
